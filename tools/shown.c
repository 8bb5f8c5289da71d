/* Untrusted names written out. See shown.h. Pinned by tests/unit/test_changes.c. */
#include "tools/shown.h"

#include "agent/base/utf8.h"

static bool
is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C ||
	       c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
	       (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
	       (c >= 0xFE00 && c <= 0xFE0D) || c == 0xFEFF ||
	       (c >= 0xFFF9 && c <= 0xFFFB) || c >= 0xE0000;
}

void
shown_add(struct buf *out, const char *p, size_t n, size_t most)
{
	size_t at = 0;

	while (at < n && at < most) {
		uint32_t c;
		size_t k = utf8_decode(p + at, n - at, &c);

		if (c == UINT32_MAX)
			for (size_t i = 0; i < k; i++)
				buf_addf(out, "\\x%02x", (unsigned char)p[at + i]);
		else if (is_hidden(c))
			buf_addf(out, "\\u{%x}", c);
		else if (c == '\\' || c == '\'')
			buf_addf(out, "\\%c", (char)c);
		else
			buf_add(out, p + at, k);
		at += k;
	}
	if (at < n)
		buf_adds(out, "…");
}
