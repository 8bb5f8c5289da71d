/* Finds the sentences that may matter: the others are passed without being read.
 *
 * Most sentences lack the meanings that any rule needs, wherever their words stand. A window of
 * the text is turned into bits (scan_window.h), what the words in it may mean is looked up and
 * added up without a branch, and asked about at the last place where a sentence certainly ends
 * (scan_may()). Only where the answer is yes the text is read: from the last such place before,
 * with scan_read(), until a sentence ends. All doubts are decided for reading: the sum of meanings
 * may be too large and an end overlooked, never the reverse. So the outcome is that of
 * scan_read() over all bytes; tests/fuzz/fuzz_scan.c compares both, lines taken together with
 * lines in pieces, and the wide code with the portable one. */
#include <endian.h>
#include <string.h>

#include "agent/gate/scan_walk_words.h"

#define WALK_AHEAD 32 /* bytes that may be read behind a window */
#define WALK_LAST  60 /* bits from which a word's neighbours are all in the window */
#define WALK_SPACED \
	43 /* bits from which as many lone letters as matter may not be in the window */
#define WALK_ALL SIZE_MAX

/* The bytes of `starts` of which what begins there ends at one of `ends`. */
static WALK_INLINE uint64_t
walk_begin(uint64_t starts, uint64_t ends)
{
	uint64_t found = 0;

	for (; ends; ends &= ends - 1) {
		uint64_t before = starts & (ends ^ (ends - 1));

		if (before)
			found |= UINT64_C(1) << walk_top(before);
	}
	return found;
}

/* What hangs on words by the apostrophes of k->hung, which lose those by which nothing does. */
static uint64_t
walk_hangs(struct walk *k, const char *p)
{
	uint64_t letter = k->w.letter, found = 0;

	for (uint64_t left = k->hung; left; left &= left - 1) {
		size_t at =
		    (size_t)__builtin_ctzll(left); /* not the first bit, nor the last */
		uint64_t what = 0;

		if ((p[at + 1] | 0x20) == 't' && !(letter >> at >> 2 & 1))
			what = C(NEG);
		else if ((p[at - 1] | 0x20) == 'i' && !(letter << 1 >> (at - 1) & 1))
			what = C(ME);
		if (!what)
			k->hung &= ~(UINT64_C(1) << at);
		found |= what;
	}
	return found;
}

/* What has to be looked at one by one: addresses, words that are more than their letters,
 * everything beyond ASCII. Adds to k->wanted what needs no look. */
static WALK_INLINE uint64_t
walk_odd(struct walk *k, const char *p, enum scan_width wide)
{
	const struct scan_window *w = &k->w;
	uint64_t letter = w->letter, run = letter & letter >> 1, odd = w->wide, lone, more;
	size_t many;

	k->wanted = w->upper & w->upper >> 1 ? SCAN_CAPS : 0;
	for (uint64_t left = letter & w->colon >> 1; left; left &= left - 1) {
		size_t end = (size_t)__builtin_ctzll(left);
		uint64_t before = k->words & ((left ^ (left - 1)));

		if (before && walk_words(k, p, walk_top(before), end + 1, NULL, wide) &
				  SCAN_BEFORE_COLON)
			k->wanted |= SCAN_COLON;
	}
	k->joined = k->hung = w->apostrophe & letter << 1 & letter >> 1;
	k->hangs = k->hung ? walk_hangs(k, p) : 0;
	odd |= w->colon & w->slash >> 1 & w->slash >> 2;
	run &= run >> 2;
	run &= run >> 4; /* eight in a row */
	more = run & run >> (GLUED_MIN - 8) & k->words;
	odd |= more;
	lone = k->words & ~(letter >> 1);
	many = __builtin_popcountll(lone) >= SPACED_MIN ? 0 : WALK_SPACED;
	odd |= lone & letter >> 2 & ~(letter >> 3) & ~walk_below(many);
	if (w->solid) {
		uint64_t signs = w->solid & ~w->digit, alnum = letter | w->digit;

		run = (w->digit | k->inner) & ~letter;
		run &= run >> 1;
		run &= run >> 2;
		run &= run >> 4;
		k->wanted |= run & run >> 1 ? C(DEST) : 0;
		k->wanted |= signs & w->digit >> 1 ? C(CLOUD) : 0;
		odd |= signs & (alnum << 1 | 1) & letter >> 1;
		more |= walk_begin(k->words, letter & w->solid >> 1);
		odd |= more;
		odd |= walk_begin(k->numbers, w->digit & letter >> 1);
	}
	walk_apart(k, more);
	return odd;
}

