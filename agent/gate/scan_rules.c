/* The rule groups: which meanings close together make an instruction to a model.
 *
 * A rule is a row: up to five kinds of words, near each other, in order or in any (Japanese and
 * Korean put the verb last), tried when the sentence has all of them. Weights of different groups
 * and disguise add up to SCAN_THRESHOLD or more. Demands are in scan_demand.c.
 * Pinned by tests/unit/test_scan.c. */
#include <assert.h>
#include <string.h>

#include "agent/gate/scan_int.h"

#define RULE_WORDS     5
#define HEAT_SENTENCES 6 /* for which an order weighs more after a hit */
#define CIPHER_WORDS   3 /* words of one shifted alphabet that are no accident */
#define HEAT_POINTS    4
#define DEMAND_MIN     5 /* points of a demand that counts */
#define WARM	       6 /* weight of a claim or an address that only prepares */
#define WARM_SENTENCES 2 /* for which it does; one more such makes the hit */
#define WARM_GROUPS                                                                     \
	(1u << SCAN_ADDRESS | 1u << SCAN_OVERRIDE | 1u << SCAN_FAKE | 1u << SCAN_ROLE | \
	 1u << SCAN_SECRECY)

/* One kind of word of a rule: meanings, any of them, and a place it needs, all of it. */
struct rule_word {
	uint64_t any;
	unsigned place;
};

struct rule {
	enum scan_group group;
	unsigned weight;
	unsigned window; /* half words from the first to the last */
	bool ordered;
	struct rule_word word[RULE_WORDS];
};

#define ACTION (C(RUN) | C(SEND) | C(GET) | C(DESTROY) | C(PAY) | C(CHANGE))
#define W(what)           \
	{                 \
		(what), 0 \
	}
#define AT(what, where)         \
	{                       \
		(what), (where) \
	}
/* Meanings that most sentences of any text have. */
#define COMMON                                                                          \
	(ACTION | C(SAY) | C(NEG) | C(PRIOR) | C(EVERY) | C(RULES) | C(PERSONAL) |      \
	 C(CLOUD) | C(IF) | C(QUESTION) | C(THIS) | C(AND) | C(YOU) | C(ME) | C(FORM) | \
	 C(BLOCK) | C(COMMAND))
#define ANY	false
#define ORDERED true

