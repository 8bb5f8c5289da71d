/* How pid 1 gets into its control groups, and what is left of its mounts: sandbox/ns.h,
 * sandbox/cgroup.h. */
#include "tests/unit/cm.h"
#include "tests/unit/tmp.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/cgroup.h"
#include "sandbox/ns.h"
#include "sandbox/rights.h"

#define PATIENCE_MS 60000
#define SKIPPED	    77

static void
empty(struct cgroup *c)
{
	memset(c, 0, sizeof(*c));
	c->memory = c->pids = c->killed = c->lock[0] = c->lock[1] = -1;
}

static bool
says(int fd, const char *want)
{
	char got[8] = "";

	return read(fd, got, sizeof(got) - 1) == (ssize_t)strlen(want) &&
	       strcmp(got, want) == 0;
}

/* pid 1 enters, keeps the events, and hands the group on to the command's process. */
static void
test_handed_on(void **state)
{
	int to[2], relay[2], group[2], kills[2];
	struct cgroup made, mine;

	(void)state;
	empty(&made);
	empty(&mine);
	assert_true(rights_pair(to) && rights_pair(relay));
	assert_int_equal(pipe(group) | pipe(kills), 0);
	made.n = 1;
	made.at[0].procs = group[1];
	made.killed = kills[0];
	cgroup_offer(&made, false, to[1]);
	assert_true(cgroup_take(&mine, to[0], relay[1]));
	assert_true(says(group[0], "0"));
	assert_true(mine.killed >= 0);
	assert_int_equal(write(kills[1], "k", 1), 1);
	assert_true(says(mine.killed, "k"));
	assert_int_equal(send(relay[1], "", 1, 0), 1);
	assert_true(cgroup_take(NULL, relay[0], -1));
	assert_true(says(group[0], "0"));
	/* Who was born inside gets the events alone. */
	cgroup_offer(&made, true, to[1]);
	assert_true(cgroup_take(&mine, to[0], -1));
	close(group[1]);
	assert_true(says(group[0], ""));
	close(to[1]);
	assert_false(cgroup_take(&mine, to[0], -1));
}

/* Two steps that come at once stay two. */
static void
test_one_step_each(void **state)
{
	int pair[2];

	(void)state;
	assert_true(rights_pair(pair));
	assert_int_equal(send(pair[1], "", 1, 0), 1);
	assert_int_equal(send(pair[1], "", 1, 0), 1);
	assert_true(cgroup_take(NULL, pair[0], -1));
	assert_true(cgroup_take(NULL, pair[0], -1));
	close(pair[1]);
	assert_false(cgroup_take(NULL, pair[0], -1));
	close(pair[0]);
}

/* Where version 2 is mounted, for real root. */
static int
make_group(char path[64])
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

	for (size_t i = 0; i < SBX_LEN(places); i++) {
		char probe[64];

		snprintf(probe, sizeof(probe), "%s/cgroup.procs", places[i]);
		snprintf(path, 64, "%s/sunaba-test-%d", places[i], (int)getpid());
		if (access(probe, W_OK) == 0 && mkdir(path, 0755) == 0)
			return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return -1;
}

static void
test_born_inside(void **state)
{
	struct ns_ids ids = {.uid = geteuid(), .gid = getegid(), .net_later = true};
	struct sbx_fail f;
	char path[64], text[1024] = "", own[24], name[64];
	bool userns;
	int fd, hold[2];
	pid_t pid;

	(void)state;
	ids.group = make_group(path);
	if (ids.group < 0)
		skip();
	assert_int_equal(pipe(hold), 0);
	pid = ns_clone(&ids, &userns, &f);
	if (pid == 0) {
		char c;

		close(hold[1]);
		_exit(read(hold[0], &c, 1) == 0 ? 0 : 1);
	}
	close(hold[0]);
	if (pid > 0 && ids.group >= 0) {
		snprintf(own, sizeof(own), "/proc/%d/cgroup", (int)pid);
		fd = open(own, O_RDONLY);
		assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
		close(fd);
		snprintf(name, sizeof(name), "0::/sunaba-test-%d\n", (int)getpid());
	}
	close(hold[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	rmdir(path);
	if (pid < 0 || ids.group < 0)
		skip();
	assert_non_null(strstr(text, name));
}

/* In namespaces of its own: whether a file system lives on in the mounts of one that ended. */
static int
watch_mounts(void)
{
	struct pollfd p = {.events = POLLIN};
	char dir[TMP_PATH];
	pid_t pid;

	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || !tmp_folder(dir))
		return SKIPPED;
	if (mount("tmpfs", dir, "tmpfs", 0, NULL))
		return rmdir(dir), SKIPPED;
	p.fd = inotify_init1(IN_CLOEXEC);
	if (p.fd < 0 || inotify_add_watch(p.fd, dir, IN_DELETE_SELF) < 0)
		return SKIPPED;
	pid = ns_fork(CLONE_NEWNS, NULL);
	if (pid == 0) {
		ns_release_later();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	/* IN_UNMOUNT comes unasked, when nobody has it mounted any more. */
	return poll(&p, 1, PATIENCE_MS) == 1 ? 0 : 1;
}

static void
test_mounts_go(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(watch_mounts());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handed_on), cmocka_unit_test(test_one_step_each),
	    cmocka_unit_test(test_born_inside), cmocka_unit_test(test_mounts_go)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
