/* Folding of program output. See fold.h.
 *
 * A state machine over bytes; runs of plain text take a short way. Only the unfinished line is
 * kept. A line that outgrows FOLD_LINE_MAX is given out in parts, and \r then reaches back only
 * to the last part. Sequences are cut off by their bounds, so that a program that prints an
 * introducer and no end loses little of what follows.
 *
 * Sources: ECMA-48 5.4 and 5.6, https://vt100.net/emu/dec_ansi_parser (states), Unicode 15
 * section 3.9 (through utf8.h). Pinned by tests/unit/test_fold.c and tests/fuzz/fuzz_fold.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "tools/fold.h"

#define FOLD_BLOCK 64 /* bytes looked at together */

enum { BEL = 7, CAN = 0x18, SUB = 0x1A, ESC = 0x1B, DEL = 0x7F };

void
fold_init(struct fold *f, fold_sink_fn *sink, void *arg)
{
	*f = (struct fold){.sink = sink, .arg = arg, .line = BUF_INIT(FOLD_LINE_MAX)};
}

void
fold_init_colours(struct fold *f, fold_sink_fn *sink, void *arg)
{
	fold_init(f, sink, arg);
	f->colours = f->marked = true;
}

void
fold_release(struct fold *f)
{
	buf_release(&f->line);
}

static void
fold_flush(struct fold *f)
{
	if (f->line.len > 0)
		f->sink(f->line.data, f->line.len, f->arg);
	buf_reset(&f->line);
}

/* The line begins again: \r was there, and something comes behind it. */
static void
fold_restart(struct fold *f)
{
	if (!f->returned)
		return;
	buf_reset(&f->line);
	f->returned = f->marked = false;
}

/* Text follows, which has a colour. */
static void
fold_show_colour(struct fold *f)
{
	char mark[SGR_MARK];

	if (!f->colours || (f->marked && memcmp(&f->sgr, &f->shown, sizeof(f->sgr)) == 0))
		return;
	if (f->line.len + SGR_MARK > FOLD_LINE_MAX)
		fold_flush(f);
	sgr_mark(f->sgr, mark);
	buf_add(&f->line, mark, SGR_MARK);
	f->shown = f->sgr;
	f->marked = true;
}

/* A character, or a run that fits: no \n in it. */
static void
fold_put(struct fold *f, const char *p, size_t n)
{
	fold_restart(f);
	fold_show_colour(f);
	if (f->line.len + n > FOLD_LINE_MAX)
		fold_flush(f);
	buf_add(&f->line, p, n);
}

static size_t
fold_continuing(const char *p, size_t n)
{
	size_t len = 0;

	while (len < n && (p[len] & 0xC0) == 0x80)
		len++;
	return len;
}

/* Whole characters of the line; the parts of a long one must not depend on how it came in. */
static void
fold_put_run(struct fold *f, const char *p, size_t n)
{
	while (n > 0) {
		size_t room = FOLD_LINE_MAX - f->line.len;
		size_t take = f->returned ? 0 : MIN_OF(room, n);

		while (take > 0 && take < n && (p[take] & 0xC0) == 0x80)
			take--;
		if (take == 0)
			take = 1 + fold_continuing(p + 1, n - 1);
		fold_put(f, p, take);
		p += take;
		n -= take;
	}
}

static void
fold_newline(struct fold *f)
{
	f->returned = false;
	fold_flush(f);
	f->sink("\n", 1, f->arg);
}

static void
fold_backspace(struct fold *f)
{
	if (f->returned)
		return; /* at the line's start */
	while (f->line.len > 0) {
		unsigned char last = (unsigned char)f->line.data[f->line.len - 1];

		buf_truncate(&f->line, f->line.len - 1);
		if (last == SGR_LEAD)
			f->marked = false; /* a mark is no character */
		else if ((last & 0xC0) != 0x80)
			break;
	}
}

static void
fold_enter(struct fold *f, enum fold_state state)
{
	f->state = state;
	f->taken = 0;
	f->before = 0;
}

