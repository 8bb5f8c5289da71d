/* Live output: what is shown of a step is bounded, what is not is counted. Standard error goes
 * to a file, so that the rows can be read. */
#include "tests/unit/cm.h"
#include "tests/unit/tmp.h"

#include <fcntl.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/ui/live.h"

static struct buf shown = {.max = 4 * MIB};

/* Runs the pieces through a live view of its own and reads what it wrote. */
static void
play(const char *const *pieces, size_t times)
{
	char name[TMP_PATH];
	int fd = tmp_file(name), saved = dup(STDERR_FILENO);
	struct step_result r = {.total_bytes = 12345, .spill_path = (char *)"/tmp/whole"};
	struct term *t;
	struct live *l;

	assert_true(fd >= 0 && saved >= 0);
	dup2(fd, STDERR_FILENO);
	t = term_new(&(struct term_opts){.color = TERM_NEVER});
	l = live_new(t);
	for (size_t k = 0; k < times; k++)
		for (size_t i = 0; pieces[i]; i++)
			live_feed(l, pieces[i], strlen(pieces[i]));
	live_end(l, &r);
	live_free(l);
	term_flush(t, NULL);
	term_free(t);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	buf_reset(&shown);
	assert_int_equal(fs_read(name, &shown, NULL), ERR_NONE);
	unlink(name);
}

static void
lines_whatever_the_cut(void **state)
{
	(void)state;
	play((const char *const[]){"a", "b\nc", "d\n", "\xe7\xa0", "\x82\n", "last", NULL},
	     1);
	assert_non_null(strstr(buf_str(&shown), "ab\n"));
	assert_non_null(strstr(buf_str(&shown), "cd\n"));
	assert_non_null(strstr(buf_str(&shown), "砂\n"));
	assert_non_null(strstr(buf_str(&shown), "last\n"));
}

static void
escapes_never_pass(void **state)
{
	(void)state;
	play((const char *const[]){"\x1b]52;c;eA==\x07x\x1b[2Jy\n", NULL}, 1);
	assert_null(strchr(buf_str(&shown), '\x1b'));
	assert_non_null(strstr(buf_str(&shown), "xy\n"));
}

static void
a_flood_is_counted(void **state)
{
	(void)state;
	play((const char *const[]){"one line of output\n", NULL}, LIVE_LINES_MAX + 57);
	assert_non_null(strstr(buf_str(&shown), "57 lines more"));
	assert_non_null(strstr(buf_str(&shown), "/tmp/whole"));
}

static void
a_long_line_is_bounded(void **state)
{
	AUTO_FREE char *line = mem_alloc(3 * MIB + 1);

	(void)state;
	memset(line, 'x', 3 * MIB);
	play((const char *const[]){line, "\nafter\n", NULL}, 1);
	assert_true(shown.len < 64 * KIB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_whatever_the_cut),
	    cmocka_unit_test(escapes_never_pass),
	    cmocka_unit_test(a_flood_is_counted),
	    cmocka_unit_test(a_long_line_is_bounded),
	};
	int failed = cmocka_run_group_tests_name("live", tests, NULL, NULL);

	buf_release(&shown);
	return failed ? 1 : 0;
}
