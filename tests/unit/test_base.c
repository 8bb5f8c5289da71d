/* The ground: memory, buffers with bounds, errors, the clock's text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/base/buf.h"
#include "agent/base/clock.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"

static void
test_mem(void **state)
{
	AUTO_FREE char *zero = mem_alloc(0);
	AUTO_FREE char *part = mem_strndup("abc", 2);
	AUTO_FREE char *text = mem_printf("%d-%s", 7, "x");
	AUTO_FREE char *taken = NULL;

	(void)state;
	assert_non_null(zero);
	assert_string_equal(part, "ab");
	assert_string_equal(text, "7-x");
	assert_null(mem_strdup(NULL));
	taken = TAKE(text);
	assert_null(text);
	assert_string_equal(taken, "7-x");
}

static void
hook(void)
{
	static const char said[] = "hook ran\n";

	if (write(STDERR_FILENO, said, sizeof(said) - 1) > 0)
		mem_die("again"); /* must not come back here */
}

/* Dies in a child; what it wrote and its exit code. */
static void
test_die(void **state)
{
	char text[200];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		mem_set_die_hook(hook);
		mem_array(NULL, SIZE_MAX / 2, 3);
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	n = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, "hook ran\nsunaba: again\n");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void
test_buf_bound(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(10);

	(void)state;
	assert_string_equal(buf_str(&b), "");
	assert_true(buf_add(&b, "0123456789", 10)); /* at the bound */
	assert_false(b.full);
	assert_false(buf_addc(&b, 'x')); /* one past it */
	assert_true(b.full);
	assert_string_equal(buf_str(&b), "0123456789");
	buf_reset(&b);
	assert_false(b.full);
	assert_false(buf_adds(&b, "0123456789x")); /* all or none */
	assert_int_equal(b.len, 0);
	assert_false(buf_addf(&b, "%s%s", "0123456789", "x"));
	assert_true(buf_addf(&b, "%05d", 42));
	assert_string_equal(buf_str(&b), "00042");
	assert_false(buf_add(&b, "", SIZE_MAX));
}

static void
test_buf_grows(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(SIZE_MAX);
	AUTO_FREE char *text = NULL;
	size_t grew = 0, cap = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		assert_true(buf_addc(&b, (char)('a' + i % 26)));
		grew += b.cap != cap;
		cap = b.cap;
	}
	assert_in_range(grew, 1, 20); /* doubles also without a real bound */
	text = buf_take(&b);
	assert_int_equal(strlen(text), 100000);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
}

static void
test_buf_edit(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(MIB);
	AUTO_FREE char *big = mem_alloc(1000);

	(void)state;
	buf_add(&b, "a\0bcd", 5);
	buf_consume(&b, 2);
	assert_memory_equal(b.data, "bcd", 3);
	buf_truncate(&b, 1);
	buf_truncate(&b, 9);
	assert_string_equal(buf_str(&b), "b");
	buf_consume(&b, 9);
	assert_int_equal(b.len, 0);
	memset(big, 'y', 999);
	assert_true(buf_addf(&b, "%s", big)); /* longer than any room on the stack */
	assert_string_equal(buf_str(&b), big);
}

static void
test_err(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(NULL, ERR_NET, "x"), ERR_NET);
	errno = ENOENT;
	assert_int_equal(err_sys(&e, ERR_IO, "cannot read '%s'", "f"), ERR_IO);
	assert_int_equal(e.sys, ENOENT);
	assert_string_equal(e.msg, "cannot read 'f': No such file or directory");
	assert_int_equal(err_context(&e, "profile '%s'", "p"), ERR_IO);
	assert_string_equal(e.msg,
			    "profile 'p': cannot read 'f': No such file or directory");
	err_hint(&e, "write it");
	err_hint(&e, "%s, then again", e.hint);
	assert_string_equal(e.hint, "write it, then again");
	err_set(&e, ERR_NET, "again: %s", e.msg); /* the old message as an argument */
	assert_memory_equal(e.msg, "again: profile 'p'", 18);
	assert_string_equal(e.hint, "");
	assert_int_equal(e.sys, 0);
}

static void
test_err_cuts_between_characters(void **state)
{
	AUTO_FREE char *text = mem_alloc(4001);
	struct err e;

	(void)state;
	for (size_t i = 0; i < 1300; i++)
		memcpy(text + 3 * i, "\xE6\x97\xA5", 3);
	for (size_t shift = 0; shift < 4; shift++) {
		err_set(&e, ERR_NET, "%.*s%s", (int)shift, "abc", text);
		assert_true(utf8_valid(e.msg, strlen(e.msg)));
		assert_true(strlen(e.msg) > sizeof(e.msg) - 8);
		err_context(&e, "%.*s", (int)shift, "xyz");
		assert_true(utf8_valid(e.msg, strlen(e.msg)));
		err_context(&e, "%s", text);
		assert_true(utf8_valid(e.msg, strlen(e.msg)));
		err_hint(&e, "%.*s%s", (int)shift, "abc", text);
		assert_true(utf8_valid(e.hint, strlen(e.hint)));
	}
}

static void
test_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(err_exit_code(ERR_NONE), 0);
	assert_int_equal(err_exit_code(ERR_CONFIG), 2);
	assert_int_equal(err_exit_code(ERR_TRUNCATED), 3);
	assert_int_equal(err_exit_code(ERR_SANDBOX), 4);
	assert_int_equal(err_exit_code(ERR_GATE), 5);
	assert_int_equal(err_exit_code(ERR_GOVERNOR), 6);
	assert_int_equal(err_exit_code(ERR_REPLAY), 7);
	assert_int_equal(err_exit_code(ERR_INTERRUPTED), 130);
	assert_int_equal(err_exit_code(ERR_TERMINATED), 143);
	for (int i = 0; i < ERR_KINDS; i++)
		assert_non_null(err_word((enum err_kind)i));
}

static void
test_clock(void **state)
{
	char text[25];

	(void)state;
	clock_iso(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	clock_iso(1769862896789, text);
	assert_string_equal(text, "2026-01-31T12:34:56.789Z");
	assert_true(clock_us() >= clock_ms() * 1000 - 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mem),
	    cmocka_unit_test(test_die),
	    cmocka_unit_test(test_buf_bound),
	    cmocka_unit_test(test_buf_grows),
	    cmocka_unit_test(test_buf_edit),
	    cmocka_unit_test(test_err),
	    cmocka_unit_test(test_err_cuts_between_characters),
	    cmocka_unit_test(test_exit_codes),
	    cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
