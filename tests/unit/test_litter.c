/* Removing what hostile code left: deep, unreadable, full of links and mounts. */
#include "tests/unit/cm.h"
#include "tests/unit/tmp.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/bare.h"

#define DEEP	  3000 /* beyond PATH_MAX and the limit of descriptors */
#define NO_MOUNTS 77   /* status of a child that may mount nothing */

static char base[TMP_PATH];
static int at = -1;

static int
set_up(void **state)
{
	(void)state;
	if (!tmp_folder(base))
		return -1;
	at = open(base, O_RDONLY | O_DIRECTORY);
	return at < 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(at);
	return rmdir(base);
}

static void
put(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void
test_deep(void **state)
{
	int dir;

	(void)state;
	assert_int_equal(mkdirat(at, "t", 0700), 0);
	dir = openat(at, "t", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < DEEP; i++) {
		int next;

		assert_int_equal(mkdirat(dir, "d", 0700), 0);
		next = openat(dir, "d", O_RDONLY | O_DIRECTORY);
		if (i % 100 == 0)
			put(dir, "file");
		close(dir);
		dir = next;
	}
	close(dir);
	assert_true(litter_remove(at, "t"));
	assert_int_equal(faccessat(at, "t", F_OK, 0), -1);
}

static void
test_shut_and_linked(void **state)
{
	struct stat st;
	int dir;

	(void)state;
	put(at, "keep");
	assert_int_equal(mkdirat(at, "outside", 0755), 0);
	assert_int_equal(mkdirat(at, "t", 0700), 0);
	assert_int_equal(mkdirat(at, "t/a", 0700), 0);
	assert_int_equal(mkdirat(at, "t/a/b", 0700), 0);
	assert_int_equal(mkdirat(at, "t/a/b/c", 0700), 0);
	assert_int_equal(mkdirat(at, "t/0", 0700), 0);
	assert_int_equal(symlinkat("../keep", at, "t/link"), 0);
	assert_int_equal(symlinkat("../../outside", at, "t/a/up"), 0);
	assert_int_equal(symlinkat("/", at, "t/a/b/root"), 0);
	assert_int_equal(mkfifoat(at, "t/a/pipe", 0600), 0);
	dir = openat(at, "t/a/b/c", O_RDONLY | O_DIRECTORY);
	put(dir, "-rf *");
	put(dir, "1");
	close(dir);
	assert_int_equal(fchmodat(at, "t/a/b/c", 0, 0), 0);
	assert_int_equal(fchmodat(at, "t/a/b", 0100, 0), 0);
	assert_int_equal(fchmodat(at, "t/a", 0500, 0), 0);
	assert_int_equal(fchmodat(at, "t", 0, 0), 0);
	assert_true(litter_remove(at, "t"));
	assert_int_equal(fstatat(at, "outside", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	assert_int_equal(unlinkat(at, "keep", 0), 0);
	assert_int_equal(unlinkat(at, "outside", AT_REMOVEDIR), 0);
}

static void
test_no_folder(void **state)
{
	(void)state;
	assert_true(litter_remove(at, "absent"));
	assert_int_equal(symlinkat("/etc", at, "l"), 0);
	assert_true(litter_remove(at, "l"));
	assert_int_equal(access("/etc/passwd", F_OK), 0);
	put(at, "f");
	assert_true(litter_remove(at, "f"));
}

/* What is bound into the tree is another's: 0 when all of it is as it was. */
static int
remove_around_mounts(void)
{
	struct stat st;

	/* The other descriptor is of the mounts that were. */
	at = open(base, O_RDONLY | O_DIRECTORY);
	if (at < 0 || fchdir(at))
		return NO_MOUNTS;
	if (mount("outside", "t/m", NULL, MS_BIND, NULL) ||
	    mount("outside", "t/a/m", NULL, MS_BIND, NULL) || litter_remove(at, "t") ||
	    fstatat(at, "outside/keep", &st, 0) || fstatat(at, "outside", &st, 0) ||
	    (st.st_mode & 0777) != 0755)
		return 1;
	/* Deeper ones are moved with their folders. */
	if (mount("outside", "t", NULL, MS_BIND, NULL) || litter_remove(at, "t"))
		return 2;
	return fstatat(at, "outside/keep", &st, 0) ? 3 : 0;
}

static void
test_mounts(void **state)
{
	int status = -1, dir;
	pid_t pid;

	(void)state;
	assert_int_equal(mkdirat(at, "outside", 0755), 0);
	dir = openat(at, "outside", O_RDONLY | O_DIRECTORY);
	put(dir, "keep");
	close(dir);
	assert_int_equal(mkdirat(at, "t", 0700), 0);
	assert_int_equal(mkdirat(at, "t/m", 0700), 0);
	assert_int_equal(mkdirat(at, "t/a", 0700), 0);
	assert_int_equal(mkdirat(at, "t/a/m", 0700), 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
			_exit(NO_MOUNTS);
		_exit(remove_around_mounts());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	/* The namespace has gone, and its mounts. */
	assert_true(litter_remove(at, "t"));
	assert_true(litter_remove(at, "outside"));
	if (WEXITSTATUS(status) == NO_MOUNTS)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_deep), cmocka_unit_test(test_shut_and_linked),
	    cmocka_unit_test(test_no_folder), cmocka_unit_test(test_mounts)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
