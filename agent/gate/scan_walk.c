/* Finds what may matter in readable text: the rest is passed without being read.
 *
 * Most bytes only part words, and most words mean nothing. A window of the text is turned into
 * bits (scan_window.h), the words in it are hashed and sifted without a branch, and only what may
 * matter is handed to scan_step(). What lies between is made up for when it is passed: words and
 * numbers count towards the distance, stops end the sentence if it holds anything, and the place
 * is that of the next word. The outcome is that of scan_step() over and over, whatever the
 * windows: tests/fuzz/fuzz_scan.c compares lines taken together with lines in pieces, and the
 * wide code with the portable one. */
#include <endian.h>
#include <string.h>

#include "agent/gate/scan_class.h"
#include "agent/gate/scan_window.h"

/* All of this is compiled twice where a processor may have more to offer. */
#define WALK_INLINE inline __attribute__((always_inline))

#define WALK_AHEAD 24 /* bytes that may be read behind a window */
#define WALK_LAST  60 /* bits from which a word's neighbours are all in the window */

/* A window of a line being walked. */
struct walk {
	struct scan *s;
	struct scan_line *l;
	struct scan_ctx *x;
	const char *stop; /* where the text ends: with the line, or with several */
	size_t base;	/* of the window in the line; modulo 2^64 when it began before it */
	size_t checked; /* for scan_step() */
	size_t i;	/* bit up to which all is done */
	size_t end;	/* bit where the window ends */
	struct scan_window w;
	uint64_t words, numbers;    /* first bytes */
	uint64_t inner;		    /* other bytes of them */
	uint64_t odd;		    /* words that are more than what their letters say */
	uint64_t hash[SCAN_WINDOW]; /* of the first eight letters of the word there */
};

static const uint64_t walk_first[] = {
    0x0000000000000000, 0x00000000000000FF, 0x000000000000FFFF,
    0x0000000000FFFFFF, 0x00000000FFFFFFFF, 0x000000FFFFFFFFFF,
    0x0000FFFFFFFFFFFF, 0x00FFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF,
};

static WALK_INLINE uint64_t
walk_bit(const uint64_t *bits, uint64_t i)
{
	return bits[i / 64] >> (i % 64);
}

/* The words that are long, stand alone, or have a digit, @ or $ behind them. */
static WALK_INLINE uint64_t
walk_odd_words(struct walk *k)
{
	uint64_t letter = k->w.letter, run = letter & letter >> 1, odd, ends;

	run &= run >> 2;
	run &= run >> 4; /* eight in a row */
	odd = run & run >> (GLUED_MIN - 8) & k->words;
	odd |= k->words & ~(letter >> 1) & letter >> 2 & ~(letter >> 3);
	for (ends = letter & k->w.solid >> 1; ends; ends &= ends - 1) {
		uint64_t before = k->words & (ends ^ (ends - 1));

		odd |= UINT64_C(1) << (63 - __builtin_clzll(before | 1));
	}
	k->odd = odd;
	return odd;
}

/* The words that may mean something, or are too odd to tell here. */
static WALK_INLINE uint64_t
walk_sift(struct walk *k, const char *p)
{
	const struct scan_window *w = &k->w;
	const struct scan_filter *f = k->s->filter;
	uint64_t ends = ~w->letter & w->letter << 1, found = 0;

	for (uint64_t left = k->words & scan_bits_below(k->end); left;
	     left &= left - 1, ends &= ends - 1) {
		unsigned at = (unsigned)__builtin_ctzll(left);
		unsigned end = (unsigned)__builtin_ctzll(ends);
		unsigned len = end - at;
		uint64_t a, hash, stem, odd;

		memcpy(&a, p + at, sizeof(a));
		a = (le64toh(a) | SCAN_HASH_LOWER) & walk_first[MIN_OF(len, 8u)];
		hash = scan_hash_step(0, a);
		stem = scan_hash_step(0, a & walk_first[SCAN_STEM_KEY]);
		odd = walk_bit(f->head, hash >> 48) |
		      (walk_bit(f->stem5, stem >> 50) & (uint64_t)(len > SCAN_STEM_KEY));
		k->hash[at] = hash;
		found |= (odd & 1) << at;
	}
	return found | walk_odd_words(k);
}

