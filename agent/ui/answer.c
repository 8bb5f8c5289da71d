/* A Markdown stream that ends on the terminal. See answer.h. */
#include "agent/ui/answer.h"
#include "agent/ui/ask.h"

static void
answer_commit(const struct row *r, void *arg)
{
	term_row(arg, TERM_ANSWER, r);
}

static void
answer_tail(const struct row *rows, size_t n, void *arg)
{
	term_tail(arg, rows, n);
}

struct md *
answer_new(struct term *t, bool live)
{
	struct md_opts o = {.width = term_width(t),
			    .unicode = term_unicode(t),
			    .attrs = term_esc(t) || term_color(t),
			    .color = term_color(t),
			    .links = term_links(t),
			    .japanese = ask_japanese(),
			    .commit = answer_commit,
			    .tail = live && term_esc(t) ? answer_tail : NULL,
			    .arg = t};

	return md_new(&o);
}
