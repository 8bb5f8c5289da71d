/* Untrusted bytes as a view that hides nothing. See escape.h.
 *
 * One pass with a code point of look-ahead. Plain bytes are gathered into runs; whatever is not
 * plain ends the run and becomes a bracket. A run of the same hidden code point is one bracket
 * with a count, so that padding cannot push code off the screen. ZWJ and VS16 are plain only
 * where an emoji needs them, once each. Sources: Unicode TR36, TR39; Boucher and Anderson,
 * "Trojan Source" (2021). Pinned by tests/unit/test_escape.c and tests/fuzz/fuzz_escape.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/gate/charclass.h"
#include "agent/gate/escape.h"
#include "agent/gate/suspect.h"

#define ESCAPE_GAP_MAX	  8  /* plain spaces in a row behind text */
#define ESCAPE_INDENT_MAX 40 /* plain spaces in a row before text */
#define ESCAPE_TABS_MAX	  10 /* tabs in a row before text */
#define ESCAPE_BLANKS_MAX 3  /* blank lines in a row */
#define ESCAPE_MARKS_MAX  2  /* combining marks on one base */
#define ESCAPE_NOTE_MAX	  256

#define CP_ZWJ	  0x200Du
#define CP_VS16	  0xFE0Fu
#define CP_KEYCAP 0x20E3u
#define CP_WIDE	  0x3000u /* ideographic space */
#define CP_BOX	  0x25A1u /* its stand-in */
#define CP_ARROW  0x21E5u /* the stand-in of a tab */
#define CP_OPEN	  0x27E8u

struct walk {
	const char *p;
	size_t n, i;
	size_t run; /* where the gathered plain bytes begin */
	unsigned mode;
	escape_fn *fn;
	void *arg;
	struct escape_findings *f;
	size_t line;	    /* where the line begins */
	size_t token_end;   /* words before this were looked at */
	size_t suspect_end; /* plain bytes before this are suspect */
	bool indent;	    /* only white space so far on this line */
	uint32_t base;	    /* last plain code point on this line, 0: none */
	bool selected;	    /* it has its VS16 */
	int marks;	    /* combining marks on it */
	char quote;	    /* inside a string of this line, or '#': a comment */
};

static void
walk_give(struct walk *w, enum escape_kind kind, const char *p, size_t n)
{
	if (w->fn && n > 0)
		w->fn(kind, p, n, w->arg);
}

/* Hands out the plain bytes gathered up to here. */
static void
walk_flush(struct walk *w)
{
	if (w->run < w->i)
		walk_give(w, w->run < w->suspect_end ? ESCAPE_SUSPECT : ESCAPE_TEXT,
			  w->p + w->run, w->i - w->run);
	w->run = w->i;
}

/* Goes over `bytes` source bytes that were shown another way. */
static void
walk_skip(struct walk *w, size_t bytes)
{
	w->i += bytes;
	w->run = w->i;
}

static void
walk_mark(struct walk *w, const char *what, size_t times, size_t bytes)
{
	bool ascii = w->mode & ESCAPE_ASCII;
	char text[64], count[24] = "";
	int len;

	walk_flush(w);
	if (times > 1)
		snprintf(count, sizeof(count), "%s%zu", ascii ? "*" : "×", times);
	len = snprintf(text, sizeof(text), "%s%s%s%s", ascii ? "<" : "⟨", what, count,
		       ascii ? ">" : "⟩");
	walk_give(w, ESCAPE_MARK, text, (size_t)len);
	walk_skip(w, bytes);
	w->base = 0;
}

/* How often p[i..i+step) comes in a row. */
static size_t
walk_repeats(const struct walk *w, size_t step)
{
	size_t k = 1;

	while (w->i + (k + 1) * step <= w->n &&
	       memcmp(w->p + w->i, w->p + w->i + k * step, step) == 0)
		k++;
	return k;
}

static void
walk_number(struct walk *w, uint32_t cp, size_t times, size_t step)
{
	char name[CHAR_NAME_SIZE], text[32];

	char_name(cp, name);
	snprintf(text, sizeof(text), "U+%04X%s%s", (unsigned)cp, *name ? " " : "", name);
	walk_mark(w, text, times, times * step);
}

static void
walk_bad(struct walk *w, size_t bytes)
{
	char text[8];

	w->f->bad_bytes += bytes;
	while (bytes-- > 0) {
		snprintf(text, sizeof(text), "\\x%02X",
			 (unsigned)(unsigned char)w->p[w->i]);
		walk_mark(w, text, 1, 1);
	}
}

