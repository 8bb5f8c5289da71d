/* Tables in CommonMark's paragraphs: finding and cutting them.
 *
 * A paragraph (or a setext heading of several lines) whose source holds a header line and under
 * it a delimiter row with as many cells is a table from there on. Lines are cut at unescaped
 * pipes; all cells are parsed in one cmark run, each as a paragraph of its own, held together
 * by a spacer that no block can start with. Cells beyond the header are joined to the last one:
 * GFM drops them, we must not lose data.
 * Sources: GFM 0.29 section 4.10. Pinned by tests/unit/test_table.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/table.h"

struct lines {
	struct table_part *l;
	size_t n;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct table_part
trim(const char *p, size_t n)
{
	while (n && is_blank(p[n - 1]))
		n--;
	while (n && is_blank(*p)) {
		p++;
		n--;
	}
	return (struct table_part){p, n};
}

/* Cells of a line; at most `max` are stored, the count is the true one. */
static size_t
split_cells(const char *p, size_t n, struct table_part *cells, size_t max)
{
	struct table_part line = trim(p, n);
	size_t i, from, count = 0;

	from = line.n && line.p[0] == '|' ? 1 : 0;
	for (i = from; i <= line.n; i++) {
		if (i < line.n && line.p[i] == '\\' && i + 1 < line.n) {
			i++;
			continue;
		}
		if (i < line.n && line.p[i] != '|')
			continue;
		if (i == line.n && from == i && count > 0)
			break; /* the closing pipe was the last character */
		if (count < max)
			cells[count] = trim(line.p + from, i - from);
		count++;
		from = i + 1;
	}
	return count;
}

static bool
is_delimiter(struct table_part c, enum table_align *align)
{
	bool left = c.n && c.p[0] == ':', right = c.n > 1 && c.p[c.n - 1] == ':';
	size_t i;

	if (c.n < 1 + (size_t)left + (size_t)right)
		return false;
	for (i = left; i < c.n - right; i++) {
		if (c.p[i] != '-')
			return false;
	}
	*align = left && right ? TABLE_CENTER : right ? TABLE_RIGHT : TABLE_LEFT;
	return true;
}

/* True when `head` and `rule` open a table; fills the columns. */
static bool
opens(struct table_part head, struct table_part rule, struct md_table *t)
{
	struct table_part cells[MD_TABLE_COLS], heads[MD_TABLE_COLS];
	size_t n, i;

	if (head.n > MD_TABLE_LINE_MAX || rule.n > MD_TABLE_LINE_MAX || rule.n == 0 ||
	    !strchr("|:-", *trim(rule.p, rule.n).p))
		return false;
	n = split_cells(rule.p, rule.n, cells, MD_TABLE_COLS);
	if (n > MD_TABLE_COLS)
		return false;
	for (i = 0; i < n; i++) {
		if (!is_delimiter(cells[i], &t->align[i]))
			return false;
	}
	t->cols = n;
	return split_cells(head.p, head.n, heads, MD_TABLE_COLS) == n;
}

static size_t
find_table(const struct lines *l, struct md_table *t)
{
	size_t i;

	for (i = 0; i + 1 < l->n; i++) {
		if (opens(l->l[i], l->l[i + 1], t))
			return i;
	}
	return l->n;
}

/* "\|" is a pipe, in code too. */
static void
add_cell(struct buf *doc, struct table_part c)
{
	size_t i;

	buf_adds(doc, MD_SPACER_STR);
	for (i = 0; i < c.n; i++) {
		if (c.p[i] == '\\' && i + 1 < c.n && c.p[i + 1] == '|')
			continue;
		buf_addc(doc, c.p[i]);
	}
	buf_adds(doc, "\n\n");
}

/* From the start of a cell to the end of the line, without a closing pipe. */
static struct table_part
rest_of(struct table_part line, const char *from)
{
	size_t n = (size_t)(line.p + line.n - from);

	if (n > 1 && from[n - 1] == '|' && from[n - 2] != '\\')
		n--;
	return trim(from, n);
}

static void
add_row(struct buf *doc, struct table_part line, size_t cols)
{
	struct table_part cells[MD_TABLE_COLS + 1];
	size_t n = split_cells(line.p, line.n, cells, MD_TABLE_COLS + 1), i;

	for (i = 0; i < cols; i++) {
		if (i + 1 == cols && n > cols)
			cells[i] = rest_of(trim(line.p, line.n), cells[i].p);
		add_cell(doc, i < n ? cells[i] : (struct table_part){"", 0});
	}
}

/* Texts of all cells of these lines, for the caller to release. */
static struct md_text *
parse_cells(struct md_emit *e, const struct lines *l, size_t cols, uint16_t attrs)
{
	struct md_text *cells = mem_alloc(l->n * cols * sizeof(*cells));
	struct buf doc = BUF_INIT(MD_MESSAGE_MAX * 4);
	cmark_node *root, *node;
	size_t i;
	int skip;

	for (i = 0; i < l->n; i++)
		add_row(&doc, l->l[i], cols);
	root = md_parse(e->prelude, e->nprelude, buf_str(&doc), doc.len, &skip);
	node = cmark_node_first_child(root);
	while (node && cmark_node_get_start_line(node) <= skip)
		node = cmark_node_next(node);
	for (i = 0; i < l->n * cols; i++) {
		md_text_init(&cells[i], e->count);
		if (node)
			md_inlines(e, &cells[i], node, (struct style){.attrs = attrs});
		node = node ? cmark_node_next(node) : NULL;
	}
	cmark_node_free(root);
	buf_release(&doc);
	return cells;
}

static void
release_cells(struct md_text *cells, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		md_text_release(&cells[i]);
	free(cells);
}

