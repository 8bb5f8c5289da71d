/* The history file: round trips, doubles, damage, growth, two writers at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/ui/line_hist.h"
#include "tests/unit/tmp.h"

static char folder[TMP_PATH];
static char path[TMP_PATH + 16];

static int
set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/history", folder);
	unlink(path);
	return 0;
}

static void
collect(const char *text, void *arg)
{
	buf_addf(arg, "<%s>", text);
}

static void
holds(const char *want)
{
	AUTO_BUF struct buf all = BUF_INIT(64 * MIB);

	assert_int_equal(hist_load(path, collect, &all, NULL), ERR_NONE);
	assert_string_equal(buf_str(&all), want);
}

static void
append(const char *text)
{
	assert_int_equal(hist_append(path, text, NULL), ERR_NONE);
}

static void
test_round_trip(void **state)
{
	struct stat st;

	(void)state;
	holds("");
	append("ls");
	append("a\\n\n\\\n日本語");
	append(" secret");
	append("");
	append("# comment");
	append("ls");
	holds("<a\\n\n\\\n日本語><# comment><ls>");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
test_damage(void **state)
{
	static const char bad[] =
	    "good\n\xFF\xFE\n\\q\nx\\\nc1\xC2\x9B!\na\0b\n\nalso good\ncut";

	(void)state;
	assert_int_equal(fs_write(path, bad, sizeof(bad) - 1, 0600, NULL), ERR_NONE);
	holds("<good><also good><cut>");
	append("new");
	holds("<good><also good><cut><new>");
}

static void
test_limits(void **state)
{
	AUTO_FREE char *big = mem_alloc(HIST_ENTRY_MAX + 2);
	AUTO_BUF struct buf all = BUF_INIT(64 * MIB);
	char text[32];
	size_t n = 0;

	(void)state;
	memset(big, 'x', HIST_ENTRY_MAX + 1);
	append(big);
	holds("");
	big[HIST_ENTRY_MAX] = '\0';
	append(big);
	for (int i = 0; i < HIST_ENTRIES_MAX + 5; i++) {
		snprintf(text, sizeof(text), "e%d", i);
		append(text);
	}
	assert_int_equal(hist_load(path, collect, &all, NULL), ERR_NONE);
	for (size_t i = 0; i < all.len; i++)
		n += all.data[i] == '<';
	assert_int_equal(n, HIST_ENTRIES_MAX);
	assert_memory_equal(all.data, "<e5>", 4);
}

/* A file of large entries is rewritten and stays bounded. */
static void
test_growth(void **state)
{
	AUTO_FREE char *big = mem_alloc(HIST_ENTRY_MAX + 1);
	struct stat st;

	(void)state;
	memset(big, 'x', HIST_ENTRY_MAX);
	for (int i = 0; i < 100; i++) {
		big[0] = (char)('A' + i % 50);
		append(big);
		assert_int_equal(stat(path, &st), 0);
		assert_true(st.st_size < (off_t)(3 * MIB));
	}
	append("last");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
write_many(char who)
{
	char text[32];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "%c%d", who, i);
		hist_append(path, text, NULL);
	}
	_exit(0);
}

static void
test_two_writers(void **state)
{
	AUTO_BUF struct buf all = BUF_INIT(MIB);
	pid_t pids[2];
	int status;

	(void)state;
	for (int k = 0; k < 2; k++) {
		pids[k] = fork();
		if (pids[k] == 0)
			write_many((char)('a' + k));
	}
	for (int k = 0; k < 2; k++)
		assert_int_equal(waitpid(pids[k], &status, 0), pids[k]);
	assert_int_equal(hist_load(path, collect, &all, NULL), ERR_NONE);
	for (int i = 0; i < 200; i++) {
		char a[32], b[32];

		snprintf(a, sizeof(a), "<a%d>", i);
		snprintf(b, sizeof(b), "<b%d>", i);
		assert_non_null(strstr(buf_str(&all), a));
		assert_non_null(strstr(buf_str(&all), b));
	}
}

static void
test_odd_files(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(hist_load(path, collect, NULL, &e), ERR_IO);
	assert_int_equal(hist_append(path, "x", &e), ERR_IO);
	assert_int_equal(hist_append("/nonexistent/x", "x", &e), ERR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_round_trip, set_up),
	    cmocka_unit_test_setup(test_damage, set_up),
	    cmocka_unit_test_setup(test_limits, set_up),
	    cmocka_unit_test_setup(test_growth, set_up),
	    cmocka_unit_test_setup(test_two_writers, set_up),
	    cmocka_unit_test_setup(test_odd_files, set_up),
	};
	int failed;

	if (!tmp_folder(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return failed;
}
