/* From a readable line to tokens.
 *
 * scan_read() reads what stands there, exactly; scan_walk.c calls it where a sentence may matter.
 * Words of ASCII letters are looked up by their hash; other scripts are looked up at each
 * character (Japanese has no blanks) or at a word's beginning (Cyrillic). A token keeps its
 * meanings and where it stands. Sentences end at stops, blank lines, list marks and block tags;
 * then scan_sentence() judges them. Disguised words are left to scan_disguise.c. Pinned by
 * tests/unit/test_scan.c, tests/fuzz/fuzz_scan.c and tests/bench/scan.c. */
#include <string.h>

#include "agent/gate/scan_class.h"

uint64_t
scan_source(const struct scan_line *l, size_t i)
{
	if (l->span)
		return l->base + (i == 0 ? 0 : l->span);
	if (!l->from)
		return l->base + i;
	return l->base + (i < l->n ? l->from[i] : l->n > 0 ? l->from[l->n - 1] + 1 : 0);
}

/* The input byte behind l->p[i], i > 0. */
static uint64_t
core_source_end(const struct scan_line *l, size_t i)
{
	if (l->span || !l->from)
		return scan_source(l, i);
	return l->base + l->from[i - 1] + 1;
}

/* The same for what does not stand in the input as it is read: decoded, or made readable. */
static void
core_source(const struct scan_line *l, struct scan_token *t, size_t start, size_t end)
{
	t->start = l->span ? l->base : scan_source(l, start);
	t->end = core_source_end(l, end);
	t->how |= (uint8_t)l->extra;
	for (size_t i = start; l->how && i < end; i++)
		t->how |= l->how[i];
}

void
scan_push(struct scan *s, const struct scan_line *l, uint64_t what, size_t start,
	  size_t end, unsigned place, unsigned shift)
{
	struct scan_ctx *x = &s->ctx[l->depth];
	struct scan_token *t;

	if (x->ntok == SCAN_TOKENS_MAX) {
		/* A sentence without end is judged in parts that overlap. */
		struct scan_token kept[SCAN_TOKENS_KEPT];

		memcpy(kept, x->tok + SCAN_TOKENS_MAX - SCAN_TOKENS_KEPT, sizeof(kept));
		scan_sentence(s, x);
		memcpy(x->tok, kept, sizeof(kept));
		x->ntok = SCAN_TOKENS_KEPT;
		for (size_t i = 0; i < x->ntok; i++)
			x->seen |= x->tok[i].what;
	}
	t = &x->tok[x->ntok];
	if (x->ntok > 0 && (t[-1].what & C(YOU)) && x->pos - t[-1].pos <= POS_YOURS)
		place |= P_YOURS;
	if (x->ntok > 0 && (what & C(NEG)) && x->pos - t[-1].pos <= POS_WORD)
		place |= t[-1].place & P_START; /* "do not" */
	x->ntok++;
	t->what = what;
	t->start = l->base + start;
	t->end = l->base + end;
	t->how = scan_unseen(x) ? SCAN_UNSEEN : 0;
	if (l->depth > 0 || l->from)
		core_source(l, t, start, end);
	t->line = s->line;
	t->pos = x->pos;
	t->place = (uint16_t)(place | (t->how & ~SCAN_LOOKALIKE ? P_HIDDEN : 0));
	t->shift = (uint8_t)shift;
	x->seen |= what;
	x->shifted += shift != 0;
}

void
scan_stop(struct scan *s, struct scan_ctx *x)
{
	if (x->ntok > 0)
		scan_sentence(s, x);
	x->place |= P_START;
}

/* The colons at p[i] join names: a::b. */
static bool
core_joint(const char *p, size_t n, size_t i)
{
	return i + 2 < n && p[i] == ':' && p[i + 1] == ':' &&
	       (core_is(p, n, i + 2, K_LETTER) || p[i + 2] == '~');
}

/* The word's place: what stands beside it and its capitals. */
static unsigned
core_place(const struct scan_ctx *x, const struct scan_line *l, size_t i, size_t end)
{
	const char *p = l->p;
	unsigned place = x->place;
	char next = end < l->n ? p[end] : ' ';
	bool joint = next == ':' && core_joint(p, l->n, end);

	place |= next == ':' && !joint ? P_COLON : 0;
	if (next == '_' || joint || (i > 0 && p[i - 1] == '_') ||
	    (i > 2 && p[i - 1] == ':' && core_joint(p, l->n, i - 2)))
		place |= P_CODE | P_NAME;
	else if (i > 0 && core_beside(p[i - 1], S_CODE))
		place |= P_CODE;
	if (p[i] <= 'Z' && (end - i < 2 || p[i + 1] <= 'Z'))
		place |= P_CAPS;
	if ((place & P_LINE) && p[i] <= 'Z')
		place |= P_START;
	return place;
}

