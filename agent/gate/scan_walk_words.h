/* The words of a window: what they may mean, and where they stand among the others of their
 * sentence. Not for others; see scan_walk.c. */
#ifndef SUNABA_GATE_SCAN_WALK_WORDS_H
#define SUNABA_GATE_SCAN_WALK_WORDS_H

#include <endian.h>
#include <string.h>

#include "agent/gate/scan_walk.h"

/* All of this is compiled three times where a processor may have more to offer. */
#define WALK_INLINE inline __attribute__((always_inline))

#define NEAR_REACH 70 /* half words: as far as anything looks */
#define NEAR_DENSE 64 /* words within them that are looked at */

static const uint64_t walk_first[] = {
    0x0000000000000000, 0x00000000000000FF, 0x000000000000FFFF,
    0x0000000000FFFFFF, 0x00000000FFFFFFFF, 0x000000FFFFFFFFFF,
    0x0000FFFFFFFFFFFF, 0x00FFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF,
};

/* What words [from, to) of the window mean: for certain, but slowly. */
static uint64_t
walk_words_again(const struct walk *k, size_t from, size_t to)
{
	uint64_t left = k->words & walk_below(to) & ~walk_below(from), what = 0;

	for (; left; left &= left - 1) {
		size_t at = (size_t)__builtin_ctzll(left);
		size_t len = (size_t)__builtin_ctzll(~(k->w.letter >> at));
		const char *p = k->l.p + k->base + at;
		const struct scan_word *w =
		    len <= SCAN_WORD_MAX
			? scan_vocab_find(k->s->vocab, p, len, scan_hash(p, len))
			: NULL;

		what |= w ? scan_sieve_what(w->what, w->shift) : 0;
	}
	return what;
}

/* The first n of eight letters in lower case, the others 0. */
static WALK_INLINE uint64_t
walk_letters(uint64_t eight, unsigned n, enum scan_width wide)
{
	eight = le64toh(eight) | SCAN_HASH_LOWER;
#ifdef SCAN_WIDE_TARGET
	if (wide)
		return scan_bits_wide(eight, 8 * n);
#endif
	return eight & walk_first[MIN_OF(n, 8u)];
}

/* What they may mean by their first letters, p the bytes of the window. Those that may mean
 * something are entered behind the *n tokens of the sentence, NULL: nowhere. A word that may be
 * ciphered is looked up, since all would have to be read. */
static WALK_INLINE uint64_t
walk_words(const struct walk *k, const char *p, size_t from, size_t to, size_t *n,
	   enum scan_width wide)
{
	struct scan *s = k->s;
	const struct scan_filter *f = s->filter;
	uint64_t letter = k->w.letter, what = 0;
	uint64_t left = k->words & walk_below(to) & ~walk_below(from);
	uint64_t ends = ~letter & letter << 1 & ~walk_below(from + (from > 0));
	unsigned part = (unsigned)k->nspans * SCAN_WINDOW;
	size_t count = n ? *n : 0;

	for (; left; left &= left - 1, ends &= ends - 1) {
		unsigned at = (unsigned)__builtin_ctzll(left);
		unsigned len = (unsigned)__builtin_ctzll(ends) - at;
		uint64_t a, one;

		memcpy(&a, p + at, sizeof(a));
		a = walk_letters(a, len, wide);
		one = f->what[f->head[scan_sieve_slot(a, SCAN_HEAD_BITS)]];
		a &= walk_first[SCAN_STEM_KEY];
		one |= f->what[f->stem5[scan_sieve_slot(a, SCAN_STEM_BITS)]] &
		       -(uint64_t)(len > SCAN_STEM_KEY);
		what |= one;
		if (n) {
			s->near_what[count] = one;
			s->near_byte[count] = (uint16_t)(part + at);
			count += one != 0;
		}
	}
	if (n)
		*n = count;
	return what & SCAN_AMISS ? walk_words_again(k, from, to) : what;
}

/* Adds words [from, to) of the window to the tokens of the sentence. */
static WALK_INLINE uint64_t
walk_enter(struct walk *k, const char *p, size_t from, size_t to, enum scan_width wide)
{
	struct scan *s = k->s;
	uint64_t what;

	if (k->nnear > SCAN_NEAR_MAX - SCAN_WINDOW / 2 || k->nspans == SCAN_SPANS_MAX) {
		k->nnear = k->nspans = 0;
		k->crowded = true;
	}
	what = walk_words(k, p, from, to, &k->nnear, wide);
	s->span[k->nspans].apart = k->apart & walk_below(k->end);
	s->span[k->nspans++].within = k->within;
	return what;
}

/* Which words are certainly counted as such by who reads them, one by one: plain ones behind a blank;
 * `solid` are the first bytes of those that may be more. And behind which of them the next one
 * certainly goes on with their clause. */
static WALK_INLINE void
walk_apart(struct walk *k, uint64_t solid)
{
	const struct scan_window *w = &k->w;
	uint64_t ends, comma = w->group & ~(w->blank | w->dot); /* or a dash */

	k->apart = k->words & (w->blank | w->lf) << 1 & w->letter >> 1 & ~solid;
	ends = (w->letter + k->apart) & ~w->letter;
	ends |= (ends & comma) << 1;
	k->within = (ends & w->blank) << 1 & k->words;
}

/* Tells the places of the sentence's tokens. False: too many are close together to look at one by
 * one. */
static WALK_INLINE bool
walk_place(const struct walk *k)
{
	struct scan *s = k->s;
	uint32_t pos = 0;

	for (size_t i = 0, from = 0, n = 0; n < k->nspans; n++) {
		uint64_t apart = s->span[n].apart;

		for (; i < k->nnear && s->near_byte[i] / SCAN_WINDOW == n; i++) {
			struct scan_near *t = &s->near[i];
			unsigned at = s->near_byte[i] % SCAN_WINDOW;

			t->what = s->near_what[i];
			t->at = pos + POS_WORD * (uint32_t)__builtin_popcountll(
						     apart << (63 - at));
			t->inside = s->span[n].within >> at & 1;
			while (t->at - s->near[from].at > NEAR_REACH)
				from++;
			if (i - from > NEAR_DENSE)
				return false;
		}
		pos += POS_WORD * (uint32_t)__builtin_popcountll(apart);
	}
	return true;
}

#endif
