/* Folding must give whole UTF-8 without controls, the same for every cut, and never more than
 * three bytes for one. With colours it must give the same text, marks being whole. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/utf8.h"
#include "tools/fold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
to_buf(const char *p, size_t n, void *arg)
{
	if (n == 0 || !buf_add(arg, p, n))
		abort();
}

static void
fold_all(struct buf *out, const char *p, size_t n, size_t step, bool colours)
{
	struct fold f;

	(colours ? fold_init_colours : fold_init)(&f, to_buf, out);
	for (size_t at = 0; at < n; at += step)
		fold_feed(&f, p + at, MIN_OF(step, n - at));
	fold_end(&f);
	fold_release(&f);
}

/* Takes the marks out. */
static void
without_marks(struct buf *b)
{
	size_t to = 0;

	for (size_t at = 0; at < b->len;) {
		struct sgr s;

		if ((unsigned char)b->data[at] == SGR_LEAD) {
			if (!sgr_read(b->data + at, b->len - at, &s))
				abort();
			at += SGR_MARK;
		} else {
			b->data[to++] = b->data[at++];
		}
	}
	buf_truncate(b, to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf coloured = BUF_INIT((3 + SGR_MARK) * size + 16);
	AUTO_BUF struct buf whole = BUF_INIT(3 * size + 1), cut = BUF_INIT(3 * size + 1);

	if (size == 0)
		return 0;
	fold_all(&whole, (const char *)data, size, size, false);
	fold_all(&cut, (const char *)data, size, 1 + data[0] % 7u, false);
	if (whole.len != cut.len || (whole.len && memcmp(whole.data, cut.data, cut.len)))
		abort();
	if (!utf8_valid(buf_str(&whole), whole.len))
		abort();
	for (size_t i = 0; i < whole.len; i++)
		if ((unsigned char)whole.data[i] < 0x20 && whole.data[i] != '\n' &&
		    whole.data[i] != '\t')
			abort();
	if (size > FOLD_LINE_MAX / 8) /* where marks take the room of text */
		return 0;
	fold_all(&coloured, (const char *)data, size, 1 + data[0] % 5u, true);
	without_marks(&coloured);
	if (whole.len != coloured.len ||
	    (whole.len && memcmp(whole.data, coloured.data, whole.len)))
		abort();
	return 0;
}
