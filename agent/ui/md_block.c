/* Blocks to rows: headings, paragraphs, lists, quotes, code.
 *
 * Containers push a level: what their rows start with (a bar, a bullet, spaces). Whether a blank
 * row stands between two blocks is decided from the source line above the second one, so that
 * a list's items can be committed one by one. Recursion is bounded: blocks nested deeper than
 * MD_DEPTH_MAX are laid out one after the other without further levels.
 * Pinned by tests/unit/test_md.c and tests/unit/test_mdstream.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/md_int.h"
#include "agent/ui/width.h"

#define RULE_COLS 40
#define INFO_COLS 20 /* of a fence's language */
#define TAB_STOP  4

size_t md_parsed_bytes;

static void emit_blocks(struct md_emit *e, cmark_node *first, size_t depth);

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

static void
push_level(struct md_emit *e, const char *first, const char *rest, enum style_name style)
{
	struct md_level *l = &e->levels[e->nlevels];
	int cols = width_of(rest, strlen(rest));

	*l = (struct md_level){.style = style};
	if (e->nlevels < MD_DEPTH_MAX)
		e->nlevels++;
	if (e->nlevels > MD_INDENT_MAX || e->indent + cols > e->width - MD_COLS_MIN) {
		snprintf(l->first, sizeof(l->first), "%s", *first == ' ' ? "" : first);
		l->rest[0] = 0;
		l->cols = 0;
		return;
	}
	snprintf(l->first, sizeof(l->first), "%s", first);
	snprintf(l->rest, sizeof(l->rest), "%s", rest);
	l->cols = cols;
	e->indent += cols;
}

static void
pop_level(struct md_emit *e)
{
	e->indent -= e->levels[--e->nlevels].cols;
}

void
md_emit_text(struct md_emit *e, const struct md_text *t)
{
	AUTO_FREE struct md_line *lines = NULL;
	size_t n = md_wrap(t, e->width - e->indent, &lines), i;

	for (i = 0; i < n; i++) {
		md_row_begin(e);
		md_line_put(t, &lines[i], &e->row);
		md_row_end(e);
	}
}

static void
emit_heading(struct md_emit *e, cmark_node *node)
{
	int level = cmark_node_get_heading_level(node);
	struct style s = style_of(level == 1 ? STYLE_H1 : level == 2 ? STYLE_H2 : STYLE_H3);
	struct md_text t;

	md_text_init(&t, e->count);
	if (level > 1 || !e->o->attrs) {
		md_text_add(&t, s, "######", (size_t)level);
		md_text_add(&t, s, " ", 1);
	}
	md_inlines(e, &t, node, s);
	md_emit_text(e, &t);
	md_text_release(&t);
}

/* Cells, strong text and links of a paragraph this long would take seconds: as it stands. */
static bool
emit_huge(struct md_emit *e, cmark_node *node)
{
	int from = cmark_node_get_start_line(node), to = cmark_node_get_end_line(node), i;
	size_t total = 0;
	const char *p;
	struct md_text t;

	if (e->nsrc <= MD_PARA_MAX)
		return false;
	for (i = from; i <= to; i++)
		total += md_node_line(e, node, i, &p);
	if (total <= MD_PARA_MAX)
		return false;
	for (i = from; i <= to; i++) {
		size_t n = md_node_line(e, node, i, &p);

		md_text_init(&t, e->count);
		md_text_add(&t, (struct style){0}, p, n);
		md_emit_text(e, &t);
		md_text_release(&t);
	}
	md_row_begin(e);
	row_adds(&e->row, STYLE_DIM, "(too long a paragraph for formatting)");
	md_row_end(e);
	return true;
}

static void
emit_paragraph(struct md_emit *e, cmark_node *node)
{
	struct md_text t;

	if (emit_huge(e, node) || md_table_node(e, node))
		return;
	if (cmark_node_get_type(node) == CMARK_NODE_HEADING) {
		emit_heading(e, node);
		return;
	}
	md_text_init(&t, e->count);
	md_inlines(e, &t, node, (struct style){0});
	md_emit_text(e, &t);
	md_text_release(&t);
}

