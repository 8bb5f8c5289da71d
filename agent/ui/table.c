/* Tables to rows: column widths, cells that wrap, records where a grid does not fit.
 *
 * Columns take their natural width if all fit; else the widest are narrowed first, down to
 * their longest word (at most 20 columns, at least 6). If even that does not fit, each row
 * becomes "header: cell" lines. Nothing is ever cut off. Pinned by tests/unit/test_table.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/table.h"
#include "agent/ui/width.h"

#define WORD_MAX 20 /* columns that a word may demand */
#define COL_MIN	 6
#define GAP	 3 /* columns of " │ " */

/* Columns of the longest piece that cannot be broken. */
static int
longest_word(const struct md_text *t)
{
	AUTO_FREE char *breaks = mem_alloc(t->text.len);
	const char *p = t->text.data;
	size_t i, from = 0, to;
	int most = 0, cols;

	if (t->text.len == 0)
		return 0;
	width_breaks(p, t->text.len, breaks);
	for (i = 1; i <= t->text.len; i++) {
		if (i < t->text.len && !breaks[i])
			continue;
		for (to = i; to > from && (p[to - 1] == ' ' || p[to - 1] == '\n'); to--)
			;
		cols = width_of(p + from, to - from);
		most = MAX_OF(most, cols);
		from = i;
	}
	return most;
}

static void
measure(const struct md_text *cell, int *natural, int *floor)
{
	int cols = md_text_cols(cell), word = MIN_OF(longest_word(cell), WORD_MAX);

	*natural = MAX_OF(*natural, cols);
	*floor = MAX_OF(*floor, word);
}

static int
sum_of(const int *w, size_t n)
{
	int sum = 0;

	while (n--)
		sum += w[n];
	return sum;
}

/* Takes a column from the widest that can give one until all fit. */
static void
shrink(struct md_table *t, const int *floors, int room)
{
	int sum = sum_of(t->width, t->cols);
	size_t i, best;

	for (; sum > room; sum--) {
		best = t->cols;
		for (i = 0; i < t->cols; i++) {
			if (t->width[i] > floors[i] &&
			    (best == t->cols || t->width[i] > t->width[best]))
				best = i;
		}
		if (best == t->cols)
			break;
		t->width[best]--;
	}
}

void
table_fit(struct md_emit *e, struct md_table *t, const struct md_text *cells, size_t n)
{
	int floors[MD_TABLE_COLS] = {0};
	int room = e->width - e->indent - GAP * ((int)t->cols - 1);
	size_t c, r;

	for (c = 0; c < t->cols; c++) {
		measure(&t->head[c], &t->width[c], &floors[c]);
		for (r = 0; r < n; r++)
			measure(&cells[r * t->cols + c], &t->width[c], &floors[c]);
		t->width[c] = MIN_OF(MAX_OF(t->width[c], 1), MAX_OF(room, 1));
		floors[c] = MIN_OF(MAX_OF(floors[c], COL_MIN), t->width[c]);
	}
	t->bare = n == 0;
	if (sum_of(floors, t->cols) > room)
		t->records = true;
	else
		shrink(t, floors, room);
}

static void
pad(struct md_emit *e, int cols)
{
	for (; cols > 0; cols--)
		row_adds(&e->row, STYLE_PLAIN, " ");
}

/* Line `i` of a cell, aligned in its column. */
static void
put_cell(struct md_emit *e, const struct md_table *t, size_t c, const struct md_text *cell,
	 const struct md_line *l)
{
	int room = t->width[c] - (l ? l->cols : 0), left = 0;

	room = MAX_OF(room, 0);
	if (t->align[c] == TABLE_RIGHT)
		left = room;
	else if (t->align[c] == TABLE_CENTER)
		left = room / 2;
	pad(e, left);
	if (l)
		md_line_put(cell, l, &e->row);
	if (c + 1 < t->cols)
		pad(e, room - left);
}

static void
grid_row(struct md_emit *e, const struct md_table *t, const struct md_text *cells)
{
	struct md_line *lines[MD_TABLE_COLS];
	size_t n[MD_TABLE_COLS], most = 1, i, c;
	int col;

	for (c = 0; c < t->cols; c++) {
		n[c] = md_wrap(&cells[c], t->width[c], &lines[c]);
		most = MAX_OF(most, n[c]);
	}
	for (i = 0; i < most; i++) {
		md_row_begin(e);
		for (col = e->indent + 1, c = 0; c < t->cols; c++) {
			put_cell(e, t, c, &cells[c], i < n[c] ? &lines[c][i] : NULL);
			col += t->width[c];
			if (c + 1 < t->cols)
				row_add_at(&e->row, STYLE_RULE,
					   e->o->unicode ? " │ " : " | ", col);
			col += GAP;
		}
		md_row_end(e);
	}
	for (c = 0; c < t->cols; c++)
		free(lines[c]);
}

static void
grid_rule(struct md_emit *e, const struct md_table *t)
{
	const char *line = e->o->unicode ? "─" : "-";
	size_t c;
	int i;

	md_row_begin(e);
	for (c = 0; c < t->cols; c++) {
		if (c > 0)
			row_adds(&e->row, STYLE_RULE, e->o->unicode ? "┼" : "+");
		for (i = c ? -1 : 0; i < t->width[c] + (c + 1 < t->cols); i++)
			row_adds(&e->row, STYLE_RULE, line);
	}
	md_row_end(e);
}

/* One line (or more) a cell: "header: cell". */
static void
record(struct md_emit *e, struct md_table *t, const struct md_text *cells)
{
	const char *line = e->o->unicode ? "──" : "--";
	struct md_text text;
	size_t c;

	if (t->rows > 0) {
		md_row_begin(e);
		row_adds(&e->row, STYLE_RULE, line);
		md_row_end(e);
	}
	for (c = 0; c < t->cols; c++) {
		md_text_init(&text, NULL);
		md_text_append(&text, &t->head[c]);
		md_text_add(&text, (struct style){0}, ": ", 2);
		md_text_append(&text, &cells[c]);
		md_emit_text(e, &text);
		md_text_release(&text);
	}
}

void
table_head(struct md_emit *e, struct md_table *t)
{
	size_t c;

	for (c = 0; t->records && t->bare && c < t->cols; c++)
		md_emit_text(e, &t->head[c]);
	if (t->records)
		return;
	grid_row(e, t, t->head);
	grid_rule(e, t);
}

void
table_row(struct md_emit *e, struct md_table *t, const struct md_text *cells)
{
	if (t->records)
		record(e, t, cells);
	else
		grid_row(e, t, cells);
	t->rows++;
}