/* clang-format off */
static const struct rule rules[] = {
    {SCAN_OVERRIDE, 12, 18, ANY,     {W(C(OVERRIDE)), W(C(PRIOR)), W(C(INSTR))}},
    {SCAN_OVERRIDE, 10, 12, ORDERED, {AT(C(OVERRIDE), P_START), W(C(PRIOR)), W(C(RULES))}},
    {SCAN_OVERRIDE, 10,  8, ORDERED, {W(C(OVERRIDE)), W(C(YOU)), W(C(INSTR))}},
    {SCAN_OVERRIDE, 10, 24, ORDERED, {W(C(OVERRIDE)), W(C(USER)), W(C(AND)), W(ACTION)}},
    {SCAN_OVERRIDE, 10, 30, ORDERED, {AT(C(OVERRIDE), P_START), W(C(SAY)), W(C(REPLY))}},
    {SCAN_OVERRIDE, 10, 30, ORDERED, {W(C(PLAY)), W(C(OVERRIDE)), W(C(REPLY))}},
    {SCAN_OVERRIDE, 10, 16, ORDERED, {W(C(NEG)), W(C(FOLLOW)), W(C(PRIOR) | C(YOU)), W(C(INSTR))}},
    {SCAN_OVERRIDE,  8,  6, ORDERED, {AT(C(NEW), P_START), AT(C(INSTR), P_COLON)}},
    {SCAN_OVERRIDE,  6, 20, ORDERED, {W(C(NEW)), W(C(INSTR)), W(C(YOU) | C(MODEL))}},
    {SCAN_OVERRIDE, 10,  6, ORDERED, {AT(C(YOU), P_START), W(C(NEW)), W(C(JOB))}},
    {SCAN_OVERRIDE, 10, 50, ANY,     {W(C(OVERRIDE)), W(C(PRIOR)), W(C(SAY)), W(C(ORDER))}},
    {SCAN_OVERRIDE,  8, 24, ANY,     {W(C(FOLLOW)), W(C(FOLLOWING) | C(NEW) | C(THIS)), W(C(INSTR)),
				      W(C(FIRST) | C(MODEL))}},

    {SCAN_ADDRESS,  10, 12, ORDERED, {W(C(YOU)), W(C(ARE)), W(C(NOW)), W(C(MODEL) | C(PLAY))}},
    {SCAN_ADDRESS,  10, 12, ORDERED, {W(C(IF)), W(C(YOU)), W(C(ARE)), W(C(ONE))}},
    {SCAN_ADDRESS,  10, 30, ORDERED, {W(C(URGENT) | C(NOTE)), W(C(YOU)), W(C(ONE))}},
    {SCAN_ADDRESS,   7,  8, ORDERED, {AT(C(URGENT) | C(NOTE), P_START), AT(C(MODEL), P_COLON)}},
    {SCAN_ADDRESS,   6,  8, ORDERED, {AT(C(URGENT) | C(NOTE), P_START), W(C(MODEL)), W(C(READER))}},
    {SCAN_ADDRESS,  10, 40, ORDERED, {AT(C(URGENT) | C(NOTE), P_START), W(C(MODEL)), W(ACTION | C(SAY)),
				      W(C(COMMAND) | C(SECRET) | C(DEST) | C(USER))}},
    {SCAN_ADDRESS,  10, 40, ORDERED, {AT(C(MODEL), P_COLON), W(ACTION),
				      W(C(COMMAND) | C(SECRET) | C(DEST))}},
    {SCAN_ADDRESS,  10, 30, ORDERED, {W(C(MODEL)), W(C(READER)), W(C(THIS)), W(C(URGENT) | C(PLEASE))}},
    {SCAN_ADDRESS,   8, 30, ORDERED, {W(C(FIRST)), W(C(YOU)), W(C(RULES)), W(C(ME))}},
    {SCAN_ADDRESS,   6, 16, ORDERED, {W(C(PLEASE)), W(C(RUN)), W(C(FOLLOWING)), W(C(FIRST))}},
    {SCAN_ADDRESS,   8, 14, ORDERED, {AT(C(PLAY), P_START), W(C(YOU)), W(C(ARE))}},
    {SCAN_ADDRESS,  10, 20, ORDERED, {W(C(NOW)), W(C(YOU)), W(C(URGENT) | C(PLAY))}},
    {SCAN_ADDRESS,  10, 20, ORDERED, {W(C(YOU)), W(C(NOW)), W(C(PLAY))}},
    {SCAN_ADDRESS,  10, 50, ORDERED, {AT(C(MODEL), P_START), W(C(READER) | C(YOU) | C(FOLLOWING)),
				      W(C(ORDER))}},
    {SCAN_ADDRESS,  10, 40, ORDERED, {W(C(MODEL)), W(ACTION), W(C(ORDER))}},

    {SCAN_ADDRESS,  10,  8, ORDERED, {AT(C(MODEL), P_START), W(C(MUST)), W(ACTION | C(OVERRIDE) | C(FOLLOW))}},
    {SCAN_ADDRESS,  10, 30, ORDERED, {W(C(ONE)), W(C(MUST)), W(ACTION), W(C(NEG)), W(C(TELL))}},
    {SCAN_ADDRESS,  10,  6, ORDERED, {W(C(ONE)), W(C(PLEASE)), W(ACTION)}},
    {SCAN_ADDRESS,  10,  4, ORDERED, {AT(C(DEAR), P_START), W(C(ONE))}},
    {SCAN_ADDRESS,   7,  4, ORDERED, {AT(C(ONE), P_COLON), AT(ACTION | C(SAY), P_START)}},
    {SCAN_ADDRESS,  10, 50, ANY,     {W(C(MODEL)), W(C(READER)), W(C(SILENT)), W(ACTION)}},

    {SCAN_ADDRESS,  10, 24, ORDERED, {W(C(YOU)), W(C(ARE)), W(C(MODEL) | C(PLAY)), W(C(NEG)), W(C(LIMIT))}},
    {SCAN_ADDRESS,  10, 20, ORDERED, {W(C(NOW)), W(C(YOU)), W(C(ARE) | C(MODEL)), W(C(LIMIT) | C(MODEL) | C(PLAY))}},
    {SCAN_ADDRESS,  10, 16, ORDERED, {W(C(YOU)), W(C(ARE)), W(C(NEG)), W(C(LIMIT)), W(C(RULES) | C(BLOCK))}},
    {SCAN_ADDRESS,   8, 14, ORDERED, {AT(C(YOU), P_START), W(C(ARE)), W(C(NEG)), W(C(LIMIT))}},
    {SCAN_ADDRESS,  10, 30, ANY,     {W(C(MODEL) | C(PLAY)), W(C(NEG)), W(C(LIMIT)), W(C(YOU) | C(ORDER))}},
    {SCAN_ADDRESS,  10, 50, ANY,     {W(C(PLAY)), W(C(LIMIT)), W(C(NEG)), W(C(ORDER) | C(FOLLOW))}},
    {SCAN_ADDRESS,  10, 50, ANY,     {W(C(NOW)), W(C(YOU)), W(C(PLAY)), W(C(ORDER))}},
    {SCAN_ADDRESS,  10, 16, ORDERED, {AT(C(RUN) | C(CHANGE), P_START), W(C(SYSTEM) | C(PLAY)), W(C(PLAY)),
				      W(C(LIMIT) | C(GET) | C(SAY))}},
    {SCAN_ADDRESS,  10,  6, ORDERED, {AT(C(RUN), P_START), W(C(SYSTEM)), W(C(PLAY))}},
    {SCAN_ADDRESS,  10,  8, ORDERED, {W(C(YOU)), W(C(PLAY)), W(C(PLAY) | C(MY))}},
    {SCAN_ADDRESS,  10, 24, ORDERED, {W(C(SAY)), W(C(ONLY)), W(C(NEG)), W(C(LIMIT))}},
    {SCAN_ADDRESS,  10, 50, ANY,     {W(C(LIMIT)), W(C(NEG)), W(C(FOLLOW) | C(SAY)), W(C(ORDER))}},
    {SCAN_ADDRESS,  10,  8, ORDERED, {AT(C(YOU), P_START), AT(C(JOB), P_YOURS), W(C(CHANGE))}},
    {SCAN_ADDRESS,  10, 20, ORDERED, {W(C(NEW)), AT(C(JOB), P_COLON), W(ACTION)}},
    {SCAN_ADDRESS,  10,  4, ORDERED, {W(C(MODEL)), W(C(DEAR))}},
    {SCAN_ADDRESS,  10, 12, ANY,     {W(C(IF)), W(C(YOU)), W(C(ARE)), W(C(ONE))}},
    {SCAN_ADDRESS,  10, 12, ORDERED, {W(C(ME)), W(C(YOU)), W(C(PLAY))}},
    {SCAN_ADDRESS,  10, 30, ORDERED, {W(C(YOU)), W(C(NOW)), W(C(MODEL))}},
    {SCAN_ADDRESS,  10, 24, ORDERED, {W(C(NOW)), W(C(YOU)), W(C(NEG)), W(C(LIMIT))}},
    {SCAN_ADDRESS,   8,  8, ORDERED, {W(C(YOU)), W(C(NEG)), W(C(LIMIT))}},
    {SCAN_ADDRESS,  10, 10, ORDERED, {AT(C(LIMIT), P_YOURS), W(C(NEG))}},
    {SCAN_ADDRESS,  10,  8, ORDERED, {AT(C(THIS), P_START), AT(C(SYSTEM), P_YOURS)}},
    {SCAN_ADDRESS,  10,  6, ORDERED, {W(C(ME)), AT(C(SYSTEM), P_YOURS)}},
    {SCAN_ADDRESS,   6, 12, ORDERED, {AT(C(URGENT) | C(NOTE), P_START), W(C(MODEL))}},
    {SCAN_OVERRIDE, 10,  8, ORDERED, {AT(C(OVERRIDE) | C(DESTROY), P_START), W(C(PRIOR)), W(C(JOB))}},
    {SCAN_DEMAND,   10, 50, ANY,     {W(C(SEND)), W(C(DEST)), W(C(SECRET) | C(PERSONAL)), W(C(ORDER))}},
    {SCAN_DEMAND,   10, 50, ORDERED, {W(C(SECRET) | C(PERSONAL) | C(EVERY)), W(C(MUST)), W(C(SEND)), W(C(DEST))}},
    {SCAN_DEMAND,   10, 50, ORDERED, {W(C(READER)), W(C(SEND) | C(GET)), W(C(SECRET)), W(C(DEST))}},
    {SCAN_ADDRESS,  10, 20, ORDERED, {W(C(YOU)), W(C(MUST)), W(C(FOLLOW)), W(C(SYSTEM) | C(USER) | C(ME) | C(MY))}},
    {SCAN_ADDRESS,  10, 16, ORDERED, {AT(C(PLAY), P_START), W(C(IF)), W(C(LIMIT) | C(RULES))}},
    {SCAN_DEMAND,   10, 16, ORDERED, {AT(C(PLEASE), P_START), W(C(DESTROY) | C(PAY) | C(CHANGE)), W(C(CLOUD))}},
    {SCAN_DEMAND,   10, 30, ORDERED, {W(C(SEND)), W(C(SECRET)), W(C(DEST))}},
    {SCAN_ADDRESS,   6,  4, ORDERED, {AT(C(OVERRIDE), P_START), W(C(RESPONSE) | C(JOB) | C(RULES))}},
    {SCAN_ADDRESS,  10, 60, ORDERED, {W(C(FIRST)), W(C(YOU)), W(C(READER)), W(ACTION), W(C(DEST) | C(SECRET))}},
    {SCAN_ADDRESS,  10, 40, ORDERED, {W(C(READER)), W(C(THIS)), AT(ACTION, P_START), W(C(DEST) | C(COMMAND))}},
    {SCAN_ADDRESS,  10, 40, ANY,     {W(C(JOB)), W(C(FIRST)), W(C(FOLLOWING)), W(C(ORDER))}},
    {SCAN_ADDRESS,   7, 20, ORDERED, {AT(C(ME), P_START), W(C(YOU)), W(C(SYSTEM)), W(ACTION | C(AND))}},

    {SCAN_ROLE,     10,  0, ORDERED, {AT(C(ROLE), P_STRONG)}},
    {SCAN_ROLE,      3,  0, ORDERED, {AT(C(ROLE), P_WEAK)}},
    {SCAN_ROLE,     10,  8, ORDERED, {AT(C(ROLE) | C(SYSTEM), P_LINE | P_COLON),
				      W(ACTION | C(SAY) | C(ORDER) | C(SILENT))}},
    {SCAN_ROLE,     10,  6, ORDERED, {AT(C(ROLE), P_LINE | P_COLON), W(C(APPROVED))}},
    {SCAN_ROLE,     10, 40, ORDERED, {AT(C(SYSTEM), P_CAPS), AT(C(URGENT) | C(NOTE), P_CAPS | P_COLON), W(ACTION)}},
    {SCAN_ROLE,      7,  4, ORDERED, {AT(C(SYSTEM), P_CAPS), AT(C(URGENT) | C(NOTE), P_CAPS | P_COLON)}},
    {SCAN_ROLE,      7,  8, ORDERED, {AT(C(END), P_CAPS), AT(C(REPLY) | C(INSTR) | C(RULES) |
				      C(SYSTEM) | C(PERSONAL), P_CAPS)}},

    {SCAN_SECRECY,  10, 14, ORDERED, {AT(C(NEG), P_START), W(C(TELL)), W(C(USER))}},
    {SCAN_SECRECY,   7, 12, ORDERED, {W(C(NEG)), W(C(TELL)), W(C(USER))}},
    {SCAN_SECRECY,  10, 30, ORDERED, {W(C(NEG)), W(C(TELL)), W(C(USER)), W(C(DEST))}},
    {SCAN_SECRECY,   6, 10, ORDERED, {W(C(NEG)), W(C(TELL)), W(C(ME))}},
    {SCAN_SECRECY,  10, 30, ANY,     {W(C(USER)), W(C(SILENT)), W(ACTION | C(ORDER) | C(SAY))}},
    {SCAN_SECRECY,   8, 30, ANY,     {W(C(SILENT)), W(ACTION | C(SAY)), W(C(ORDER) | C(NOW))}},
    {SCAN_SECRECY,   8, 10, ORDERED, {AT(C(HIDE), P_START), W(C(THIS)), W(C(USER))}},
    {SCAN_SECRECY,   6,  8, ORDERED, {W(C(HIDE)), W(C(THIS))}},
    {SCAN_SECRECY,   7, 12, ORDERED, {AT(C(NEG), P_START), W(C(TELL)), W(C(RESPONSE))}},
    {SCAN_SECRECY,   7, 24, ORDERED, {AT(ACTION, P_START), W(C(NEG)), W(C(RESPONSE))}},
    {SCAN_SECRECY,  10, 40, ORDERED, {AT(ACTION, P_START), W(C(NEG)), W(C(TELL)), W(C(USER))}},
    {SCAN_SECRECY,  10, 30, ORDERED, {W(C(NEG)), W(C(TELL)), W(C(SILENT)), W(ACTION)}},
    {SCAN_SECRECY,  10, 40, ANY,     {W(C(TELL)), W(C(NEG)), W(C(DESTROY) | C(SEND) | C(RUN)), W(C(ORDER))}},
    {SCAN_SECRECY,  10, 40, ORDERED, {AT(C(SYSTEM), P_COLON), W(C(SILENT))}},
    {SCAN_SECRECY,  10, 16, ORDERED, {W(C(NOW)), W(C(NEG)), W(C(USER))}},
    {SCAN_SECRECY,   8, 14, ORDERED, {W(C(NEG)), W(C(TELL)), W(C(THIS)), W(C(INSTR) | C(USER))}},

    {SCAN_FAKE,     12,  8, ORDERED, {AT(C(ROLE), P_QUOTE), W(C(APPROVED))}},
    {SCAN_FAKE,     10, 24, ORDERED, {W(C(USER)), W(C(APPROVED)),
				      W(C(COMMAND) | C(RUN) | C(THIS) | C(RESPONSE))}},
    {SCAN_FAKE,     10, 24, ANY,     {W(C(SYSTEM)), W(C(APPROVED)), W(C(ORDER) | C(COMMAND) | C(USER))}},
    {SCAN_FAKE,     10, 30, ORDERED, {W(C(USER)), W(C(APPROVED)), W(C(NOW) | C(SILENT) | C(ORDER)), W(ACTION)}},
    {SCAN_FAKE,     10, 50, ANY,     {W(C(USER)), W(C(APPROVED)), W(C(ORDER) | C(SILENT)), W(ACTION)}},
    {SCAN_FAKE,     10, 30, ORDERED, {W(C(USER)), W(C(NOW)), W(C(YOU)), W(ACTION)}},
    {SCAN_FAKE,      7, 12, ORDERED, {W(C(USER)), W(C(APPROVED))}},
    {SCAN_FAKE,     10,  8, ORDERED, {AT(C(NEW), P_START), W(C(USER)), W(C(RULES))}},
    {SCAN_FAKE,     10, 16, ORDERED, {AT(C(USER), P_START), W(C(NEW)), W(C(RULES))}},
    {SCAN_FAKE,     10, 50, ORDERED, {AT(C(ROLE) | C(SYSTEM), P_COLON), W(ACTION), W(C(ORDER) | C(SILENT))}},
    {SCAN_FAKE,     10, 50, ORDERED, {AT(C(ONE), P_COLON), W(C(USER)), W(C(APPROVED))}},
    {SCAN_DEMAND,   10, 40, ANY,     {W(C(NOW)), W(C(FOLLOWING)), W(C(COMMAND)), W(C(RUN)),
				      W(C(ORDER))}},

    {SCAN_REPLY,    10, 50, ORDERED, {AT(C(SAY), P_START), AT(C(REPLY), P_YOURS)}},
    {SCAN_REPLY,     8, 30, ORDERED, {W(C(FORM) | C(DEST)), AT(C(REPLY), P_YOURS)}},
    {SCAN_REPLY,    10, 40, ANY,     {W(C(REPLY)), W(C(SILENT)), W(C(ORDER))}},
    {SCAN_REPLY,    10, 44, ANY,     {W(C(REPLY)), W(C(URGENT) | C(FOLLOWING) | C(YOU) | C(DEST)),
				      W(C(SAY)), W(C(ORDER))}},

    {SCAN_REPLY,    10, 12, ORDERED, {AT(C(REPLY), P_YOURS), W(C(MUST)), W(C(END) | C(SAY))}},
    {SCAN_REPLY,    10,  8, ORDERED, {W(C(URGENT)), W(C(REPLY)), W(C(THIS) | C(QUESTION))}},
    {SCAN_REPLY,     8, 16, ORDERED, {W(C(NEG)), W(C(READER)), W(C(THIS)), W(C(FIRST) | C(ONLY) | C(REPLY))}},
    {SCAN_REPLY,    10, 14, ORDERED, {W(C(FIRST)), AT(C(REPLY) | C(SAY), 0), W(C(ONLY))}},
    {SCAN_REPLY,    10, 50, ANY,     {W(C(READER)), W(C(REPLY) | C(SAY)), W(C(ONLY)), W(C(ORDER))}},
    {SCAN_REPLY,    10, 40, ANY,     {W(C(READER)), W(C(THIS)), W(C(SAY)), W(C(ORDER))}},
    {SCAN_REPLY,    10, 40, ANY,     {W(C(REPLY)), W(C(FORM) | C(ONLY)), W(C(SAY)), W(C(ORDER))}},
    {SCAN_REPLY,    10, 40, ANY,     {W(C(FORM)), W(C(SAY)), W(C(ORDER)), W(C(REPLY) | C(PROSE))}},
    {SCAN_REPLY,    10,  8, ORDERED, {AT(C(REPLY), P_YOURS), W(C(SAY))}},
    {SCAN_REPLY,    10, 20, ORDERED, {W(C(SAY)), AT(C(REPLY), P_YOURS)}},
    {SCAN_REPLY,    10, 40, ORDERED, {AT(C(TELL), P_START), W(C(USER)), W(C(DEST))}},
    {SCAN_REPLY,    10,  6, ORDERED, {AT(C(SAY), P_START), W(C(FIRST)), W(C(NEG) | C(QUESTION) | C(THIS) | C(REPLY))}},
    {SCAN_REPLY,     8, 20, ORDERED, {AT(C(INSTR), P_COLON), W(C(REPLY))}},
    {SCAN_REPLY,    10, 30, ANY,     {W(C(REPLY)), W(C(ONLY)), W(C(ORDER))}},
    {SCAN_REPLY,    10, 24, ANY,     {W(C(PROSE)), W(C(SAY)), W(C(ORDER))}},
    {SCAN_REPLY,    10, 40, ANY,     {W(C(QUESTION)), W(C(SAY)), W(C(ORDER)), W(C(IF) | C(URGENT))}},
    {SCAN_REPLY,    10, 30, ANY,     {W(C(NEG)), W(C(READER)), W(C(ONLY)), W(C(SAY))}},
    {SCAN_REPLY,    10, 50, ANY,     {W(C(QUESTION)), W(C(SAY)), W(C(ORDER)), W(C(THIS))}},
    {SCAN_REPLY,    10, 16, ORDERED, {W(C(SAY)), W(C(EVERY)), W(C(QUESTION)), W(C(THIS))}},
    {SCAN_REPLY,    10, 40, ORDERED, {W(C(SAY) | C(RUN)), W(C(FOLLOWING) | C(THIS)), W(C(BLOCK)), AT(C(BLOCK), P_YOURS)}},
    {SCAN_REPLY,    10, 30, ORDERED, {AT(C(BLOCK), P_YOURS), W(C(FOLLOWING)), W(C(BLOCK))}},

    {SCAN_REPLY,    10, 16, ORDERED, {AT(C(SAY), P_START), W(C(PROSE))}},
    {SCAN_REPLY,    10, 40, ORDERED, {W(C(LET)), W(C(SAY)), W(C(REPLY))}},

    {SCAN_LEAK,     10, 14, ORDERED, {AT(C(GET) | C(SAY), P_START), AT(C(INSTR) | C(PROMPT), P_YOURS)}},
    {SCAN_LEAK,     10, 14, ORDERED, {AT(C(GET) | C(SAY), P_START), AT(C(SYSTEM), P_YOURS),
				      W(C(PROMPT) | C(INSTR))}},
    {SCAN_LEAK,     10, 14, ORDERED, {AT(C(SAY), P_START), W(C(YOU)), W(C(PRIOR) | C(HIDE) | C(SYSTEM)),
				      W(C(INSTR) | C(PROMPT))}},
    {SCAN_LEAK,     10, 20, ORDERED, {AT(C(SAY), P_START), W(C(EVERY)), W(C(PRIOR)), W(C(THIS) | C(END) | C(BLOCK))}},
    {SCAN_LEAK,     10, 50, ORDERED, {AT(C(GET) | C(SAY), P_START), W(C(EVERY)), W(C(RULES)), W(C(SYSTEM))}},
    {SCAN_LEAK,     10, 24, ORDERED, {AT(C(GET) | C(SAY), P_START), W(C(EVERY)), W(C(LIMIT) | C(INSTR)), W(C(YOU))}},
    {SCAN_LEAK,     10, 30, ANY,     {W(C(YOU)), W(C(PROMPT)), W(C(GET)), W(C(EVERY) | C(ORDER) | C(SYSTEM))}},
    {SCAN_LEAK,     10, 16, ORDERED, {AT(C(GET) | C(SAY), P_START), W(C(EVERY)), W(C(YOU)), W(C(RULES))}},
    {SCAN_LEAK,     10, 40, ANY,     {W(C(YOU)), W(C(PRIOR)), W(C(GET)), W(C(ORDER))}},
    {SCAN_LEAK,     10, 16, ORDERED, {AT(C(SAY) | C(GET), P_START), W(C(PROMPT)), W(C(YOU))}},
    {SCAN_LEAK,     10, 24, ORDERED, {W(C(QUESTION)), W(C(SYSTEM)), W(C(TELL)), W(C(YOU))}},
    {SCAN_LEAK,      9, 14, ORDERED, {AT(C(GET) | C(SAY), P_START), W(C(SYSTEM)), W(C(PROMPT))}},
    {SCAN_LEAK,     10, 20, ANY,     {W(C(PROMPT)), W(C(GET)), W(C(ORDER))}},

    {SCAN_EXFIL,    10, 40, ANY,     {W(C(FILL)), W(C(SAY) | C(SEND)),
				      W(C(EVERY) | C(SECRET) | C(USER) | C(PERSONAL))}},
    {SCAN_HIDDEN,    5, 40, ANY,     {AT(ACTION | C(SAY), P_HIDDEN),
				      AT(C(COMMAND) | C(SECRET) | C(USER) | C(REPLY) | C(DEST), P_HIDDEN)}},
};
/* clang-format on */

