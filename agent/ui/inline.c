/* cmark's inlines to a text of styled runs.
 *
 * One walk over the events of a paragraph's subtree with counters instead of a stack, so that
 * depth costs nothing. Strikethrough (~~) is paired among siblings in a first walk; bare links
 * are found in text nodes. What a screen without attributes or colours cannot show is printed
 * as it was written: *i*, **b**, `code`.
 * Sources: CommonMark 0.30, GFM 0.29 sections 6.5 and 6.9. Pinned by tests/unit/test_md.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/md_int.h"

/* A "~~" in a text node. */
struct strike {
	cmark_node *node, *parent;
	size_t at;
	bool can_open, can_close, paired;
};

struct inl {
	struct md_emit *e;
	struct md_text *t;
	struct style base;
	int bold, italic, strike, link;
	const char *url; /* target of the link we are in, if it may be one */
	bool linked;	 /* it is shown as OSC 8 */
	size_t label;	 /* where the link's text starts */
	struct md_html_state html;
	struct strike *strikes;
	size_t nstrikes, cap, next;
};

static struct style
style_now(const struct inl *in)
{
	struct style s = in->base;

	if (in->bold)
		s.attrs |= ATTR_BOLD;
	if (in->italic)
		s.attrs |= ATTR_ITALIC;
	if (in->strike)
		s.attrs |= ATTR_STRIKE;
	if (in->link)
		s.attrs |= ATTR_UNDERLINE;
	return md_html_style(&in->html, s);
}

static void
put(struct inl *in, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (in->linked)
		md_text_link(in->t, style_now(in), p, n, in->url, strlen(in->url));
	else
		md_text_add(in->t, style_now(in), p, n);
}

/* Marks are printed where attributes cannot be shown. */
static void
put_mark(struct inl *in, const char *mark)
{
	if (!in->e->o->attrs)
		put(in, mark, strlen(mark));
}

/* First walk: every "~~" that is exactly two. */
static void
find_strikes(struct inl *in, cmark_node *node)
{
	const char *p = cmark_node_get_literal(node), *q;
	size_t run;

	for (q = p; q && (q = strstr(q, "~~")) != NULL; q += run) {
		run = strspn(q, "~");
		if (run != 2)
			continue;
		if (in->nstrikes == in->cap) {
			in->cap = in->cap ? in->cap * 2 : 8;
			in->strikes = mem_array(in->strikes, in->cap, sizeof(*in->strikes));
		}
		in->strikes[in->nstrikes++] = (struct strike){
		    .node = node,
		    .parent = cmark_node_parent(node),
		    .at = (size_t)(q - p),
		    .can_open = q[2] ? q[2] != ' ' : cmark_node_next(node) != NULL,
		    .can_close = q > p ? q[-1] != ' ' : cmark_node_previous(node) != NULL,
		};
	}
}

/* Pairs a "~~" with the one before it under the same parent. */
static void
pair_strikes(struct inl *in)
{
	size_t i, open = 0;
	bool have = false;

	for (i = 0; i < in->nstrikes; i++) {
		struct strike *s = &in->strikes[i];

		if (have && in->strikes[open].parent == s->parent && s->can_close &&
		    !(in->strikes[open].node == s->node &&
		      in->strikes[open].at + 2 == s->at)) {
			s->paired = in->strikes[open].paired = true;
			have = false;
		} else if (s->can_open &&
			   !(have && in->strikes[open].parent == s->parent)) {
			open = i;
			have = true;
		}
	}
}

static void
collect_strikes(struct inl *in, cmark_node *parent)
{
	cmark_iter *it = cmark_iter_new(parent);
	cmark_event_type ev;

	while ((ev = cmark_iter_next(it)) != CMARK_EVENT_DONE) {
		if (ev == CMARK_EVENT_ENTER &&
		    cmark_node_get_type(cmark_iter_get_node(it)) == CMARK_NODE_TEXT)
			find_strikes(in, cmark_iter_get_node(it));
	}
	cmark_iter_free(it);
	pair_strikes(in);
}

/* Text with bare links in it. */
static void
put_linked(struct inl *in, const char *p, size_t n)
{
	struct buf url = BUF_INIT(MD_MESSAGE_MAX);
	struct style s = style_now(in);
	struct md_auto a;
	size_t at = 0;

	while (!in->link && md_autolink(p, n, at, &a)) {
		put(in, p + at, a.from - at);
		buf_reset(&url);
		buf_adds(&url, a.scheme);
		md_decode(&url, p + a.from, a.to - a.from);
		s = style_with(style_now(in), ATTR_UNDERLINE);
		if (in->e->o->links && md_url_class(buf_str(&url), url.len) == MD_URL_SAFE)
			md_text_link(in->t, s, p + a.from, a.to - a.from, url.data,
				     url.len);
		else
			md_text_add(in->t, s, p + a.from, a.to - a.from);
		at = a.to;
	}
	put(in, p + at, n - at);
	buf_release(&url);
}