/* Notes the last word before bit `at`. */
static WALK_INLINE void
walk_word(struct walk *k, size_t at, bool tag, bool block)
{
	uint64_t before = k->w.letter & walk_below(at), marks;

	if (!before)
		return;
	at = walk_top(before) + 1;
	if (k->w.group >> at & 1 && k->l.p[k->base + at] == '-')
		return; /* an option may go on */
	marks = k->marks & walk_below(at);
	k->word.at = k->base + at;
	k->word.tag = marks ? k->tags >> walk_top(marks) & 1 : tag;
	k->word.block = marks ? k->blocks >> walk_top(marks) & 1 : block;
	k->word.line = k->line + (uint64_t)__builtin_popcountll(k->w.lf & walk_below(at));
}

/* Reading would begin behind the last word before bit `at`, where the next one's place is not yet
 * told; no token is before it in its sentence. */
static WALK_INLINE void
walk_move_back(struct walk *k, size_t at, bool tag, bool block)
{
	struct scan_ctx *x = k->x;

	walk_word(k, at, tag, block);
	if (k->word.at <= k->back)
		return;
	x->tag = k->word.tag;
	x->block = k->word.block;
	x->ntok = x->seen = x->shifted = x->place = 0;
	k->back = k->word.at;
	k->back_checked = 0;
	k->s->line = k->word.line;
}

/* Where a sentence certainly ends, marks of markup aside. */
static WALK_INLINE uint64_t
walk_stops(const struct walk *k, size_t left)
{
	const struct scan_window *w = &k->w;
	uint64_t behind = left < SCAN_WINDOW ? ~scan_bits_below(left) : 0, starts;
	uint64_t stops = w->hard | (w->dot & (w->blank | w->lf | behind) >> 1);

	/* An initial is none; what stands before the window is not looked for. */
	stops &= ~(w->dot & (w->blank << 2 | 3));
	if (!k->lines)
		return stops;
	starts = w->lf << 1 | (k->base > 0 && k->l.p[k->base - 1] == '\n');
	return stops | ((w->blank + starts) & ~w->blank & w->item);
}

/* Turns the window into bits; returns its bytes, a copy where they end too soon. */
static WALK_INLINE const char *
walk_read(struct walk *k, char copy[SCAN_WINDOW + WALK_AHEAD], enum scan_width wide)
{
	const char *p = k->l.p + k->base;
	size_t left = k->n - k->base;
	uint64_t run;

	if (k->l.room - k->base < SCAN_WINDOW + WALK_AHEAD) {
		size_t n = MIN_OF(left, (size_t)(SCAN_WINDOW + WALK_AHEAD));

		memcpy(copy, p, n);
		memset(copy + n, 0, SCAN_WINDOW + WALK_AHEAD - n);
		p = copy;
	}
#ifdef SCAN_WIDE_TARGET
	if (wide == SCAN_WIDTH_WIDEST)
		scan_window_widest(&k->w, p, MIN_OF(left, (size_t)SCAN_WINDOW));
	else if (wide == SCAN_WIDTH_WIDE)
		scan_window_wide(&k->w, p, MIN_OF(left, (size_t)SCAN_WINDOW));
	else
#endif
		scan_window(&k->w, p, MIN_OF(left, (size_t)SCAN_WINDOW));
	if (!k->lines)
		k->w.lf = 0; /* one of an escape parts no lines */
	run = k->w.digit | (k->w.group & k->w.digit << 1 & k->w.digit >> 1);
	k->words = k->w.letter & ~(k->w.letter << 1);
	k->numbers = run & ~(run << 1);
	k->inner = (k->w.letter | run) & ~(k->words | k->numbers);
	k->end = left;
	if (left > WALK_LAST) {
		uint64_t cuts =
		    ~k->inner & ~k->w.apostrophe & scan_bits_below(WALK_LAST + 1);

		k->end = walk_top(cuts | 1);
	}
	k->next = k->base + k->end;
	return p;
}

/* Asks about each sentence that ends in the window by itself; false: k->next is behind the first
 * that has to be read. */
