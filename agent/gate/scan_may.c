/* Whether a sentence can matter at all, by what its words may mean: no is certain, yes is not.
 *
 * scan_may() asks the rules, demands and calls for the sum of the meanings, wherever their words
 * stand; answers are kept, since texts repeat themselves. Where the sum does not tell,
 * scan_near() looks at the order and the distance of the words, as far as the sieve knows them.
 * For each meaning a row of bits says in which rules it can be the first, second ... kind of
 * word: a rule may be found when the rows of a sentence have it in all places. Pinned by
 * tests/unit/test_scan.c, tests/fuzz/fuzz_scan.c and, for order and distance,
 * tests/fuzz/fuzz_scan_words.c. */
#include <assert.h>
#include <string.h>

#include "agent/gate/scan_class.h"
#include "agent/gate/scan_rules.h"
#include "agent/gate/scan_window.h"

/* Meanings that most sentences of any text have. */
#define COMMON                                                                          \
	(ACTION | C(SAY) | C(NEG) | C(PRIOR) | C(EVERY) | C(RULES) | C(PERSONAL) |      \
	 C(CLOUD) | C(IF) | C(QUESTION) | C(THIS) | C(AND) | C(YOU) | C(ME) | C(FORM) | \
	 C(BLOCK) | C(COMMAND))
#define NO_MEANING \
	(P_STRONG | P_WEAK | P_HIDDEN) /* places that the sieve leaves to reading */

/* The kind of word of rule r that ordinary text has least: one without such meanings. */
static uint64_t
may_key(const struct rule *r)
{
	uint64_t key = r->word[0].any;

	for (size_t k = 0; k < RULE_WORDS && r->word[k].any; k++) {
		uint64_t any = r->word[k].any;

		if (__builtin_popcountll(any & COMMON) < __builtin_popcountll(key & COMMON))
			key = any;
	}
	return key;
}

/* Enters word k of rule r. */
static void
index_word(struct scan_index *x, size_t r, size_t k)
{
	const struct rule_word *w = &scan_rules[r].word[k];
	size_t part = k * SCAN_RULE_PARTS + r / 64;
	uint64_t bit = UINT64_C(1) << r % 64;

	assert(!(w->place & P_COLON) || !(w->any & ~SCAN_BEFORE_COLON));
	if (!w->any)
		x->without[part] |= bit;
	for (size_t c = 0; c < C_COUNT; c++)
		if ((w->any >> c & 1) && !(w->place & NO_MEANING))
			x->word[c][part] |= bit;
	if (w->place & NO_MEANING)
		x->placed[r / 64] |= bit;
	if (w->place & P_HIDDEN)
		x->hidden = r;
	x->colon[r / 64] |= w->place & P_COLON ? bit : 0;
	x->caps[r / 64] |= w->place & P_CAPS ? bit : 0;
	x->yours[r / 64] |= w->place & P_YOURS ? bit : 0;
}

void
scan_index_init(struct scan_index *x)
{
	for (size_t r = 0; r < scan_rules_n; r++) {
		uint64_t key = may_key(&scan_rules[r]);

		for (size_t k = 0; k < RULE_WORDS; k++)
			index_word(x, r, k);
		x->keys |= key;
	}
	scan_demand_init(x);
}

/* A bit for each rule. */
typedef uint64_t may_set __attribute__((vector_size(8 * SCAN_RULE_PARTS), aligned(8)));

/* `set` where a condition is met, nothing of `needed` where it is not. */
static inline void
may_need(may_set *set, bool met, const uint64_t needed[SCAN_RULE_PARTS])
{
	if (!met)
		*set &= ~*(const may_set *)needed;
}

/* The rules that may be found among words that mean `seen`, as the sieve counts. */
static inline __attribute__((always_inline)) bool
may_rules_any(const struct scan_index *x, uint64_t seen, uint64_t found[SCAN_RULE_PARTS])
{
	const may_set *without = (const may_set *)x->without;
	may_set a = without[0], b = without[1], c = without[2], d = without[3],
		e = without[4], all;
	uint64_t any = 0;

	seen &= ~SCAN_AMISS;
	for (uint64_t left = seen; left; left &= left - 1) {
		const may_set *more = (const may_set *)x->word[__builtin_ctzll(left)];

		a |= more[0];
		b |= more[1];
		c |= more[2];
		d |= more[3];
		e |= more[4];
	}
	all = a & b & c & d & e;
	may_need(&all, seen & SCAN_COLON, x->colon);
	may_need(&all, seen & SCAN_CAPS, x->caps);
	may_need(&all, seen & C(YOU), x->yours);
	for (size_t part = 0; part < SCAN_RULE_PARTS; part++)
		any |= found[part] = all[part];
	return any;
}

#ifdef SCAN_WIDE_TARGET
SCAN_WIDE_TARGET static bool
may_rules_wide(const struct scan_index *x, uint64_t seen, uint64_t found[SCAN_RULE_PARTS])
{
	return may_rules_any(x, seen, found);
}
#endif

static bool
may_rules(const struct scan *s, uint64_t seen, uint64_t found[SCAN_RULE_PARTS])
{
	if (!(seen & s->index->keys))
		return false;
#ifdef SCAN_WIDE_TARGET
	if (s->wide)
		return may_rules_wide(s->index, seen, found);
#endif
	return may_rules_any(s->index, seen, found);
}