void
md_emit_rule(struct md_emit *e)
{
	int cols = MIN_OF(e->width - e->indent, RULE_COLS), i;

	md_row_begin(e);
	for (i = 0; i < cols; i++)
		row_adds(&e->row, STYLE_RULE, e->o->unicode ? "─" : "-");
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

static void
emit_code(struct md_emit *e, cmark_node *node)
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

static void
emit_html(struct md_emit *e, cmark_node *node)
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

/* "[ ] " or "[x] " at the start of an item; it is taken out of the text. 0: no task. */
static char
take_task(cmark_node *item)
{
	cmark_node *para = cmark_node_first_child(item), *text;
	const char *p;
	char state;

	if (!para || cmark_node_get_type(para) != CMARK_NODE_PARAGRAPH)
		return 0;
	cmark_consolidate_text_nodes(para);
	text = cmark_node_first_child(para);
	p = text && cmark_node_get_type(text) == CMARK_NODE_TEXT
		? cmark_node_get_literal(text)
		: NULL;
	if (!p || p[0] != '[' || !p[1] || !strchr(" xX", p[1]) || p[2] != ']' ||
	    p[3] != ' ')
		return 0;
	state = p[1];
	AUTO_FREE char *rest = mem_strdup(p + 4);
	cmark_node_set_literal(text, rest);
	return state;
}

static void
item_marker(const struct md_emit *e, char out[24], cmark_node *list, int number, char task)
{
	static const char *const bullets[] = {"•", "◦", "▪"};
	bool ordered = cmark_node_get_list_type(list) == CMARK_ORDERED_LIST;
	char close = cmark_node_get_list_delim(list) == CMARK_PAREN_DELIM ? ')' : '.';
	const char *box = !task		  ? ""
			  : e->o->unicode ? (task == ' ' ? "☐ " : "☑ ")
					  : (task == ' ' ? "[ ] " : "[x] ");
	size_t depth = e->depth ? e->depth - 1 : 0;

	if (ordered)
		snprintf(out, 24, "%d%c %s", number, close, box);
	else if (task)
		snprintf(out, 24, "%s", box);
	else
		snprintf(out, 24, "%s ", e->o->unicode ? bullets[depth % 3] : "-");
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

static void
emit_item(struct md_emit *e, cmark_node *list, cmark_node *item, int number, size_t depth)
{
	char first[24], rest[24];
	size_t levels = e->nlevels;
	int cols;

	item_marker(e, first, list, number, take_task(item));
	cols = width_of(first, strlen(first));
	snprintf(rest, sizeof(rest), "%*s", MIN_OF(cols, 23), "");
	push_level(e, first, rest, STYLE_MARKER);
	emit_blocks(e, cmark_node_first_child(item), depth);
	if (!e->levels[levels].used) { /* an empty item */
		md_row_begin(e);
		md_row_end(e);
	}
	pop_level(e);
}

static void
emit_list(struct md_emit *e, cmark_node *list, int number, size_t depth)
{
	cmark_node *item;

	e->depth++;
	for (item = cmark_node_first_child(list); item; item = cmark_node_next(item)) {
		if (cmark_node_previous(item) && md_blank_above(e, item))
			md_blank(e);
		emit_item(e, list, item, number, depth);
		number = number < 999999999 ? number + 1 : number;
	}
	e->depth--;
}

/* Below the bound of nesting: the leaves, one after the other. */
static void
emit_flat(struct md_emit *e, cmark_node *top)
{
	cmark_iter *it = cmark_iter_new(top);
	cmark_event_type ev;
	cmark_node *node;

	while ((ev = cmark_iter_next(it)) != CMARK_EVENT_DONE) {
		node = cmark_iter_get_node(it);
		if (ev != CMARK_EVENT_ENTER)
			continue;
		if (cmark_node_get_type(node) == CMARK_NODE_CODE_BLOCK)
			emit_code(e, node);
		else if (cmark_node_get_type(node) == CMARK_NODE_HTML_BLOCK)
			emit_html(e, node);
		else if (cmark_node_get_type(node) == CMARK_NODE_PARAGRAPH ||
			 cmark_node_get_type(node) == CMARK_NODE_HEADING)
			emit_paragraph(e, node);
	}
	cmark_iter_free(it);
}

static void
emit_block(struct md_emit *e, cmark_node *node, size_t depth)
{
	switch ((int)cmark_node_get_type(node)) {
	case CMARK_NODE_HEADING:
	case CMARK_NODE_PARAGRAPH:
		emit_paragraph(e, node);
		break;
	case CMARK_NODE_LIST:
		emit_list(e, node, cmark_node_get_list_start(node), depth);
		break;
	case CMARK_NODE_BLOCK_QUOTE:
		push_level(e, e->o->unicode ? "│ " : "| ", e->o->unicode ? "│ " : "| ",
			   STYLE_QUOTE);
		emit_blocks(e, cmark_node_first_child(node), depth);
		pop_level(e);
		break;
	case CMARK_NODE_CODE_BLOCK:
		emit_code(e, node);
		break;
	case CMARK_NODE_HTML_BLOCK:
		emit_html(e, node);
		break;
	case CMARK_NODE_THEMATIC_BREAK:
		md_emit_rule(e);
		break;
	default:
		break;
	}
}

enum md_kind
md_kind_of(cmark_node *node)
{
	switch ((int)cmark_node_get_type(node)) {
	case CMARK_NODE_PARAGRAPH:
		return MD_PARA;
	case CMARK_NODE_HEADING:
		return MD_HEAD;
	case CMARK_NODE_LIST:
		return MD_LIST;
	default:
		return MD_OTHER;
	}
}

/* A paragraph and the list under it stand as close as in the source; anything else is set off. */
bool
md_wants_blank(enum md_kind before, enum md_kind now, bool source)
{
	if (before == MD_NOTHING)
		return false;
	if ((before == MD_PARA || before == MD_LIST) && (now == MD_PARA || now == MD_LIST))
		return source;
	return true;
}

static void
emit_blocks(struct md_emit *e, cmark_node *first, size_t depth)
{
	enum md_kind before = MD_NOTHING, now;
	cmark_node *node;

	for (node = first; node; node = cmark_node_next(node)) {
		now = md_kind_of(node);
		if (md_wants_blank(before, now, md_blank_above(e, node)))
			md_blank(e);
		if (depth >= MD_DEPTH_MAX - 1)
			emit_flat(e, node);
		else
			emit_block(e, node, depth + 1);
		before = now;
	}
}

void
md_emit_top(struct md_emit *e, cmark_node *node, int number)
{
	if (number >= 0 && cmark_node_get_type(node) == CMARK_NODE_LIST)
		emit_list(e, node, number, 1);
	else
		emit_block(e, node, 1);
}