static void
walk_newline(struct walk *w)
{
	size_t times = walk_repeats(w, 1);

	if (w->mode & ESCAPE_ONE_LINE) {
		walk_mark(w, "LF", times, times);
		w->f->lines += times;
	} else {
		bool fold = w->i == w->line && times > ESCAPE_BLANKS_MAX;

		if (fold)
			walk_mark(w, "LF", times, times);
		walk_flush(w);
		walk_give(w, ESCAPE_NEWLINE, "\n", 1);
		walk_skip(w, fold ? 0 : 1);
		w->f->lines += fold ? times : 1;
	}
	w->line = w->i;
	w->indent = true;
	w->base = 0;
	w->quote = 0;
}

static void
walk_spaces(struct walk *w)
{
	size_t times = walk_repeats(w, 1), next = w->i + times;
	bool trailing = next == w->n || w->p[next] == '\n';

	if (trailing || times > (w->indent ? ESCAPE_INDENT_MAX : ESCAPE_GAP_MAX))
		walk_mark(w, "SP", times, times);
	else
		w->i = next;
	w->base = 0;
}

static void
walk_tabs(struct walk *w)
{
	size_t times = walk_repeats(w, 1);

	if (!w->indent || times > ESCAPE_TABS_MAX || (w->mode & ESCAPE_ASCII)) {
		walk_mark(w, "TAB", times, times);
		return;
	}
	walk_flush(w);
	for (size_t k = 0; k < times; k++)
		walk_give(w, ESCAPE_BLANK, "⇥   ", strlen("⇥   "));
	walk_skip(w, times);
}

static void
walk_wide_spaces(struct walk *w, size_t step)
{
	size_t times = walk_repeats(w, step);

	if (times > ESCAPE_GAP_MAX || (w->mode & ESCAPE_ASCII)) {
		walk_number(w, CP_WIDE, times, step);
		return;
	}
	walk_flush(w);
	for (size_t k = 0; k < times; k++)
		walk_give(w, ESCAPE_BLANK, "□", strlen("□"));
	walk_skip(w, times * step);
	w->base = 0;
}

/* The code point behind the one at i, 0 at the end. */
static uint32_t
walk_peek(const struct walk *w, size_t step)
{
	uint32_t cp;

	if (w->i + step >= w->n)
		return 0;
	utf8_decode(w->p + w->i + step, w->n - w->i - step, &cp);
	return cp == UINT32_MAX ? 0 : cp;
}

/* Shows a code point that is fine where it stands; only ASCII mode writes it out. */
static void
walk_show(struct walk *w, uint32_t cp, size_t step)
{
	uint32_t base = w->base;

	if (cp < 0x80 || !(w->mode & ESCAPE_ASCII)) {
		w->i += step;
		return;
	}
	walk_number(w, cp, 1, step);
	w->base = base;
}

/* An invisible code point that an emoji needs where it stands. */
static bool
walk_emoji_part(struct walk *w, uint32_t cp, size_t step)
{
	uint32_t next = walk_peek(w, step);

	if (w->base == 0)
		return false;
	if (cp == CP_ZWJ)
		return char_is_pictograph(w->base) && next && char_is_pictograph(next);
	if (cp != CP_VS16 || w->selected || !char_is_emoji_base(w->base))
		return false;
	if (w->base < 0x80 && next != CP_KEYCAP)
		return false;
	w->selected = true;
	return true;
}

static bool
walk_combines(struct walk *w, enum char_class c)
{
	if (c != CHAR_MARK || w->base == 0 || w->marks >= ESCAPE_MARKS_MAX)
		return false;
	w->marks++;
	return true;
}

static size_t *
walk_counter(struct walk *w, enum char_class c)
{
	switch (c) {
	case CHAR_CONTROL:
		return &w->f->control;
	case CHAR_BIDI:
		return &w->f->bidi;
	case CHAR_RTL:
		return &w->f->rtl;
	case CHAR_MARK:
		return &w->f->marks;
	case CHAR_SPACE:
		return &w->f->spaces;
	case CHAR_UNASSIGNED:
		return &w->f->unassigned;
	case CHAR_INVISIBLE:
	case CHAR_PLAIN:
		break;
	}
	return &w->f->invisible;
}

