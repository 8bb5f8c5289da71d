/* Guards: see protect_int.h.
 *
 * A guard is a mount on the very thing: the kernel refuses to rename or remove what is mounted
 * on (EBUSY), in this tree of mounts only. On the host everything can be replaced meanwhile,
 * which takes the mount off. A link cannot be mounted on: its target is, and the link is
 * remembered. Sources: mount_namespaces(7), open_tree(2), statx(2). Pinned by
 * tests/jail/test_protect.py. */
#include "sandbox/protect_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/policy.h"
#include "sandbox/root.h"

struct guard *
guard_find(struct ground *g, const char *path)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->guard[i].path, path) == 0)
			return &g->guard[i];
	return NULL;
}

void
guard_add(struct ground *g, const char *path, enum guard_kind kind)
{
	struct guard *old = guard_find(g, path);

	if (g->staged && kind < GUARD_HIDE)
		return;
	if (old) {
		if (old->kind < kind)
			old->kind = kind;
		return;
	}
	if (g->n == GUARDS_MAX) {
		g->full = true;
		return;
	}
	if (g->n == g->room) {
		g->room = g->room ? g->room * 2 : 16;
		g->guard = sbx_grow(g->guard, g->room * sizeof(*g->guard));
	}
	old = &g->guard[g->n++];
	*old = (struct guard){.kind = kind, .path = strdup(path)};
	if (!old->path)
		abort();
}

bool
read_link(const struct ground *g, const char *path, char to[PATH_MAX])
{
	ssize_t n = readlinkat(g->top, path, to, PATH_MAX - 1);

	to[n > 0 ? n : 0] = 0;
	return n > 0;
}

bool
guarded(struct ground *g, const char *path)
{
	const struct guard *u = guard_find(g, path);
	char to[PATH_MAX];

	if (!u || u->kind != GUARD_LINK)
		return u;
	return read_link(g, path, to) && strcmp(to, u->link) == 0;
}

void
guard_ro(struct ground *g, const char *path)
{
	char to[PATH_MAX], dir[PATH_MAX], *slash;
	struct stat st;

	if (fstatat(g->top, path, &st, AT_SYMLINK_NOFOLLOW))
		return;
	if (!S_ISLNK(st.st_mode)) {
		guard_add(g, path, GUARD_RO);
		return;
	}
	if (guard_find(g, path) || !read_link(g, path, to))
		return;
	guard_add(g, path, GUARD_LINK);
	if (guard_find(g, path))
		guard_find(g, path)->link = strdup(to);
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	*(slash ? slash : dir) = 0;
	if (ground_join(g, dir, to, dir, sizeof(dir)) &&
	    fstatat(g->top, dir, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(st.st_mode))
		guard_add(g, dir, GUARD_RO);
}

void
guard_pins(struct ground *g, const char *path)
{
	char part[PATH_MAX];
	size_t n = 0;

	while (*path && path[n] && n + 1 < sizeof(part)) {
		n += 1 + strcspn(path + n + 1, "/");
		memcpy(part, path, n);
		part[n] = 0;
		guard_add(g, part, GUARD_PIN);
	}
}

bool
guard_stands(const struct ground *g, const struct guard *u)
{
	struct statx sx;

	if (statx(g->top, u->path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &sx))
		return false;
	return sx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* What is mounted there instead: a clone of the thing itself, or of something empty. */
static int
cover(const struct protect *p, const struct guard *u, int at, bool is_dir)
{
	switch (u->kind) {
	case GUARD_HIDE:
		return root_clone(p->root, is_dir ? "run/empty.d" : "run/empty", TREE_RO);
	case GUARD_CLOSED:
		return root_clone(p->root, "run/closed", TREE_RO);
	case GUARD_SOCKET:
		return root_clone(p->root, "dev/null",
				  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
				      MOUNT_ATTR_NOEXEC);
	case GUARD_PIN:
		return root_clone(at, "", TREE_RW);
	case GUARD_RO:
	case GUARD_OPEN:
	case GUARD_LINK:
	default:
		return root_clone(at, "", TREE_RO);
	}
}

bool
guard_apply(struct protect *p, struct ground *g, struct guard *u, struct sbx_fail *f)
{
	SBX_CLOSE int at = -1, fd = -1;
	struct stat st;

	if (u->kind == GUARD_OPEN || u->kind == GUARD_LINK || p->dry)
		return true;
	at = walk_open(g->top, u->path, O_PATH);
	if (at < 0 || fstat(at, &st) || S_ISLNK(st.st_mode))
		return true; /* it went away, or is a link: its target has a guard */
	if (u->kind == GUARD_SOCKET && !S_ISSOCK(st.st_mode))
		return true;
	fd = cover(p, u, at, S_ISDIR(st.st_mode));
	if (fd < 0 ||
	    move_mount(fd, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return sbx_fail_set(f, "guard", errno, u->path);
	return true;
}

bool
guard_again(struct protect *p, struct ground *g, struct guard *u)
{
	struct sbx_fail f;
	struct stat st;

	if (u->kind == GUARD_OPEN || u->kind == GUARD_LINK || p->dry || guard_stands(g, u))
		return true;
	if (fstatat(g->top, u->path, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	if (!guard_apply(p, g, u, &f))
		tell(p, g, SBX_NOTE_PROTECTED, f.sys, u->path,
		     "it was replaced and cannot be guarded again");
	return true;
}

void
protect_explain(const struct protect *p, struct sbx_notice *n)
{
	for (size_t k = 0; p && k < p->n; k++) {
		const struct ground *g = p->ground[k];
		size_t top = strlen(g->abs);

		if (!policy_below(n->what, g->abs) || !n->what[top])
			continue;
		for (size_t i = 0; i < g->n; i++) {
			const struct guard *u = &g->guard[i];

			if (u->kind == GUARD_OPEN || u->kind == GUARD_PIN ||
			    !policy_below(n->what + top + 1, u->path))
				continue;
			n->kind = u->kind == GUARD_RO || u->kind == GUARD_LINK
				      ? SBX_NOTE_PROTECTED
				  : u->kind == GUARD_SOCKET ? SBX_NOTE_SOCKET
							    : SBX_NOTE_HIDDEN;
			/* As tell() names it, and as it can be typed. */
			if (strcmp(g->abs, p->setup->workspace) == 0)
				memmove(n->what, n->what + top + 1,
					strlen(n->what + top + 1) + 1);
			return;
		}
	}
}

void
guard_release(struct guard *u)
{
	free(u->path);
	free(u->link);
}