/* Numbers that are long, or have letters behind them. */
static WALK_INLINE uint64_t
walk_numbers(const struct walk *k)
{
	uint64_t run = k->w.digit | k->inner, found, ends;

	run &= ~k->w.letter;
	found = run & run >> 1;
	found &= found >> 2;
	found &= found >> 4; /* eight in a row */
	found &= run >> 8 & k->numbers;
	for (ends = k->w.digit & k->w.letter >> 1; ends; ends &= ends - 1) {
		uint64_t before = k->numbers & (ends ^ (ends - 1));

		if (before)
			found |= UINT64_C(1) << (63 - __builtin_clzll(before));
	}
	return found;
}

/* Everything in the window that scan_step() has to read. */
static WALK_INLINE uint64_t
walk_events(struct walk *k, const char *p)
{
	const struct scan_window *w = &k->w;
	uint64_t found = w->event;

	found |= w->apostrophe & w->letter << 1 & w->letter >> 1;
	found |= w->mark & w->slash >> 1 & w->slash >> 2;
	found |= w->dash & ~((w->letter | w->digit) << 1) & (w->letter | w->dash) >> 1;
	found |= w->dash & w->dash >> 1;
	if (w->greater && (k->x->tag || w->event))
		found |= w->greater;
	if (w->solid) {
		uint64_t solid = w->solid & ~w->digit, alnum = w->letter | w->digit;

		found |= solid & (alnum << 1 | 1) & w->letter >> 1;
		found |= solid & w->digit >> 1;
		found |= walk_numbers(k);
	}
	return (found | walk_sift(k, p)) & scan_bits_below(k->end);
}

/* scan_mark_place() of the marks for which nothing else matters. */
static const uint8_t walk_known_place[256] = {
    ['('] = P_START, ['{'] = P_START, [':'] = P_START,		 [';'] = P_START,
    ['|'] = P_START, ['}'] = P_START, ['"'] = P_START | P_QUOTE,
};

/* The first n bits, n < 64. */
static WALK_INLINE uint64_t
walk_below(size_t n)
{
	return (UINT64_C(1) << n) - 1;
}

/* What the bits of `range` make of the place. */
static WALK_INLINE unsigned
walk_place(const struct walk *k, uint64_t range)
{
	uint64_t letters = k->w.letter & range, marks = k->w.mark & range;
	unsigned place = letters ? 0 : k->x->place;

	if (!marks || marks < letters) /* the word comes last */
		return place;
	if (letters)
		marks &= ~walk_below(64 - (size_t)__builtin_clzll(letters));
	for (; marks; marks &= marks - 1) {
		size_t at = k->base + (size_t)__builtin_ctzll(marks);
		unsigned known = walk_known_place[(unsigned char)k->l->p[at]];

		place |= known ? known : scan_mark_place(k->l, at);
	}
	return place;
}

/* Makes up for what lies before bit `to`, none of which is an event. */
static WALK_INLINE void
walk_pass(struct walk *k, size_t to)
{
	struct scan_ctx *x = k->x;
	uint64_t range = walk_below(to) & ~walk_below(k->i);
	unsigned place = walk_place(k, range);

	if (x->ntok > 0) {
		uint64_t words = (k->words | k->numbers) & range, marks = k->w.mark & range;

		x->pos += POS_WORD * (uint32_t)__builtin_popcountll(words);
		for (; marks && x->ntok > 0; marks &= marks - 1) {
			size_t at = k->base + (size_t)__builtin_ctzll(marks);

			if (core_beside(k->l->p[at], S_STOP))
				scan_step(k->s, k->l, at, &k->checked);
		}
	}
	x->place = place;
	k->i = to;
}

/* The line ends at bit `at`. */
static WALK_INLINE void
walk_line_end(struct walk *k, size_t at)
{
	struct scan_line *l = k->l;
	uint64_t later = k->w.lf & ~walk_below(at) << 1;

	k->base -= l->n + 1;
	l->base += l->n + 1;
	l->p += l->n + 1;
	l->room -= l->n + 1;
	k->x->line = k->s->line++;
	k->checked = 0;
	if (l->p == k->stop)
		return;
	if (later)
		l->n = (size_t)__builtin_ctzll(later) - at - 1;
	else
		l->n = (size_t)((const char *)rawmemchr(l->p, '\n') - l->p);
	scan_line_start(k->s, l);
}

