/* Renders Markdown to text for the tests: "{style}" before each change of style. */
#ifndef SUNABA_TESTS_MD_HELP_H
#define SUNABA_TESTS_MD_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "agent/base/mem.h"
#include "agent/ui/md.h"
#include "agent/ui/width.h"

struct shown {
	struct buf out;
	bool styles;
	int widest;
};

static void
shown_commit(const struct row *r, void *arg)
{
	struct shown *s = arg;
	size_t i;
	int cols = 0;

	for (i = 0; i < r->n; i++) {
		const struct span *p = &r->spans[i];

		if (s->styles)
			buf_addf(&s->out, "{%x,%d%s%.*s}", p->style.attrs, p->style.fg,
				 p->link_len ? " " : "", (int)p->link_len,
				 r->text.data + p->link);
		buf_add(&s->out, r->text.data + p->off, p->len);
		cols += width_of(r->text.data + p->off, p->len);
	}
	if (!r->nowrap_marker)
		s->widest = MAX_OF(s->widest, cols);
	while (!s->styles && s->out.len && s->out.data[s->out.len - 1] == ' ')
		buf_truncate(&s->out, s->out.len - 1);
	buf_addc(&s->out, '\n');
}

UNUSED static struct md_opts
shown_opts(struct shown *s, int width)
{
	return (struct md_opts){.width = width,
				.unicode = true,
				.attrs = true,
				.color = true,
				.commit = shown_commit,
				.arg = s};
}

/* The whole text in one piece; for the caller to free. */
UNUSED static char *
show_text(const char *p, size_t n, int width)
{
	struct shown s = {.out = BUF_INIT(64 * MIB)};
	struct md_opts o = shown_opts(&s, width);
	struct md *m = md_new(&o);

	md_feed(m, p, n);
	md_finish(m);
	md_free(m);
	return buf_take(&s.out);
}

#endif
