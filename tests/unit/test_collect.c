/* Head, tail and spill file: tools/collect.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/collect.h"
#include "tests/unit/tmp.h"

static char dir[TMP_PATH];

static int
make_dir(void **state)
{
	(void)state;
	return tmp_folder(dir) ? 0 : -1;
}

static int
drop_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void
adds(struct collect *c, const char *s)
{
	collect_add(c, s, strlen(s));
}

static void
test_short(void **state)
{
	struct collect c;
	size_t omitted;

	(void)state;
	collect_init(&c, 64, dir, KIB);
	adds(&c, "hello\n");
	adds(&c, "\x1b[31mworld\x1b[0m");
	AUTO_FREE char *text = collect_end(&c, &omitted);
	assert_string_equal(text, "hello\nworld");
	assert_int_equal(omitted, 0);
	assert_int_equal(c.total_bytes, 20);
	assert_null(c.path);
	collect_release(&c);
}

/* At the bound all is shown; one byte more, and the middle goes. */
static void
test_bound(void **state)
{
	char in[65];
	size_t omitted;

	(void)state;
	memset(in, 'x', sizeof(in));
	for (size_t n = 63; n <= 65; n++) {
		struct collect c;

		collect_init(&c, 64, NULL, KIB);
		for (size_t i = 0; i < n; i++)
			collect_add(&c, in, 1);
		AUTO_FREE char *text = collect_end(&c, &omitted);
		assert_int_equal(omitted, n > 64 ? n - 64 : 0);
		if (n <= 64)
			assert_int_equal(strlen(text), n);
		else
			assert_non_null(strstr(text, "\n[1 bytes left out]\n"));
		collect_release(&c);
	}
}

static void
test_spill(void **state)
{
	struct collect c;
	struct stat st;
	size_t omitted;
	AUTO_BUF struct buf file = BUF_INIT(MIB);

	(void)state;
	collect_init(&c, 256, dir, MIB);
	for (int i = 1; i <= 1000; i++) {
		char line[32];

		adds(&c, (snprintf(line, sizeof(line), "line %d\r\n", i), line));
	}
	AUTO_FREE char *text = collect_end(&c, &omitted);
	assert_non_null(c.path);
	assert_int_equal(stat(c.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fs_read(c.path, &file, NULL), ERR_NONE);
	assert_int_equal(file.len, c.total_bytes);
	assert_memory_equal(file.data, "line 1\r\nline 2\r\n", 16);
	assert_memory_equal(text, "line 1\nline 2\n", 14);
	assert_non_null(strstr(text, "\nline 999\nline 1000\n"));
	/* Cut between lines. */
	assert_non_null(strstr(text, " bytes left out]\nline "));
	assert_int_equal(unlink(c.path), 0);
	collect_release(&c);
}

static void
test_spill_bound(void **state)
{
	struct collect c;
	struct stat st;
	size_t omitted;

	(void)state;
	collect_init(&c, 16, dir, 100);
	for (int i = 0; i < 100; i++) {
		assert_false(collect_full(&c));
		adds(&c, "x");
	}
	assert_false(collect_full(&c));
	adds(&c, "yy");
	assert_true(collect_full(&c));
	free(collect_end(&c, &omitted));
	assert_int_equal(stat(c.path, &st), 0);
	assert_int_equal(st.st_size, 100);
	assert_int_equal(unlink(c.path), 0);
	collect_release(&c);
}

static void
test_no_dir(void **state)
{
	struct collect c;
	size_t omitted;

	(void)state;
	collect_init(&c, 16, "/proc/no/such/folder", KIB);
	for (int i = 0; i < 100; i++)
		adds(&c, "0123456789");
	AUTO_FREE char *text = collect_end(&c, &omitted);
	assert_null(c.path);
	assert_int_equal(c.spill_error.kind, ERR_IO);
	assert_memory_equal(text, "01234567\n[984 bytes left out]\n", 30);
	collect_release(&c);
}

/* The cut never leaves a part of a character, wherever it falls. */
static void
test_characters(void **state)
{
	size_t omitted;

	(void)state;
	for (size_t show = 2; show < 40; show++) {
		struct collect c;

		collect_init(&c, show, NULL, KIB);
		for (int i = 0; i < 50; i++)
			adds(&c, "日😀é");
		AUTO_FREE char *text = collect_end(&c, &omitted);
		assert_true(utf8_valid(text, strlen(text)));
		assert_null(strstr(text, "\xEF\xBF\xBD"));
		collect_release(&c);
	}
}

/* 64 MiB in chunks: memory stays within the bound. */
static void
test_much(void **state)
{
	static char chunk[64 * 1024];
	struct collect c;
	size_t omitted;

	(void)state;
	for (size_t i = 0; i < sizeof(chunk); i += 2)
		memcpy(chunk + i, "y\n", 2);
	collect_init(&c, 16 * KIB, NULL, 256 * MIB);
	for (int i = 0; i < 1024; i++)
		collect_add(&c, chunk, sizeof(chunk));
	assert_true(c.head.cap + c.tail.cap + c.raw.cap + c.fold.line.cap < 200 * KIB);
	free(collect_end(&c, &omitted));
	assert_in_range(omitted, 64 * MIB - 16 * KIB, 64 * MIB);
	collect_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_short),  cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_spill),  cmocka_unit_test(test_spill_bound),
	    cmocka_unit_test(test_no_dir), cmocka_unit_test(test_characters),
	    cmocka_unit_test(test_much),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