/* What an introducer begins, by the second byte of its ESC form. */
static enum fold_state
fold_introduced(unsigned char c)
{
	switch (c) {
	case '[':
		return FOLD_CSI;
	case ']':
		return FOLD_OSC;
	case 'P':
	case 'X':
	case '^':
	case '_':
		return FOLD_STRING;
	default:
		return FOLD_TEXT;
	}
}

static void
fold_control(struct fold *f, unsigned char c)
{
	if (c == '\n')
		fold_newline(f);
	else if (c == '\r')
		f->returned = true;
	else if (c == '\b')
		fold_backspace(f);
	else if (c == ESC)
		fold_enter(f, FOLD_ESC);
}

/* One whole character or one ill-formed piece. */
static void
fold_character(struct fold *f, const char *p, size_t n, uint32_t cp)
{
	if (cp == UINT32_MAX)
		fold_put(f, "\xEF\xBF\xBD", 3);
	else if (cp >= 0x80 && cp <= 0x9F)
		fold_enter(f, fold_introduced((unsigned char)(cp - 0x40)));
	else
		fold_put(f, p, n);
}

/* Bytes of a character that is cut by the chunk's end wait in `held`. Returns those used. */
static size_t
fold_multibyte(struct fold *f, const char *p, size_t n)
{
	char whole[8];
	size_t had = f->nheld, take = MIN_OF(sizeof(f->held) - had, n), len;
	uint32_t cp;

	memcpy(whole, f->held, had);
	memcpy(whole + had, p, take);
	if (utf8_tail(whole, had + take) == had + take) {
		memcpy(f->held + had, p, take);
		f->nheld += take;
		return take;
	}
	f->nheld = 0;
	len = utf8_decode(whole, had + take, &cp);
	fold_character(f, whole, len, cp);
	return len - had;
}

static bool
fold_is_plain(unsigned char c)
{
	return (c >= 0x20 && c < DEL) || c == '\t' || c == '\n';
}

/* All of FOLD_BLOCK bytes, without a branch in between: compilers make a few instructions of it. */
static bool
fold_block_is_plain(const unsigned char *p)
{
	unsigned char bad = 0;

	for (size_t i = 0; i < FOLD_BLOCK; i++) {
		unsigned char c = p[i];
		unsigned char odd = (unsigned char)((c < 0x20) & (c != '\t') & (c != '\n'));

		bad |= (unsigned char)(odd | (c >= DEL));
	}
	return !bad;
}

static bool
fold_continues(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return false;
	return true;
}

/* Bytes of a well-formed character from U+00A0 on that is there as a whole, else 0. */
static size_t
fold_wide(const unsigned char *p, size_t n)
{
	if (p[0] < 0xC2 || p[0] > 0xF4 || n < 2)
		return 0;
	if (p[0] < 0xE0)
		return fold_continues(p + 1, 1) && (p[0] > 0xC2 || p[1] >= 0xA0) ? 2 : 0;
	if (p[0] < 0xF0)
		return n >= 3 && fold_continues(p + 1, 2) &&
			       (p[0] != 0xE0 || p[1] >= 0xA0) &&
			       (p[0] != 0xED || p[1] < 0xA0)
			   ? 3
			   : 0;
	return n >= 4 && fold_continues(p + 1, 3) && (p[0] != 0xF0 || p[1] >= 0x90) &&
		       (p[0] != 0xF4 || p[1] < 0x90)
		   ? 4
		   : 0;
}

/* Of text without controls, ill-formed bytes and characters that are cut. */
static size_t
fold_plain_length(const char *p, size_t n)
{
	const unsigned char *at = (const unsigned char *)p;
	size_t len = 0, wide = 1;

	while (len < n && wide > 0) {
		while (len + FOLD_BLOCK <= n && fold_block_is_plain(at + len))
			len += FOLD_BLOCK;
		while (len < n && fold_is_plain(at[len]))
			len++;
		wide = 0;
		for (size_t k = 1; len < n && k > 0; wide += k) {
			k = fold_wide(at + len, n - len);
			len += k;
		}
	}
	return len;
}

