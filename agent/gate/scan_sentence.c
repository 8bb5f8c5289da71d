/* Judges a sentence: by its tokens, and before it is read by what its words may mean.
 *
 * A rule is tried when its rarest kind of word is there. scan_may() asks the same of the sum of
 * what a sentence's words may mean, wherever they stand: no is certain, yes is not; its answers
 * are kept, since texts repeat themselves. Pinned by tests/unit/test_scan.c and, for what
 * scan_may() denies, by tests/fuzz/fuzz_scan.c. */
#include <assert.h>
#include <string.h>

#include "agent/gate/scan_rules.h"

#define HEAT_SENTENCES 6 /* for which an order weighs more after a hit */
#define CIPHER_WORDS   3 /* words of one shifted alphabet that are no accident */
#define HEAT_POINTS    4
#define DEMAND_MIN     5 /* points of a demand that counts */
#define WARM	       6 /* weight of a claim or an address that only prepares */
#define WARM_SENTENCES 2 /* for which it does; one more such makes the hit */
#define WARM_GROUPS                                                                     \
	(1u << SCAN_ADDRESS | 1u << SCAN_OVERRIDE | 1u << SCAN_FAKE | 1u << SCAN_ROLE | \
	 1u << SCAN_SECRECY)

/* Meanings that most sentences of any text have. */
#define COMMON                                                                          \
	(ACTION | C(SAY) | C(NEG) | C(PRIOR) | C(EVERY) | C(RULES) | C(PERSONAL) |      \
	 C(CLOUD) | C(IF) | C(QUESTION) | C(THIS) | C(AND) | C(YOU) | C(ME) | C(FORM) | \
	 C(BLOCK) | C(COMMAND))
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

/* What disguise adds, once there is something to disguise. */
static unsigned
rules_disguise(unsigned how)
{
	return (how & SCAN_ENCODED ? 5u : 0) + (how & SCAN_INVISIBLE ? 4u : 0) +
	       (how & SCAN_LOOKALIKE ? 4u : 0) + (how & SCAN_UNSEEN ? 3u : 0);
}

#define RULE_PARTS (SCAN_RULES_MAX / 64)

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
	for (size_t r = 0; r < scan_rules_n; r++) {
		uint64_t key = rules_key(&scan_rules[r]);

		for (size_t k = 0; k < RULE_WORDS; k++)
			assert(!(scan_rules[r].word[k].place & P_COLON) ||
			       !(scan_rules[r].word[k].any & ~SCAN_BEFORE_COLON));

		x->keys |= key;
		for (size_t c = 0; c < C_COUNT; c++)
			x->rule[c][r / 64] |= (key >> c & 1) << r % 64;
	}
}

/* The rules whose rarest kind of word is there, a bit for each. */
static void
rules_keyed(const struct scan_index *index, uint64_t seen, uint64_t found[RULE_PARTS])
{
	memset(found, 0, RULE_PARTS * sizeof(*found));
	for (uint64_t left = seen & index->keys; left; left &= left - 1) {
		const uint64_t *rule = index->rule[__builtin_ctzll(left)];

		for (size_t part = 0; part < RULE_PARTS; part++)
			found[part] |= rule[part];
	}
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
	uint64_t may[RULE_PARTS];

	/* The rule for hidden words has no more weight than a demand has to have. */
	if (unseen)
		needed = seen & (C(COMMAND) | C(SECRET) | C(USER) | C(REPLY) | C(DEST))
			     ? DEMAND_MIN
			     : SCAN_THRESHOLD - (int)rules_disguise(SCAN_UNSEEN);
	if ((seen & SCAN_AMISS) || demand >= needed || scan_call_may(seen) ||
	    scan_advice_may(seen))
		return true;
	rules_keyed(index, seen, may);
	for (size_t part = 0; part < RULE_PARTS; part++)
		for (; may[part]; may[part] &= may[part] - 1)
			if (rules_may(
				&scan_rules[part * 64 + (size_t)__builtin_ctzll(may[part])],
				seen))
				return true;
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
	uint64_t may[RULE_PARTS];

	rules_keyed(index, x->seen, may);
	for (size_t part = 0; part < RULE_PARTS; part++)
		for (; may[part]; may[part] &= may[part] - 1)
			rules_one(
			    x, f,
			    &scan_rules[part * 64 + (size_t)__builtin_ctzll(may[part])]);
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
}