static void
walk_hidden(struct walk *w, uint32_t cp, enum char_class c, size_t step)
{
	size_t times = walk_repeats(w, step);

	/* The end of a line as other systems write it deceives nobody: it is shown. */
	if (cp != '\r' || w->i + times >= w->n || w->p[w->i + times] != '\n')
		*walk_counter(w, c) += times;
	if (cp == '\r')
		walk_mark(w, "CR", times, times);
	else
		walk_number(w, cp, times, step);
}

/* In ASCII mode '<' is written out only where it would begin a bracket. */
static bool
walk_is_bracket(const struct walk *w, uint32_t cp)
{
	static const char *const heads[] = {"U+", "\\x", "SP", "LF", "CR", "TAB"};

	if (!(w->mode & ESCAPE_ASCII))
		return cp == CP_OPEN || cp == CP_BOX || cp == CP_ARROW;
	for (size_t k = 0; cp == '<' && k < ARRAY_LEN(heads); k++)
		if (w->n - w->i > strlen(heads[k]) &&
		    memcmp(w->p + w->i + 1, heads[k], strlen(heads[k])) == 0)
			return true;
	return false;
}

/* Strings and comments by the look of one line; enough to keep a warning quiet. */
static void
walk_quote(struct walk *w, uint32_t cp)
{
	uint32_t next = walk_peek(w, 1);

	if (cp >= 0xFF01 && cp <= 0xFF5E && !w->quote)
		w->f->fullwidth++;
	if (cp >= 0x80 || w->quote == '#')
		return;
	if (w->quote) {
		if ((char)cp == w->quote)
			w->quote = 0;
	} else if (cp == '"' || cp == '\'' || cp == '`') {
		w->quote = (char)cp;
	} else if (cp == '#' || ((cp == '/' || cp == '-') && next == cp)) {
		w->quote = '#';
	}
}

static void
walk_plain(struct walk *w, uint32_t cp, size_t step)
{
	if (!char_is_emoji_modifier(cp) || !w->base) {
		w->base = cp;
		w->selected = false;
	}
	w->marks = 0;
	w->indent = false;
	walk_quote(w, cp);
	walk_show(w, cp, step);
}

/* Looks at the word or host that begins here, once. */
static void
walk_suspect(struct walk *w)
{
	char store[ESCAPE_NOTE_MAX];
	struct buf note = BUF_INIT(sizeof(store));
	size_t len;
	enum suspect kind;

	if (w->i < w->token_end)
		return;
	kind = suspect_at(w->p, w->n, w->i, &len);
	w->token_end = w->i + len;
	if (kind == SUSPECT_NONE)
		return;
	*(kind == SUSPECT_HOST ? &w->f->hosts : &w->f->mixed) += 1;
	walk_flush(w);
	w->suspect_end = w->token_end;
	suspect_describe(&note, kind, w->p + w->i, len, w->mode & ESCAPE_JAPANESE);
	walk_give(w, ESCAPE_NOTE, note.data, note.len);
	buf_release(&note);
}

/* One code point beyond white space. */
static void
walk_char(struct walk *w)
{
	uint32_t cp;
	size_t step = utf8_decode(w->p + w->i, w->n - w->i, &cp);
	enum char_class c;

	walk_suspect(w);
	if (cp == UINT32_MAX) {
		walk_bad(w, step);
		return;
	}
	c = char_class(cp);
	if (cp == CP_WIDE)
		walk_wide_spaces(w, step);
	else if (walk_emoji_part(w, cp, step) || walk_combines(w, c))
		walk_show(w, cp, step);
	else if (c != CHAR_PLAIN)
		walk_hidden(w, cp, c, step);
	else if (walk_is_bracket(w, cp))
		walk_number(w, cp, 1, step);
	else
		walk_plain(w, cp, step);
}

void
escape_walk(const char *p, size_t n, unsigned mode, escape_fn *fn, void *arg,
	    struct escape_findings *f)
{
	struct escape_findings ignored = {0};
	struct walk w = {
	    .p = p, .n = n, .mode = mode, .fn = fn, .arg = arg, .indent = true};

	w.f = f ? f : &ignored;
	while (w.i < n) {
		if (w.i == w.suspect_end)
			walk_flush(&w);
		if (p[w.i] == '\n')
			walk_newline(&w);
		else if (p[w.i] == ' ')
			walk_spaces(&w);
		else if (p[w.i] == '\t')
			walk_tabs(&w);
		else
			walk_char(&w);
	}
	walk_flush(&w);
	if (n > 0 && p[n - 1] != '\n') {
		w.f->lines++;
		w.f->no_final_newline = true;
	}
}
