/* The jail's tree: see root.h.
 *
 * First clones of all that will be shown are taken (open_tree), with their attributes set while
 * they hang nowhere; then a tmpfs is mounted, filled, and pivoted to. Nothing is looked up on
 * the host afterwards, and the host's own mounts are never touched. HOME, /tmp, /var/tmp and
 * /dev/shm are folders of that one tmpfs, so that one size bounds them all.
 *
 * Sources: mount_namespaces(7), open_tree(2), mount_setattr(2), pivot_root(2).
 * Pinned by tests/jail/test_sandbox.py. */
#include "sandbox/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/early.h"
#include "sandbox/net/inside.h"
#include "sandbox/policy.h"
#include "sandbox/protect.h"
#include "sandbox/stage.h"
#include "sandbox/usage.h"

#define PARTS_MAX    (12 + SETUP_PATHS_MAX + SETUP_TOOLS_MAX + 1)
#define INODES	     "100000"	    /* files in the private tmpfs */
#define SCRIPTS_SIZE (16 * SBX_MIB) /* bytes of all drivers */

struct part {
	int fd;		  /* a detached clone, or -1: a link to `link` */
	const char *path; /* where it goes, from "/" */
	char link[64];
	enum { PLAIN, WRITTEN, WORKSPACE } kind;
};

struct tree {
	struct part part[PARTS_MAX];
	size_t n, system; /* the first `system` parts are the system's */
	int dev[DEV_NODES];
	int root;   /* the tmpfs */
	int layers; /* staged mode: the folder of layers; the workspace's overlay takes it */
};

static bool
take(struct tree *t, const char *from, const char *path, uint64_t attr, struct sbx_fail *f)
{
	struct part *p = &t->part[t->n];

	p->path = path;
	p->kind = PLAIN;
	p->fd = root_clone(AT_FDCWD, from, attr);
	if (p->fd < 0)
		return sbx_fail_set(f, "mount", errno, path);
	t->n++;
	return true;
}

static bool
take_system(struct tree *t, struct sbx_fail *f)
{
	struct stat st;

	for (const char *const *s = policy_system; *s; s++) {
		struct part *p = &t->part[t->n];

		if (lstat(*s, &st))
			continue;
		if (S_ISLNK(st.st_mode)) {
			ssize_t n = readlink(*s, p->link, sizeof(p->link) - 1);

			p->link[n > 0 ? n : 0] = 0;
			p->path = *s;
			p->fd = -1;
			t->n++;
		} else if (!take(t, *s, *s, TREE_RO, f)) {
			return false;
		}
	}
	if (access("/sys/devices/system/cpu", F_OK) == 0)
		return take(t, "/sys/devices/system/cpu", "/sys/devices/system/cpu",
			    TREE_RO, f);
	return true;
}

/* Shorter paths first, so that a folder never hides what is shown inside it. */
static void
sort_from(struct tree *t, size_t first)
{
	for (size_t i = first + 1; i < t->n; i++)
		for (size_t j = i;
		     j > first && strlen(t->part[j].path) < strlen(t->part[j - 1].path);
		     j--) {
			struct part swap = t->part[j];

			t->part[j] = t->part[j - 1];
			t->part[j - 1] = swap;
		}
}

/* Canonical when the agent looked; a link put there since is not followed. */
static bool
take_extra(struct tree *t, const char *real, const char *path, uint64_t attr,
	   struct sbx_fail *f)
{
	SBX_CLOSE int fd = setup_open(real);
	struct part *p = &t->part[t->n];

	p->path = path;
	p->kind = attr == TREE_RW ? WRITTEN : PLAIN;
	p->fd = fd < 0 ? -1 : root_clone(fd, "", attr);
	if (p->fd < 0)
		return sbx_fail_set(f, "mount", errno, path);
	t->n++;
	return true;
}

/* Staged mode shows it under a layer that is mounted later: see stage_workspace(). */
static bool
take_workspace(struct tree *t, const struct setup *s, struct sbx_fail *f)
{
	bool direct = !s->workspace_readonly && !s->stage;

	if (s->stage && ((t->layers = stage_take(s, f)) < 0 ||
			 (s->protect && !protect_layers(s->protect, stage_take(s, f)))))
		return false;
	return take(t, ".", s->workspace, direct ? TREE_RW : TREE_RO, f);
}

static bool
take_policy(struct tree *t, const struct setup *s, struct sbx_fail *f)
{
	t->system = t->n;
	for (size_t i = 0; s->tool_at[i] && s->tool_real[i]; i++)
		if (!take_extra(t, s->tool_real[i], s->tool_at[i], TREE_RO, f))
			return false;
	for (const char *const *r = s->read; *r; r++)
		if (!take_extra(t, *r, *r, TREE_RO, f))
			return false;
	for (const char *const *w = s->write; *w; w++)
		if (!take_extra(t, *w, *w, TREE_RW, f))
			return false;
	if (!take_workspace(t, s, f))
		return false;
	t->part[t->n - 1].kind = WORKSPACE;
	sort_from(t, t->system);
	return true;
}

