/* What of the stream is final: complete lines in, regions out.
 *
 * In CommonMark only the last top-level block can still change, and a parse that starts at a
 * top-level block's first line gives the same blocks as the whole document. So the tail (what
 * is not final) is parsed again as lines come, everything before its last block is committed,
 * and of a list everything before its last item. A fence's lines are content or its end, and a
 * long table's lines are rows or its end, without a parse. Parsing at every line of a small tail
 * and after an eighth of growth of a large one keeps the work linear.
 * What is parsed when depends on the document only, never on how it was cut.
 * Pinned by tests/unit/test_mdstream.c. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ui/md_int.h"

static void
put_commit(const struct row *r, void *arg)
{
	struct md *m = arg;

	m->o.commit(r, m->o.arg);
}

void
md_emit_init(struct md *m, struct md_emit *e)
{
	int most = m->o.max_width > 0 ? m->o.max_width : 100;

	*e = (struct md_emit){
	    .o = &m->o,
	    .width = MAX_OF(MIN_OF(m->o.width - 1, most), MD_COLS_MIN),
	    .put = put_commit,
	    .arg = m,
	    .count = &m->count,
	    .prelude = m->prelude.data,
	    .nprelude = m->prelude.len,
	};
	row_init(&e->row);
}

void
md_emit_end(struct md_emit *e)
{
	row_release(&e->row);
}

/* Commits the first n bytes of the tail. */
static void
commit_bytes(struct md *m, size_t n, bool harvest)
{
	struct md_emit e;

	if (n == 0)
		return;
	/* A block's own definitions count for it: they are in its region. */
	md_emit_init(m, &e);
	md_emit_region(&e, &m->flow, m->tail.data, n);
	md_emit_end(&e);
	if (harvest)
		md_harvest(&m->prelude, m->tail.data, n);
	buf_consume(&m->tail, n);
	buf_str(&m->tail);
}

/* Byte offset of a 1-based line of the tail. */
static size_t
line_offset(const struct buf *b, int line)
{
	size_t at = 0;

	while (--line > 0 && at < b->len) {
		const char *nl = memchr(b->data + at, '\n', b->len - at);

		at = nl ? (size_t)(nl + 1 - b->data) : b->len;
	}
	return at;
}

static bool
holds_definition(const char *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		const char *nl = memchr(p + at, '\n', n - at);

		if (md_definition(p + at, n - at))
			return true;
		at = nl ? (size_t)(nl + 1 - p) : n;
	}
	return false;
}

/* Where the region of `node` ends, as a line of the tail: at the next block (or INT_MAX), or,
 * when definitions stand in between, at the block's own end: they count for later blocks. */
static int
region_end(const struct md *m, cmark_node *node, int line)
{
	cmark_node *after = cmark_node_next(node);
	int next = after ? cmark_node_get_start_line(after) - line + 1 : INT_MAX;
	int own = cmark_node_get_end_line(node) - line + 2;
	size_t from, to;

	if (own >= next)
		return next;
	from = line_offset(&m->tail, own);
	to = line_offset(&m->tail, next);
	return holds_definition(m->tail.data + from, to - from) ? own : next;
}

/* Commits the blocks before `last`; `*line` is the tail's first line in the tree's numbers. */
static void
commit_before(struct md *m, cmark_node *first, cmark_node *last, int *line)
{
	cmark_node *node;
	int end;

	for (node = first; node != last; node = cmark_node_next(node)) {
		cmark_node_type type = cmark_node_get_type(node);

		end = region_end(m, node, *line);
		commit_bytes(m, line_offset(&m->tail, end),
			     type != CMARK_NODE_CODE_BLOCK &&
				 type != CMARK_NODE_HTML_BLOCK);
		*line += end - 1;
	}
}

