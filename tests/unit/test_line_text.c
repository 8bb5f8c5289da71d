/* Entered text: blocks, pastes, type-ahead, hidden characters, moving by logical line. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/ui/line_text.h"

typedef void change_fn(struct buf *out, const char *p, size_t n);

static void
gives(change_fn *fn, const char *in, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT(4096);

	fn(&out, in, strlen(in));
	assert_string_equal(buf_str(&out), want);
}

static bool
open_block(const char *text)
{
	return line_text_open(text, strlen(text));
}

static void
test_blocks(void **state)
{
	(void)state;
	assert_true(open_block("\"\"\""));
	assert_true(open_block("  \"\"\"a\nb"));
	assert_true(open_block("\"\"\"\"\""));
	assert_false(open_block("\"\"\"a\"\"\""));
	assert_false(open_block("\"\"\"\na\n\"\"\" \n"));
	assert_false(open_block("say \"\"\""));
	assert_false(open_block(""));
	assert_true(open_block("```python"));
	assert_true(open_block("~~~~\n~~~\n```"));
	assert_true(open_block(" ```sh\nls\n```\n```py"));
	assert_false(open_block("```sh\nls\n  ``` "));
	assert_false(open_block("```ls```"));
	assert_false(open_block("see\n```sh\nls"));
	gives(line_text_unwrap, "\"\"\"\na\n b\n\"\"\"\n", "a\n b");
	gives(line_text_unwrap, "\"\"\"a\"\"\"", "a");
	gives(line_text_unwrap, "\"\"\"\"\"\"", "");
	gives(line_text_unwrap, "\"\"\"\n\"\"\"", "");
	gives(line_text_unwrap, "plain \"\"\"", "plain \"\"\"");
}

static void
test_paste(void **state)
{
	(void)state;
	gives(line_text_paste, "a\r\nb\rc\nd\xFF", "a\nb\nc\nd\uFFFD");
	gives(line_text_paste,
	      "a\xC2\x9B"
	      "31m\u00A0",
	      "a\uFFFD31m\u00A0");
}

static void
test_ahead(void **state)
{
	(void)state;
	gives(line_text_ahead, "lsx\x7F -l\033[A\033OB\033[1;5Cy\n\n", "ls -ly");
	gives(line_text_ahead, "one\rtwo", "one\ntwo");
	gives(line_text_ahead, "日本\x7F", "日");
	gives(line_text_ahead, "wrong\x15right word\x17", "right ");
	gives(line_text_ahead, "\x7F\x01\x02\033", "");
	gives(line_text_ahead, "a\033", "a");
	gives(line_text_ahead, "a\033[", "a");
}

static void
test_hidden(void **state)
{
	uint32_t cp = 0;
	const char *text = "a\u200B\u200Bb\u202E c\t\n ❤️ 葛\u0301 é\x01";

	(void)state;
	assert_int_equal(line_text_hidden(text, strlen(text), &cp), 4);
	assert_int_equal(cp, 0x200B);
	gives(line_text_strip, text, "ab c\t\n ❤️ 葛\u0301 é");
	gives(line_text_strip, "a   \n\n\n\n\n\n  b\u3000⟨x⟩  ",
	      "a   \n\n\n\n\n\n  b\u3000⟨x⟩  ");
	assert_int_equal(line_text_hidden("ok\n", 3, &cp), 0);
}

static void
test_move(void **state)
{
	const char *text = "abc\nあいう\n\nxyz";
	size_t n = strlen(text), to = 99;

	(void)state;
	assert_false(line_text_move(text, n, 2, true, &to));
	assert_true(line_text_move(text, n, 2, false, &to));
	assert_int_equal(to, 4 + 3); /* column 2: behind one wide character */
	assert_true(line_text_move(text, n, 3, false, &to));
	assert_int_equal(to, 4 + 3); /* column 3 is inside the second */
	assert_true(line_text_move(text, n, 13, false, &to));
	assert_int_equal(to, 14);
	assert_true(line_text_move(text, n, 14, false, &to));
	assert_int_equal(to, 15);
	assert_false(line_text_move(text, n, 17, false, &to));
	assert_true(line_text_move(text, n, 17, true, &to));
	assert_int_equal(to, 14);
	assert_false(line_text_move("", 0, 0, true, &to));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_blocks), cmocka_unit_test(test_paste),
	    cmocka_unit_test(test_ahead),  cmocka_unit_test(test_hidden),
	    cmocka_unit_test(test_move),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
