/* Any bytes: the escaped view is valid UTF-8 without controls, and comes back as it was. */
#include <assert.h>
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/gate/escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_view(const struct buf *view, unsigned mode)
{
	assert(utf8_valid(view->data, view->len));
	for (size_t i = 0; i < view->len; i++) {
		unsigned char c = (unsigned char)view->data[i];

		assert((c >= 0x20 && c != 0x7F) ||
		       (c == '\n' && !(mode & ESCAPE_ONE_LINE)));
		assert(c < 0x80 || !(mode & ESCAPE_ASCII));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned mode = 0; mode < 4; mode++) {
		struct buf view = BUF_INIT(size * ESCAPE_GROWTH + 64);
		struct buf back = BUF_INIT(size + 64);

		assert(escape_text(&view, (const char *)data, size, mode));
		check_view(&view, mode);
		assert(escape_decode(&back, view.data, view.len, mode));
		assert(back.len == size);
		assert(size == 0 || memcmp(back.data, data, size) == 0);
		buf_reset(&back);
		escape_decode(&back, (const char *)data, size, mode); /* any input at all */
		buf_release(&view);
		buf_release(&back);
	}
	return 0;
}