static void
commit_items(struct md *m, cmark_node *list, int *line)
{
	bool ordered = cmark_node_get_list_type(list) == CMARK_ORDERED_LIST;
	int number = m->flow.in_list ? m->flow.number : cmark_node_get_list_start(list);
	cmark_node *item = cmark_node_first_child(list), *next;

	for (; item && (next = cmark_node_next(item)) != NULL; item = next) {
		int at = cmark_node_get_start_line(next) - *line + 1;

		commit_bytes(m, line_offset(&m->tail, at), true);
		*line += at - 1;
		number = ordered && number < 999999999 ? number + 1 : number;
		m->flow.in_list = true;
		m->flow.number = number;
	}
}

/* The fence that a line opens: at most 3 spaces, then 3 or more marks. */
static bool
fence_opens(struct md_fence *f, const char *p, size_t n, size_t *info)
{
	size_t i = 0;

	while (i < n && i < 4 && p[i] == ' ')
		i++;
	f->indent = i;
	if (i > 3 || i >= n || (p[i] != '`' && p[i] != '~'))
		return false;
	f->mark = p[i];
	while (i < n && p[i] == f->mark)
		i++;
	f->len = i - f->indent;
	while (i < n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	*info = i;
	return f->len >= 3;
}

bool
md_fence_closes(const struct md_fence *f, const char *p, size_t n)
{
	size_t i = 0, from;

	while (i < n && i < 4 && p[i] == ' ')
		i++;
	for (from = i; i < n && p[i] == f->mark; i++)
		;
	if (from > 3 || i - from < f->len)
		return false;
	while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n'))
		i++;
	return i == n;
}

/* Bytes of the line's indentation that belong to the fence. */
size_t
md_fence_content(const struct md_fence *f, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && i < f->indent && p[i] == ' ')
		i++;
	return i;
}

static void
fence_row(struct md *m, struct md_emit *e, const char *p, size_t n)
{
	size_t skip = md_fence_content(&m->fence, p, n);

	md_code_line(e, p + skip, n - skip - (n > skip && p[n - 1] == '\n'));
}

/* The tail from its line `line` on is an open fence: from here its lines are final at once. */
static void
enter_fence(struct md *m, size_t at)
{
	struct md_emit e;
	const char *p, *nl;
	size_t n, info, len;

	commit_bytes(m, at, true);
	p = m->tail.data;
	n = m->tail.len;
	fence_opens(&m->fence, p, n, &info);
	md_emit_init(m, &e);
	if (md_wants_blank(m->flow.before, MD_OTHER, m->flow.blank))
		md_blank(&e);
	nl = memchr(p, '\n', n);
	len = nl ? (size_t)(nl - p) : n;
	md_code_head(&e, p + info, len - info);
	for (p += len + 1, n -= MIN_OF(len + 1, n); n > 0; p += len, n -= len) {
		nl = memchr(p, '\n', n);
		len = nl ? (size_t)(nl + 1 - p) : n;
		fence_row(m, &e, p, len);
	}
	md_emit_end(&e);
	buf_reset(&m->tail);
	m->fence.open = true;
	m->flow = (struct md_flow){.before = MD_OTHER};
}

/* The tail's line at `at` opens a fence that is not closed in the tail. */
static bool
fence_is_open(struct md *m, size_t at)
{
	struct md_fence f = {0};
	const char *p = m->tail.data + at, *nl;
	size_t n = m->tail.len - at, info, len;

	if (!fence_opens(&f, p, n, &info))
		return false;
	while ((nl = memchr(p, '\n', n)) != NULL) {
		len = (size_t)(nl + 1 - p);
		if (p != m->tail.data + at && md_fence_closes(&f, p, len))
			return false;
		p += len;
		n -= len;
	}
	return true;
}

static void
enter_table(struct md *m, size_t at)
{
	struct md_emit e;

	commit_bytes(m, at, true);
	md_emit_init(m, &e);
	if (md_wants_blank(m->flow.before, MD_PARA, m->flow.blank))
		md_blank(&e);
	m->table = md_table_open(&e, m->tail.data, m->tail.len);
	md_emit_end(&e);
	buf_reset(&m->tail);
	m->flow = (struct md_flow){.before = MD_PARA};
}