/* The words of rule r from token i on; *last is the last of them. */
static bool
rule_from(const struct scan_ctx *x, const struct rule *r, size_t count, size_t i,
	  size_t *last)
{
	unsigned done = 0, all = (1u << count) - 1;

	for (size_t j = i; j < x->ntok && x->tok[j].pos - x->tok[i].pos <= r->window; j++) {
		const struct scan_token *t = &x->tok[j];

		for (size_t k = 0, taken = 0; k < count; k++) {
			if (done & (1u << k))
				continue;
			if ((t->what & r->word[k].any) &&
			    (t->place & r->word[k].place) == r->word[k].place &&
			    (!taken || (r->word[k].any & C(ORDER)))) {
				done |= 1u << k;
				taken = 1; /* only an order may be in the same word */
			} else if (r->ordered) {
				break;
			}
		}
		*last = j;
		if (done == all)
			return true;
		if (done == 0)
			return false;
	}
	return false;
}

/* Words of a shifted alphabet count only when two or more share one shift. */
static bool
rule_shift(const struct scan_ctx *x, size_t first, size_t last, unsigned *how)
{
	unsigned shift = 0, count = 0;

	for (size_t i = first; i <= last; i++) {
		if (!x->tok[i].shift)
			continue;
		if (shift && shift != x->tok[i].shift)
			return false;
		shift = x->tok[i].shift;
		count++;
	}
	if (shift && count < 2)
		return false;
	*how |= shift ? SCAN_ENCODED : 0;
	return true;
}