/* What hangs on a word by an apostrophe: "n't" denies, "I'm" speaks of oneself. */
static size_t
core_apostrophe(struct scan *s, const struct scan_line *l, size_t i, size_t end)
{
	if (end + 2 <= l->n && (l->p[end + 1] | 0x20) == 't' &&
	    !core_is(l->p, l->n, end + 2, K_LETTER))
		scan_push(s, l, C(NEG), end, end + 2, 0, 0);
	else if (i + 1 == end && (l->p[i] | 0x20) == 'i')
		scan_push(s, l, C(ME), i, end, 0, 0);
	for (end++; core_is(l->p, l->n, end, K_LETTER);)
		end++;
	return end;
}

/* The word [i, end) whose neighbours are nothing special; returns where it ends with what hangs
 * on it. */
static size_t
core_plain_word(struct scan *s, const struct scan_line *l, size_t i, size_t end,
		uint64_t hash)
{
	struct scan_ctx *x = &s->ctx[l->depth];
	char next = end < l->n ? l->p[end] : ' ';
	size_t len = end - i;
	const struct scan_word *w;

	x->pos += POS_WORD;
	if (len <= SCAN_WORD_MAX && scan_filter_word(s->filter, l->p + i, len, hash) &&
	    (w = scan_vocab_find(s->vocab, l->p + i, len, hash))) {
		unsigned place = core_place(x, l, i, end);
		uint64_t what = w->what;

		if (what & SCAN_BESIDE)
			what = scan_beside(l, i, end, what, &place);
		scan_push(s, l, what, i, end, place, w->shift);
	} else if (len >= GLUED_MIN) {
		scan_glued(s, l, l->p + i, len, i, end, 0);
	}
	if (next == '\'' && core_is(l->p, l->n, end + 1, K_LETTER))
		end = core_apostrophe(s, l, i, end);
	x->place = 0;
	return end;
}

/* A word of letters at i; returns its end. */
static size_t
core_word(struct scan *s, const struct scan_line *l, size_t i, size_t *checked)
{
	uint64_t hash;
	size_t len = scan_letters(l, i, &hash), end = MIN_OF(i + len, l->n), took;
	char next = end < l->n ? l->p[end] : ' ';

	if (end < i + len)
		hash = scan_hash(l->p + i, MIN_OF(end - i, (size_t)SCAN_WORD_MAX));
	len = end - i;
	if (len == 1 && i + 3 < l->n && core_is(l->p, l->n, i + 2, K_LETTER) &&
	    !core_is(l->p, l->n, i + 3, K_LETTER) && (took = scan_spaced(s, l, i)) > 0)
		return i + took;
	if ((len >= SOLID_LETTERS || core_beside(next, S_SOLID)) &&
	    (took = scan_solid(s, l, i, checked)) > 0)
		return i + took;
	return core_plain_word(s, l, i, end, hash);
}

/* East Asian punctuation of U+3000 to U+303F at p[i], which a plain line keeps. */
static void
core_east_mark(struct scan *s, struct scan_ctx *x, unsigned char last)
{
	x->pos++;
	if (last == 0x82) /* the full stop */
		scan_stop(s, x);
	else if (last >= 0x8C) /* quotation marks */
		x->place |= P_START | P_QUOTE;
}

/* A character beyond ASCII at i; returns the end of what was read. */
static size_t
core_wide(struct scan *s, const struct scan_line *l, size_t i)
{
	struct scan_ctx *x = &s->ctx[l->depth];
	unsigned char c = (unsigned char)l->p[i];
	bool word = c < 0xE0; /* two bytes: a script with blanks between words */
	size_t len = word ? 2 : c < 0xF0 ? 3 : 4;
	const struct scan_word *w = NULL;

	if (c == 0xE3 && i + 2 < l->n && (unsigned char)l->p[i + 1] == 0x80) {
		core_east_mark(s, x, (unsigned char)l->p[i + 2]);
		return i + 3;
	}
	if (!word || i == 0 || (unsigned char)l->p[i - 1] < 0x80)
		w = scan_vocab_prefix(s->vocab, l->p + i, l->n - i);
	x->pos++;
	if (w) {
		unsigned place = x->place;
		uint64_t what = w->what;

		if (what & SCAN_BESIDE)
			what = scan_beside(l, i, i + w->len, what, &place);
		scan_push(s, l, what, i, i + w->len, place, 0);
		len = w->len;
		x->pos += word ? 0 : (uint32_t)len / 3 - 1;
		if (i + len < l->n && l->p[i + len] == ':')
			x->tok[x->ntok - 1].place |= P_COLON;
	}
	x->place = 0;
	return MIN_OF(i + len, l->n);
}

