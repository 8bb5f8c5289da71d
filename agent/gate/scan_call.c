/* Calls: a sentence that turns to a model, and what it wants of it.
 *
 * A name alone is a topic ("the agent forwards the port"), so evidence is added up around each
 * name, in any order, since Japanese and Korean put the verb last: that it is greeted or followed
 * by a colon, said to be reading or summarising this, that it must or is asked to, what it shall
 * do and to what. "Agent" and "model" name other things as well and count less than "assistant".
 * Names as such, so that other languages need only words. Weights are steps of one judged by
 * what each kind tells about the writer. Pinned by tests/unit/test_scan.c; figures by
 * tests/gate/score.py. */
#include "agent/gate/scan_int.h"

#define CALL_REACH  60 /* half words around the name that belong to it */
#define CALL_NEAR   14 /* half words that stand together */
#define CALL_BESIDE 2  /* of which one is right behind the other */

#define CALL_ACTION \
	(C(RUN) | C(SEND) | C(GET) | C(DESTROY) | C(PAY) | C(CHANGE) | C(SAY) | C(OVERRIDE))
#define CALL_GRAVE (C(DESTROY) | C(PAY) | C(SEND) | C(RUN))

/* What is found around a name, one bit each. */
enum call_sign {
	S_CALLED = 1,
	S_READS = 2,
	S_MUST = 4,
	S_ASKED = 8,
	S_DOES = 16,
	S_ORDERS = 32,
	S_GRAVE = 64,
	S_THING = 128,
	S_QUIET = 256,
	S_YOU = 512,
	S_THIS = 1024,
	S_REPLY = 2048,
	S_TWICE = 4096,
	S_BUGS = 8192,
	S_IF = 16384,
	S_THEM = 32768,
	S_USER = 65536,
	S_FIRST = 131072,
	S_INSTR = 262144,
	S_LEAVE = 524288,
	S_ONLY = 1048576,
	S_POLITE = 2097152,
	S_BOUND = 4194304, /* needs to run */
	S_DUTY = 8388608,  /* and what: a command line, an address */
};

static const struct {
	unsigned sign;
	int points;
} call_points[] = {
    {S_CALLED, 3}, {S_READS, 3}, {S_MUST, 2},  {S_ASKED, 2}, {S_DOES, 1}, {S_ORDERS, 2},
    {S_GRAVE, 1},  {S_THING, 2}, {S_QUIET, 3}, {S_YOU, 1},   {S_THIS, 1}, {S_REPLY, 1},
    {S_TWICE, 1},  {S_BUGS, -2}, {S_IF, 1},    {S_THEM, -1}, {S_USER, 1}, {S_FIRST, 2},
    {S_INSTR, 1},  {S_LEAVE, 2}, {S_ONLY, 1},  {S_DUTY, 3},
};

/* The meanings that are signs wherever they stand around the name. */
static const struct {
	uint64_t what;
	unsigned sign;
} call_anywhere[] = {
    {C(PLEASE), S_ASKED},
    {C(ORDER), S_ORDERS | S_POLITE},
    {C(DEST) | C(COMMAND) | C(SECRET) | C(FILL), S_THING},
    {C(SILENT), S_QUIET},
    {C(YOU), S_YOU},
    {C(THIS), S_THIS},
    {C(REPLY), S_REPLY},
    {C(BUGS), S_BUGS},
    {C(THIRD), S_THEM},
    {C(USER), S_USER},
    {C(FIRST) | C(NOW), S_FIRST},
    {C(INSTR), S_INSTR},
    {C(APPROVED), S_LEAVE},
    {C(ONLY), S_ONLY},
};

