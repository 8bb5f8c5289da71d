/* Fuzzes the Markdown stream: rows must not depend on where the text was cut, no row may hold a
 * control character, and drawing the tail must change nothing. The first byte says how to cut. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/ui/md.h"

#define IN_MAX 4096 /* bytes; longer inputs only make it slow */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
keep(const struct row *r, void *arg)
{
	struct buf *out = arg;
	size_t i;

	for (i = 0; i < r->n; i++) {
		buf_addf(out, "{%x,%d}", r->spans[i].style.attrs, r->spans[i].style.fg);
		buf_add(out, r->text.data + r->spans[i].off, r->spans[i].len);
	}
	buf_addc(out, '\n');
}

static void
ignore(const struct row *rows, size_t n, void *arg)
{
	(void)rows;
	(void)n;
	(void)arg;
}

static void
render(struct buf *out, const char *p, size_t n, size_t step, bool tail)
{
	struct md_opts o = {.width = 30,
			    .unicode = true,
			    .attrs = true,
			    .color = true,
			    .commit = keep,
			    .tail = tail ? ignore : NULL,
			    .arg = out};
	struct md *m = md_new(&o);
	size_t i, k;

	for (i = 0; i < n; i += k) {
		k = n - i < step ? n - i : step;
		md_feed(m, p + i, k);
		md_refresh(m);
	}
	md_finish(m);
	md_free(m);
}

static void
check_text(const struct buf *b)
{
	size_t i = 0;
	uint32_t cp;

	while (i < b->len) {
		i += utf8_decode(b->data + i, b->len - i, &cp);
		if (cp == UINT32_MAX || (cp < 0x20 && cp != '\n') ||
		    (cp >= 0x7f && cp < 0xa0) || cp == 0x202e || cp == 0x200b)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf whole = BUF_INIT(64 * MIB), pieces = BUF_INIT(64 * MIB);
	const char *text = (const char *)p + 1;

	if (n < 2 || n > IN_MAX)
		return 0;
	render(&whole, text, n - 1, n, false);
	render(&pieces, text, n - 1, 1 + p[0] % 23, p[0] & 0x80);
	if (whole.len != pieces.len ||
	    (whole.len && memcmp(whole.data, pieces.data, whole.len) != 0))
		abort();
	check_text(&whole);
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