/* A full stop ends a sentence when a blank or a quotation mark follows. */
static bool
core_ends(const struct scan_line *l, size_t i)
{
	char c = l->p[i], next = i + 1 < l->n ? l->p[i + 1] : ' ';

	if (c != SCAN_BREAK && !core_beside(next, S_AFTER))
		return false;
	return !(c == '.' && i >= 2 && l->p[i - 2] == ' '); /* an initial, "e.g. " */
}

static size_t
core_stop_mark(struct scan *s, const struct scan_line *l, size_t i)
{
	struct scan_ctx *x = &s->ctx[l->depth];
	char c = l->p[i], next = i + 1 < l->n ? l->p[i + 1] : ' ';

	if (c == '\n') {
		x->pos += POS_LINE;
		x->place |= P_LINE;
		if (next == '\n' || next == '-' || next == '*' || next == '#')
			scan_stop(s, x);
		return i + 1;
	}
	if (!core_ends(l, i))
		return i + 1;
	scan_stop(s, x);
	return i + 1;
}

static size_t
core_clause(struct scan *s, const struct scan_line *l, size_t i)
{
	struct scan_ctx *x = &s->ctx[l->depth];
	const char *p = l->p;
	char next = i + 1 < l->n ? p[i + 1] : ' ';
	size_t end;

	if (p[i] == ':' && next == '/' && i + 2 < l->n && p[i + 2] == '/' && i > 0)
		return scan_address(s, l, i, 3);
	if (p[i] == '-') {
		if (i + 2 < l->n && next == '-' && p[i + 2] == '>' && x->comment) {
			scan_stop(s, x);
			x->comment = false;
			return i + 3;
		}
		/* An option is no word of a sentence. */
		end = scan_option(l, i);
		if (end > i) {
			x->place = 0;
			return end;
		}
		return i + 1;
	}
	if (p[i] == '\'' && i > 0 && core_is(p, l->n, i - 1, K_LETTER))
		return i + 1;
	x->place |= P_START | (p[i] == '"' || p[i] == '\'' ? P_QUOTE : 0);
	if (p[i] == '|' || p[i] == '}' || (p[i] == ';' && l->depth == 0))
		scan_stop(s, x);
	return i + 1;
}

/* A mark of markup at i. */
static void
core_mark(struct scan *s, const struct scan_line *l, size_t i)
{
	struct scan_ctx *x = &s->ctx[l->depth];

	if (l->p[i] != '>') {
		scan_mark(s, l, i);
	} else if (x->tag) {
		if (x->block)
			scan_stop(s, x);
		x->tag = x->block = false;
		x->place |= P_START;
	}
}

/* Reads what stands at i, neither a letter nor nothing; returns its end. */
static __attribute__((noinline)) size_t
core_sign(struct scan *s, const struct scan_line *l, size_t i, size_t *checked)
{
	struct scan_ctx *x = &s->ctx[l->depth];

	switch ((enum core_class)scan_class[(unsigned char)l->p[i]]) {
	case K_DIGIT:
		return scan_number(s, l, i, checked);
	case K_WIDE:
		return core_wide(s, l, i);
	case K_STOP:
		return core_stop_mark(s, l, i);
	case K_CLAUSE:
		return core_clause(s, l, i);
	case K_MARK:
		core_mark(s, l, i);
		return i + 1;
	case K_AT:
		if (i > 0 &&
		    (core_is(l->p, l->n, i - 1, K_LETTER) ||
		     core_is(l->p, l->n, i - 1, K_DIGIT)) &&
		    core_is(l->p, l->n, i + 1, K_LETTER))
			return scan_address(s, l, i, 1);
		return i + 1;
	case K_DOLLAR:
		if (core_is(l->p, l->n, i + 1, K_DIGIT))
			scan_push(s, l, C(CLOUD), i, i + 1, 0, 0);
		return i + 1;
	case K_TICK:
		return scan_tick(s, l, i);
	case K_OPEN:
		x->place |= P_START;
		return i + 1;
	case K_LETTER:
	case K_OTHER:
	case K_SPACE:
	default:
		return i + 1;
	}
}

size_t
scan_read(struct scan *s, const struct scan_line *l, size_t i, size_t until,
	  size_t *checked)
{
	const struct scan_ctx *x = &s->ctx[l->depth];

	while (i < l->n && (i < until || !scan_calm(x))) {
		enum core_class c = scan_class[(unsigned char)l->p[i]];

		if (c <= K_SPACE)
			i++;
		else if (c == K_LETTER)
			i = core_word(s, l, i, checked);
		else
			i = core_sign(s, l, i, checked);
	}
	return i;
}
