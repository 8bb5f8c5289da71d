/* Rows to bytes: the only place that puts SGR, OSC 8 and CHA around text.
 *
 * Every span passes the gate here, whoever built it. A change of style is one SGR that starts
 * from reset, so a row never depends on what stood before it; the row ends reset and with its
 * link closed. Spaces at the end of a row are left out unless their style would show.
 * Pinned by tests/unit/test_term.c. */
#include <string.h>

#include "agent/ui/gate_text.h"
#include "agent/ui/term_int.h"
#include "agent/ui/width.h"

#define TAB_STOP 4 /* columns */

struct render {
	struct buf *out;
	const struct term_face *face;
	struct style now;
	bool styled; /* an SGR other than reset is in force */
	int col, clip;
	size_t spaces; /* plain spaces not yet written */
	bool full;     /* the clip was reached */
	struct style want;
	const char *link;
	size_t nlink;
};

static void
put_code(struct render *r, int code, bool *first)
{
	buf_addf(r->out, *first ? "%d" : ";%d", code);
	*first = false;
}

static void
put_attrs(struct render *r, uint16_t attrs, bool *first)
{
	static const struct {
		uint16_t attr;
		int code;
	} codes[] = {{ATTR_BOLD, 1},	  {ATTR_DIM, 2},     {ATTR_ITALIC, 3},
		     {ATTR_UNDERLINE, 4}, {ATTR_REVERSE, 7}, {ATTR_STRIKE, 9}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(codes); i++) {
		if (attrs & codes[i].attr)
			put_code(r, codes[i].code, first);
	}
}

static void
put_sgr(struct render *r, struct style s)
{
	bool first = true, styled;

	if (!r->face->color)
		s.fg = s.bg = 0;
	if (!r->face->sgr ||
	    (s.attrs == r->now.attrs && s.fg == r->now.fg && s.bg == r->now.bg))
		return;
	styled = s.attrs || s.fg || s.bg;
	buf_adds(r->out, "\033[");
	if (r->styled && styled)
		put_code(r, 0, &first);
	put_attrs(r, s.attrs, &first);
	if (s.fg)
		put_code(r, (s.fg > 8 ? 90 - 9 : 30 - 1) + s.fg, &first);
	if (s.bg)
		put_code(r, (s.bg > 8 ? 100 - 9 : 40 - 1) + s.bg, &first);
	buf_addc(r->out, 'm');
	r->now = s;
	r->styled = styled;
}

/* FNV-1a; the id keeps the pieces of a wrapped link together. */
static unsigned
link_id(const char *p, size_t n)
{
	unsigned h = 2166136261u;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 16777619u;
	return h;
}

static void
set_link(struct render *r, const char *url, size_t n)
{
	struct buf safe = BUF_INIT(GATE_URL_MAX + 8);

	if (!r->face->links || (n == r->nlink && (n == 0 || memcmp(url, r->link, n) == 0)))
		return;
	if (r->nlink)
		buf_adds(r->out, "\033]8;;\033\\");
	r->nlink = 0;
	if (n && gate_url(&safe, url, n)) {
		buf_addf(r->out, "\033]8;id=%x;%s\033\\", link_id(url, n), buf_str(&safe));
		r->link = url;
		r->nlink = n;
	}
	buf_release(&safe);
}

/* Spaces wait: they are written only when something follows. */
static void
put_spaces(struct render *r)
{
	for (; r->spaces; r->spaces--)
		buf_addc(r->out, ' ');
}

static bool
spaces_show(struct style s)
{
	return s.bg || (s.attrs & (ATTR_UNDERLINE | ATTR_REVERSE | ATTR_STRIKE));
}

/* As much of p as the clip allows, counted in columns. */
static size_t
fit(struct render *r, const char *p, size_t n)
{
	size_t k;
	int used;

	k = r->clip ? width_fit(p, n, r->clip - r->col, &used) : n;
	if (r->clip)
		r->col += used;
	if (k < n)
		r->full = true;
	return k;
}

static void
put_text(struct render *r, const char *p, size_t n)
{
	struct style s = r->want;
	size_t end;

	n = fit(r, p, n);
	for (end = n; end > 0 && p[end - 1] == ' ' && !spaces_show(s); end--)
		;
	if (end > 0) {
		if (r->spaces)
			put_sgr(r, spaces_show(r->now) ? (struct style){0} : r->now);
		put_spaces(r);
		put_sgr(r, s);
		buf_add(r->out, p, end);
	}
	r->spaces += n - end;
}

/* Tabs become spaces up to the next stop; the column must be known for that. */
static void
put_tabbed(struct render *r, const char *p, size_t n, int *col)
{
	size_t i = 0, k;
	int stop;

	while (i < n && !r->full) {
		k = strcspn(p + i, "\t");
		k = MIN_OF(k, n - i);
		put_text(r, p + i, k);
		*col += width_of(p + i, k);
		i += k;
		if (i == n)
			return;
		stop = TAB_STOP - *col % TAB_STOP;
		put_text(r, "    ", (size_t)stop);
		*col += stop;
		i++;
	}
}

static void
put_gated(void *arg, const char *p, size_t n, bool marked)
{
	struct render *r = arg;

	if (r->full)
		return;
	if (marked)
		r->want.attrs ^= ATTR_REVERSE;
	put_text(r, p, n);
	if (marked)
		r->want.attrs ^= ATTR_REVERSE;
}

/* The gate, then tabs: a newline has no business inside a row. */
static void
put_span(struct render *r, const struct row *row, const struct span *s, int *col)
{
	const char *p = row->text.data + s->off;
	struct buf tmp = BUF_INIT(ROW_MAX * 4);
	size_t i;

	r->want = s->style;
	set_link(r, row->text.data + s->link, s->link_len);
	if (!memchr(p, '\t', s->len) && !memchr(p, '\n', s->len)) {
		gate_text(p, s->len, NULL, put_gated, r);
		return;
	}
	gate_text_buf(&tmp, p, s->len, NULL);
	for (i = 0; i < tmp.len; i++) {
		if (tmp.data[i] == '\n')
			tmp.data[i] = ' ';
	}
	buf_str(&tmp);
	put_tabbed(r, tmp.data, tmp.len, col);
	buf_release(&tmp);
}

/* Borders of tables are put at their columns where the cells' widths are not sure. */
static bool
wants_columns(const struct row *row)
{
	bool borders = false, unsure = false;
	size_t i;

	for (i = 0; i < row->n; i++) {
		const struct span *s = &row->spans[i];

		borders = borders || s->col;
		unsure =
		    unsure || (!s->col && width_uncertain(row->text.data + s->off, s->len));
	}
	return borders && unsure;
}

void
term_render(struct buf *out, const struct row *row, const struct term_face *f, int clip)
{
	struct render r = {.out = out, .face = f, .clip = clip};
	const struct span *s;
	bool tabs = row->text.len && memchr(row->text.data, '\t', row->text.len);
	bool columns = f->move && wants_columns(row);
	int col = 0, at;
	size_t i;

	for (i = 0; i < row->n && !r.full; i++) {
		s = &row->spans[i];
		at = col;
		if (columns && s->col) {
			r.spaces = 0;
			buf_addf(out, "\033[%dG", s->col);
		}
		put_span(&r, row, s, &col);
		if (tabs && col == at)
			col += width_of(row->text.data + s->off, s->len);
	}
	set_link(&r, NULL, 0);
	put_sgr(&r, (struct style){0});
}
