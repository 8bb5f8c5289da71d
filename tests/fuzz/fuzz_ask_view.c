/* Any bytes as code: the rows of the confirmation fit the screen, none ends in a space that would
 * not be seen, and behind their gutters stand the exact bytes. */
#include <assert.h>

#include "agent/base/mem.h"
#include "agent/ui/width.h"
#include "tests/unit/ask_rows.h"

#define WIDTH_MIN  20
#define WIDTH_SPAN 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_rows(struct ask_view *v, int width)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct buf *text = &v->rows[i].text;

		assert(width_of(text->data, text->len) < width);
		assert(text->data[text->len - 1] != ' ' || text->data[0] != ' ' ||
		       width_of(text->data, text->len) < width / 2);
	}
}

static void
check(const char *code, size_t n, int width, bool unicode)
{
	struct ask_look look = {.width = width, .unicode = unicode};
	const struct ask_note note = {.text = code, .len = n, .quoted = true};
	struct ask_step q = {.language = "bash",
			     .code = code,
			     .len = n,
			     .notes = &note,
			     .nnotes = 1,
			     .gate = n & 1};
	AUTO_BUF struct buf view = BUF_INIT(n * ESCAPE_GROWTH + KIB);
	AUTO_BUF struct buf back = BUF_INIT(n + KIB);
	struct ask_view v;

	ask_view_build(&v, &look, &q);
	check_rows(&v, width);
	ask_rows_back(&view, &v, unicode);
	assert(escape_decode(&back, buf_str(&view), view.len, unicode ? 0 : ESCAPE_ASCII));
	assert(back.len == n);
	assert(n == 0 || memcmp(back.data, code, n) == 0);
	ask_view_release(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	check((const char *)data + 1, size - 1, WIDTH_MIN + data[0] % WIDTH_SPAN, true);
	check((const char *)data + 1, size - 1, WIDTH_MIN + data[0] % WIDTH_SPAN, false);
	return 0;
}