/* The signs of token j, `gap` half words behind (`after`) or before the name. */
static unsigned
call_signs(const struct scan_ctx *x, size_t j, uint32_t gap, bool after, unsigned had)
{
	const struct scan_token *t = &x->tok[j];
	unsigned signs = 0;

	for (size_t k = 0; k < ARRAY_LEN(call_anywhere); k++)
		signs |= t->what & call_anywhere[k].what ? call_anywhere[k].sign : 0;
	if (gap <= CALL_NEAR &&
	    ((t->what & C(DEAR)) || ((t->what & (C(NOTE) | C(URGENT))) &&
				     (t->place & (P_START | P_COLON | P_CAPS)))))
		signs |= S_CALLED;
	if ((t->what & C(READER)) && gap <= 2 * CALL_NEAR)
		signs |= S_READS;
	if ((t->what & C(IF)) && !after && gap <= CALL_NEAR)
		signs |= S_IF;
	if ((t->what & C(MUST)) && !(t->place & P_PASSIVE) && after && gap <= CALL_NEAR)
		signs |= S_MUST;
	if ((t->what & (C(TELL) | C(RESPONSE))) && j > 0 && (x->tok[j - 1].what & C(NEG)))
		signs |= S_QUIET;
	if ((had & S_BOUND) && (t->what & (C(DEST) | C(COMMAND))))
		signs |= S_DUTY;
	if (!(t->what & CALL_ACTION) || (t->place & P_CODE))
		return signs;
	signs |= had & S_DOES ? S_TWICE : 0;
	signs |= after || (t->what & C(ORDER)) ? S_DOES : 0;
	if ((t->place & P_START) && after)
		signs |= S_ORDERS;
	if (j > 0 && (x->tok[j - 1].what & C(MUST)) && !(x->tok[j - 1].place & P_PASSIVE))
		signs |= S_ORDERS | (after && gap <= CALL_NEAR ? S_BOUND : 0);
	return signs | (t->what & CALL_GRAVE ? S_GRAVE : 0);
}

/* The points of a name and the signs around it; 0: they do not make a call. */
static int
call_sum(unsigned signs, int points)
{
	if (!(signs & (S_DOES | S_ORDERS | S_QUIET)) && (~signs & (S_CALLED | S_THING)))
		return 0;
	if (!(signs & (S_CALLED | S_READS | S_MUST | S_QUIET | S_POLITE)))
		return 0;
	for (size_t k = 0; k < ARRAY_LEN(call_points); k++)
		points += signs & call_points[k].sign ? call_points[k].points : 0;
	return points;
}

/* The name at i names other things as well: not so "language model". */
static bool
call_vague(const struct scan_ctx *x, size_t i)
{
	const struct scan_token *t = &x->tok[i];

	return (t->what & C(VAGUE)) &&
	       !(i > 0 && (t[-1].what & C(FORM)) && t->pos - t[-1].pos <= CALL_BESIDE);
}

/* "Copilot, once you are done": not the first of several names. */
static bool
call_greets(const struct scan_ctx *x, size_t i)
{
	const struct scan_token *t = &x->tok[i];

	return (t->place & (P_COMMA | P_START)) == (P_COMMA | P_START) && i + 1 < x->ntok &&
	       !(t[1].what & (C(MODEL) | C(ONE) | C(QUESTION)));
}

static int
call_around(const struct scan_ctx *x, size_t i, size_t *first, size_t *last)
{
	const struct scan_token *t = &x->tok[i];
	bool vague = call_vague(x, i); /* "agent: x" is a key as often */
	bool called = (t->place & P_COLON) || call_greets(x, i);
	unsigned signs = called && !vague ? S_CALLED : 0;
	int points = vague ? 0 : 4;

	size_t from = i;

	*first = *last = i;
	while (from > 0 && t->pos - x->tok[from - 1].pos <= CALL_REACH)
		from--;
	for (size_t j = from; j < x->ntok; j++) {
		const struct scan_token *o = &x->tok[j];
		bool after = j > i;
		uint32_t gap = after ? o->pos - t->pos : t->pos - o->pos;
		unsigned found;

		if (gap > CALL_REACH)
			break;
		if (j == i)
			continue;
		found = call_signs(x, j, gap, after, signs);
		if (found & ~signs) {
			*first = MIN_OF(*first, j);
			*last = MAX_OF(*last, j);
		}
		signs |= found;
	}
	return call_sum(signs, points);
}

/* "You can ask the assistant to": told to people. */
static bool
call_told(const struct scan_ctx *x, size_t i)
{
	const struct scan_token *t = &x->tok[i];

	if (i < 2 || !(t[-1].what & C(TELL)) || t->pos - t[-1].pos > 4)
		return false;
	for (size_t j = i - 1; j > 0 && t->pos - x->tok[j - 1].pos <= CALL_NEAR; j--)
		if (x->tok[j - 1].what & C(YOU))
			return !(x->seen & (C(DEST) | C(SECRET) | C(SILENT)));
	return false;
}

/* "The user agent": a program that shows pages. */
static bool
call_browser(const struct scan_ctx *x, size_t i)
{
	const struct scan_token *t = &x->tok[i];

	return i > 0 && (t->what & C(VAGUE)) && (t[-1].what & C(USER)) &&
	       t->pos - t[-1].pos <= CALL_BESIDE;
}