static bool
place_part(int root, const struct part *p, struct sbx_fail *f)
{
	struct stat st;
	SBX_CLOSE int at = -1;

	if (p->fd < 0) {
		if (symlinkat(p->link, root, p->path + 1))
			return sbx_fail_set(f, "link", errno, p->path);
		return true;
	}
	if (fstat(p->fd, &st))
		return sbx_fail_set(f, "mount", errno, p->path);
	/* No link is followed for a last name. */
	if (S_ISDIR(st.st_mode) && !strchr(p->path + 1, '/')) {
		mkdirat(root, p->path + 1, 0755);
		if (move_mount(p->fd, "", root, p->path + 1, MOVE_MOUNT_F_EMPTY_PATH))
			return sbx_fail_set(f, "mount", errno, p->path);
		return true;
	}
	at = root_place(root, p->path, S_ISDIR(st.st_mode));
	if (at < 0 || move_mount(p->fd, "", at, "",
				 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return sbx_fail_set(f, "mount", errno, p->path);
	return true;
}

/* Binds a folder of the tmpfs on itself: the root becomes read-only, this stays writable. */
static bool
private_dir(int root, const char *path, mode_t mode, uint64_t attr, struct sbx_fail *f)
{
	SBX_CLOSE int at = root_place(root, path, true), fd = -1;

	if (at < 0)
		return sbx_fail_set(f, "folder", errno, path);
	if (fchmodat(at, ".", mode, 0) || (fd = root_clone(at, "", attr)) < 0 ||
	    move_mount(fd, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return sbx_fail_set(f, "mount", errno, path);
	return true;
}

static int
new_tmpfs(uint64_t size, struct sbx_fail *f)
{
	SBX_CLOSE int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	char bytes[32];
	int mnt = -1;

	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)size);
	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "size", bytes, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", INODES, 0) ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ||
	    (mnt = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID)) < 0)
		sbx_fail_set(f, "mount tmpfs", errno, NULL);
	return mnt;
}

/* Drivers have a file system of their own, or code could fill /tmp and no interpreter would start
 * any more. */
static bool
script_dir(int root, struct sbx_fail *f)
{
	SBX_CLOSE int at = root_place(root, SBX_SCRIPT_DIR, true), mnt = -1;

	if (at < 0)
		return sbx_fail_set(f, "folder", errno, SBX_SCRIPT_DIR);
	mnt = new_tmpfs(SCRIPTS_SIZE, f);
	if (mnt < 0)
		return false;
	if (move_mount(mnt, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return sbx_fail_set(f, "mount", errno, SBX_SCRIPT_DIR);
	return true;
}

/* It must hang somewhere before it can be filled; what it covers was cloned before. Git directories
 * that worktrees lead to are looked for afterwards: there are none in the first two. */
static bool
attach(int mnt, struct sbx_fail *f)
{
	static const char *const places[] = {"/sys", "/dev", "/tmp", "/mnt",
					     "/var", "/etc", "/usr"};

	for (size_t i = 0; i < SBX_LEN(places); i++)
		if (move_mount(mnt, "", AT_FDCWD, places[i], MOVE_MOUNT_F_EMPTY_PATH) == 0)
			return true;
	return sbx_fail_set(f, "attach tmpfs", errno, "/tmp");
}

/* The user named it, or something in it: not a folder that holds more than that. */
static bool
named_by_user(const struct tree *t, const char *mask)
{
	for (size_t i = t->system; i < t->n; i++)
		if (policy_below(t->part[i].path + 1, mask))
			return true;
	return false;
}

/* An empty file or folder in its place. */
static bool
mask(int root, int at, const char *path, struct sbx_fail *f)
{
	SBX_CLOSE int fd = -1;
	struct stat st;

	if (at < 0 || fstat(at, &st))
		return true;
	fd = root_clone(root, S_ISDIR(st.st_mode) ? "run/empty.d" : "run/empty", TREE_RO);
	if (fd < 0 ||
	    move_mount(fd, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return sbx_fail_set(f, "mask", errno, path);
	return true;
}

/* Credentials in toolchains, when the user did not name them. */
static bool
mask_tools(const struct tree *t, const struct setup *s, struct sbx_fail *f)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC,
				     .resolve = RESOLVE_IN_ROOT};

	for (const char *const *h = s->tool_hide; *h; h++) {
		SBX_CLOSE int at = -1;

		if (named_by_user(t, *h + 1))
			continue;
		at = (int)syscall(SYS_openat2, t->root, *h, &how, sizeof(how));
		if (!mask(t->root, at, *h, f))
			return false;
	}
	return true;
}

/* Last, so that --allow-read /etc does not bring them back. */
static bool
mask_secrets(const struct tree *t, struct sbx_fail *f)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC,
				     .resolve = RESOLVE_IN_ROOT};

	if (geteuid() != 0)
		return true;
	for (size_t i = 0; policy_masked[i]; i++) {
		SBX_CLOSE int at = -1;

		if (named_by_user(t, policy_masked[i]))
			continue;
		at =
		    (int)syscall(SYS_openat2, t->root, policy_masked[i], &how, sizeof(how));
		if (!mask(t->root, at, policy_masked[i], f))
			return false;
	}
	return true;
}

