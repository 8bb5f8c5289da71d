/* Any bytes as pasted, typed ahead and stored text: valid UTF-8 without C1 controls comes out,
 * stripping leaves nothing hidden, and the history gives back what it was given. */
#include <assert.h>
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/ui/line_hist.h"
#include "agent/ui/line_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(struct buf *text)
{
	assert(utf8_valid(text->data, text->len));
	assert(!memchr(buf_str(text), '\0', text->len));
	for (size_t i = 0; i < text->len; i++)
		assert(!line_text_c1(text->data + i, text->len - i));
}

static void
check_move(const struct buf *text, bool up)
{
	size_t at = up ? text->len : 0, to;

	while (line_text_move(text->data, text->len, at, up, &to)) {
		assert(to <= text->len && (up ? to < at : to > at));
		at = to;
	}
}

static void
check_history(struct buf *text)
{
	struct buf line = BUF_INIT(2 * text->len + 1), back = BUF_INIT(text->len + 1);

	hist_encode(&line, buf_str(text));
	assert(!memchr(buf_str(&line), '\n', line.len));
	if (text->len > 0 && text->len <= HIST_ENTRY_MAX) {
		assert(hist_decode(&back, line.data, line.len));
		assert(back.len == text->len &&
		       memcmp(back.data, text->data, back.len) == 0);
	}
	buf_release(&line);
	buf_release(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct buf text = BUF_INIT(3 * size + 1), out = BUF_INIT(3 * size + 1);
	uint32_t cp;

	line_text_ahead(&text, p, size);
	check_text(&text);
	buf_reset(&text);
	line_text_paste(&text, p, size);
	check_text(&text);
	check_history(&text);
	line_text_strip(&out, text.data, text.len);
	assert(out.len <= text.len);
	assert(line_text_hidden(text.data, text.len, &cp) > 0 || out.len == text.len);
	assert(line_text_hidden(out.data, out.len, &cp) == 0);
	check_move(&out, true);
	check_move(&out, false);
	buf_reset(&out);
	line_text_unwrap(&out, text.data, text.len);
	buf_reset(&out);
	hist_decode(&out, p, size);
	buf_release(&text);
	buf_release(&out);
	return 0;
}