static void
on_text(struct inl *in, cmark_node *node)
{
	const char *p = cmark_node_get_literal(node);
	size_t at = 0, n = p ? strlen(p) : 0;

	while (in->next < in->nstrikes && in->strikes[in->next].node == node) {
		const struct strike *s = &in->strikes[in->next++];

		if (!s->paired)
			continue;
		put_linked(in, p + at, s->at - at);
		if (in->strike)
			put_mark(in, "~~");
		in->strike = !in->strike;
		if (in->strike)
			put_mark(in, "~~");
		at = s->at + 2;
	}
	put_linked(in, p + at, n - at);
}

static void
on_code(struct inl *in, cmark_node *node)
{
	const char *p = cmark_node_get_literal(node);
	struct buf b = BUF_INIT(MD_MESSAGE_MAX);
	struct style s = style_now(in);

	s.fg = style_of(STYLE_CODE).fg;
	buf_addf(&b, in->e->o->color ? "%s" : "`%s`", p ? p : "");
	md_text_whole(in->t, s, buf_str(&b), b.len);
	buf_release(&b);
}

static void
on_html(struct inl *in, cmark_node *node)
{
	const char *p = cmark_node_get_literal(node);
	bool brk = false;

	if (p && md_html_tag(&in->html, p, strlen(p), &brk)) {
		if (brk)
			md_text_break(in->t);
	} else if (p) {
		md_text_add(in->t, style_of(STYLE_HTML), p, strlen(p));
	}
}

static void
link_enter(struct inl *in, cmark_node *node)
{
	const char *url = cmark_node_get_url(node);
	bool safe = url && md_url_class(url, strlen(url)) == MD_URL_SAFE;

	if (in->link++)
		return;
	in->url = url ? url : "";
	in->linked = safe && in->e->o->links;
	in->label = in->t->text.len;
}

static void
link_exit(struct inl *in)
{
	if (--in->link)
		return;
	in->linked = false;
	md_link_tail(in->e, in->t, in->label, in->url);
}

static void
on_image(struct inl *in, cmark_node *node, bool enter)
{
	const char *url = cmark_node_get_url(node);
	struct style s = style_of(STYLE_URL);

	if (enter) {
		put(in, in->e->o->japanese ? "[画像: " : "[image: ",
		    in->e->o->japanese ? 9 : 8);
		return;
	}
	put(in, "]", 1);
	if (!url || !*url)
		return;
	md_text_add(in->t, s, " (", 2);
	md_text_whole(in->t, s, url, strlen(url));
	md_text_add(in->t, s, ")", 1);
}

static void
emphasis(struct inl *in, bool strong, bool enter)
{
	int *counter = strong ? &in->bold : &in->italic;
	const char *mark = strong ? "**" : "*";

	if (!enter)
		put_mark(in, mark);
	*counter += enter ? 1 : -1;
	if (enter)
		put_mark(in, mark);
}

static void
on_event(struct inl *in, cmark_node *node, bool enter)
{
	switch ((int)cmark_node_get_type(node)) {
	case CMARK_NODE_TEXT:
		on_text(in, node);
		break;
	case CMARK_NODE_SOFTBREAK:
		in->t->soft = true;
		break;
	case CMARK_NODE_LINEBREAK:
		md_text_break(in->t);
		break;
	case CMARK_NODE_CODE:
		on_code(in, node);
		break;
	case CMARK_NODE_HTML_INLINE:
		on_html(in, node);
		break;
	case CMARK_NODE_EMPH:
	case CMARK_NODE_STRONG:
		emphasis(in, cmark_node_get_type(node) == CMARK_NODE_STRONG, enter);
		break;
	case CMARK_NODE_LINK:
		if (enter)
			link_enter(in, node);
		else
			link_exit(in);
		break;
	case CMARK_NODE_IMAGE:
		on_image(in, node, enter);
		break;
	default:
		break;
	}
}

void
md_inlines(struct md_emit *e, struct md_text *t, cmark_node *parent, struct style base)
{
	struct inl in = {.e = e, .t = t, .base = base};
	cmark_iter *it;
	cmark_event_type ev;

	collect_strikes(&in, parent);
	it = cmark_iter_new(parent);
	while ((ev = cmark_iter_next(it)) != CMARK_EVENT_DONE) {
		if (cmark_iter_get_node(it) != parent)
			on_event(&in, cmark_iter_get_node(it), ev == CMARK_EVENT_ENTER);
	}
	cmark_iter_free(it);
	free(in.strikes);
}
