/* A step's output as it comes. See live.h.
 *
 * Complete lines are shown, folded as the model will read them, up to a bound; what is beyond
 * is only counted here, since the whole is in the spill file. Pinned by tests/unit/test_live.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/ui/escape.h"
#include "agent/ui/live.h"
#include "tools/fold.h"

#define LIVE_LINE_MAX	(8 * KIB) /* bytes of one line that are shown */
#define LIVE_STATUS_MAX 256	  /* bytes of a line that has not ended */

struct live {
	struct term *term;
	struct fold fold;
	struct buf line;     /* the line being gathered */
	struct buf status;   /* the same without marks */
	struct sgr colour;   /* at the line's start */
	size_t lines, bytes; /* shown */
	size_t hidden;	     /* lines that came after the bound */
	bool binary;	     /* no text any more: nothing is shown but what it is */
};

static bool
live_is_over(const struct live *l)
{
	return l->lines >= LIVE_LINES_MAX || l->bytes >= LIVE_BYTES_MAX;
}

/* The program's colours, as a style that cannot hide text. */
static struct style
live_style(struct sgr s)
{
	static const uint16_t attrs[] = {ATTR_BOLD,	 ATTR_DIM,    ATTR_ITALIC,
					 ATTR_UNDERLINE, ATTR_STRIKE, ATTR_REVERSE};
	struct style style = style_of(STYLE_OUTPUT);

	s = sgr_visible(s);
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
		if (s.attrs & 1 << i)
			style = style_with(style, attrs[i]);
	style.fg = s.fg;
	style.bg = s.bg;
	return style;
}

/* Text between marks; the last mark holds for the next line too. A mark that was cut goes. */
static void
live_spans(struct live *l, struct row *r)
{
	const char *p = buf_str(&l->line), *end = p + l->line.len;

	while (p < end) {
		const char *mark = memchr(p, SGR_LEAD, (size_t)(end - p));
		size_t n = (size_t)((mark ? mark : end) - p);

		if (n > 0)
			row_add(r, live_style(l->colour), p, n);
		if (mark && !sgr_read(mark, (size_t)(end - mark), &l->colour))
			return;
		p += n + (mark ? SGR_MARK : 0);
	}
}

static void
live_show(struct live *l)
{
	struct row r;

	if (live_is_over(l)) {
		l->hidden++;
		buf_reset(&l->line);
		return;
	}
	row_init(&r);
	row_adds(&r, STYLE_DIM, "│ ");
	live_spans(l, &r);
	r.nowrap_marker = true;
	term_row(l->term, TERM_SIDE, &r);
	row_release(&r);
	l->lines++;
	l->bytes += l->line.len + 1;
	buf_reset(&l->line);
}

/* The fold's sink: whole characters, newlines among them. */
static void
live_take(const char *p, size_t n, void *arg)
{
	struct live *l = arg;

	while (n > 0) {
		const char *nl = memchr(p, '\n', n);
		size_t k = nl ? (size_t)(nl - p) : n;

		buf_add(&l->line, p, MIN_OF(k, l->line.max - l->line.len));
		if (!nl)
			return;
		live_show(l);
		p += k + 1;
		n -= k + 1;
	}
}

struct live *
live_new(struct term *t)
{
	struct live *l = mem_alloc(sizeof(*l));

	l->term = t;
	buf_init(&l->line, LIVE_LINE_MAX);
	buf_init(&l->status, LIVE_STATUS_MAX);
	fold_init_colours(&l->fold, live_take, l);
	return l;
}

void
live_free(struct live *l)
{
	if (!l)
		return;
	fold_release(&l->fold);
	buf_release(&l->line);
	buf_release(&l->status);
	free(l);
}

static void
live_take_text(struct live *l, const char *p, size_t n)
{
	/* beyond the bound only lines are counted: folding a flood would cost time for nothing */
	if (!live_is_over(l)) {
		fold_feed(&l->fold, p, n);
		return;
	}
	for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		l->hidden++;
}

void
live_feed(struct live *l, const char *p, size_t n)
{
	struct magic m;
	size_t front = 0;

	if (l->binary)
		return;
	if (!live_is_over(l) && magic_behind(p, n, &front, &m)) {
		l->binary = true;
		n = front;
	}
	live_take_text(l, p, n);
}

void
live_partial(struct live *l)
{
	if (l->binary || live_is_over(l))
		return;
	fold_end(&l->fold);
	if (l->line.len)
		live_show(l);
}

