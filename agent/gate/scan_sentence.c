/* Judges a sentence by its tokens.
 *
 * A rule is tried when all its kinds of words are there; what is found adds up. Pinned by
 * tests/unit/test_scan.c. */

#include "agent/gate/scan_rules.h"

#define HEAT_SENTENCES 6  /* for which an order weighs more after a hit */
#define CERTAIN	       12 /* weight of rules that hold for parts of names too */
#define CIPHER_WORDS   3  /* words of one shifted alphabet that are no accident */
#define HEAT_POINTS    4
#define WARM	       6 /* weight of a claim or an address that only prepares */
#define WARM_SENTENCES 2 /* for which it does; one more such makes the hit */
#define WARM_GROUPS                                                                     \
	(1u << SCAN_ADDRESS | 1u << SCAN_OVERRIDE | 1u << SCAN_FAKE | 1u << SCAN_ROLE | \
	 1u << SCAN_SECRECY)

/* Of what is wanted, names of things tell as much in code: OPENAI_API_KEY. */
#define NAMED (C(SECRET) | C(COMMAND) | C(DEST) | C(PERSONAL) | C(ROLE))

/* Parts of a name make a sentence with one another, not with what stands around them: *name has
 * a bit for each of both. */
static bool
rule_joins(const struct scan_token *t, uint64_t what, unsigned *name)
{
	unsigned is = t->place & P_NAME ? 2 : 1;

	if (what & NAMED)
		return true;
	if (*name & ~is)
		return false;
	*name = is;
	return true;
}

/* The words of rule r from token i on; *last is the last of them. */
static bool
rule_from(const struct scan_ctx *x, const struct rule *r, size_t count, size_t i,
	  size_t *last)
{
	unsigned done = 0, all = (1u << count) - 1, name = 0;

	for (size_t j = i; j < x->ntok && x->tok[j].pos - x->tok[i].pos <= r->window; j++) {
		const struct scan_token *t = &x->tok[j];

		for (size_t k = 0, taken = 0; k < count; k++) {
			if (done & (1u << k))
				continue;
			if ((t->what & r->word[k].any) &&
			    (t->place & r->word[k].place) == r->word[k].place &&
			    (!taken || (r->word[k].any & C(ORDER))) &&
			    (r->weight >= CERTAIN ||
			     rule_joins(t, r->word[k].any, &name))) {
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
	       (how & SCAN_LOOKALIKE ? 4u : 0) +
	       (how & SCAN_UNSEEN ? (unsigned)SCAN_UNSEEN_POINTS : 0);
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

/* The rules that may be found, in their order. */
static void
rules_try(const struct scan *s, const struct scan_ctx *x, struct found *f)
{
	uint64_t may[SCAN_RULE_PARTS];

	scan_rules_found(s, x->seen, may);
	for (size_t part = 0; part < SCAN_RULE_PARTS; part++)
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
	rules_try(s, x, &f);
	if (x->shifted >= CIPHER_WORDS)
		rules_cipher(x, &f);
	demand = scan_demand(x, &first, &last);
	if (demand > 0) {
		demand += x->heat > 0 ? HEAT_POINTS : 0;
		if (demand >= SCAN_DEMAND_MIN)
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