/* What is found in a sentence. */
struct found {
	unsigned weight[SCAN_GROUPS];
	size_t first, last; /* tokens */
	unsigned how;
};

static void
found_add(const struct scan_ctx *x, struct found *f, enum scan_group g, unsigned weight,
	  size_t first, size_t last)
{
	unsigned how = 0;

	if (weight <= f->weight[g] || !rule_shift(x, first, last, &how))
		return;
	for (size_t i = first; i <= last; i++)
		how |= x->tok[i].how;
	f->weight[g] = weight;
	f->how |= how;
	f->first = MIN_OF(f->first, first);
	f->last = MAX_OF(f->last, last);
}

_Static_assert(ARRAY_LEN(rules) <= SCAN_RULES_MAX, "struct scan_index is too small");

/* What disguise adds, once there is something to disguise. */
static unsigned
rules_disguise(unsigned how)
{
	return (how & SCAN_ENCODED ? 5u : 0) + (how & SCAN_INVISIBLE ? 4u : 0) +
	       (how & SCAN_LOOKALIKE ? 4u : 0) + (how & SCAN_UNSEEN ? 3u : 0);
}

/* The kind of word of rule r that ordinary text has least: one without such meanings. */
static uint64_t
rules_key(const struct rule *r)
{
	uint64_t key = r->word[0].any;

	for (size_t k = 0; k < RULE_WORDS && r->word[k].any; k++) {
		uint64_t any = r->word[k].any;

		if (__builtin_popcountll(any & COMMON) < __builtin_popcountll(key & COMMON))
			key = any;
	}
	return key;
}