/* The lines above the table in the same paragraph. */
static void
emit_above(struct md_emit *e, const struct lines *l, size_t n)
{
	struct buf doc = BUF_INIT(MD_MESSAGE_MAX * 2);
	struct md_text t;
	cmark_node *root, *node;
	size_t i;
	int skip;

	if (n == 0)
		return;
	buf_adds(&doc, MD_SPACER_STR);
	for (i = 0; i < n; i++) {
		buf_add(&doc, l->l[i].p, l->l[i].n);
		buf_addc(&doc, '\n');
	}
	root = md_parse(e->prelude, e->nprelude, buf_str(&doc), doc.len, &skip);
	md_text_init(&t, e->count);
	node = cmark_node_last_child(root);
	if (node)
		md_inlines(e, &t, node, (struct style){0});
	md_emit_text(e, &t);
	md_blank(e);
	md_text_release(&t);
	cmark_node_free(root);
	buf_release(&doc);
}

static void
emit_rows(struct md_emit *e, struct md_table *t, const struct lines *l)
{
	struct md_text *cells = parse_cells(e, l, t->cols, 0);
	size_t i;

	for (i = 0; i < l->n; i++)
		table_row(e, t, cells + i * t->cols);
	release_cells(cells, l->n * t->cols);
}

/* Table at line `at`: header, then rows; the widths come from the first MD_TABLE_ROWS rows or
 * MD_TABLE_BYTES of them, so that what follows cannot change them. */
static void
emit_table(struct md_emit *e, struct md_table *t, const struct lines *l, size_t at)
{
	struct lines head = {l->l + at, 1};
	struct lines rows = {l->l + at + 2, l->n - at - 2};
	struct lines first = rows, later;
	size_t bytes = 0, i;
	struct md_text *cells;

	emit_above(e, l, at);
	for (i = 0; i < rows.n && i < MD_TABLE_ROWS && bytes < MD_TABLE_BYTES; i++)
		bytes += rows.l[i].n + 1;
	first.n = i;
	t->head = parse_cells(e, &head, t->cols, e->o->attrs ? ATTR_BOLD : 0);
	cells = parse_cells(e, &first, t->cols, 0);
	table_fit(e, t, cells, first.n);
	table_head(e, t);
	for (i = 0; i < first.n; i++)
		table_row(e, t, cells + i * t->cols);
	release_cells(cells, first.n * t->cols);
	later = (struct lines){rows.l + first.n, rows.n - first.n};
	if (later.n)
		emit_rows(e, t, &later);
}

static struct lines
node_lines(const struct md_emit *e, cmark_node *node)
{
	int from = cmark_node_get_start_line(node), to = md_node_end(e, node), i;
	struct lines l = {.n = to >= from ? (size_t)(to - from + 1) : 0};

	l.l = mem_alloc(l.n * sizeof(*l.l));
	for (i = from; i <= to; i++)
		l.l[i - from].n = md_node_line(e, node, i, &l.l[i - from].p);
	return l;
}

static bool
lines_ok(const struct lines *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (l->l[i].n > MD_TABLE_LINE_MAX)
			return false;
	}
	return l->n >= 2;
}

bool
md_table_node(struct md_emit *e, cmark_node *node)
{
	struct lines l = node_lines(e, node);
	struct md_table *t = mem_alloc(sizeof(*t));
	bool setext = cmark_node_get_type(node) == CMARK_NODE_HEADING, found = false,
	     rule = false;
	size_t at;

	if (lines_ok(&l)) {
		if (setext && l.l[l.n - 1].n && l.l[l.n - 1].p[0] == '-') {
			rule =
			    true; /* a rule under the table, had the parser known of it */
			l.n--;
		}
		at = find_table(&l, t);
		found = at < l.n;
		if (found)
			emit_table(e, t, &l, at);
		if (found && rule)
			md_emit_rule(e);
	}
	free(l.l);
	md_table_free(t);
	return found;
}

static struct lines
text_lines(const char *p, size_t n)
{
	struct lines l = {0};
	size_t i, from = 0, total = 0;

	for (i = 0; i < n; i++)
		total += p[i] == '\n';
	l.l = mem_alloc((total + 1) * sizeof(*l.l));
	for (i = 0; i < n; i++) {
		if (p[i] != '\n')
			continue;
		l.l[l.n++] = trim(p + from, i - from);
		from = i + 1;
	}
	return l;
}

bool
md_table_ready(const char *p, size_t n)
{
	struct lines l = text_lines(p, n);
	struct md_table t;
	size_t at = lines_ok(&l) ? find_table(&l, &t) : l.n;
	size_t rows = at < l.n ? l.n - at - 2 : 0, bytes = 0, i;

	for (i = at + 2; i < l.n && bytes < MD_TABLE_BYTES; i++)
		bytes += l.l[i].n + 1;
	free(l.l);
	return rows >= MD_TABLE_ROWS || bytes >= MD_TABLE_BYTES;
}

struct md_table *
md_table_open(struct md_emit *e, const char *p, size_t n)
{
	struct lines l = text_lines(p, n);
	struct md_table *t = mem_alloc(sizeof(*t));
	size_t at = find_table(&l, t);

	emit_table(e, t, &l, at);
	free(l.l);
	return t;
}

void
md_table_more(struct md_emit *e, struct md_table *t, const char *p, size_t n)
{
	struct lines l = text_lines(p, n);

	emit_rows(e, t, &l);
	free(l.l);
}

void
md_table_free(struct md_table *t)
{
	if (!t)
		return;
	if (t->head)
		release_cells(t->head, t->cols);
	free(t);
}