unsigned
scan_call(const struct scan_ctx *x, size_t *first, size_t *last)
{
	int best = 0;

	for (size_t i = 0; i < x->ntok; i++) {
		size_t a, b;
		int sum;

		if (!(x->tok[i].what & (C(MODEL) | C(ONE))) || (x->tok[i].place & P_CODE) ||
		    call_browser(x, i) || call_told(x, i))
			continue;
		sum = call_around(x, i, &a, &b);
		if (sum > best) {
			best = sum;
			*first = a;
			*last = b;
		}
	}
	return (unsigned)best;
}

/* What stands around a name, as far as the sieve knows; each list is part of the one before. */
struct call_near {
	uint64_t reach;	 /* within CALL_REACH of it */
	uint64_t reads;	 /* within twice CALL_NEAR */
	uint64_t near;	 /* within CALL_NEAR */
	uint64_t before; /* of `near`, before it */
	uint64_t must;	 /* of `near`, behind it */
	uint64_t behind; /* of `reach`, behind it */
	bool firm;	 /* it may be a name of nothing else */
	bool called;	 /* and what stands beside it may call it */
};

/* The most that a name comes to: each word has all its signs. */
static bool
call_most(const struct call_near *c, uint64_t seen)
{
	uint64_t reach = c->reach & ~(C(BUGS) | C(THIRD));
	unsigned signs = 0;

	for (size_t k = 0; k < ARRAY_LEN(call_anywhere); k++)
		signs |= reach & call_anywhere[k].what ? call_anywhere[k].sign : 0;
	if ((c->near & (C(DEAR) | C(NOTE) | C(URGENT))) || (c->firm && c->called))
		signs |= S_CALLED;
	signs |= c->reads & C(READER) ? S_READS : 0;
	signs |= c->before & C(IF) ? S_IF : 0;
	signs |= c->must & C(MUST) ? S_MUST : 0;
	if ((c->must & C(MUST)) && (c->behind & CALL_ACTION) &&
	    (c->behind & (C(DEST) | C(COMMAND))))
		signs |= S_DUTY;
	if ((reach & (C(TELL) | C(RESPONSE))) && (seen & C(NEG)))
		signs |= S_QUIET;
	if (reach & CALL_ACTION)
		signs |= S_TWICE | (reach & CALL_GRAVE ? S_GRAVE : 0);
	if ((c->behind & CALL_ACTION) ||
	    ((reach & CALL_ACTION) && (seen & (C(ORDER) | C(MUST)))))
		signs |= S_DOES | S_ORDERS;
	return call_sum(signs, c->firm ? 4 : 0) >= SCAN_THRESHOLD - 2;
}

bool
scan_call_may(uint64_t seen)
{
	const struct call_near all = {
	    seen, seen, seen, seen, seen, seen, seen & (SCAN_FIRM | C(FORM)), true};

	return (seen & (C(MODEL) | C(ONE))) && call_most(&all, seen);
}

bool
scan_call_near(const struct scan_near *t, size_t n, uint64_t seen, uint64_t loose)
{
	if (loose & (C(MODEL) | C(ONE)))
		return true;
	for (size_t i = 0; i < n; i++) {
		struct call_near c = {
		    loose,
		    loose,
		    loose,
		    loose,
		    loose,
		    loose,
		    (t[i].what & SCAN_FIRM) || (loose & C(FORM)),
		    !t[i].inside || (seen & SCAN_COLON),
		};

		if (!(t[i].what & (C(MODEL) | C(ONE))))
			continue;
		for (size_t j = i; j-- > 0 && t[i].at - t[j].at <= CALL_REACH;) {
			uint32_t gap = t[i].at - t[j].at;

			c.reach |= t[j].what;
			c.firm |= gap <= CALL_BESIDE && (t[j].what & C(FORM));
			c.reads |= gap <= 2 * CALL_NEAR ? t[j].what : 0;
			c.before |= gap <= CALL_NEAR ? t[j].what : 0;
		}
		for (size_t j = i + 1; j < n && t[j].at - t[i].at <= CALL_REACH; j++) {
			uint32_t gap = t[j].at - t[i].at;

			c.behind |= t[j].what;
			c.reads |= gap <= 2 * CALL_NEAR ? t[j].what : 0;
			c.must |= gap <= CALL_NEAR ? t[j].what : 0;
		}
		c.reach |= c.behind;
		c.near = c.before | c.must;
		if (call_most(&c, seen))
			return true;
	}
	return false;
}