void
scan_index_init(struct scan_index *x)
{
	for (size_t r = 0; r < ARRAY_LEN(rules); r++) {
		uint64_t key = rules_key(&rules[r]);

		for (size_t k = 0; k < RULE_WORDS; k++)
			assert(!(rules[r].word[k].place & P_COLON) ||
			       !(rules[r].word[k].any & ~SCAN_BEFORE_COLON));

		x->keys |= key;
		for (size_t c = 0; c < C_COUNT; c++)
			x->rule[c][r / 64] |= (key >> c & 1) << r % 64;
	}
}

/* The rules of one part whose rarest kind of word is there. */
static uint64_t
rules_keyed(const struct scan_index *index, uint64_t seen, size_t part)
{
	uint64_t found = 0;

	for (uint64_t left = seen & index->keys; left; left &= left - 1)
		found |= index->rule[__builtin_ctzll(left)][part];
	return found;
}

/* Rule r may be found among words that mean `seen`, as the sieve counts. */
static bool
rules_may(const struct rule *r, uint64_t seen)
{
	for (size_t k = 0; k < RULE_WORDS && r->word[k].any; k++) {
		unsigned place = r->word[k].place;

		if (!(seen & r->word[k].any) ||
		    ((place & P_COLON) && !(seen & SCAN_COLON)) ||
		    ((place & P_CAPS) && !(seen & SCAN_CAPS)) ||
		    ((place & P_YOURS) && !(seen & C(YOU))) ||
		    (place & (P_STRONG | P_WEAK | P_HIDDEN)))
			return false;
	}
	return true;
}