static WALK_INLINE bool
walk_parts(struct walk *k, bool tag, bool block)
{
	struct scan *s = k->s;
	size_t window = (k->nspans - 1) * SCAN_WINDOW, from = 0, to, before = 0;
	bool apart = !k->crowded && walk_place(k);

	for (uint64_t left = k->stops; left; left &= left - 1) {
		size_t at = apart ? (size_t)__builtin_ctzll(left) : walk_top(left);

		for (to = from; to < k->nnear && s->near_byte[to] < window + at;)
			to++;
		if (!apart ||
		    scan_near(s, s->near + from, to - from,
			      k->loose | walk_hung(k, before, at), scan_unseen(k->x))) {
			if (before > 0)
				walk_move_back(k, before, tag, block);
			k->next = k->base + at + 1;
			return false;
		}
		from = to;
		before = at;
	}
	return true;
}

/* Passes a window; false: what is before k->next has to be read. */
static WALK_INLINE bool
walk_window(struct walk *k, enum scan_width wide)
{
	char copy[SCAN_WINDOW + WALK_AHEAD];
	const char *p = walk_read(k, copy, wide);
	uint64_t odd = walk_odd(k, p, wide), events, before;
	bool tag = k->tag, block = k->block;
	size_t last;

	if (k->end == 0) { /* a word longer than the window */
		k->next = k->base + 1;
		return false;
	}
	k->stops = walk_stops(k, k->n - k->base);
	if (odd)
		walk_look(k, odd);
	events = k->w.event | (k->tag || k->w.event || k->x->comment ? k->w.greater : 0);
	k->marks = 0;
	if (events & walk_below(k->end))
		walk_markup(k, events & walk_below(k->end));
	k->stops &= walk_below(k->end);
	if (k->last && k->next == k->n)
		k->stops |= UINT64_C(1) << k->end;
	k->seen |= k->wanted;
	k->loose |= k->wanted;
	if (!k->stops) {
		k->loose |= walk_hung(k, 0, k->end);
		k->seen |= k->loose | walk_enter(k, p, 0, k->end, wide);
		if (!k->seen && !k->joined && k->x->ntok == 0)
			walk_move_back(k, k->end, tag, block);
	} else {
		last = walk_top(k->stops);
		before = walk_enter(k, p, 0, last, wide) | walk_hung(k, 0, last);
		if (walk_may(k, k->seen | before) && !walk_parts(k, tag, block))
			return false;
		walk_begins(k, k->wanted | walk_hung(k, last, k->end));
		k->seen |= walk_enter(k, p, last, k->end, wide);
		walk_move_back(k, k->seen || k->joined ? last : k->end, tag, block);
	}
	walk_word(k, k->end, tag, block);
	k->line += (uint64_t)__builtin_popcountll(k->w.lf & walk_below(k->end));
	k->base = k->next;
	return true;
}

/* Sets l to the line of the text in which byte i is; returns where it begins. */
static size_t
walk_line(const struct walk *k, size_t i, struct scan_line *l)
{
	const char *lf = k->lines && i > 0 ? memrchr(k->l.p, '\n', i) : NULL;
	size_t start = lf ? (size_t)(lf - k->l.p) + 1 : 0;

	*l = k->l;
	l->p += start;
	l->base += start;
	l->room -= start;
	l->n = walk_line_end(k, i) - start;
	return start;
}

/* Reads from k->back to byte `until`, and on while it matters what was read. */
static void
walk_back(struct walk *k, size_t until)
{
	struct scan *s = k->s;
	struct scan_line l;
	size_t start = walk_line(k, k->back, &l), i = k->back - start;
	size_t checked = k->back_checked;

	checked = checked > start ? checked - start : 0;
	for (;;) {
		i = scan_read(s, &l, i, until > start ? until - start : 0, &checked);
		if (i < l.n || (start + i >= until && scan_calm(k->x)) || !k->lines)
			break;
		s->line++;
		start += l.n + 1;
		i = checked = 0;
		if (start == k->n)
			break;
		l.p += l.n + 1;
		l.base += l.n + 1;
		l.room -= l.n + 1;
		l.n = walk_line_end(k, start) - start;
		scan_line_start(s, &l);
	}
	k->base = k->back = start + i;
	k->checked = k->back_checked = start + checked;
	k->line = s->line;
	walk_begins(k, 0);
	k->tag = k->x->tag;
	k->block = k->x->block;
}

