/* Lines out of texts: greedy fill between break opportunities.
 *
 * A run marked whole (inline code) is not broken while it fits a line; a word longer than the
 * line is broken between clusters. Spaces at a break are neither shown nor counted.
 * Pinned by tests/unit/test_md.c (including 10,000 Japanese lines against kinsoku). */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/md_int.h"
#include "agent/ui/width.h"

struct wrap {
	const struct md_text *t;
	char *breaks;
	int cols;
	struct md_line *lines;
	size_t n, cap;
};

static void
line_push(struct wrap *w, size_t from, size_t to)
{
	const char *p = w->t->text.data;

	while (to > from && p[to - 1] == ' ')
		to--;
	if (w->n == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 8;
		w->lines = mem_array(w->lines, w->cap, sizeof(*w->lines));
	}
	w->lines[w->n++] = (struct md_line){from, to, width_of(p + from, to - from)};
}

/* No breaks inside runs that are whole and fit a line. */
static void
protect_runs(struct wrap *w)
{
	const struct md_text *t = w->t;
	size_t i, from = 0;

	for (i = 0; i < t->n; i++) {
		const struct md_run *r = &t->runs[i];

		if (r->whole && r->end > from + 1 &&
		    width_of(t->text.data + from, r->end - from) <= w->cols)
			memset(w->breaks + from + 1, 0, r->end - from - 1);
		from = r->end;
	}
}

static void
wrap_segment(struct wrap *w, size_t from, size_t to)
{
	const char *p = w->t->text.data;
	size_t i = from, start = from, brk = from, k;
	int col = 0, brk_col = 0, cols;

	while (i < to) {
		if (i > start && w->breaks[i]) {
			brk = i;
			brk_col = col;
		}
		k = width_cluster(p + i, to - i, &cols);
		if (col + cols > w->cols && i > start && p[i] != ' ') {
			if (brk == start) {
				brk = i;
				brk_col = col;
			}
			line_push(w, start, brk);
			start = brk;
			col -= brk_col;
			brk_col = 0;
			continue; /* again: the rest may be too long still */
		}
		col += cols;
		i += k;
	}
	line_push(w, start, to);
}

size_t
md_wrap(const struct md_text *t, int cols, struct md_line **lines)
{
	struct wrap w = {.t = t, .cols = MAX_OF(cols, 2)};
	size_t from = 0, end = t->text.len;
	const char *nl;

	*lines = NULL;
	if (end == 0)
		return 0;
	w.breaks = mem_alloc(end);
	width_breaks(t->text.data, end, w.breaks);
	protect_runs(&w);
	while (from < end) {
		nl = memchr(t->text.data + from, '\n', end - from);
		wrap_segment(&w, from, nl ? (size_t)(nl - t->text.data) : end);
		from = nl ? (size_t)(nl - t->text.data) + 1 : end;
	}
	free(w.breaks);
	*lines = w.lines;
	return w.n;
}

/* Index of the run that holds byte `at`. */
static size_t
run_at(const struct md_text *t, size_t at)
{
	size_t lo = 0, hi = t->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (t->runs[mid].end <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
md_line_put(const struct md_text *t, const struct md_line *l, struct row *r)
{
	size_t i, at = l->from, end;

	for (i = run_at(t, at); i < t->n && at < l->to; i++) {
		end = MIN_OF(t->runs[i].end, l->to);
		row_add_link(r, t->runs[i].style, t->text.data + at, end - at,
			     t->runs[i].nurl ? t->urls.data + t->runs[i].url : NULL,
			     t->runs[i].nurl);
		at = end;
	}
}

int
md_text_cols(const struct md_text *t)
{
	const char *p = t->text.data, *nl;
	size_t left = t->text.len, n;
	int most = 0, cols;

	while (left > 0) {
		nl = memchr(p, '\n', left);
		n = nl ? (size_t)(nl - p) : left;
		cols = width_of(p, n);
		most = MAX_OF(most, cols);
		n += nl != NULL;
		p += n;
		left -= n;
	}
	return most;
}
