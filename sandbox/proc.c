/* /proc of the jail and of each job, with covers over what is no business of code's.
 *
 * pid 1's own stays bare: the kernel lets a job's namespace mount a new one only while a fully
 * visible one is there. Sources: proc(5), mount_too_revealing() in fs/namespace.c of Linux 6.x.
 * Pinned by tests/jail/test_sandbox.py. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "sandbox/root.h"

#define PROC_COVER (MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const char *const proc_readonly[] = {"proc/sys",		 "proc/irq",  "proc/bus",
					    "proc/fs",		 "proc/acpi", "proc/scsi",
					    "proc/sysrq-trigger"};
static const char *const proc_masked[] = {
    "proc/kcore",	  "proc/keys",	     "proc/key-users",	 "proc/timer_list",
    "proc/latency_stats", "proc/kallsyms",   "proc/sched_debug", "proc/kmsg",
    "proc/kpagecount",	  "proc/kpageflags", "proc/kpagecgroup"};

bool
root_proc(int at, const char *path, struct sbx_fail *f)
{
	SBX_CLOSE int fs = fsopen("proc", FSOPEN_CLOEXEC), mnt = -1;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ||
	    (mnt = fsmount(fs, FSMOUNT_CLOEXEC,
			   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)) < 0 ||
	    move_mount(mnt, "", at, path, MOVE_MOUNT_F_EMPTY_PATH))
		return sbx_fail_set(f, "mount proc", errno, "/proc");
	return true;
}

/* A parent namespace that covers part of its own may not mount a fresh one. */
bool
root_proc_if_allowed(int at, const char *path, struct sbx_fail *f)
{
	if (root_proc(at, path, f))
		return true;
	if (f->sys != EPERM)
		return false;
	f->step[0] = 0;
	return true;
}

bool
root_has_proc(int root)
{
	SBX_CLOSE int fd =
	    openat(root, root < 0 ? "/proc" : "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs st;

	return fd >= 0 && fstatfs(fd, &st) == 0 && st.f_type == PROC_SUPER_MAGIC;
}

bool
root_cover_proc(int root, struct sbx_fail *f)
{
	if (fchdir(root))
		return sbx_fail_set(f, "cover proc", errno, "/");
	for (size_t i = 0; i < SBX_LEN(proc_readonly); i++) {
		const char *path = proc_readonly[i];

		if (mount(path, path, NULL, MS_BIND, NULL)
			? errno != ENOENT
			: mount(NULL, path, NULL, PROC_COVER, NULL) != 0)
			return sbx_fail_set(f, "cover proc", errno, path);
	}
	for (size_t i = 0; i < SBX_LEN(proc_masked); i++)
		if (mount("dev/null", proc_masked[i], NULL, MS_BIND, NULL) &&
		    errno != ENOENT)
			return sbx_fail_set(f, "cover proc", errno, proc_masked[i]);
	return true;
}

bool
root_scripts(struct sbx_fail *f)
{
	struct mount_attr ro = {.attr_set = MOUNT_ATTR_RDONLY};

	if (mount_setattr(AT_FDCWD, SBX_SCRIPT_DIR, 0, &ro, sizeof(ro)))
		return sbx_fail_set(f, "scripts", errno, SBX_SCRIPT_DIR);
	return true;
}

bool
root_job(struct sbx_fail *f)
{
	SBX_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	/* Where pid 1 got none, no job gets one. */
	if (root_has_proc(root) &&
	    (!root_proc(AT_FDCWD, "/proc", f) || !root_cover_proc(root, f)))
		return false;
	return root_scripts(f);
}
