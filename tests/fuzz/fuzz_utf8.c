/* UTF-8: repair gives valid text, is the same at every split, and leaves valid text alone. */
#include <string.h>

#include "agent/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

/* Chunks whose sizes come from the bytes themselves. */
static void
feed(struct buf *out, const char *p, size_t n)
{
	struct utf8_stream s = {.nheld = 0};

	for (size_t i = 0; i < n;) {
		size_t step = MIN_OF((size_t)(p[i] & 7), n - i);

		step = step ? step : 1;
		utf8_stream_feed(&s, out, p + i, step);
		check(s.nheld < sizeof(s.held));
		i += step;
	}
	utf8_stream_end(&s, out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	AUTO_BUF struct buf whole = BUF_INIT(4 * MIB), parts = BUF_INIT(4 * MIB);
	AUTO_BUF struct buf tight = BUF_INIT(7);

	check(utf8_repair(&whole, p, size));
	check(utf8_valid(buf_str(&whole), whole.len));
	if (utf8_valid(p, size))
		check(whole.len == size && memcmp(buf_str(&whole), p, size) == 0);
	feed(&parts, p, size);
	check(parts.len == whole.len &&
	      memcmp(buf_str(&parts), buf_str(&whole), whole.len) == 0);
	feed(&tight, p, size);
	check(tight.len <= 7);
	check(utf8_tail(p, size) <= 3);
	return 0;
}