/* The user's own words come after the guards: what he names in the workspace stands above them. */
static bool
place_policy(struct tree *t, const struct setup *s, size_t i, struct sbx_fail *f)
{
	const struct part *p;

	for (; i < t->n; i++) {
		p = &t->part[i];
		if (!place_part(t->root, p, f))
			return false;
		if (!s->protect || p->kind == PLAIN ||
		    (p->kind == WRITTEN && policy_below(p->path, s->workspace)))
			continue;
		if (!protect_ground(s->protect, s, t->root, p->path, p->kind == WORKSPACE,
				    f))
			return false;
	}
	return !s->protect || !protect_layers(s->protect, -1);
}

/* Puts the copy-on-write tree in the place of the workspace's clone. */
static bool
stage_workspace(struct tree *t, const struct setup *s, struct sbx_fail *f)
{
	struct part *p = &t->part[t->system];
	int over;

	if (!s->stage)
		return true;
	while (p->kind != WORKSPACE)
		p++;
	over = stage_over(t->root, p->fd, t->layers, s, f);
	if (over < 0)
		return false;
	close(p->fd);
	p->fd = over;
	return true;
}

static bool
fill(struct tree *t, const struct setup *s, struct sbx_fail *f)
{
	size_t i = 0;

	/* The system first: its links must stand before anything is made below them. */
	for (; i < t->system; i++)
		if (!place_part(t->root, &t->part[i], f))
			return false;
	if (!dev_build(t->root, t->dev, f) || mkdirat(t->root, "proc", 0555) ||
	    mkdirat(t->root, "run", 0755) || mkdirat(t->root, "run/empty.d", 0555) ||
	    mkdirat(t->root, &PROTECT_SHOWN[1], 0755) ||
	    mknodat(t->root, "run/empty", S_IFREG | 0444, 0) ||
	    mknodat(t->root, "run/closed", S_IFREG, 0))
		return f->step[0] ? false : sbx_fail_set(f, "folder", errno, "/run");
	if (!private_dir(t->root, "tmp", 01777, TREE_RW, f) ||
	    !private_dir(t->root, "var/tmp", 01777, TREE_RW, f) ||
	    !private_dir(t->root, "dev/shm", 01777, TREE_RW, f) ||
	    !private_dir(t->root, s->home, 0700, TREE_RW, f) || !script_dir(t->root, f) ||
	    !stage_workspace(t, s, f))
		return false;
	if (s->net == SBX_NET_HOST ? !inside_files(t->root, f) : !root_etc(t->root, f))
		return false;
	return place_policy(t, s, i, f) && mask_tools(t, s, f) && mask_secrets(t, f) &&
	       root_proc_if_allowed(t->root, "proc", f) &&
	       (!s->single || !root_has_proc(t->root) || root_cover_proc(t->root, f));
}

static bool
enter(int root, const struct setup *s, struct sbx_fail *f)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (mount_setattr(root, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return sbx_fail_set(f, "read-only root", errno, "/");
	if (fchdir(root) || syscall(SYS_pivot_root, ".", "."))
		return sbx_fail_set(f, "pivot root", errno, "/");
	if (s->early && !early_root(s->early, root, f))
		return false;
	if (umount2(".", MNT_DETACH))
		return sbx_fail_set(f, "pivot root", errno, "/");
	if (chdir(s->workspace))
		return sbx_fail_set(f, "workspace", errno, s->workspace);
	return true;
}

bool
root_build(const struct setup *s, bool userns, struct sbx_fail *f)
{
	struct tree t = {.root = -1, .layers = -1};
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok, has_proc;

	f->step[0] = 0;
	dev_take(t.dev);
	ok = root_private(userns, f) && take_system(&t, f) && take_policy(&t, s, f) &&
	     (t.root = new_tmpfs(s->limits.tmp_size, f)) >= 0 && attach(t.root, f) &&
	     fill(&t, s, f) && (!s->early || early_join(s->early, f)) &&
	     enter(t.root, s, f);
	for (size_t i = 0; i < t.n; i++)
		sbx_shut(&t.part[i].fd);
	for (size_t i = 0; i < DEV_NODES; i++)
		sbx_shut(&t.dev[i]);
	has_proc = ok && root_has_proc(t.root);
	sbx_shut(&t.root);
	/* The watch needs one; jobs never get at it. */
	if (ok && proc >= 0 && !has_proc)
		usage_outside(proc);
	else
		sbx_shut(&proc);
	sbx_shut(&t.layers);
	return ok;
}
