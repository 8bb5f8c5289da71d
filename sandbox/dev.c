/* /dev of the jail: harmless nodes, own pseudo terminals, links. /dev/tty is whatever terminal
 * the opener has: one of the jail's, or none. Sources: devpts (Documentation/filesystems/devpts.rst), null(4).
 * Pinned by tests/jail. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sandbox/root.h"

/* Read-only does not keep from writing to a device, but from changing the host's node: as root,
 * code could take /dev/null away from everybody with chmod. */
#define NODE_ATTR (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

static const struct {
	const char *name;
	unsigned major, minor;
} nodes_table[DEV_NODES] = {{"null", 1, 3},   {"zero", 1, 5},	 {"full", 1, 7},
			    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

static const struct {
	const char *to, *name;
} links[] = {{"/proc/self/fd", "dev/fd"},
	     {"/proc/self/fd/0", "dev/stdin"},
	     {"/proc/self/fd/1", "dev/stdout"},
	     {"/proc/self/fd/2", "dev/stderr"},
	     {"pts/ptmx", "dev/ptmx"}};

void
dev_take(int nodes[DEV_NODES])
{
	char path[32];

	for (size_t i = 0; i < DEV_NODES; i++) {
		snprintf(path, sizeof(path), "/dev/%s", nodes_table[i].name);
		nodes[i] = root_clone(AT_FDCWD, path, NODE_ATTR);
	}
}

static bool
node_build(int root, size_t i, int host, struct sbx_fail *f)
{
	char path[32];
	bool ok;

	snprintf(path, sizeof(path), "dev/%s", nodes_table[i].name);
	if (host < 0) {
		ok = mknodat(root, path, S_IFCHR | 0666,
			     makedev(nodes_table[i].major, nodes_table[i].minor)) == 0 &&
		     fchmodat(root, path, 0666, 0) == 0;
	} else {
		ok = mknodat(root, path, S_IFREG | 0666, 0) == 0 &&
		     move_mount(host, "", root, path, MOVE_MOUNT_F_EMPTY_PATH) == 0;
	}
	return ok || sbx_fail_set(f, "device", errno, path);
}

static bool
pts_build(int root, struct sbx_fail *f)
{
	SBX_CLOSE int fs = fsopen("devpts", FSOPEN_CLOEXEC), mnt = -1;

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_FLAG, "newinstance", NULL, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0620", 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ||
	    (mnt = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)) <
		0 ||
	    move_mount(mnt, "", root, "dev/pts", MOVE_MOUNT_F_EMPTY_PATH)) {
		int sys = errno;

		sbx_shut(&mnt);
		return sbx_fail_set(f, "mount devpts", sys, "/dev/pts");
	}
	sbx_shut(&mnt);
	return true;
}

bool
dev_build(int root, const int nodes[DEV_NODES], struct sbx_fail *f)
{
	if (mkdirat(root, "dev", 0755) || mkdirat(root, "dev/pts", 0755) ||
	    mkdirat(root, "dev/shm", 01777))
		return sbx_fail_set(f, "folder", errno, "/dev");
	for (size_t i = 0; i < DEV_NODES; i++)
		if (!node_build(root, i, nodes[i], f)) {
			if (nodes_table[i].major == 1)
				return false;
			f->step[0] = 0; /* some containers have no /dev/tty */
		}
	for (size_t i = 0; i < SBX_LEN(links); i++)
		if (symlinkat(links[i].to, root, links[i].name))
			return sbx_fail_set(f, "link", errno, links[i].name);
	return pts_build(root, f);
}