/* What the tokens of an open sentence mean; their places are not looked at. */
static uint64_t
walk_open(const struct scan_ctx *x)
{
	uint64_t what = 0;

	for (size_t i = 0; i < x->ntok; i++) {
		const struct scan_token *t = &x->tok[i];

		what |= scan_sieve_what(t->what, t->shift);
		what |= (t->place & P_COLON ? SCAN_COLON : 0) |
			(t->place & P_CAPS ? SCAN_CAPS : 0);
		if ((t->how & ~(unsigned)(scan_unseen(x) ? SCAN_UNSEEN : 0)) ||
		    (t->place & (P_STRONG | P_WEAK)))
			what |= SCAN_AMISS;
	}
	return what;
}

static WALK_INLINE void
walk_text(struct walk *k, enum scan_width wide)
{
	struct scan_ctx *x = k->x;

	walk_begins(k, walk_open(x));
	k->line = k->s->line;
	k->tag = x->tag;
	k->block = x->block;
	if (k->s->all || x->heat > 0 || (k->seen & SCAN_AMISS))
		walk_back(k, k->s->all ? WALK_ALL : 0);
	while (k->base < k->n)
		if (!((unsigned char)k->l.p[k->base] >= 0x80 ? walk_wide(k)
							     : walk_window(k, wide)))
			walk_back(k, k->next);
	if (k->back < k->n)
		walk_back(k, WALK_ALL);
}

#ifdef SCAN_WIDE_TARGET
SCAN_WIDE_TARGET static void
walk_text_wide(struct walk *k)
{
	walk_text(k, SCAN_WIDTH_WIDE);
}

SCAN_WIDEST_TARGET static void
walk_text_widest(struct walk *k)
{
	walk_text(k, SCAN_WIDTH_WIDEST);
}
#endif

static void
walk_any(struct walk *k)
{
#ifdef SCAN_WIDE_TARGET
	if (k->s->wide == SCAN_WIDTH_WIDEST)
		walk_text_widest(k);
	else if (k->s->wide == SCAN_WIDTH_WIDE)
		walk_text_wide(k);
	else
#endif
		walk_text(k, SCAN_WIDTH_BYTE);
}

/* Something in the line is not written as it is read. */
static bool
walk_disguised(const struct scan_line *l)
{
	uint64_t how = l->extra, eight;
	size_t i = 0;

	for (; l->how && i + sizeof(eight) <= l->n; i += sizeof(eight)) {
		memcpy(&eight, l->how + i, sizeof(eight));
		how |= eight;
	}
	for (; l->how && i < l->n; i++)
		how |= l->how[i];
	return how || l->depth > 0;
}

/* The line p[0..n) begins with what ends a sentence. */
static bool
walk_closes(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && scan_class[(unsigned char)p[i]] == K_SPACE)
		i++;
	return i < n && (p[i] == '}' || p[i] == ';');
}

bool
scan_line_last(const char *p, size_t n, size_t room)
{
	const char *lf = room > n ? memchr(p + n, '\n', room - n) : NULL;
	size_t len = lf ? (size_t)(lf - p) - n : 0;

	/* Overstriking might take away how it begins. */
	return lf && (scan_line_item(p + n, len) || walk_closes(p + n, len)) &&
	       !memchr(p + n, '\b', len);
}

void
scan_core(struct scan *s, const struct scan_line *line)
{
	struct scan_ctx *x = &s->ctx[line->depth];
	struct walk k = {.s = s, .x = x, .l = *line, .n = line->n, .last = line->last};

	scan_line_start(s, line);
	if (walk_disguised(line))
		walk_back(&k, WALK_ALL);
	else
		walk_any(&k);
	x->line = s->line;
}

void
scan_plain_lines(struct scan *s, const char *p, size_t n, size_t room)
{
	const char *lf = memchr(p, '\n', n);
	struct walk k = {.s = s,
			 .x = &s->ctx[0],
			 .l = {.p = p, .n = (size_t)(lf - p), .room = room, .base = s->at},
			 .n = n,
			 .lines = true,
			 .last = scan_line_last(p, n, room)};

	scan_line_start(s, &k.l);
	walk_any(&k);
	s->at += n;
}
