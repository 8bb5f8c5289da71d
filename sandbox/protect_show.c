/* What the user allows while the jail runs: see protect.h.
 *
 * pid 1's tree of mounts is shared and each job's a peer of it: what is mounted or taken off here
 * shows in the jobs that run. Landlock is fixed when a job starts; it knows the folder
 * PROTECT_SHOWN, so that a place outside of everything writable is mounted below that and
 * linked to. Only what covers a read-only place that jobs see already must wait for new ones.
 * Sources: mount_namespaces(7), landlock(7). Pinned by tests/e2e/test_allow.py. */
#include "sandbox/protect_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandbox/job.h"
#include "sandbox/policy.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"

/* The innermost ground that holds the path; its path from there in *rest. */
static struct ground *
ground_of(struct protect *p, const char *path, const char **rest)
{
	struct ground *best = NULL;

	for (size_t i = 0; i < p->n; i++) {
		struct ground *g = p->ground[i];

		if (policy_below(path, g->abs) &&
		    (!best || strlen(g->abs) > strlen(best->abs)))
			best = g;
	}
	if (best)
		*rest = path + strlen(best->abs) + (path[strlen(best->abs)] == '/');
	return best;
}

bool
guard_down(struct ground *g, struct guard *u, struct sbx_fail *f)
{
	const char *slash = strrchr(u->path, '/');
	char dir[PATH_MAX];
	SBX_CLOSE int at = -1, here = open(".", O_PATH | O_CLOEXEC);
	bool ok;

	u->kind = GUARD_OPEN;
	if (!guard_stands(g, u))
		return true;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - u->path) : 0, u->path);
	at = walk_open(g->top, dir, O_PATH | O_DIRECTORY);
	ok = at >= 0 && here >= 0 && fchdir(at) == 0 &&
	     umount2(slash ? slash + 1 : u->path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
	if (!ok)
		sbx_fail_set(f, "take a guard off", errno, u->path);
	if (here >= 0 && fchdir(here))
		return sbx_fail_set(f, "folder", errno, ".");
	return ok;
}

/* What a sweep put aside gets its name back, when that is free. */
static void
bring_back(struct ground *g, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char dir[PATH_MAX], from[2 * PATH_MAX];
	SBX_CLOSE int at = -1;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 0, path);
	snprintf(from, sizeof(from), "%s" QUARANTINE, name);
	at = walk_open(g->top, dir, O_PATH | O_DIRECTORY);
	if (at >= 0 && strlen(from) <= NAME_MAX &&
	    renameat2(at, from, at, name, RENAME_NOREPLACE))
		return;
}

static bool
show_inside(struct protect *p, struct ground *g, const char *path, bool write,
	    struct sbx_fail *f)
{
	for (size_t i = 0; i < g->n; i++) {
		struct guard *u = &g->guard[i];
		bool secret = u->kind == GUARD_HIDE || u->kind == GUARD_CLOSED;

		if (u->kind == GUARD_OPEN || u->kind == GUARD_PIN || (!write && !secret) ||
		    !policy_below(u->path, path))
			continue;
		if (!guard_down(g, u, f))
			return false;
		/* To be read is not to be changed. */
		if (secret && !write) {
			u->kind = GUARD_RO;
			if (!guard_apply(p, g, u, f))
				return false;
		}
	}
	if (write)
		bring_back(g, path);
	return true;
}

/* Landlock lets jobs that run write there. */
static bool
is_writable(const struct protect *p, const char *path)
{
	static const char *const places[] = {"/tmp", "/var/tmp", "/dev/shm"};

	for (size_t i = 0; i < SBX_LEN(places); i++)
		if (policy_below(path, places[i]))
			return true;
	for (const char *const *w = p->setup->write; *w; w++)
		if (policy_below(path, *w))
			return true;
	for (size_t i = 0; i < p->nlinked; i++)
		if (policy_below(path, p->linked[i]))
			return true;
	return policy_below(path, p->setup->home) ||
	       (!p->setup->workspace_readonly && policy_below(path, p->setup->workspace));
}

