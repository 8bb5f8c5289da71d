/* The escaped view as text, and what its findings say. See escape.h.
 * Pinned by tests/unit/test_escape.c. */
#include "agent/gate/escape.h"

static void
escape_into_buf(enum escape_kind kind, const char *p, size_t n, void *arg)
{
	if (kind != ESCAPE_NOTE)
		buf_add(arg, p, n);
}

bool
escape_text(struct buf *out, const char *p, size_t n, unsigned mode)
{
	escape_walk(p, n, mode, escape_into_buf, out, NULL);
	return !out->full;
}

bool
escape_is_suspicious(const struct escape_findings *f)
{
	return f->control + f->bidi + f->invisible + f->unassigned + f->bad_bytes +
		   f->marks + f->mixed + f->hosts >
	       0;
}

void
escape_summary(struct buf *out, const struct escape_findings *f)
{
	const struct {
		size_t count;
		const char *word;
	} rows[] = {
	    {f->control, "control"},	      {f->bidi, "bidirectional"},
	    {f->invisible, "invisible"},      {f->unassigned, "unassigned"},
	    {f->bad_bytes, "bytes no UTF-8"}, {f->marks, "stacked marks"},
	    {f->mixed, "mixed script"},	      {f->hosts, "host beyond ASCII"},
	    {f->rtl, "right-to-left"},	      {f->fullwidth, "full-width ASCII"},
	    {f->spaces, "odd spaces"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].count > 0)
			buf_addf(out, "%s%zu %s", out->len > 0 ? ", " : "", rows[i].count,
				 rows[i].word);
}
