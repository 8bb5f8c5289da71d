/* Files: bounded reads, atomic writes that leave devices and links in place, XDG folders. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "tests/unit/tmp.h"

static char folder[TMP_PATH];
static struct err err;

static char *
at(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static void
test_write_and_read(void **state)
{
	AUTO_FREE char *path = at("f");
	AUTO_BUF struct buf b = BUF_INIT(10);
	struct stat st;

	(void)state;
	assert_int_equal(fs_write(path, "0123456789", 10, 0640, &err), ERR_NONE);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(fs_read(path, &b, &err), ERR_NONE); /* at the bound */
	assert_string_equal(buf_str(&b), "0123456789");
	assert_int_equal(fs_write(path, "0123456789x", 11, 0600, &err), ERR_NONE);
	buf_reset(&b);
	assert_int_equal(fs_read(path, &b, &err), ERR_LIMIT); /* one past it */
	unlink(path);
}

static void
test_read_refuses(void **state)
{
	AUTO_FREE char *fifo = at("fifo");
	AUTO_FREE char *none = at("none");
	AUTO_BUF struct buf b = BUF_INIT(100);

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(fs_read(fifo, &b, &err), ERR_IO); /* and does not wait */
	assert_non_null(strstr(err.msg, "not a regular file"));
	assert_int_equal(fs_read(none, &b, &err), ERR_IO);
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(fs_read(folder, &b, &err), ERR_IO);
	assert_int_equal(err.sys, EISDIR);
	assert_int_equal(fs_read("/dev/zero", &b, &err), ERR_IO);
	unlink(fifo);
}

static void
test_write_keeps_links_and_devices(void **state)
{
	AUTO_FREE char *path = at("real");
	AUTO_FREE char *link = at("link");
	AUTO_FREE char *fifo = at("fifo");
	AUTO_BUF struct buf b = BUF_INIT(100);
	struct stat st;
	char got[8] = "";
	int fd;

	(void)state;
	assert_int_equal(fs_write(path, "old", 3, 0600, &err), ERR_NONE);
	assert_int_equal(symlink("real", link), 0);
	assert_int_equal(fs_write(link, "new", 3, 0600, &err), ERR_NONE);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(fs_read(path, &b, &err), ERR_NONE);
	assert_string_equal(buf_str(&b), "new");
	/* A rename over /dev/null, as root, would ruin the machine: shown on a FIFO. */
	assert_int_equal(mkfifo(fifo, 0600), 0);
	fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(fs_write(fifo, "into", 4, 0600, &err), ERR_NONE);
	assert_int_equal(read(fd, got, sizeof(got)), 4);
	assert_string_equal(got, "into");
	close(fd);
	assert_int_equal(stat(fifo, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(fs_write("/dev/null", "x", 1, 0600, &err), ERR_NONE);
	assert_int_equal(fs_write("/dev/full", "x", 1, 0600, &err), ERR_IO);
	assert_int_equal(fs_write(folder, "x", 1, 0600, &err), ERR_IO);
	unlink(path);
	unlink(link);
	unlink(fifo);
}

static void
test_write_fails_without_a_trace(void **state)
{
	AUTO_FREE char *path = at("no/such/file");

	(void)state;
	assert_int_equal(fs_write(path, "x", 1, 0600, &err), ERR_IO);
	assert_int_equal(err.sys, ENOENT);
}

static void
test_write_all_waits_for_room(void **state)
{
	static char big[200000];
	AUTO_FREE char *got = mem_alloc(sizeof(big));
	size_t have = 0;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	if (fork() == 0) {
		close(fds[0]);
		_exit(fs_write_all(fds[1], big, sizeof(big), NULL) ? 1 : 0);
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFL, 0);
	for (ssize_t n; (n = read(fds[0], got, sizeof(big))) > 0;)
		have += (size_t)n;
	close(fds[0]);
	assert_int_equal(have, sizeof(big));
}

static void
test_mkdirs(void **state)
{
	AUTO_FREE char *deep = at("a/b//c/");
	AUTO_FREE char *file = at("a/file");
	AUTO_FREE char *below = at("a/file/x");
	struct stat st;

	(void)state;
	assert_int_equal(fs_mkdirs(deep, 0700, &err), ERR_NONE);
	assert_int_equal(fs_mkdirs(deep, 0700, &err), ERR_NONE);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(fs_write(file, "", 0, 0600, &err), ERR_NONE);
	assert_int_equal(fs_mkdirs(file, 0700, &err), ERR_IO);
	assert_int_equal(fs_mkdirs(below, 0700, &err), ERR_IO);
	assert_int_equal(fs_mkdirs("", 0700, &err), ERR_IO);
	assert_int_equal(fs_mkdirs("/", 0700, &err), ERR_NONE);
}

static void
test_xdg(void **state)
{
	char *path;

	(void)state;
	setenv("HOME", "/home/u", 1);
	setenv("XDG_CONFIG_HOME", "/x", 1);
	path = fs_xdg_path(FS_CONFIG, "a.yaml");
	assert_string_equal(path, "/x/sunaba/a.yaml");
	free(path);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	path = fs_xdg_path(FS_CONFIG, NULL);
	assert_string_equal(path, "/home/u/.config/sunaba");
	free(path);
	unsetenv("XDG_STATE_HOME");
	path = fs_xdg_path(FS_STATE, "s");
	assert_string_equal(path, "/home/u/.local/state/sunaba/s");
	free(path);
	path = fs_expand("~/x");
	assert_string_equal(path, "/home/u/x");
	free(path);
	path = fs_expand("~");
	assert_string_equal(path, "/home/u");
	free(path);
	path = fs_shorten("/home/u/x");
	assert_string_equal(path, "~/x");
	free(path);
	path = fs_shorten("/home/u");
	assert_string_equal(path, "~");
	free(path);
	path = fs_shorten("/home/user");
	assert_string_equal(path, "/home/user");
	free(path);
	path = fs_expand("~other/x");
	assert_string_equal(path, "~other/x");
	free(path);
}

static void
clean(void)
{
	static const char *const names[] = {"a/b/c", "a/b", "a/file", "a", ""};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *path = at(names[i]);

		remove(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_write_and_read),
	    cmocka_unit_test(test_read_refuses),
	    cmocka_unit_test(test_write_keeps_links_and_devices),
	    cmocka_unit_test(test_write_fails_without_a_trace),
	    cmocka_unit_test(test_write_all_waits_for_room),
	    cmocka_unit_test(test_mkdirs),
	    cmocka_unit_test(test_xdg),
	};
	int rc;

	if (!tmp_folder(folder))
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	clean();
	return rc;
}
