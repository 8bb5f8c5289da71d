/* A session as one page. See export.h.
 *
 * cmark writes the HTML without any raw HTML or scripting link of the text; pictures become links,
 * so that opening the page fetches nothing, which the page's own policy also forbids. Everything
 * else is escaped here. No script. Pinned by tests/e2e/test_sessions.py. */
#include <string.h>

#include "agent/base/lib_cmark.h"
#include "agent/base/utf8.h"
#include "agent/export.h"

static const char page_head[] =
    "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n"
    "body{max-width:50em;margin:2em auto;padding:0 1em;font:16px/1.5 sans-serif;"
    "color:#222;background:#fff}\n"
    "pre{background:#f4f4f4;padding:.6em;overflow-x:auto;white-space:pre-wrap}\n"
    ".user{border-left:4px solid #36c;padding-left:1em}\n"
    ".tool{border-left:4px solid #bbb;padding-left:1em}\n"
    ".about{color:#777;font-size:80%}\n"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}"
    "pre{background:#262626}}\n</style>\n";

/* Text between tags or in a quoted attribute. What XML cannot hold is written as U+FFFD. */
static void
html_text(struct buf *out, const char *text)
{
	AUTO_BUF struct buf fine = BUF_INIT(EXPORT_MAX);

	utf8_repair(&fine, text, strlen(text));
	for (const char *p = buf_str(&fine); *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '<')
			buf_adds(out, "&lt;");
		else if (c == '>')
			buf_adds(out, "&gt;");
		else if (c == '&')
			buf_adds(out, "&amp;");
		else if (c == '"')
			buf_adds(out, "&quot;");
		else if (c < 0x20 && c != '\n' && c != '\t')
			buf_adds(out, "\xEF\xBF\xBD");
		else
			buf_addc(out, *p);
	}
}

/* A picture becomes a link to it. */
static void
html_unload(cmark_node *image)
{
	cmark_node *link = cmark_node_new(CMARK_NODE_LINK), *child;

	cmark_node_set_url(link, cmark_node_get_url(image));
	while ((child = cmark_node_first_child(image)))
		cmark_node_append_child(link, child);
	cmark_node_replace(image, link);
	cmark_node_free(image);
}

static void
html_markdown(struct buf *out, const char *text)
{
	AUTO_FREE char *html = NULL;
	cmark_node *doc = cmark_parse_document(text, strlen(text), CMARK_OPT_DEFAULT);
	cmark_iter *iter = cmark_iter_new(doc);
	cmark_event_type event;

	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
		if (event == CMARK_EVENT_EXIT &&
		    cmark_node_get_type(cmark_iter_get_node(iter)) == CMARK_NODE_IMAGE)
			html_unload(cmark_iter_get_node(iter));
	cmark_iter_free(iter);
	html = cmark_render_html(doc, CMARK_OPT_SAFE);
	buf_adds(out, html);
	cmark_node_free(doc);
}

static void
html_pre(struct buf *out, const char *text)
{
	buf_adds(out, "<pre><code>");
	html_text(out, text);
	buf_adds(out, "</code></pre>\n");
}

static void
html_call(struct buf *out, const struct msg_call *c)
{
	cJSON *args = NULL;
	const char *code, *language;

	json_parse(c->args, strlen(c->args), JSON_REPAIR, &args, NULL);
	code = json_str(args, "code");
	language = json_str(args, "language");
	buf_adds(out, "<p class=\"about\">");
	html_text(out, c->name);
	buf_addc(out, ' ');
	html_text(out, language ? language : "");
	buf_adds(out, "</p>\n");
	html_pre(out, code ? code : c->args);
	cJSON_Delete(args);
}

static void
html_msg(struct buf *out, const struct msg *m)
{
	AUTO_BUF struct buf label = BUF_INIT(MIB);

	export_label(m, &label);
	buf_addf(out, "<section class=\"%s\">\n<p class=\"about\">%s · ",
		 msg_role_word(m->role), msg_role_word(m->role));
	html_text(out, buf_str(&label));
	buf_adds(out, "</p>\n");
	if (m->role == MSG_ASSISTANT)
		html_markdown(out, m->text);
	else if (*m->text)
		html_pre(out, m->text);
	for (size_t i = 0; i < m->ncalls; i++)
		html_call(out, &m->calls[i]);
	buf_adds(out, "</section>\n");
}

void
export_html(const struct history *h, struct buf *out)
{
	const char *id = h->id ? h->id : "";

	buf_adds(out, page_head);
	buf_adds(out, "<title>Session ");
	html_text(out, id);
	buf_adds(out, "</title></head><body>\n<h1>Session ");
	html_text(out, id);
	buf_adds(out, "</h1>\n<p class=\"about\">");
	html_text(out, h->began ? h->began : "");
	buf_adds(out, " · ");
	html_text(out, h->model ? h->model : "");
	buf_adds(out, "</p>\n");
	for (size_t i = 1; i < h->msgs.n; i++)
		html_msg(out, &h->msgs.at[i]);
	buf_adds(out, "</body></html>\n");
}