/* What the last block allows to be final before it is closed. */
static void
open_last(struct md *m, cmark_node *last, int line)
{
	size_t at = line_offset(&m->tail, cmark_node_get_start_line(last) - line + 1);
	const char *p = m->tail.data + at;
	size_t n = m->tail.len - at;

	switch ((int)cmark_node_get_type(last)) {
	case CMARK_NODE_LIST:
		commit_items(m, last, &line);
		break;
	case CMARK_NODE_CODE_BLOCK:
		if (fence_is_open(m, at))
			enter_fence(m, at);
		break;
	case CMARK_NODE_PARAGRAPH:
		if (n > 2 * MD_TABLE_ROWS && md_definition(p, n) == 0 &&
		    md_table_ready(p, n))
			enter_table(m, at);
		break;
	default:
		break;
	}
}

static void
advance(struct md *m)
{
	cmark_node *root, *last;
	int skip, line = 1;

	root = md_parse(NULL, 0, m->tail.data, m->tail.len, &skip);
	last = cmark_node_last_child(root);
	if (last) {
		commit_before(m, cmark_node_first_child(root), last, &line);
		open_last(m, last, line);
	}
	cmark_node_free(root);
	m->parsed = m->tail.len;
}

/* A paragraph goes on with this line: then it is a row. */
static bool
table_goes_on(const char *p, size_t n)
{
	struct buf b = BUF_INIT(MD_LINE_MAX * 4);
	cmark_node *root, *node;
	bool one;
	int skip;

	buf_adds(&b, "x\n");
	buf_add(&b, p, n);
	root = md_parse(NULL, 0, b.data, b.len, &skip);
	node = cmark_node_first_child(root);
	one = node && !cmark_node_next(node) && cmark_node_get_end_line(node) == 2 &&
	      (cmark_node_get_type(node) == CMARK_NODE_PARAGRAPH ||
	       (cmark_node_get_type(node) == CMARK_NODE_HEADING && memchr(p, '=', n)));
	cmark_node_free(root);
	buf_release(&b);
	return one;
}

static void
close_table(struct md *m)
{
	md_table_free(m->table);
	m->table = NULL;
}

static bool
fast_line(struct md *m, const char *p, size_t n)
{
	struct md_emit e;

	if (m->fence.open && md_fence_closes(&m->fence, p, n)) {
		m->fence.open = false;
		return true;
	}
	if (m->table && !table_goes_on(p, n))
		close_table(m);
	if (!m->fence.open && !m->table)
		return false;
	md_emit_init(m, &e);
	if (m->fence.open)
		fence_row(m, &e, p, n);
	else
		md_table_more(&e, m->table, p, n);
	md_emit_end(&e);
	return true;
}

void
md_stream_line(struct md *m, const char *p, size_t n)
{
	if (fast_line(m, p, n))
		return;
	buf_add(&m->tail, p, n);
	buf_str(&m->tail);
	if (m->tail.len < MD_PARSE_ALWAYS || m->tail.len - m->parsed >= m->parsed / 8)
		advance(m);
}

/* The last block without the definitions behind it. */
static void
commit_last(struct md *m)
{
	int skip;
	cmark_node *root = md_parse(NULL, 0, buf_str(&m->tail), m->tail.len, &skip);
	cmark_node *last = cmark_node_last_child(root);

	if (last)
		commit_bytes(m, line_offset(&m->tail, region_end(m, last, 1)), true);
	cmark_node_free(root);
}

void
md_stream_end(struct md *m)
{
	if (m->tail.len) {
		advance(m);
		commit_last(m);
	}
	commit_bytes(m, m->tail.len, true);
	close_table(m);
	m->fence.open = false;
	m->parsed = 0;
}