/* False: words that mean `seen` are certainly no hit and prepare none. */
static bool
rules_any(const struct scan_index *index, uint64_t seen, bool unseen)
{
	int demand = scan_demand_most(seen), needed = SCAN_THRESHOLD;

	/* The rule for hidden words has no more weight than a demand has to have. */
	if (unseen)
		needed = seen & (C(COMMAND) | C(SECRET) | C(USER) | C(REPLY) | C(DEST))
			     ? DEMAND_MIN
			     : SCAN_THRESHOLD - (int)rules_disguise(SCAN_UNSEEN);
	if ((seen & SCAN_AMISS) || demand >= needed || scan_call_may(seen) ||
	    scan_advice_may(seen))
		return true;
	for (size_t part = 0; part * 64 < ARRAY_LEN(rules); part++) {
		uint64_t may = rules_keyed(index, seen, part);

		for (; may; may &= may - 1)
			if (rules_may(&rules[part * 64 + (size_t)__builtin_ctzll(may)],
				      seen))
				return true;
	}
	return false;
}

static void
rules_one(const struct scan_ctx *x, struct found *f, const struct rule *r)
{
	size_t count = 0, last;

	if (r->weight <= f->weight[r->group])
		return;
	while (count < RULE_WORDS && (x->seen & r->word[count].any))
		count++;
	if (count < RULE_WORDS && r->word[count].any)
		return;
	for (size_t i = 0; i < x->ntok; i++) {
		if (rule_from(x, r, count, i, &last))
			found_add(x, f, r->group, r->weight, i, last);
		if (f->weight[r->group] >= r->weight)
			break;
	}
}

