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
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandbox/protect.h"
#include "sandbox/root.h"

#define LOWER  "run/lower"
#define STAGE  "run/stage"
#define LINKED "git" /* in the folder of layers; tools/stage.c looks for it */

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
new_overlay(const char *layer, bool readonly)
{
	char upper[64], work[64];
	SBX_CLOSE int fs = fsopen("overlay", FSOPEN_CLOEXEC);

	snprintf(upper, sizeof(upper), "%s/upper", layer);
	snprintf(work, sizeof(work), "%s/work", layer);
	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) ||
	    fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", LOWER, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", upper, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "workdir", work, 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, readonly ? TREE_RO : TREE_RW);
}

/* The tree over `lower`, whose place is `path`, with its layer below `layer`. */
static int
over(int root, int lower, int layers, const char *layer, const char *path, bool readonly,
     struct sbx_fail *f)
{
	int mnt = -1;

	if (fchdir(root) || !put(root, LOWER, lower) || !put(root, STAGE, layers)) {
		sbx_fail_set(f, "staged folder", errno, path);
	} else {
		mnt = new_overlay(layer, readonly);
		if (mnt < 0)
			sbx_fail_set(f, "copy-on-write layer", errno, path);
	}
	/* The overlay holds private clones of its layers; their places are not needed. */
	umount2(LOWER, MNT_DETACH);
	umount2(STAGE, MNT_DETACH);
	unlinkat(root, LOWER, AT_REMOVEDIR);
	unlinkat(root, STAGE, AT_REMOVEDIR);
	return mnt;
}

int
stage_over(int root, int lower, int layers, const struct setup *s, struct sbx_fail *f)
{
	return over(root, lower, layers, STAGE, s->workspace, s->workspace_readonly, f);
}

/* The folder for the second layer, as the agent expects it, with the path that it is over. */
static bool
make_linked(int layers, const char *path)
{
	SBX_CLOSE int dir = -1, name = -1;

	if (mkdirat(layers, LINKED, 0700) ||
	    (dir = openat(layers, LINKED, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    mkdirat(dir, "upper", 0755) || mkdirat(dir, "work", 0700) ||
	    mkdirat(dir, "turns", 0700))
		return false;
	name = openat(dir, "workspace", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return name >= 0 && write(name, path, strlen(path)) == (ssize_t)strlen(path);
}

int
stage_over_linked(int root, int lower, int layers, const char *path, struct sbx_fail *f)
{
	struct stat st;

	if (!make_linked(layers, path) || fstat(lower, &st) ||
	    fchmodat(layers, LINKED "/upper", st.st_mode & 0777, 0))
		return sbx_fail_set(f, "staged folder", errno, path), -1;
	return over(root, lower, layers, STAGE "/" LINKED, path, false, f);
}

/* A reconfiguration drops every cached name that is not in use: files that an apply replaced are
 * looked up anew, and what the user changed there shows. */
void
stage_refresh(const struct setup *s)
{
	const char *const trees[] = {s->workspace, protect_staged(s->protect)};

	for (size_t i = 0; s->stage && i < SBX_LEN(trees) && trees[i]; i++) {
		SBX_CLOSE int fs = fspick(AT_FDCWD, trees[i], FSPICK_CLOEXEC);

		if (fs >= 0)
			fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	}
}