/* Reads the event at bit `at`, and what is left of a word or number that it ended in. */
static WALK_INLINE void
walk_event(struct walk *k, size_t at)
{
	const struct scan_line *l = k->l;
	uint64_t bit = UINT64_C(1) << at;
	size_t here = k->base + at, next;
	/* Words that were passed did not look at what hangs on them. */
	bool hangs = k->i < at && (k->w.apostrophe & bit);

	walk_pass(k, at);
	if (here == l->n) {
		walk_line_end(k, at);
		k->i = at + 1;
		return;
	}
	if (hangs) {
		uint64_t before = k->words & walk_below(at);
		size_t word = 63 - (size_t)__builtin_clzll(before);

		next = scan_apostrophe(k->s, l, k->base + word, here);
		k->x->place = 0;
	} else if ((unsigned char)l->p[here] >= 0xE0) {
		next = scan_wide_run(k->s, l, here);
	} else if (k->w.letter & ~k->odd & bit) {
		size_t len = (size_t)__builtin_ctzll(~(k->w.letter >> at));

		next = scan_word(k->s, l, here, here + len,
				 len > 8 ? scan_hash(l->p + here, len) : k->hash[at]);
	} else {
		next = scan_step(k->s, l, here, &k->checked);
	}
	while ((k->i = next - k->base) < k->end && k->inner >> k->i & 1) {
		/* A mark between digits, of which the first are done, is passed. */
		if (k->w.group >> k->i & 1)
			next++;
		else
			next = scan_step(k->s, l, next, &k->checked);
	}
}

/* Reads the window at k->base; k->i is its first bit not read. */
static WALK_INLINE void
walk_window(struct walk *k, bool wide)
{
	const char *p = k->l->p + k->base;
	size_t left = (size_t)(k->stop - p);
	char copy[SCAN_WINDOW + WALK_AHEAD];
	uint64_t run, events;

	if (k->l->room - k->base < sizeof(copy)) {
		size_t n = MIN_OF(left, sizeof(copy));

		memcpy(copy, p, n);
		memset(copy + n, 0, sizeof(copy) - n);
		p = copy;
	}
#ifdef SCAN_WIDE_TARGET
	if (wide)
		scan_window_wide(&k->w, p, MIN_OF(left, (size_t)SCAN_WINDOW));
	else
#endif
		scan_window(&k->w, p, MIN_OF(left, (size_t)SCAN_WINDOW));
	run = k->w.digit | (k->w.group & k->w.digit << 1 & k->w.digit >> 1);
	k->words = k->w.letter & ~(k->w.letter << 1);
	k->numbers = run & ~(run << 1);
	k->inner = (k->w.letter | run) & ~(k->words | k->numbers);
	k->i = 0;
	k->end = left;
	if (left > WALK_LAST) {
		uint64_t cuts =
		    ~k->inner & ~k->w.apostrophe & scan_bits_below(WALK_LAST + 1);

		k->end = 63 - (size_t)__builtin_clzll(cuts | 1);
	}
	events = walk_events(k, p);
	while (events) {
		walk_event(k, (size_t)__builtin_ctzll(events));
		if (k->i >= k->end)
			return;
		events &= ~walk_below(k->i);
	}
	walk_pass(k, k->end);
}

static WALK_INLINE void
walk_text(struct scan *s, struct scan_line *l, const char *stop, bool wide)
{
	struct walk k;

	k.s = s;
	k.l = l;
	k.x = &s->ctx[l->depth];
	k.stop = stop;
	k.base = k.checked = 0;
	while (l->p + k.base < stop) {
		walk_window(&k, wide);
		k.base += k.i;
		if (k.i == 0) /* a word longer than the window */
			k.base = scan_step(s, l, k.base, &k.checked);
	}
}

#ifdef SCAN_WIDE_TARGET
SCAN_WIDE_TARGET static void
walk_wide(struct scan *s, struct scan_line *l, const char *stop)
{
	walk_text(s, l, stop, true);
}
#endif

static void
walk_any(struct scan *s, struct scan_line *l, const char *stop)
{
#ifdef SCAN_WIDE_TARGET
	if (s->wide) {
		walk_wide(s, l, stop);
		return;
	}
#endif
	walk_text(s, l, stop, false);
}

void
scan_core(struct scan *s, const struct scan_line *line)
{
	struct scan_line l = *line;

	scan_line_start(s, &l);
	walk_any(s, &l, l.p + l.n);
	s->ctx[l.depth].line = s->line;
}

void
scan_plain_lines(struct scan *s, const char *p, size_t n, size_t room)
{
	const char *lf = memchr(p, '\n', n);
	struct scan_line l = {.p = p, .n = (size_t)(lf - p), .room = room, .base = s->at};

	scan_line_start(s, &l);
	walk_any(s, &l, p + n);
	s->at += n;
}
