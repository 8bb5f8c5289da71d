/* Files that a step changed: tools/changes.c. */
#include "tests/unit/cm.h"
#include "tests/unit/tmp.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "tools/changes.h"

static char root[TMP_PATH];
static int root_fd = -1;
static struct changes *c;

static int
set_up(void **state)
{
	(void)state;
	if (!tmp_folder(root))
		return -1;
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	c = changes_new();
	return root_fd < 0;
}

static int
tear_down(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(execlp("rm", "rm", "-rf", "--", root, NULL));
	changes_free(c);
	close(TAKE_FD(root_fd));
	return pid < 0 || waitpid(pid, NULL, 0) != pid;
}

static void
put(const char *name, const char *text, size_t n)
{
	int fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

static char *
after(size_t most)
{
	struct change_list *l = changes_after(c, root_fd);
	struct buf b = BUF_INIT(64 * KIB);

	if (l)
		change_list_text(l, most, &b);
	change_list_free(l);
	return buf_take(&b);
}

#define AFTER(wanted)                              \
	do {                                       \
		AUTO_FREE char *got_ = after(40);  \
		assert_string_equal(got_, wanted); \
	} while (0)

static void
created_changed_deleted(void **state)
{
	(void)state;
	changes_before(c, root_fd);
	AFTER("");
	put("b.txt", "1", 1);
	put("c", "1", 1);
	mkdirat(root_fd, "d", 0700);
	put("d/same", "1", 1);
	changes_before(c, root_fd);
	put("a.png", "x", 1);
	put("b.txt", "22", 2);
	put("d/表 計算.csv", "x", 1);
	unlinkat(root_fd, "c", 0);
	AFTER("+a.png ~b.txt -c +'d/表 計算.csv'");
	changes_before(c, root_fd);
	assert_int_equal(renameat(root_fd, "b.txt", root_fd, "e"), 0);
	assert_int_equal(fchmodat(root_fd, "d/same", 0700, 0), 0);
	AFTER("-b.txt ~d/same +e");
}

static void
passed_over(void **state)
{
	(void)state;
	changes_before(c, root_fd);
	mkdirat(root_fd, ".git", 0700);
	mkdirat(root_fd, "node_modules", 0700);
	put(".git/index", "x", 1);
	put("node_modules/x.js", "x", 1);
	assert_int_equal(symlinkat("/etc", root_fd, "link"), 0);
	AFTER("+link");
}

static void
hostile_names(void **state)
{
	(void)state;
	changes_before(c, root_fd);
	put("a\nfiles: -b", "x", 1);
	put("c\x1b[2J", "x", 1);
	put("d\xe2\x80\xae"
	    "e",
	    "x", 1);
	put("f\xff", "x", 1);
	put("g'h", "x", 1);
	AFTER("+'a\\u{a}files: -b' +c\\u{1b}[2J +d\\u{202e}e +f\\xff +'g\\'h'");
}

static void
the_list_is_bounded(void **state)
{
	char name[300];

	(void)state;
	changes_before(c, root_fd);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "many%03d", 99 - i);
		put(name, "x", 1);
	}
	AUTO_FREE char *got = after(3);

	assert_string_equal(got, "+many000 +many001 +many002 and 97 more");
}

static void
pictures(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\x80\0\0\1\xe0";
	struct change_list *l;
	struct buf b = BUF_INIT(KIB);

	(void)state;
	changes_before(c, root_fd);
	put("plot.png", png, 24);
	put("no.png", "text", 4);
	assert_int_equal(symlinkat("/etc/passwd", root_fd, "away.png"), 0);
	assert_int_equal(mkfifoat(root_fd, "wait.png", 0600), 0);
	l = changes_after(c, root_fd);
	assert_non_null(l);
	change_list_pictures(l, &b);
	assert_string_equal(buf_str(&b), "plot.png 640x480");
	buf_release(&b);
	change_list_free(l);
}

static void
too_many_files(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i <= CHANGES_ENTRIES_MAX; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		close(openat(root_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	for (int i = 0; i < CHANGES_TRIES; i++)
		changes_before(c, root_fd);
	assert_non_null(changes_note(c));
	assert_null(changes_note(c));
	AFTER("");
}

/* Not a bound: what is printed is the figure of the report. */
static void
cost(void **state)
{
	static const int sizes[] = {20, 1000, 10000};
	char name[32];
	int n = 0;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
		int64_t best = INT64_MAX;

		for (; n < sizes[k]; n++) {
			if (n % 100 == 0) {
				snprintf(name, sizeof(name), "d%d", n / 100);
				mkdirat(root_fd, name, 0700);
			}
			snprintf(name, sizeof(name), "d%d/f%d", n / 100, n);
			close(openat(root_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		}
		for (int i = 0; i < 5; i++) {
			struct timespec a, b;

			clock_gettime(CLOCK_MONOTONIC, &a);
			changes_before(c, root_fd);
			AFTER("");
			clock_gettime(CLOCK_MONOTONIC, &b);
			best = MIN_OF(best, (b.tv_sec - a.tv_sec) * 1000000 +
						(b.tv_nsec - a.tv_nsec) / 1000);
		}
		print_message("# %d files: %lld us for both walks%s\n", sizes[k],
			      (long long)best, changes_note(c) ? ", off" : "");
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(created_changed_deleted),
	    TEST(passed_over),
	    TEST(hostile_names),
	    TEST(the_list_is_bounded),
	    TEST(pictures),
	    TEST(too_many_files),
	    TEST(cost),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
