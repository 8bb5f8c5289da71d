/* The front's realpath() beside the C library's: the same answer for every kind of path. */
#include <stdlib.h>

char *compat_realpath(const char *path, char *real);

#include "front/compat/realpath.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "tests/unit/tmp.h"

#define PARTS 4 /* of a path at the most */

static const char *const names[] = {"a",    "b",    "file",    "loop",	  "gone",
				    "to_a", "to_b", "to_file", ".",	  "..",
				    "",	    "none", "closed",  "absolute"};

static void
link_to(const char *target, const char *at)
{
	assert_int_equal(symlink(target, at), 0);
}

/* The folder's real path in `root`, which is gone into. */
static void
tree(char root[PATH_MAX])
{
	char folder[TMP_PATH];
	FILE *f;

	assert_true(tmp_folder(folder));
	assert_non_null(realpath(folder, root));
	assert_int_equal(chdir(root), 0);
	assert_int_equal(mkdir("a", 0755), 0);
	assert_int_equal(mkdir("a/b", 0755), 0);
	assert_int_equal(mkdir("a/b/closed", 0), 0);
	f = fopen("a/b/file", "w");
	assert_non_null(f);
	fclose(f);
	link_to("loop", "a/loop");
	link_to("nowhere", "a/gone");
	link_to("a", "to_a");
	link_to("../a/b", "a/to_b");
	link_to("b/file", "a/to_file");
	link_to(root, "a/absolute");
}

static void
untree(const char *root)
{
	static const char *const all[] = {"a/absolute", "a/to_file", "a/to_b",	"to_a",
					  "a/gone",	"a/loop",    "a/b/file"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(unlink(all[i]), 0);
	assert_int_equal(rmdir("a/b/closed"), 0);
	assert_int_equal(rmdir("a/b"), 0);
	assert_int_equal(rmdir("a"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(root), 0);
}

static void
compare(const char *path)
{
	char ours[PATH_MAX], theirs[PATH_MAX];
	char *want, *got;
	int error;

	errno = 0;
	want = realpath(path, theirs);
	error = errno;
	errno = 0;
	got = compat_realpath(path, ours);
	if (!want != !got || (want && strcmp(want, got) != 0) || (!want && errno != error))
		fail_msg("'%s': '%s' (%d), not '%s' (%d)", path, got ? got : "", errno,
			 want ? want : "", error);
	got = compat_realpath(path, NULL);
	if (!want != !got || (want && strcmp(want, got) != 0))
		fail_msg("'%s', allocated: '%s'", path, got ? got : "");
	free(got);
}

/* `path` with every name behind it, and so on. */
static void
compare_all(char *path, size_t at, unsigned parts)
{
	compare(path);
	if (parts == PARTS)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int n = snprintf(path + at, PATH_MAX - at, "/%s", names[i]);

		compare_all(path, at + (size_t)n, parts + 1);
	}
	path[at] = 0;
}

static void
every_path_as_the_c_library(void **state)
{
	char root[PATH_MAX], path[PATH_MAX] = ".";

	(void)state;
	tree(root);
	compare_all(path, 1, 1);
	snprintf(path, sizeof(path), "%s", root);
	compare_all(path, strlen(path), 0);
	compare("");
	compare("/");
	compare("//");
	compare("/tmp/");
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	memset(path + 1, 'x', sizeof(path) - 2);
	compare(path);
	untree(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_path_as_the_c_library)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
