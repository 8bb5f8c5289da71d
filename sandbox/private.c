/* Cuts the mount namespace off from the host's, also from inside a chroot: see root.h.
 * Sources: mount_namespaces(7), chroot(2), pivot_root(2). Pinned by tests/jail/test_places.py. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandbox/root.h"

/* A chroot's root need not be a mount point, and what lies above it may be shared with the
 * host: a mount or pivot would show there. Real root steps out of it for a moment to make all of
 * it private, then turns the root into a mount point of its own. */
static bool
leave_chroot(int root, struct sbx_fail *f)
{
	struct stat a, b;

	if (chroot("/etc") || fchdir(root))
		return sbx_fail_set(f, "leave chroot", errno, "/");
	do {
		if (stat(".", &a) || chdir("..") || stat(".", &b))
			return sbx_fail_set(f, "leave chroot", errno, "..");
	} while (a.st_ino != b.st_ino || a.st_dev != b.st_dev);
	if (chroot(".") || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return sbx_fail_set(f, "private mounts", errno, "/");
	return true;
}

static bool
private_root(struct sbx_fail *f)
{
	SBX_CLOSE int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), copy = -1;
	SBX_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (here < 0 || root < 0)
		return sbx_fail_set(f, "leave chroot", errno, "/");
	if (!leave_chroot(root, f))
		return false;
	copy = root_clone(root, "", 0);
	if (copy < 0 ||
	    move_mount(copy, "", root, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) ||
	    fchdir(copy) || chroot("."))
		return sbx_fail_set(f, "chroot as mount point", errno, "/");
	return fchdir(here) == 0 || sbx_fail_set(f, "workspace", errno, ".");
}

/* With a user namespace of its own, the mounts here are no peers of the host's already. */
bool
root_private(bool userns, struct sbx_fail *f)
{
	if (!userns)
		return private_root(f);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return sbx_fail_set(f, "private mounts", errno, "/");
	return true;
}

bool
root_resize(uint64_t size, struct sbx_fail *f)
{
	SBX_CLOSE int fs = fspick(AT_FDCWD, "/tmp", FSPICK_CLOEXEC);
	char bytes[32];

	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)size);
	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "size", bytes, 0) ||
	    fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0))
		return sbx_fail_set(f, "size of temporary files", errno, "/tmp");
	return true;
}
