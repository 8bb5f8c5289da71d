/* The filter of an attached program must give the same for every cut, whole UTF-8, and after ESC
 * nothing but what is on its list: what it passed passes again, byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/ui/vt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
pass(struct buf *out, const char *p, size_t n, size_t step)
{
	struct vt v;

	vt_init(&v, false);
	for (size_t at = 0; at < n; at += step)
		vt_feed(&v, p + at, MIN_OF(step, n - at), out);
}

static void
same(const struct buf *a, const struct buf *b)
{
	if (a->len != b->len || (a->len && memcmp(a->data, b->data, a->len) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf whole = BUF_INIT(8 * size + 1), cut = BUF_INIT(8 * size + 1),
			    again = BUF_INIT(8 * size + 1);

	if (size == 0)
		return 0;
	pass(&whole, (const char *)data, size, size);
	pass(&cut, (const char *)data, size, 1 + data[0] % 7u);
	same(&whole, &cut);
	if (whole.len == 0)
		return 0;
	pass(&again, whole.data, whole.len, whole.len);
	same(&whole, &again);
	if (!utf8_valid(whole.data, whole.len))
		abort();
	for (size_t i = 0; i < whole.len; i++) {
		unsigned char c = (unsigned char)whole.data[i];

		if (c == 5 || c == 0x7F ||
		    (c < 0x20 && !strchr("\a\b\t\n\r\016\017\033", c)))
			abort();
		if (c == 0x1B && i + 1 < whole.len &&
		    !strchr("[78DEM=>()", whole.data[i + 1]))
			abort();
	}
	return 0;
}
