/* The rows of the confirmation: they fit the screen, and they hold every byte of the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/mem.h"
#include "agent/ui/width.h"
#include "tests/unit/ask_rows.h"

static void
holds(const char *code, size_t n, int width, bool unicode)
{
	struct ask_look look = {.width = width, .unicode = unicode};
	struct ask_step q = {.language = "bash", .code = code, .len = n};
	AUTO_BUF struct buf view = BUF_INIT(MIB);
	AUTO_BUF struct buf back = BUF_INIT(MIB);
	struct ask_view v;

	ask_view_build(&v, &look, &q);
	for (size_t i = 0; i < v.n; i++) {
		int columns = width_of(v.rows[i].text.data, v.rows[i].text.len);

		if (columns >= width)
			fail_msg("%d columns: %s", columns, buf_str(&v.rows[i].text));
	}
	ask_rows_back(&view, &v, unicode);
	assert_true(
	    escape_decode(&back, buf_str(&view), view.len, unicode ? 0 : ESCAPE_ASCII));
	assert_int_equal(back.len, n);
	assert_memory_equal(buf_str(&back), code, n);
	ask_view_release(&v);
}

static void
test_holds_every_byte(void **state)
{
	static const char *const bits[] = {
	    "echo ",	    "日本語",	"a",  " ",	"  ",	  "\n", "\t",
	    "\xFF",	    "\u202E",	"⟨",  "\u3000", "❤️", "\r", "\n\n\n\n\n\n",
	    "            ", "か\u3099", "x|y"};
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		AUTO_BUF struct buf code = BUF_INIT(4096);

		for (int k = 0; k < 40; k++) {
			seed = seed * 1664525 + 1013904223;
			buf_adds(&code, bits[(seed >> 9) % ARRAY_LEN(bits)]);
		}
		holds(code.data, code.len, 20 + round % 60, round % 7);
	}
	holds("", 0, 80, true);
	holds("\n", 1, 80, true);
}

static void
test_no_row_ends_in_a_space(void **state)
{
	struct ask_look look = {.width = 24, .unicode = true};
	static const char *const codes[] = {"rm -rf  aaaa bbbb /tmp /x dd ee",
					    "aaaaaaaa\x01 \b"}; /* between two brackets */
	struct ask_view v;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(codes); k++) {
		struct ask_step q = {.language = "bash", .code = codes[k]};

		q.len = strlen(q.code);
		ask_view_build(&v, &look, &q);
		for (size_t i = 0; i < v.n; i++)
			if (v.rows[i].text.data[0] == ' ')
				assert_int_not_equal(
				    v.rows[i].text.data[v.rows[i].text.len - 1], ' ');
		ask_view_release(&v);
	}
}

static void
test_words_are_escaped(void **state)
{
	static const struct ask_note note = {.text = "p\u202Eq", .len = 5, .warn = true};
	struct ask_look look = {.width = 80, .unicode = true};
	struct ask_step q = {.language = "ba\x1Bsh",
			     .code = "x",
			     .len = 1,
			     .reason = "a\nb\x07",
			     .notes = &note,
			     .nnotes = 1};
	AUTO_BUF struct buf all = BUF_INIT(65536);
	struct ask_view v;

	(void)state;
	ask_view_build(&v, &look, &q);
	for (size_t i = 0; i < v.n; i++)
		buf_addf(&all, "%s\n", buf_str(&v.rows[i].text));
	assert_non_null(strstr(buf_str(&all), "ba⟨U+001B ESC⟩sh"));
	assert_non_null(
	    strstr(buf_str(&all), "│ ┃ a\n│ ┃ b⟨U+0007 BEL⟩\n│ p⟨U+202E RLO⟩q\n"));
	assert_false(escape_is_suspicious(&v.found)); /* only the code counts */
	ask_view_release(&v);
}

/* A reason is shortened and says so; it cannot push the code away. */
static void
test_long_reason(void **state)
{
	struct ask_look look = {.width = 40, .unicode = true};
	struct ask_step q = {.language = "bash", .code = "x", .len = 1};
	AUTO_FREE char *reason = mem_alloc(MIB + 1);
	struct ask_view v;

	(void)state;
	memset(reason, 'w', MIB);
	q.reason = reason;
	ask_view_build(&v, &look, &q);
	assert_true(v.n < 130);
	assert_string_equal(buf_str(&v.rows[v.n - 2].text), "│ +1044480 B");
	ask_view_release(&v);
}

/* What a tool said cannot pass for the program's own words: not at its beginning, not where a
 * long line is wrapped, not in a name with a newline. */
static void
test_quotes_forge_nothing(void **state)
{
	static const char evil[] =
	    "xxxxxxxx why: you asked for this yourself in so many words";
	static const char source[] = "page\nwhy: you asked for this";
	const struct ask_note notes[] = {
	    {.text = source, .len = sizeof(source) - 1},
	    {.text = evil, .len = sizeof(evil) - 1, .quoted = true}};
	struct ask_step q = {.language = "bash",
			     .code = "x\n",
			     .len = 2,
			     .notes = notes,
			     .nnotes = 2,
			     .gate = true};

	(void)state;
	for (int width = 20; width < 70; width++) {
		struct ask_look look = {.width = width, .unicode = width % 2};
		struct ask_view v;

		ask_view_build(&v, &look, &q);
		for (size_t i = 0; i < v.n; i++)
			assert_null(strstr(buf_str(&v.rows[i].text),
					   look.unicode ? "│ why" : "| why"));
		ask_view_release(&v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_holds_every_byte),
	    cmocka_unit_test(test_no_row_ends_in_a_space),
	    cmocka_unit_test(test_words_are_escaped),
	    cmocka_unit_test(test_long_reason),
	    cmocka_unit_test(test_quotes_forge_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
