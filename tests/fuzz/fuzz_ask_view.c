/* Any bytes as code: the rows of the confirmation fit the screen, none ends in a space that would
 * not be seen, and behind their gutters stand the exact bytes. */
#include <assert.h>

#include "agent/base/mem.h"
#include "agent/ui/width.h"
#include "tests/unit/ask_rows.h"

#define WIDTH_MIN  20
#define WIDTH_SPAN 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A row of code is blank, or ended by something that is seen. */
static bool
end_is_seen(const char *text, size_t n, bool unicode)
{
	size_t gutter = strspn(text, " 0123456789");
	const char *bar = unicode ? "│ " : "| ", *more = unicode ? "↪ " : "> ";

	if (gutter < 4 || (strncmp(text + gutter, bar, strlen(bar)) != 0 &&
			   strncmp(text + gutter, more, strlen(more)) != 0))
		return true;
	gutter += strlen(bar);
	while (n > gutter && text[n - 1] == ' ')
		n--;
	return n <= gutter || text[n] == '\0' || memcmp(text + n - 3, "⇥", 3) == 0;
}

static void
check_rows(struct ask_view *v, int width, bool unicode)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *text = buf_str(&v->rows[i].text);
		size_t n = v->rows[i].text.len;

		assert(width_of(text, n) < width);
		assert(end_is_seen(text, n, unicode));
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
	check_rows(&v, width, unicode);
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
