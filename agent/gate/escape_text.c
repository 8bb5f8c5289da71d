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
escape_summary_in(struct buf *out, const struct escape_findings *f, bool japanese)
{
	const struct {
		size_t count;
		const char *english, *japanese;
	} rows[] = {
	    {f->control, "control", "制御文字"},
	    {f->bidi, "bidirectional", "双方向制御文字"},
	    {f->invisible, "invisible", "見えない文字"},
	    {f->unassigned, "unassigned", "未割り当ての文字"},
	    {f->bad_bytes, "bytes no UTF-8", "UTF-8 でないバイト"},
	    {f->marks, "stacked marks", "重ねた結合文字"},
	    {f->mixed, "mixed script", "文字体系の混ざった語"},
	    {f->hosts, "host beyond ASCII", "ASCII 以外を含むホスト名"},
	    {f->rtl, "right-to-left", "右から左に書く文字"},
	    {f->fullwidth, "full-width ASCII", "全角の英数字・記号"},
	    {f->spaces, "odd spaces", "特殊な空白"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].count == 0)
			continue;
		buf_adds(out, out->len == 0 ? "" : japanese ? "、" : ", ");
		buf_addf(out, japanese ? "%2$s %1$zu" : "%1$zu %2$s", rows[i].count,
			 japanese ? rows[i].japanese : rows[i].english);
	}
}

void
escape_summary(struct buf *out, const struct escape_findings *f)
{
	escape_summary_in(out, f, false);
}
