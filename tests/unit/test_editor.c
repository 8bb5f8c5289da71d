/* The editor: how its command is split, and what becomes of its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent/base/fs.h"
#include "agent/ui/editor.h"
#include "tests/unit/tmp.h"

static char folder[TMP_PATH];
static char script[TMP_PATH + 16], seen[TMP_PATH + 16];

static enum err_kind
edit(const char *command, const char *text, struct buf *out, struct err *e)
{
	struct term_opts o = {.plain = true};
	struct term *t = term_new(&o);
	enum err_kind kind;

	setenv("VISUAL", command, 1);
	kind = editor_run(t, text, strlen(text), ".py", out, e);
	term_free(t);
	return kind;
}

static void
write_script(const char *body)
{
	AUTO_BUF struct buf text = BUF_INIT(4096);

	buf_addf(&text,
		 "#!/bin/sh\nfor last; do :; done\nprintf '%%s\\n' \"$@\" > %s\n%s\n", seen,
		 body);
	assert_int_equal(fs_write(script, text.data, text.len, 0700, NULL), ERR_NONE);
}

static void
test_words(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(1000);
	AUTO_BUF struct buf args = BUF_INIT(1000);
	char command[256], start[256];

	(void)state;
	write_script("echo more >> \"$last\"");
	snprintf(command, sizeof(command), "  %s  -a 'b c' \"d 'e\" f\\ g ''$HOME", script);
	assert_int_equal(edit(command, "one\n", &out, NULL), ERR_NONE);
	assert_string_equal(buf_str(&out), "one\nmore\n");
	assert_int_equal(fs_read(seen, &args, NULL), ERR_NONE);
	snprintf(start, sizeof(start), "-a\nb c\nd 'e\nf g\n$HOME\n");
	assert_int_equal(strncmp(buf_str(&args), start, strlen(start)), 0);
	assert_non_null(strstr(buf_str(&args), ".py\n"));
}

static void
test_file_is_gone(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(1000);
	AUTO_BUF struct buf args = BUF_INIT(1000);
	struct stat st;

	(void)state;
	write_script("exit 3");
	assert_int_equal(edit(script, "x", &out, NULL), ERR_USAGE);
	assert_int_equal(out.len, 0);
	assert_int_equal(fs_read(seen, &args, NULL), ERR_NONE);
	buf_truncate(&args, args.len - 1);
	assert_int_equal(stat(buf_str(&args), &st), -1);
}

static void
test_refusals(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(10);
	struct err e = {0};

	(void)state;
	assert_int_equal(edit("/nonexistent/editor", "x", &out, &e), ERR_USAGE);
	assert_non_null(strstr(e.msg, "/nonexistent/editor"));
	assert_true(e.hint[0] != '\0');
	write_script("echo 0123456789 > \"$last\"");
	assert_int_equal(edit(script, "x", &out, &e), ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_file_is_gone),
	    cmocka_unit_test(test_refusals),
	};
	int failed;

	if (!tmp_folder(folder))
		return 1;
	snprintf(script, sizeof(script), "%s/editor", folder);
	snprintf(seen, sizeof(seen), "%s/seen", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(script);
	unlink(seen);
	rmdir(folder);
	return failed;
}