bool
scan_may(struct scan *s, uint64_t seen, bool unseen)
{
	uint64_t hash = seen * UINT64_C(0x9E3779B97F4A7C15);
	struct scan_memo *m = &s->memo[unseen][hash >> (64 - SCAN_MEMO_BITS)];

	if (m->seen != seen) {
		m->seen = seen;
		m->may = rules_any(s->index, seen, unseen);
	}
	return m->may;
}

/* The rules that may be found, in their order. */
static void
rules_try(const struct scan_index *index, const struct scan_ctx *x, struct found *f)
{
	for (size_t part = 0; part * 64 < ARRAY_LEN(rules); part++) {
		uint64_t may = rules_keyed(index, x->seen, part);

		for (; may; may &= may - 1)
			rules_one(x, f, &rules[part * 64 + (size_t)__builtin_ctzll(may)]);
	}
}

/* Three or more words in one shifted alphabet: a cipher, whatever it says. */
static void
rules_cipher(const struct scan_ctx *x, struct found *f)
{
	unsigned count[28] = {0};

	for (size_t i = 0; i < x->ntok; i++) {
		unsigned shift = x->tok[i].shift;

		if (shift == 0 || ++count[shift] < CIPHER_WORDS)
			continue;
		f->weight[SCAN_HIDDEN] = SCAN_THRESHOLD;
		f->how |= SCAN_ENCODED;
		f->first = MIN_OF(f->first, i);
		f->last = MAX_OF(f->last, i);
	}
}

