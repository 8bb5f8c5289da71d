/* Rows of code, HTML and blanks, and the source lines of a node.
 *
 * Code is taken from cmark, its info string from the source line: a streamed fence has only the
 * line, and both must give the same rows. Code lines are never wrapped by us, so that copying
 * from the screen gives them back. Pinned by tests/unit/test_md.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/md_int.h"
#include "agent/ui/width.h"

#define INFO_COLS 20 /* of a fence's language */
#define TAB_STOP  4

size_t md_parsed_bytes;

void
md_row_begin(struct md_emit *e)
{
	size_t i;

	row_reset(&e->row);
	for (i = 0; i < e->nlevels; i++) {
		struct md_level *l = &e->levels[i];

		row_adds(&e->row, l->style, l->used ? l->rest : l->first);
		l->used = true;
	}
}

void
md_row_end(struct md_emit *e)
{
	e->put(&e->row, e->arg);
}

/* Bars of quotes go on through a blank row, bullets wait for the text. */
void
md_blank(struct md_emit *e)
{
	size_t i;

	row_reset(&e->row);
	for (i = 0; i < e->nlevels && e->levels[i].used; i++)
		row_adds(&e->row, e->levels[i].style, e->levels[i].rest);
	md_row_end(e);
}

void
md_code_head(struct md_emit *e, const char *info, size_t n)
{
	struct buf b = BUF_INIT(MD_LINE_MAX * 4), safe = BUF_INIT(MD_LINE_MAX * 4);
	const char *line = e->o->unicode ? "─" : "-";
	size_t len = 0;

	while (len < n && info[len] != ' ' && info[len] != '\n' && info[len] != '\t')
		len++;
	md_decode(&b, info, len);
	gate_text_buf(&safe, buf_str(&b), b.len, e->count);
	len = width_fit(buf_str(&safe), safe.len, INFO_COLS, NULL);
	md_row_begin(e);
	if (len)
		row_addf(&e->row, STYLE_FENCE, "%s %.*s %s%s", line, (int)len, safe.data,
			 line, line);
	else
		row_addf(&e->row, STYLE_FENCE, "%s%s%s%s", line, line, line, line);
	md_row_end(e);
	buf_release(&b);
	buf_release(&safe);
}

static void
put_code(void *arg, const char *p, size_t n, bool marked)
{
	struct md_emit *e = arg;
	struct style s = style_of(STYLE_CODE);

	row_add(&e->row, marked ? style_with(s, ATTR_REVERSE) : s, p, n);
}

/* Tabs go to the next stop of four, counted from the code's own first column. */
static void
expand_tabs(struct buf *out, const char *p, size_t n)
{
	size_t i = 0, k;
	int col = 0;

	while (i < n) {
		const char *tab = memchr(p + i, '\t', n - i);

		k = tab ? (size_t)(tab - (p + i)) : n - i;
		buf_add(out, p + i, k);
		i += k;
		if (!tab)
			return;
		col += width_of(p + i - k, k);
		do
			buf_addc(out, ' ');
		while (++col % TAB_STOP);
		i++;
	}
}

void
md_code_line(struct md_emit *e, const char *p, size_t n)
{
	struct buf plain = BUF_INIT(MD_LINE_MAX * 4), wide = BUF_INIT(MD_LINE_MAX * 8);

	md_decode(&plain, p, n);
	expand_tabs(&wide, buf_str(&plain), plain.len);
	md_row_begin(e);
	e->row.nowrap_marker = true;
	if (wide.len) {
		row_adds(&e->row, STYLE_PLAIN, "  ");
		gate_text(wide.data, wide.len, e->count, put_code, e);
	}
	md_row_end(e);
	buf_release(&plain);
	buf_release(&wide);
}

/* Looks at so many containers only: below that depth layout is flat anyway. */
static bool
in_quote(cmark_node *node)
{
	int levels = 2 * MD_DEPTH_MAX;

	while (levels-- && (node = cmark_node_parent(node)) != NULL) {
		if (cmark_node_get_type(node) == CMARK_NODE_BLOCK_QUOTE)
			return true;
	}
	return false;
}

/* The source line of a node, 1-based within the region; 0 when it is outside. */
static int
region_line(const struct md_emit *e, int line)
{
	return line > e->skip && (size_t)(line - e->skip) <= e->nlines ? line - e->skip : 0;
}

size_t
md_node_line(const struct md_emit *e, cmark_node *node, int line, const char **p)
{
	int at = region_line(e, line), col = cmark_node_get_start_column(node);
	bool first = line == cmark_node_get_start_line(node), quoted;
	size_t n, i = 0;

	*p = "";
	if (!at)
		return 0;
	*p = e->src + e->lines[at - 1];
	n = e->lines[at] - e->lines[at - 1];
	if (n && (*p)[n - 1] == '\n')
		n--;
	quoted = in_quote(node);
	if (first && col > 1)
		i = MIN_OF((size_t)col - 1, n);
	while (i < n &&
	       ((*p)[i] == ' ' || (*p)[i] == '\t' || (!first && quoted && (*p)[i] == '>')))
		i++;
	*p += i;
	return n - i;
}

/* cmark counts a setext heading's end one line too far when another line followed. */
int
md_node_end(const struct md_emit *e, cmark_node *node)
{
	int from = cmark_node_get_start_line(node), to = cmark_node_get_end_line(node);
	const char *p;
	size_t n;

	if (cmark_node_get_type(node) != CMARK_NODE_HEADING)
		return to;
	for (; to > from; to--) {
		n = md_node_line(e, node, to, &p);
		while (n && strchr(" \t=-", p[n - 1]))
			n--;
		if (n == 0 && (*p == '=' || *p == '-'))
			break;
	}
	return to;
}

static bool
is_fence(const struct md_emit *e, cmark_node *node)
{
	const char *p;
	size_t n = md_node_line(e, node, cmark_node_get_start_line(node), &p);

	return n >= 3 && (strncmp(p, "```", 3) == 0 || strncmp(p, "~~~", 3) == 0);
}

void
md_emit_code(struct md_emit *e, cmark_node *node)
{
	const char *p = cmark_node_get_literal(node), *head;
	size_t n = md_node_line(e, node, cmark_node_get_start_line(node), &head), i;

	if (is_fence(e, node)) {
		for (i = 0; i < n && head[i] == head[0]; i++)
			;
		while (i < n && (head[i] == ' ' || head[i] == '\t'))
			i++;
		md_code_head(e, head + i, n - i);
	}
	for (; p && *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		md_code_line(e, p, n);
	}
}

void
md_emit_html(struct md_emit *e, cmark_node *node)
{
	const char *p = cmark_node_get_literal(node);
	struct md_html_state h = {0};
	struct md_text t;
	size_t n;

	for (; p && *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		md_text_init(&t, e->count);
		md_html_line(e, &t, &h, p, n);
		md_emit_text(e, &t);
		md_text_release(&t);
	}
}

/* Marks of a quote do not count, where the node is inside one. */
bool
md_blank_above(const struct md_emit *e, cmark_node *node)
{
	int at = region_line(e, cmark_node_get_start_line(node));
	const char *marks = in_quote(node) ? " \t>\n" : " \t\n";
	const char *p;
	size_t n, i;

	if (at < 2)
		return false;
	p = e->src + e->lines[at - 2];
	n = e->lines[at - 1] - e->lines[at - 2];
	for (i = 0; i < n && strchr(marks, p[i]); i++)
		;
	return i == n;
}