/* The root's own folders may be added to while this holds. */
static bool
root_writable(const struct protect *p, bool yes)
{
	struct mount_attr attr = {0};

	if (yes)
		attr.attr_clr = MOUNT_ATTR_RDONLY;
	else
		attr.attr_set = MOUNT_ATTR_RDONLY;
	return mount_setattr(p->root, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0;
}

/* A place below PROTECT_SHOWN, linked to from `path`. */
static int
linked_place(struct protect *p, const char *path, bool is_dir)
{
	char place[64], dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	SBX_CLOSE int at = -1;
	int fd;

	snprintf(place, sizeof(place), PROTECT_SHOWN "/%zu", p->places++);
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	at = root_place(p->root, dir, true);
	fd = root_place(p->root, place, is_dir);
	if (at < 0 || fd < 0 || symlinkat(place, at, slash + 1)) {
		int sys = errno;

		sbx_shut(&fd);
		errno = sys;
		return -1;
	}
	return fd;
}

/* What is mounted there already, jobs' folders among it, would be covered. */
static bool
covers(const struct protect *p, const char *path)
{
	static const char *const places[] = {"/tmp", "/var/tmp", "/dev",	"/proc",
					     "/sys", "/run",	 SBX_SCRIPT_DIR};

	for (size_t i = 0; i < SBX_LEN(places); i++)
		if (policy_below(places[i], path))
			return true;
	for (size_t i = 0; i < p->n; i++)
		if (policy_below(p->ground[i]->abs, path))
			return true;
	return policy_below(p->setup->home, path);
}

/* Repositories in what may be written from now on are guarded like those of the workspace. */
static bool
guard_shown(struct protect *p, const char *path, int mount, struct sbx_fail *f)
{
	struct stat st;
	int top;

	if (fstat(mount, &st) || !S_ISDIR(st.st_mode))
		return true;
	top = fcntl(mount, F_DUPFD_CLOEXEC, 0);
	if (top < 0)
		return sbx_fail_set(f, "guard", errno, path);
	p->told = 0;
	return ground_begin(p, ground_new(p, path, false, top), f);
}

static bool
show_outside(struct protect *p, const char *path, bool write, int fd, bool *later,
	     struct sbx_fail *f)
{
	SBX_CLOSE int at = walk_open(p->root, path + 1, O_PATH);
	struct stat st;

	if (covers(p, path))
		return sbx_fail_set(f, "show", EBUSY, path);
	if (p->n == GROUNDS_MAX)
		return sbx_fail_set(f, "show", E2BIG, path);
	if (fstat(fd, &st) || !root_writable(p, true))
		return sbx_fail_set(f, "show", errno, path);
	*later = false;
	if (at >= 0)
		*later = write && !is_writable(p, path);
	else if (write && !is_writable(p, path))
		at = linked_place(p, path, S_ISDIR(st.st_mode));
	else
		at = root_place(p->root, path, S_ISDIR(st.st_mode));
	if (at < 0 ||
	    move_mount(fd, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		sbx_fail_set(f, "show", errno, path);
	if (!root_writable(p, false))
		_exit(1); /* the root must not stay open: the jail ends */
	return !f->step[0] && (!write || guard_shown(p, path, fd, f));
}

bool
protect_show(struct protect *p, const char *path, bool write, int fd, bool *later,
	     struct sbx_fail *f)
{
	SBX_CLOSE int mine = fd;
	const char *rest = NULL;
	struct ground *g = ground_of(p, path, &rest);

	f->step[0] = 0;
	*later = false;
	if (p->nshown == SHOWN_MAX)
		return sbx_fail_set(f, "show", E2BIG, path);
	if (g && !*rest && !(write && p->setup->workspace_readonly))
		return true; /* shown already */
	/* Of a ground the guards are taken off; a workspace that is read-only is mounted over. */
	if (g && *rest && !(mine >= 0 && p->setup->workspace_readonly)) {
		if (!show_inside(p, g, rest, write, f))
			return false;
	} else if (mine < 0) {
		return sbx_fail_set(f, "show", EBADF, path);
	} else if (!show_outside(p, path, write, mine, later, f)) {
		return false;
	}
	if (write && !(p->shown[p->nshown++] = strdup(path)))
		abort();
	return true;
}

void
protect_obey(struct protect *p, const struct frame *fr, int rights, struct queue *up)
{
	struct sbx_notice n = {.kind = SBX_NOTE_SHOWN};
	const char *path = (const char *)fr->payload;
	bool write = fr->detail == SBX_SHOW_WRITE, later;
	struct sbx_fail f = {.step = ""};
	enum rights_kind kind;
	uint32_t number;
	int fd = -1;

	if (fr->len < 2 || path[0] != '/' || memchr(path, 0, fr->len) != path + fr->len - 1)
		_exit(1);
	if (rights_recv(rights, &kind, &number, &fd) == 1 && kind != RIGHTS_SHOW)
		sbx_shut(&fd);
	snprintf(n.what, sizeof(n.what), "%s", path);
	if (!protect_show(p, path, write, fd, &later, &f)) {
		n.sys = f.sys ? f.sys : EINVAL;
		snprintf(n.detail, sizeof(n.detail), "%s: %s", f.step, strerror(n.sys));
	} else {
		snprintf(n.detail, sizeof(n.detail), "%s%s",
			 write ? "writable" : "read-only",
			 later ? " for interpreters started from now on: /restart" : "");
	}
	up_notice(up, 0, &n);
}
