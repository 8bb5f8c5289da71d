/* The unfinished end of an answer as it would look now.
 *
 * What is open (strong text, code, strikethrough) is closed for the parse, so that the end does
 * not flicker between literal marks and style while it grows; a line of which only marks have
 * arrived is left out until it is known what it becomes. Nothing here touches the state that
 * final rows depend on. Pinned by tests/unit/test_mdstream.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/md_int.h"

struct rows {
	struct row *r;
	size_t n, cap;
};

static void
keep_row(const struct row *r, void *arg)
{
	struct rows *rows = arg;
	struct row *to;

	if (rows->n == rows->cap) {
		rows->cap = rows->cap ? rows->cap * 2 : 16;
		rows->r = mem_array(rows->r, rows->cap, sizeof(*rows->r));
	}
	to = &rows->r[rows->n++];
	row_init(to);
	row_copy(to, r);
}

#define OPEN_MAX 8 /* marks that may be open inside each other */

/* Marks open at the end of p, as text that closes them, innermost first. */
static void
close_marks(struct buf *b, size_t from)
{
	char marks[OPEN_MAX][4];
	size_t depth = 0, i = from, run, n = b->len, code = 0;
	const char *p = buf_str(b);
	bool space_before = true;

	while (i < n) {
		run = strchr("*~`", p[i]) ? md_run_of(p, n, i) : 1;
		if (p[i] == '\\' && i + 1 < n) {
			run = 2;
		} else if (p[i] == '`') {
			code = code == run ? 0 : code ? code : run;
		} else if (!code && run <= 3 &&
			   (p[i] == '*' || (p[i] == '~' && run == 2))) {
			bool space_after =
			    i + run >= n || p[i + run] == ' ' || p[i + run] == '\n';

			if (depth && marks[depth - 1][0] == p[i] && !space_before &&
			    strlen(marks[depth - 1]) == run)
				depth--;
			else if (!space_after && depth < OPEN_MAX)
				snprintf(marks[depth++], 4, "%.*s", (int)run, p + i);
		}
		space_before = p[i + run - 1] == ' ' || p[i + run - 1] == '\n';
		i += run;
	}
	while (b->len > from && strchr("*~` \n", b->data[b->len - 1]))
		buf_truncate(b, b->len - 1); /* a mark at the very end opens nothing yet */
	for (; code && code < 4; code--)
		buf_addc(b, '`');
	while (depth > 0)
		buf_adds(b, marks[--depth]);
}

/* Start of the last paragraph: behind the last blank line. */
static size_t
last_paragraph(const struct buf *b)
{
	size_t i;

	for (i = b->len; i > 1; i--) {
		if (b->data[i - 1] == '\n' && b->data[i - 2] == '\n')
			return i;
	}
	return 0;
}

/* Nothing but marks so far: it may become a heading, a rule, a list, a table, anything. */
static bool
only_marks(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strchr(" -=#*`~|>+:_.0123456789[]", p[i]))
			return false;
	}
	return true;
}

static void
lay_out(struct md *m, struct rows *rows)
{
	struct md_flow flow = m->flow;
	struct md_prep prep = m->prep;
	struct buf b = BUF_INIT(MD_MESSAGE_MAX * 4);
	struct md_emit e;
	size_t tail = m->tail.len;

	buf_add(&b, m->tail.data, m->tail.len);
	if (!only_marks(m->line.data, m->line.len))
		md_prep_line(&prep, &b, buf_str(&m->line), m->line.len);
	if (b.len) {
		if (b.len > tail || m->line.len)
			close_marks(&b, last_paragraph(&b));
		buf_addc(&b, '\n');
		md_emit_init(m, &e);
		e.put = keep_row;
		e.arg = rows;
		e.count = NULL;
		md_emit_region(&e, &flow, buf_str(&b), b.len);
		md_emit_end(&e);
	}
	buf_release(&b);
}

static void
lay_out_fence(struct md *m, struct rows *rows)
{
	const char *p = m->line.data;
	size_t n = m->line.len, skip;
	struct md_emit e;

	if (n == 0 || only_marks(p, n))
		return;
	skip = md_fence_content(&m->fence, p, n);
	md_emit_init(m, &e);
	e.put = keep_row;
	e.arg = rows;
	e.count = NULL;
	md_code_line(&e, p + skip, n - skip);
	md_emit_end(&e);
}

void
md_refresh(struct md *m)
{
	struct rows rows = {0};
	size_t i;

	if (!m->o.tail || !m->dirty)
		return;
	m->dirty = false;
	if (m->tail.len + m->line.len <= MD_TAIL_SHOWN_MAX) {
		if (m->fence.open)
			lay_out_fence(m, &rows);
		else if (!m->table)
			lay_out(m, &rows);
	}
	if (rows.n || m->shown)
		m->o.tail(rows.r, rows.n, m->o.arg);
	m->shown = rows.n > 0;
	for (i = 0; i < rows.n; i++)
		row_release(&rows.r[i]);
	free(rows.r);
}
