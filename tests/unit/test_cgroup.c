/* Where a process's control group is: texts of the kernel, version 1, 2 and mixed. */
#include "tests/unit/cm.h"

#include <string.h>

#include "sandbox/cgroup.h"

static const char mixed_groups[] = "9:name=systemd:/\n8:pids:/\n4:memory:/api/f9\n"
				   "2:cpu,cpuacct:/\n0::/\n";
static const char mixed_mounts[] =
    "30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "31 30 0:27 / /sys/fs/cgroup/cpu rw shared:1 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "33 30 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
    "34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
static const char user_groups[] =
    "0::/user.slice/user-1000.slice/user@1000.service/app.slice/term.scope\n";
static const char user_mounts[] =
    "22 1 0:20 / / rw - ext4 /dev/sda1 rw\n"
    "29 22 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";

static void
found(const char *groups, const char *mounts, const char *controller, const char *want)
{
	char path[256] = "";

	assert_int_equal(cgroup_folder(groups, mounts, controller, path, sizeof(path)),
			 want != NULL);
	if (want)
		assert_string_equal(path, want);
}

static void
test_folders(void **state)
{
	(void)state;
	found(mixed_groups, mixed_mounts, "memory", "/sys/fs/cgroup/memory/api/f9");
	found(mixed_groups, mixed_mounts, "pids", "/sys/fs/cgroup/pids");
	found(mixed_groups, mixed_mounts, "cpuacct", "/sys/fs/cgroup/cpu");
	found(mixed_groups, mixed_mounts, "", "/sys/fs/cgroup/unified");
	found(mixed_groups, mixed_mounts, "mem", NULL);
	found(mixed_groups, mixed_mounts, "freezer", NULL);
	found(user_groups, user_mounts, "",
	      "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/"
	      "term.scope");
	found(user_groups, user_mounts, "memory", NULL);
}

/* A container sees its own part of the tree mounted. */
static void
test_container(void **state)
{
	static const char mounts[] =
	    "29 22 0:26 /docker/ab /sys/fs/cgroup/memory rw - cgroup "
	    "cgroup rw,memory\n";

	(void)state;
	found("4:memory:/docker/ab\n", mounts, "memory", "/sys/fs/cgroup/memory");
	found("4:memory:/docker/ab/c\n", mounts, "memory", "/sys/fs/cgroup/memory/c");
	found("4:memory:/docker/abc\n", mounts, "memory", NULL);
	found("4:memory:/\n", mounts, "memory", NULL);
}

static void
test_broken(void **state)
{
	char path[8];

	(void)state;
	found("", "", "memory", NULL);
	found(":::\n::\n\n", "- -\n - \n", "memory", NULL);
	found("4:memory", mixed_mounts, "memory", NULL);
	found(mixed_groups, "32 30 0:28 / /sys", "memory", NULL);
	assert_false(
	    cgroup_folder(mixed_groups, mixed_mounts, "memory", path, sizeof(path)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders),
					   cmocka_unit_test(test_container),
					   cmocka_unit_test(test_broken)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
