/* Fenced blocks: S10 of the steps, byte-exact. */
#include "tests/unit/cm.h"

#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/fence.h"

static struct fence_list found;

static void
find(const char *text)
{
	fence_release(&found);
	fence_find(text, strlen(text), &found);
}

static void
check(size_t i, const char *language, const char *code)
{
	assert_true(i < found.n);
	assert_string_equal(found.at[i].language, language);
	assert_int_equal(found.at[i].len, strlen(code));
	assert_memory_equal(found.at[i].code, code, found.at[i].len);
	assert_true(found.at[i].closed);
}

static void
several_blocks_in_order(void **state)
{
	(void)state;
	find("plan\n```python\nprint(1)\n```\nmiddle\n```sh\nls\n```\nend\n");
	assert_int_equal(found.n, 2);
	check(0, "python", "print(1)\n");
	check(1, "sh", "ls\n");
}

static void
longer_fences_hold_shorter_ones(void **state)
{
	(void)state;
	find("````markdown\n```\nx\n```\n````\n~~~ Ruby\nputs '```'\n~~~~\n");
	assert_int_equal(found.n, 2);
	check(0, "markdown", "```\nx\n```\n");
	check(1, "ruby", "puts '```'\n");
}

static void
indent_is_taken_off(void **state)
{
	(void)state;
	find("  ```r\n  a <- 1\n    b\n c\n  ```\n");
	check(0, "r", "a <- 1\n  b\nc\n");
	find("    ```r\n    x\n    ```\n");
	assert_int_equal(found.n, 0);
}

static void
blocks_in_list_items(void **state)
{
	(void)state;
	find("1.  Do\n\n    ```python\n    for x in y:\n        f()\n    ```\n\nthen\n\n"
	     "    ```sh\n    no\n    ```\n");
	assert_int_equal(found.n, 1);
	check(0, "python", "for x in y:\n    f()\n");
	find("- a\n  - b\n\n\t```sh\n\tls\n\t\tx\n\t```\n- ```js\n  1\n  ```\n  ```r\n  2\n"
	     "  ```\n```c\n3\n```\n");
	assert_int_equal(found.n, 4);
	check(0, "sh", "ls\n\tx\n");
	check(1, "js", "1\n");
	check(2, "r", "2\n");
	check(3, "c", "3\n");
}

static void
every_letter_stays(void **state)
{
	(void)state;
	find("```R\nprint(rev(c(\"r\",\"<html>\")))\n```");
	check(0, "r", "print(rev(c(\"r\",\"<html>\")))\n");
}

static void
info_strings(void **state)
{
	(void)state;
	find("```{.python .number}\n1\n```\n```language-js\n2\n```\n```shell "
	     "title=x\n3\n```\n"
	     "```\n4\n```\n");
	check(0, "python", "1\n");
	check(1, "js", "2\n");
	check(2, "shell", "3\n");
	check(3, "", "4\n");
}

static void
an_open_block_is_marked(void **state)
{
	(void)state;
	find("```sh\nrm -rf build\n");
	assert_int_equal(found.n, 1);
	assert_false(found.at[0].closed);
}

static void
inline_code_is_no_fence(void **state)
{
	(void)state;
	find("``` not `a` fence\n```x`y\n");
	assert_int_equal(found.n, 0);
}

static void
carriage_returns_of_line_ends_go(void **state)
{
	(void)state;
	find("```sh\r\necho a\r\n\r\n```\r\n");
	check(0, "sh", "echo a\n\n");
}

static void
many_blocks_are_bounded(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(1 * MIB);

	(void)state;
	for (int i = 0; i < FENCE_MAX + 10; i++)
		buf_adds(&b, "```sh\nls\n```\n");
	find(buf_str(&b));
	assert_int_equal(found.n, FENCE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(several_blocks_in_order),
	    cmocka_unit_test(longer_fences_hold_shorter_ones),
	    cmocka_unit_test(indent_is_taken_off),
	    cmocka_unit_test(blocks_in_list_items),
	    cmocka_unit_test(every_letter_stays),
	    cmocka_unit_test(info_strings),
	    cmocka_unit_test(an_open_block_is_marked),
	    cmocka_unit_test(inline_code_is_no_fence),
	    cmocka_unit_test(carriage_returns_of_line_ends_go),
	    cmocka_unit_test(many_blocks_are_bounded),
	};
	int failed = cmocka_run_group_tests_name("fence", tests, NULL, NULL);

	fence_release(&found);
	return failed ? 1 : 0;
}