const char *
live_unfinished(struct live *l)
{
	const struct buf *line = &l->fold.line;
	struct sgr ignored;

	buf_reset(&l->status);
	if (l->binary || live_is_over(l))
		return "";
	for (size_t i = 0; i < line->len && l->status.len + 4 < LIVE_STATUS_MAX;) {
		bool mark = sgr_read(line->data + i, line->len - i, &ignored);

		if (!mark)
			buf_addc(&l->status, line->data[i]);
		i += mark ? SGR_MARK : 1;
	}
	buf_truncate(&l->status,
		     l->status.len - utf8_tail(buf_str(&l->status), l->status.len));
	return buf_str(&l->status);
}

/* The step's end knows more than the bytes of a moment told. */
static void
live_settle(struct live *l, const struct step_result *r)
{
	const char *rest = r->binary && r->output ? strstr(r->output, r->binary) : NULL;

	if (l->binary && rest)
		live_take_text(l, rest, strlen(rest));
	else if (l->binary && !r->binary && l->lines == 0 && r->output)
		live_take_text(l, r->output, strlen(r->output));
	else if (l->binary && !r->binary)
		term_line(l->term, TERM_SIDE, STYLE_DIM, "│ [binary output]");
	else if (r->binary)
		term_linef(l->term, TERM_SIDE, STYLE_DIM, "│ %s", r->binary);
}

void
live_end(struct live *l, const struct step_result *r)
{
	live_settle(l, r);
	if (!live_is_over(l)) {
		fold_end(&l->fold);
		if (l->line.len)
			live_show(l);
	}
	if (!l->hidden)
		return;
	if (r->spill_path)
		term_linef(l->term, TERM_SIDE, STYLE_DIM,
			   "│ … %zu lines more; all %zu bytes are in %s", l->hidden,
			   r->total_bytes, r->spill_path);
	else
		term_linef(l->term, TERM_SIDE, STYLE_DIM, "│ … %zu lines more", l->hidden);
}

/* A line of code: as it is, unless something in it would not be seen or deceives. */
static void
live_code_line(const struct term *t, struct row *r, const char *p, size_t n)
{
	struct escape_findings found = {0};

	escape_walk(p, n, 0, NULL, NULL, &found);
	if (escape_is_suspicious(&found))
		escape_row(r, STYLE_CODE, p, n, term_unicode(t) ? 0 : ESCAPE_ASCII);
	else
		row_add(r, style_of(STYLE_CODE), p, n);
}

/* The code of a step that nobody was asked about: a head and the lines. */
void
live_code(struct term *t, const struct step *step)
{
	const char *p = step->code, *end = step->code + step->len;
	struct row r;

	term_linef(t, TERM_SIDE, STYLE_FENCE, "─ step %u · %s ──", step->number,
		   step->kernel->name);
	row_init(&r);
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;

		row_reset(&r);
		row_adds(&r, STYLE_PLAIN, "  ");
		live_code_line(t, &r, p, (size_t)(stop - p));
		r.nowrap_marker = true;
		term_row(t, TERM_SIDE, &r);
		p = nl ? nl + 1 : end;
	}
	row_release(&r);
}

size_t
live_text(struct term *t, const char *p, size_t n, size_t lines)
{
	const char *at = p, *end = p + n;
	struct row r;

	row_init(&r);
	while (at < end && lines-- > 0) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *stop = nl ? nl : end;
		size_t len = (size_t)(stop - at);

		if (len > 0 && nl && at[len - 1] == '\r')
			len--;
		row_reset(&r);
		row_adds(&r, STYLE_DIM, "│ ");
		live_code_line(t, &r, at, MIN_OF(len, LIVE_LINE_MAX));
		if (len > LIVE_LINE_MAX)
			row_adds(&r, STYLE_DIM, "…");
		r.nowrap_marker = true;
		term_row(t, TERM_SIDE, &r);
		at = nl ? nl + 1 : end;
	}
	row_release(&r);
	return (size_t)(at - p);
}

void
live_files(struct term *t, const struct change_list *l)
{
	AUTO_BUF struct buf b = BUF_INIT(64 * KIB);

	if (!l)
		return;
	change_list_text(l, CHANGES_SHOWN, &b);
	term_linef(t, TERM_SIDE, STYLE_DIM, "files: %s", buf_str(&b));
	buf_reset(&b);
	change_list_pictures(l, &b);
	if (b.len)
		term_linef(t, TERM_SIDE, STYLE_DIM, "picture: %s", buf_str(&b));
}
