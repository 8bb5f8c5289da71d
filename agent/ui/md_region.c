/* A region of final source lines to rows.
 *
 * A region holds one top-level block, or one item of a top-level list, and what stands before
 * it. It is parsed together with the definitions known so far and laid out; md_flow carries what
 * the next region must know. Definitions print dim where they stand: the parser drops them, and
 * an earlier reference may have needed them. Pinned by tests/unit/test_mdstream.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/md_int.h"

cmark_node *
md_parse(const char *prelude, size_t nprelude, const char *p, size_t n, int *skip)
{
	cmark_parser *parser = cmark_parser_new(CMARK_OPT_DEFAULT);
	struct buf defs = BUF_INIT(MD_PRELUDE_MAX);
	cmark_node *root;
	size_t i;

	*skip = 0;
	if (nprelude && memchr(p, '[', n)) {
		md_prelude_for(&defs, prelude, nprelude, p);
		cmark_parser_feed(parser, buf_str(&defs), defs.len);
		for (i = 0; i < defs.len; i++)
			*skip += defs.data[i] == '\n';
	}
	cmark_parser_feed(parser, p, n);
	md_parsed_bytes += n + defs.len;
	root = cmark_parser_finish(parser);
	cmark_parser_free(parser);
	buf_release(&defs);
	return root;
}

struct region {
	struct md_emit *e;
	struct md_flow *flow;
	int line; /* 1-based; the next one that is not yet shown */
};

static size_t
offset_of(const struct md_emit *e, int line)
{
	return e->lines[MIN_OF((size_t)line - 1, e->nlines)];
}

static void
emit_definition(struct region *r, const char *p, size_t n)
{
	struct md_text t;
	size_t k;

	if (md_wants_blank(r->flow->before, MD_PARA, r->flow->blank))
		md_blank(r->e);
	for (; n > 0; p += k, n -= k) {
		k = strcspn(p, "\n");
		k = MIN_OF(k, n);
		md_text_init(&t, r->e->count);
		md_text_add(&t, style_of(STYLE_DIM), p, k);
		md_emit_text(r->e, &t);
		md_text_release(&t);
		k += k < n;
	}
	r->flow->before = MD_PARA;
	r->flow->blank = false;
}

/* Lines up to `end` that belong to no block: definitions and blank lines. At the start of a
 * paragraph (`para`) only the definitions count. */
static void
emit_gap(struct region *r, int end, bool para)
{
	const struct md_emit *e = r->e;

	while (r->line < end) {
		const char *p = e->src + offset_of(e, r->line);
		size_t n = offset_of(e, end) - offset_of(e, r->line),
		       len = md_definition(p, n), i;

		if (!len) {
			if (para)
				return;
			if (p[strspn(p, " \t")] == '\n')
				r->flow->blank = true;
			r->line++;
			continue;
		}
		emit_definition(r, p, len);
		for (i = 0; i < len; i++)
			r->line += p[i] == '\n';
		if (p[len - 1] != '\n')
			r->line++;
	}
}

static void
emit_child(struct region *r, cmark_node *node)
{
	struct md_emit *e = r->e;
	struct md_flow *f = r->flow;
	enum md_kind now = md_kind_of(node);
	int start = cmark_node_get_start_line(node) - e->skip;
	int end = md_node_end(e, node) - e->skip;

	emit_gap(r, start, false);
	if (now == MD_PARA)
		emit_gap(r, end + 1, true);
	if (md_wants_blank(f->before, now, f->blank || md_blank_above(e, node)))
		md_blank(e);
	md_emit_top(e, node, f->in_list && now == MD_LIST ? f->number : -1);
	f->in_list = false;
	f->before = now;
	f->blank = false;
	r->line = MAX_OF(r->line, end + 1);
}

static size_t *
index_lines(const char *p, size_t n, size_t *count)
{
	size_t *lines, i, k = 0, total = 1;

	for (i = 0; i < n; i++)
		total += p[i] == '\n';
	lines = mem_array(NULL, total + 1, sizeof(*lines));
	lines[k++] = 0;
	for (i = 0; i < n; i++) {
		if (p[i] == '\n' && i + 1 < n)
			lines[k++] = i + 1;
	}
	*count = n ? k : 0;
	lines[*count] = n;
	return lines;
}

static bool
ends_blank(const char *p, size_t n)
{
	if (n && p[n - 1] == '\n')
		n--;
	while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	return n == 0 || p[n - 1] == '\n';
}

void
md_emit_region(struct md_emit *e, struct md_flow *flow, const char *p, size_t n)
{
	struct region r = {.e = e, .flow = flow, .line = 1};
	AUTO_FREE size_t *lines = NULL;
	cmark_node *root, *node;

	if (n == 0)
		return;
	lines = index_lines(p, n, &e->nlines);
	e->src = p;
	e->nsrc = n;
	e->lines = lines;
	root = md_parse(e->prelude, e->nprelude, p, n, &e->skip);
	for (node = cmark_node_first_child(root); node; node = cmark_node_next(node)) {
		if (cmark_node_get_start_line(node) > e->skip)
			emit_child(&r, node);
	}
	emit_gap(&r, (int)e->nlines + 1, false);
	if (ends_blank(p, n))
		flow->blank = true;
	cmark_node_free(root);
	e->lines = NULL;
}
