/* Rows of styled spans. See row.h.
 *
 * A row is one byte buffer and an array of ranges into it, so that building a row of plain text
 * costs two allocations however many pieces it is put together from: a piece of the same style
 * as the last one lengthens that span. A link's target is stored once, behind the text of the
 * first span that carries it; neighbours with the same target share it.
 * Pinned by tests/unit/test_row.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/row.h"

void
row_init(struct row *r)
{
	*r = (struct row){.text = BUF_INIT(ROW_MAX)};
}

void
row_release(struct row *r)
{
	buf_release(&r->text);
	free(r->spans);
	row_init(r);
}

void
row_reset(struct row *r)
{
	buf_reset(&r->text);
	r->n = 0;
	r->nowrap_marker = false;
}

static bool
style_equal(struct style a, struct style b)
{
	return a.attrs == b.attrs && a.fg == b.fg && a.bg == b.bg;
}

static bool
same_link(const struct row *r, const struct span *s, const char *url, size_t nurl)
{
	return s->link_len == nurl &&
	       (nurl == 0 || memcmp(r->text.data + s->link, url, nurl) == 0);
}

/* The last span when text of this style and link may simply follow it. */
static struct span *
span_to_extend(struct row *r, struct style s, const char *url, size_t nurl)
{
	struct span *last = r->n ? &r->spans[r->n - 1] : NULL;

	if (!last || last->col || last->off + last->len != r->text.len ||
	    !style_equal(last->style, s) || !same_link(r, last, url, nurl))
		return NULL;
	return last;
}

static struct span *
span_push(struct row *r)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 4;
		r->spans = mem_array(r->spans, r->cap, sizeof(*r->spans));
	}
	r->spans[r->n] = (struct span){0};
	return &r->spans[r->n++];
}

/* Text beyond the row's bound is cut: a row of a megabyte is nobody's reading matter. */
void
row_add_link(struct row *r, struct style s, const char *p, size_t n, const char *url,
	     size_t nurl)
{
	struct span *last = span_to_extend(r, s, url, nurl);
	struct span *prev = r->n ? &r->spans[r->n - 1] : NULL;
	size_t off = r->text.len, link = 0;

	if (n == 0 || !buf_add(&r->text, p, n))
		return;
	if (last) {
		last->len += n;
		return;
	}
	if (nurl && prev && same_link(r, prev, url, nurl)) {
		link = prev->link;
	} else if (nurl) {
		link = r->text.len;
		if (!buf_add(&r->text, url, nurl))
			nurl = 0;
	}
	*span_push(r) = (struct span){
	    .off = off, .len = n, .style = s, .link = nurl ? link : 0, .link_len = nurl};
}

void
row_add(struct row *r, struct style s, const char *p, size_t n)
{
	row_add_link(r, s, p, n, NULL, 0);
}

void
row_adds(struct row *r, enum style_name s, const char *text)
{
	row_add(r, style_of(s), text, strlen(text));
}

void
row_addf(struct row *r, enum style_name s, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	row_adds(r, s, text);
}

void
row_add_at(struct row *r, enum style_name s, const char *text, int col)
{
	size_t off = r->text.len, n = strlen(text);

	if (buf_add(&r->text, text, n))
		*span_push(r) =
		    (struct span){.off = off, .len = n, .style = style_of(s), .col = col};
}

void
row_copy(struct row *to, const struct row *from)
{
	row_reset(to);
	buf_add(&to->text, from->text.data, from->text.len);
	to->n = to->cap = from->n;
	to->spans = mem_array(to->spans, to->n, sizeof(*to->spans));
	if (to->n)
		memcpy(to->spans, from->spans, to->n * sizeof(*to->spans));
	to->nowrap_marker = from->nowrap_marker;
}
