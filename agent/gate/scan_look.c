/* What a window's bits do not tell: looked at in the text, one by one.
 *
 * Words that may be several or written in digits, addresses, markup, and what is beyond ASCII.
 * Nothing is entered; the walk gets to know what reading might enter (see scan_walk.c), and jumps
 * over what reading takes in one piece. Pinned by tests/unit/test_scan.c and
 * tests/fuzz/fuzz_scan.c. */
#include <endian.h>
#include <string.h>

#include "agent/gate/scan_walk.h"

size_t
walk_line_end(const struct walk *k, size_t i)
{
	const char *lf = k->lines ? memchr(k->l.p + i, '\n', k->n - i) : NULL;

	return lf ? (size_t)(lf - k->l.p) : k->n;
}

/* Byte i, which is not before the last one looked at, is looked at in its line. */
static void
look_line(struct walk *k, size_t i)
{
	if (i >= k->l.n)
		k->l.n = walk_line_end(k, i);
}

/* The word or number at bit `at`, which is not what its letters say. */
static void
look_word(struct walk *k, size_t at)
{
	const struct scan_line *l = &k->l;
	size_t i = k->base + at, end;
	uint64_t rest = k->w.letter >> at;
	size_t len = ~rest ? (size_t)__builtin_ctzll(~rest) : 64 - at;
	bool solid = k->w.solid >> (at + len) & 1, words = false;

	if (len == 1 && !solid) {
		size_t took = scan_spaced_look(k->s, l, i, &words);

		if (words || (took > 0 && i > 0 && strchr("-'", l->p[i - 1])))
			k->wanted |= SCAN_AMISS; /* or not all of it is read together */
		if (took > 0) {
			k->end = at;
			k->next = i + took;
		}
		return;
	}
	if (len == 0 || solid || len >= SOLID_LETTERS) {
		if (scan_solid_look(k->s, l, i, &k->checked, &end))
			k->wanted |= SCAN_AMISS;
		if (end > i) {
			k->end = at;
			k->next = end;
			return;
		}
	}
	if (len >= GLUED_MIN)
		k->wanted |= scan_glued_look(k->s, l->p + i, len);
}

/* An address has its mark at i. */
static bool
look_address(const struct walk *k, size_t i)
{
	const char *p = k->l.p;

	if (i == 0 || (k->lines && p[i - 1] == '\n'))
		return false;
	return p[i] == ':' || (p[i] == '@' && (core_is(p, k->n, i - 1, K_LETTER) ||
					       core_is(p, k->n, i - 1, K_DIGIT)));
}

void
walk_look(struct walk *k, uint64_t odd)
{
	for (odd &= walk_below(k->end); odd; odd &= odd - 1) {
		size_t at = (size_t)__builtin_ctzll(odd), i = k->base + at, start;
		enum core_class c = scan_class[(unsigned char)k->l.p[i]];

		if (c == K_WIDE) {
			k->end = at;
			k->next = i;
			return;
		}
		look_line(k, i);
		if (c == K_LETTER || c == K_DIGIT) {
			look_word(k, at);
			if (k->end <= at)
				return;
		} else if (look_address(k, i)) {
			k->wanted |=
			    scan_sieve_what(scan_address_look(&k->l, i, c == K_AT ? 1 : 3,
							      &start, &k->next),
					    0);
			k->end = at;
			return;
		}
	}
}

/* The mark at bit `at` up to the character behind its name, at most eight in all, of which none is 0;
 * 0: longer or of another shape. They tell all of struct scan_markup. */
static uint64_t
look_named(const struct walk *k, size_t at, size_t i)
{
	const struct scan_window *w = &k->w;
	uint64_t first, ends = (w->blank | w->greater | w->digit) >> at;
	size_t name, len;

	if (k->l.room - i < sizeof(first) || k->l.p[i] != '<')
		return 0;
	name = k->l.p[i + 1] == '/' ? 2 : 1;
	len = (size_t)__builtin_ctzll(~(w->letter >> at >> name));
	if (len == 0 || name + len >= sizeof(first) || !(ends >> (name + len) & 1))
		return 0;
	memcpy(&first, k->l.p + i, sizeof(first));
	return le64toh(first) << 8 * (sizeof(first) - 1 - name - len);
}

