/* Folding must give whole UTF-8 without controls, the same for every cut, and never more than
 * three bytes for one. */
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
fold_all(struct buf *out, const char *p, size_t n, size_t step)
{
	struct fold f;

	fold_init(&f, to_buf, out);
	for (size_t at = 0; at < n; at += step)
		fold_feed(&f, p + at, MIN_OF(step, n - at));
	fold_end(&f);
	fold_release(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf whole = BUF_INIT(3 * size + 1), cut = BUF_INIT(3 * size + 1);

	if (size == 0)
		return 0;
	fold_all(&whole, (const char *)data, size, size);
	fold_all(&cut, (const char *)data, size, 1 + data[0] % 7u);
	if (whole.len != cut.len || (whole.len && memcmp(whole.data, cut.data, cut.len)))
		abort();
	if (!utf8_valid(buf_str(&whole), whole.len))
		abort();
	for (size_t i = 0; i < whole.len; i++)
		if ((unsigned char)whole.data[i] < 0x20 && whole.data[i] != '\n' &&
		    whole.data[i] != '\t')
			abort();
	return 0;
}