static void
rules_hit(struct scan *s, struct scan_ctx *x, const struct found *f)
{
	const struct scan_token *a = &x->tok[f->first], *b = &x->tok[f->last];
	struct scan_hit h = {
	    .start = a->start, .end = a->end, .first_line = a->line, .how = f->how};
	unsigned best = 0;

	for (unsigned g = 0; g < SCAN_GROUPS; g++) {
		h.weight += f->weight[g];
		h.groups |= f->weight[g] ? 1u << g : 0;
		if (f->weight[g] > best) {
			best = f->weight[g];
			h.group = (enum scan_group)g;
		}
	}
	if (h.weight >= 4)
		h.weight += rules_disguise(f->how);
	for (size_t i = f->first; i <= f->last; i++) {
		h.start = MIN_OF(h.start, x->tok[i].start);
		h.end = MAX_OF(h.end, x->tok[i].end);
	}
	h.last_line = b->line;
	if (h.weight >= WARM && (h.groups & WARM_GROUPS) && x->heat > 0)
		h.weight = MAX_OF(h.weight, SCAN_THRESHOLD);
	if (h.weight >= SCAN_THRESHOLD) {
		scan_hit_add(s, &h);
		x->heat = HEAT_SENTENCES;
	} else if (h.weight >= WARM && (h.groups & WARM_GROUPS)) {
		x->heat = MAX_OF(x->heat, WARM_SENTENCES);
	}
}

void
scan_sentence(struct scan *s, struct scan_ctx *x)
{
	struct found f = {.first = SCAN_TOKENS_MAX};
	size_t first, last;
	unsigned demand;

	if (x->ntok == 0)
		return;
	rules_try(s->index, x, &f);
	if (x->shifted >= CIPHER_WORDS)
		rules_cipher(x, &f);
	demand = scan_demand(x, &first, &last);
	if (demand > 0) {
		demand += x->heat > 0 ? HEAT_POINTS : 0;
		if (demand >= DEMAND_MIN)
			found_add(x, &f, SCAN_DEMAND, demand, first, last);
	}
	if (x->seen & (C(MODEL) | C(ONE))) {
		unsigned call = scan_call(x, &first, &last);

		if (call >= SCAN_THRESHOLD - 2)
			found_add(x, &f, SCAN_ADDRESS, call, first, last);
	}
	if (x->heat > 0)
		x->heat--;
	if (f.first < SCAN_TOKENS_MAX)
		rules_hit(s, x, &f);
	x->ntok = 0;
	x->seen = 0;
	x->shifted = 0;
	x->hidden = false;
}