/* What mark is at bit `at`. */
static void
look_mark(struct walk *k, size_t at, struct scan_markup *m)
{
	size_t i = k->base + at;
	uint64_t key = look_named(k, at, i), hash = key * UINT64_C(0x9E3779B97F4A7C15);
	struct scan_named *known = &k->s->named[hash >> (64 - SCAN_NAMED_BITS)];

	if (!key || known->key != key) {
		look_line(k, i);
		scan_mark_name(k->s, &k->l, i, m);
		if (key)
			*known = (struct scan_named){key, *m};
	} else {
		*m = known->m;
	}
	if (m->role || m->comment || (m->closes && k->x->unseen)) {
		k->wanted |= SCAN_AMISS;
	} else if (m->styled) {
		look_line(k, i);
		if (scan_mark_hides(k->s, &k->l, i))
			k->wanted |= SCAN_AMISS;
	}
}

/* Follows markup through the window. */
void
walk_markup(struct walk *k, uint64_t events)
{
	uint64_t marks = 0, tags = 0, blocks = 0, stops = 0;
	bool tag = k->tag, block = k->block;

	k->l.n = 0; /* what was looked at may be behind it */
	for (; events; events &= events - 1) {
		uint64_t bit = events & -events;
		size_t at = (size_t)__builtin_ctzll(events), i = k->base + at;
		struct scan_markup m;

		if (k->l.p[i] == '`') {
			k->wanted |= C(COMMAND);
			continue;
		}
		if (k->l.p[i] == '>') {
			if (k->x->comment && i >= 2 && k->l.p[i - 1] == '-' &&
			    k->l.p[i - 2] == '-') /* it ends */
				k->wanted |= SCAN_AMISS;
			stops |= tag && block ? bit : 0;
			tag = block = false;
		} else {
			look_mark(k, at, &m);
			if (!m.tag)
				continue;
			stops |= m.block ? bit : 0;
			tag = true;
			block = m.block;
		}
		marks |= bit;
		tags |= tag ? bit : 0;
		blocks |= block ? bit : 0;
	}
	k->tag = tag;
	k->block = block;
	k->marks = marks;
	k->tags = tags;
	k->blocks = blocks;
	k->stops |= stops;
}

/* The character at i, beyond ASCII, certainly ends a sentence; the one before was part of it. */
static void
look_stop(struct walk *k, size_t i)
{
	struct scan_ctx *x = k->x;

	x->ntok = x->seen = x->shifted = x->place = 0;
	x->tag = k->tag;
	x->block = k->block;
	k->s->line = k->line;
	k->back = i;
	k->back_checked = 0;
	walk_begins(k, 0);
}

/* Bytes of the character of two bytes or more at i that k->seen gets to know. */
static size_t
look_wide(struct walk *k, size_t i)
{
	const struct scan_line *l = &k->l;
	unsigned char c = (unsigned char)l->p[i];
	const struct scan_word *w = NULL;

	if (c >= 0xE0 || i == 0 || (unsigned char)l->p[i - 1] < 0x80)
		w = scan_vocab_prefix(k->s->vocab, l->p + i, l->n - i);
	if (!w)
		return c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	k->loose |= scan_sieve_what(w->what, w->shift);
	if (i + w->len < l->n && l->p[i + w->len] == ':')
		k->loose |= SCAN_COLON;
	k->seen |= k->loose;
	return w->len;
}

bool
walk_wide(struct walk *k)
{
	const struct scan_filter *f = k->s->filter;
	const struct scan_line *l = &k->l;
	size_t i = k->base;
	bool letter = false;

	look_line(k, i);
	while (i < l->n && (unsigned char)l->p[i] >= 0x80) {
		unsigned char c = (unsigned char)l->p[i];

		if (c == 0xE3 && i + 2 < l->n && (unsigned char)l->p[i + 1] == 0x80) {
			if ((unsigned char)l->p[i + 2] == 0x82) { /* the full stop */
				if (walk_may(k, k->seen)) {
					k->next = i + 1;
					return false;
				}
				if (letter)
					look_stop(k, i);
			}
			letter = false;
			i += 3;
		} else {
			letter = true;
			i += i + 8 <= l->n && scan_filter_none(f, l->p + i)
				 ? 3
				 : look_wide(k, i);
		}
	}
	k->base = MIN_OF(i, l->n);
	return true;
}
