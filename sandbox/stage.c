/* The copy-on-write workspace: see stage.h.
 *
 * One overlay for the whole session, so that interpreters, open files and programs in the
 * background all see one tree from turn to turn; what a turn changed is kept outside of the jail
 * (tools/stage_snap.c). The agent gets a descriptor of the mounted tree: what is taken back goes
 * through the mount like any other program's writing, never behind its back. The file system's
 * own marks are the user's attributes (userxattr), as a user namespace may not write others;
 * redirects and metadata-only copies are off with it. Layers are named by short relative paths,
 * which need no quoting. The layer is volatile: without that each umount would write out the whole
 * file system that it lies on; what is applied is ordinary files.
 *
 * Sources: Documentation/filesystems/overlayfs.rst, fsconfig(2), move_mount(2).
 * Pinned by tests/jail/test_staged.py. */
#include "sandbox/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandbox/root.h"

#define LOWER "run/lower"
#define STAGE "run/stage"

int
stage_take(const struct setup *s, struct sbx_fail *f)
{
	SBX_CLOSE int at = setup_open(s->stage);
	int fd = at < 0 ? -1 : root_clone(at, "", TREE_RW);

	if (fd < 0)
		sbx_fail_set(f, "staged folder", errno, s->stage);
	return fd;
}

static bool
put(int root, const char *place, int mnt)
{
	return mkdirat(root, place, 0700) == 0 &&
	       move_mount(mnt, "", root, place, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

static int
new_overlay(bool readonly)
{
	SBX_CLOSE int fs = fsopen("overlay", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) ||
	    fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", LOWER, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", STAGE "/upper", 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "workdir", STAGE "/work", 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, readonly ? TREE_RO : TREE_RW);
}

int
stage_over(int root, int lower, int layers, const struct setup *s, struct sbx_fail *f)
{
	int mnt = -1;

	if (fchdir(root) || !put(root, LOWER, lower) || !put(root, STAGE, layers)) {
		sbx_fail_set(f, "staged folder", errno, s->stage);
	} else {
		mnt = new_overlay(s->workspace_readonly);
		if (mnt < 0)
			sbx_fail_set(f, "copy-on-write layer", errno, s->workspace);
	}
	/* The overlay holds private clones of its layers; their places are not needed. */
	umount2(LOWER, MNT_DETACH);
	umount2(STAGE, MNT_DETACH);
	unlinkat(root, LOWER, AT_REMOVEDIR);
	unlinkat(root, STAGE, AT_REMOVEDIR);
	return mnt;
}

/* A reconfiguration drops every cached name that is not in use: files that an apply replaced are
 * looked up anew, and what the user changed there shows. */
void
stage_refresh(const struct setup *s)
{
	SBX_CLOSE int fs = s->stage ? fspick(AT_FDCWD, s->workspace, FSPICK_CLOEXEC) : -1;

	if (fs >= 0)
		fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
}
