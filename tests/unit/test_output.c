/* Pages of earlier outputs: tools/output.c. */
#include "tests/unit/cm.h"
#include "tests/unit/tmp.h"

#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "tools/output.h"

static struct outputs all;
static struct buf page = {.max = OUTPUT_BYTES_MAX + KIB};
static char path[TMP_PATH];

static void
keep(unsigned step, char *text, char *file)
{
	struct step_result r = {.output = text, .spill_path = file};

	outputs_add(&all, step, &r);
}

static bool
ask(int64_t step, int64_t from, int64_t lines)
{
	struct output_ask a = {.step = step, .from = from, .lines = lines};

	buf_reset(&page);
	return output_page(&all, &a, &page);
}

#define SAYS(text) assert_non_null(strstr(buf_str(&page), text))

static void
nothing_and_unknown(void **state)
{
	struct step_result not = {.end = STEP_NOT_RUN};
	struct step_result png = {.binary = (char *)"[binary output: 1 bytes, data]",
				  .output = (char *)"x"};

	(void)state;
	assert_false(ask(1, 1, 1));
	SAYS("No step has run");
	outputs_add(&all, 1, &not );
	assert_false(ask(1, 1, 1));
	keep(2, (char *)"a\nb\nc", NULL);
	outputs_add(&all, 3, &png);
	assert_false(ask(9, 1, 1));
	SAYS("no output of a step 9. The steps that ran: 2 to 3");
	assert_false(ask(INT64_MIN, INT64_MIN, INT64_MIN));
	assert_false(ask(3, 1, 1));
	SAYS("is no text: [binary output");
	outputs_release(&all);
}

static void
short_output(void **state)
{
	(void)state;
	keep(2, (char *)"a\nb\nc", NULL);
	assert_true(ask(2, 1, 0));
	assert_string_equal(buf_str(&page), "[step 2 · lines 1 to 3 of 3]\na\nb\nc\n");
	assert_true(ask(2, 2, 1));
	assert_string_equal(
	    buf_str(&page),
	    "[step 2 · lines 2 to 2 of 3 · next: {\"step\": 2, \"from\": 3}]\nb\n");
	assert_true(ask(2, -1, 5));
	SAYS("lines 3 to 3 of 3]\nc\n");
	assert_true(ask(2, INT64_MIN, INT64_MAX));
	SAYS("lines 1 to 3");
	assert_false(ask(2, 4, 1));
	SAYS("has 3 lines; there is no line 4");
	assert_false(ask(2, INT64_MAX, INT64_MAX));
	keep(3, (char *)"", NULL);
	assert_false(ask(3, 1, 1));
	SAYS("has 0 lines");
	outputs_release(&all);
}

static void
write_file(const char *p, size_t n)
{
	assert_int_equal(fs_write(path, p, n, 0600, NULL), ERR_NONE);
}

static void
whole_file(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(4 * MIB);

	(void)state;
	for (int i = 1; i <= 200000; i++)
		buf_addf(&b, "%d\n", i);
	write_file(b.data, b.len);
	keep(1, (char *)"cut", path);
	assert_true(ask(1, 150000, 3));
	SAYS("lines 150000 to 150002 of 200000 · next: {\"step\": 1, \"from\": 150003}]\n"
	     "150000\n150001\n150002\n");
	assert_true(ask(1, -2, 0));
	SAYS("]\n199999\n200000\n");
	assert_true(ask(1, 1, 100000));
	SAYS("lines 1 to 400 of");
	unlink(path);
	assert_false(ask(1, 1, 1));
	SAYS("was removed");
	outputs_release(&all);
}

/* One line of 3 MB: every part of it can be had, no character is cut, no page is too long. */
static void
one_long_line(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(4 * MIB), got = BUF_INIT(4 * MIB);
	int64_t from = 1;
	const char *next;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_adds(&b, i % 7 ? "砂場で" : "x");
	write_file(b.data, b.len);
	keep(1, (char *)"cut", path);
	do {
		assert_true(ask(1, from, 400));
		assert_true(page.len <= OUTPUT_BYTES_MAX + KIB);
		for (const char *p = strchr(buf_str(&page), '\n') + 1; *p; p++)
			if (*p != '\n')
				buf_addc(&got, *p);
		next = strstr(buf_str(&page), "\"from\": ");
		from = next ? strtoll(next + 8, NULL, 10) : 0;
	} while (from);
	assert_int_equal(got.len, b.len);
	assert_memory_equal(got.data, b.data, b.len);
	unlink(path);
	outputs_release(&all);
}

static void
hostile_bytes(void **state)
{
	static const char raw[] = "\x1b[2Ja\x1b]52;c;eA==\x07"
				  "b\nold\rnew\n\xff\xfe\n\0c\n";

	(void)state;
	write_file(raw, sizeof(raw) - 1);
	keep(1, (char *)"cut", path);
	assert_true(ask(1, 1, 0));
	SAYS("]\nab\nnew\n\xef\xbf\xbd\xef\xbf\xbd\nc\n");
	unlink(path);
	outputs_release(&all);
}

static void
memory_is_bounded(void **state)
{
	AUTO_FREE char *text = mem_alloc(16 * KIB + 1);

	(void)state;
	memset(text, 'x', 16 * KIB);
	for (unsigned i = 1; i <= 100; i++)
		keep(i, text, NULL);
	assert_true(all.kept <= OUTPUTS_KEEP_MAX);
	assert_false(ask(1, 1, 1));
	SAYS("was removed");
	assert_true(ask(100, 1, 1));
	outputs_release(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_and_unknown), cmocka_unit_test(short_output),
	    cmocka_unit_test(whole_file),	   cmocka_unit_test(one_long_line),
	    cmocka_unit_test(hostile_bytes),	   cmocka_unit_test(memory_is_bounded),
	};
	int failed;

	close(tmp_file(path));
	failed = cmocka_run_group_tests_name("output", tests, NULL, NULL);
	buf_release(&page);
	return failed;
}