/* Points of a demand that matter. Where nobody sees the words disguise adds to what is found, and
 * the rule for hidden words has no more weight than a demand has to have. */
static int
may_needed(uint64_t seen, bool unseen)
{
	if (!unseen)
		return SCAN_THRESHOLD;
	return seen & (C(COMMAND) | C(SECRET) | C(USER) | C(REPLY) | C(DEST))
		   ? SCAN_DEMAND_MIN
		   : SCAN_THRESHOLD - SCAN_UNSEEN_POINTS;
}

bool
scan_may(struct scan *s, uint64_t seen, bool unseen)
{
	uint64_t hash = seen * UINT64_C(0x9E3779B97F4A7C15), found[SCAN_RULE_PARTS];
	struct scan_memo *m = &s->memo[unseen][hash >> (64 - SCAN_MEMO_BITS)];

	if (m->seen != seen) {
		m->seen = seen;
		m->may = (seen & SCAN_AMISS) ||
			 scan_demand_most(s->index, seen) >= may_needed(seen, unseen) ||
			 scan_call_may(seen) || scan_advice_may(seen) ||
			 may_rules(s, seen, found);
	}
	return m->may;
}

/* Token t may be word k of rule r. */
static bool
near_is(const struct scan_near *t, const struct rule_word *w)
{
	/* "do not" begins where "do" does. */
	return (t->what & w->any) &&
	       (!(w->place & P_START) || !t->inside || (t->what & C(NEG)));
}

/* The words w[0..count) may stand in this order from t[0] on. */
static bool
near_ordered(const struct scan_near *t, size_t n, const struct rule_word *const *w,
	     size_t count, unsigned window)
{
	size_t k = 0;

	for (size_t j = 0; j < n && t[j].at - t[0].at <= window; j++) {
		bool taken = false;

		while (k < count && near_is(&t[j], w[k]) &&
		       (!taken || (w[k]->any & C(ORDER)))) {
			taken = true;
			k++;
		}
		if (k == count)
			return true;
		if (k == 0)
			return false;
	}
	return false;
}

/* The same in any order; one token may be several of them. */
static bool
near_any(const struct scan_near *t, size_t n, const struct rule_word *const *w,
	 size_t count, unsigned window)
{
	unsigned done = 0, all = (1u << count) - 1;

	for (size_t j = 0; j < n && t[j].at - t[0].at <= window; j++) {
		for (size_t k = 0; k < count; k++)
			done |= near_is(&t[j], w[k]) ? 1u << k : 0;
		if (done == all)
			return true;
		if (done == 0)
			return false;
	}
	return false;
}

/* Rule r may be found among the tokens; what `loose` means may stand anywhere. */
static bool
near_rule(const struct scan_near *t, size_t n, uint64_t loose, const struct rule *r)
{
	const struct rule_word *w[RULE_WORDS];
	size_t count = 0;

	for (size_t k = 0; k < RULE_WORDS && r->word[k].any; k++)
		if (!(r->word[k].any & loose))
			w[count++] = &r->word[k];
	if (count == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (r->ordered ? near_ordered(t + i, n - i, w, count, r->window)
			       : near_any(t + i, n - i, w, count, r->window))
			return true;
	return false;
}

bool
scan_near(const struct scan *s, const struct scan_near *t, size_t n, uint64_t loose,
	  bool unseen)
{
	const struct scan_index *x = s->index;
	uint64_t found[SCAN_RULE_PARTS], seen = loose;
	int needed;

	for (size_t i = 0; i < n; i++)
		seen |= t[i].what;
	if ((seen & SCAN_AMISS) || scan_advice_may(seen) ||
	    (scan_call_may(seen) && scan_call_near(t, n, seen, loose)))
		return true;
	needed = may_needed(seen, unseen);
	if (needed == SCAN_DEMAND_MIN && scan_demand_most(x, seen) >= needed &&
	    !near_rule(t, n, loose, &scan_rules[x->hidden]))
		needed = SCAN_THRESHOLD - SCAN_UNSEEN_POINTS;
	if (scan_demand_most(x, seen) >= needed &&
	    scan_demand_near(t, n, seen, loose, needed))
		return true;
	if (!may_rules(s, seen, found))
		return false;
	for (size_t part = 0; part < SCAN_RULE_PARTS; part++)
		for (; found[part]; found[part] &= found[part] - 1)
			if (near_rule(t, n, loose,
				      &scan_rules[part * 64 +
						  (size_t)__builtin_ctzll(found[part])]))
				return true;
	return false;
}

void
scan_rules_found(const struct scan *s, uint64_t seen, uint64_t found[SCAN_RULE_PARTS])
{
	/* Some meanings are others to the sieve. */
	seen = (seen & ~SCAN_FIRM) | SCAN_COLON | SCAN_CAPS;
	if (!may_rules(s, seen, found))
		memset(found, 0, SCAN_RULE_PARTS * sizeof(*found));
	for (size_t part = 0; part < SCAN_RULE_PARTS; part++)
		found[part] |= s->index->placed[part];
}