/* A run of plain text: its whole lines go straight through. Returns its length. */
static size_t
fold_run(struct fold *f, const char *p, size_t n)
{
	size_t len = fold_plain_length(p, n), lines;
	const char *last;

	if (len == 0)
		return 0;
	last = memrchr(p, '\n', len);
	lines = last ? (size_t)(last - p) + 1 : 0;
	if (lines > 0) {
		if (p[0] != '\n')
			fold_restart(f);
		f->returned = false;
		fold_show_colour(f);
		fold_flush(f);
		f->sink(p, lines, f->arg);
	}
	fold_put_run(f, p + lines, len - lines);
	return len;
}

static size_t
fold_text(struct fold *f, const char *p, size_t n)
{
	size_t run;

	if (f->nheld > 0)
		return fold_multibyte(f, p, n);
	run = fold_run(f, p, n);
	if (run > 0)
		return run;
	if ((unsigned char)p[0] >= 0x80)
		return fold_multibyte(f, p, n);
	fold_control(f, (unsigned char)p[0]);
	return 1;
}

/* A CSI sequence has ended; its bytes but the last are `params`, if there was room for them. */
static void
fold_csi(struct fold *f, unsigned char last)
{
	if (f->colours && last == 'm' && f->taken - 1 <= FOLD_PARAMS_MAX)
		sgr_apply(&f->sgr, f->params, f->taken - 1);
}

/* A byte within an escape sequence; false when it does not belong to it. */
static bool
fold_escape(struct fold *f, unsigned char c)
{
	if (c == ESC && f->state != FOLD_CSI) {
		fold_enter(f, FOLD_ESC);
		return true;
	}
	if (c < 0x20 || c >= DEL || f->taken++ >= FOLD_CSI_MAX) {
		f->state = FOLD_TEXT;
		return false;
	}
	if (f->state == FOLD_CSI) {
		if (f->taken <= FOLD_PARAMS_MAX)
			f->params[f->taken - 1] = (char)c;
		if (c >= 0x40) {
			f->state = FOLD_TEXT;
			fold_csi(f, c);
		}
	} else if (c < 0x30) {
		f->state = FOLD_ESC_MORE;
	} else {
		fold_enter(f, f->state == FOLD_ESC ? fold_introduced(c) : FOLD_TEXT);
	}
	return true;
}

/* A byte within OSC, DCS, …; false when it does not belong to it. */
static bool
fold_string(struct fold *f, unsigned char c)
{
	bool osc = f->state == FOLD_OSC;

	if (f->taken++ >= FOLD_STRING_MAX || (osc && c == '\n')) {
		f->state = FOLD_TEXT;
		return false;
	}
	if (c == ESC)
		f->state = osc ? FOLD_OSC_ESC : FOLD_STRING_ESC;
	else if ((osc && c == BEL) || c == CAN || c == SUB ||
		 (f->before == 0xC2 && c == 0x9C))
		f->state = FOLD_TEXT;
	f->before = c;
	return true;
}

/* The byte behind an ESC within a string: a backslash ends it, all else begins anew. */
static bool
fold_string_end(struct fold *f, unsigned char c)
{
	if (c == '\\') {
		f->state = FOLD_TEXT;
		return true;
	}
	fold_enter(f, FOLD_ESC);
	return fold_escape(f, c);
}

static size_t
fold_step(struct fold *f, const char *p, size_t n)
{
	unsigned char c = (unsigned char)p[0];

	switch (f->state) {
	case FOLD_TEXT:
		return fold_text(f, p, n);
	case FOLD_ESC:
	case FOLD_ESC_MORE:
	case FOLD_CSI:
		return fold_escape(f, c) ? 1 : 0;
	case FOLD_OSC:
	case FOLD_STRING:
		return fold_string(f, c) ? 1 : 0;
	case FOLD_OSC_ESC:
	case FOLD_STRING_ESC:
		return fold_string_end(f, c) ? 1 : 0;
	}
	return 1;
}

void
fold_feed(struct fold *f, const char *p, size_t n)
{
	/* A step of no byte changes the state to FOLD_TEXT, which always takes some. */
	for (size_t at = 0; at < n;)
		at += fold_step(f, p + at, n - at);
}

void
fold_end(struct fold *f)
{
	if (f->nheld > 0)
		fold_put(f, "\xEF\xBF\xBD", 3);
	f->nheld = 0;
	f->returned = false;
	f->state = FOLD_TEXT;
	fold_flush(f);
}
