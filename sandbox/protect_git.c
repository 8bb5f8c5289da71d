/* Git directories: what in them makes git run something on the host. See protect.h.
 *
 * Of a repository that is there at the start, hooks and configuration are read-only and its
 * place is pinned; what its configuration names in the tree (core.hooksPath, include.path) is
 * read-only too. What was absent, and repositories that code makes itself, stay writable, so
 * that git works; after each step their hooks and commands in their configuration are put aside.
 * Sources: gitrepository-layout(5), githooks(5), git-worktree(1), setup.c of git 2.39 (what
 * counts as a git directory). Pinned by tests/jail/test_protect_git.py. */
#include "sandbox/protect_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/gitconf.h"

#define NEST_MAX 6 /* folders in "modules": submodules of submodules, names with slashes */

ssize_t
ground_read(const struct ground *g, const char *path, char *buf, size_t n)
{
	SBX_CLOSE int fd = walk_open(g->top, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t got;
	size_t have = 0;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode))
		return errno = EINVAL, -1;
	while (have + 1 < n && (got = read(fd, buf + have, n - 1 - have)) > 0)
		have += (size_t)got;
	buf[have] = 0;
	return (ssize_t)have;
}

bool
ground_join(const struct ground *g, const char *dir, const char *value, char *out,
	    size_t max)
{
	char whole[2 * PATH_MAX], kept[PATH_MAX] = "";
	const char *p = whole;
	size_t top = strlen(g->abs), n = 0;

	if (value[0] == '/') {
		if (strncmp(value, g->abs, top) != 0 || value[top] != '/')
			return false;
		snprintf(whole, sizeof(whole), "%s", value + top);
	} else {
		snprintf(whole, sizeof(whole), "%s/%s", dir, value);
	}
	while (*(p += strspn(p, "/"))) {
		size_t m = strcspn(p, "/");

		if (m == 2 && p[0] == '.' && p[1] == '.') {
			if (n == 0)
				return false;
			while (n > 0 && kept[--n] != '/')
				;
			kept[n] = 0;
		} else if (m != 1 || p[0] != '.') {
			if (n + m + 2 > sizeof(kept))
				return false;
			n += (size_t)snprintf(kept + n, sizeof(kept) - n, "%s%.*s",
					      n ? "/" : "", (int)m, p);
		}
		p += m;
	}
	snprintf(out, max, "%s", kept);
	return n > 0 && n < max;
}

static bool
there(const struct ground *g, const char *path, struct stat *st)
{
	return fstatat(g->top, path, st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool
part(char out[PATH_MAX], const char *dir, const char *name)
{
	return snprintf(out, PATH_MAX, "%s%s%s", dir, *dir ? "/" : "", name) < PATH_MAX;
}

/* Read-only, and what it leads to when it is a link. */
static void
guard_ro(struct ground *g, const char *path)
{
	char to[PATH_MAX], dir[PATH_MAX], *slash;
	struct stat st;
	ssize_t n;

	if (!there(g, path, &st))
		return;
	if (!S_ISLNK(st.st_mode)) {
		guard_add(g, path, GUARD_RO);
		return;
	}
	n = readlinkat(g->top, path, to, sizeof(to) - 1);
	to[n > 0 ? n : 0] = 0;
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	*(slash ? slash : dir) = 0;
	if (n > 0 && ground_join(g, dir, to, dir, sizeof(dir)) && there(g, dir, &st) &&
	    !S_ISLNK(st.st_mode))
		guard_add(g, dir, GUARD_RO);
}

/* ---- at the start ---- */

struct follow {
	struct ground *g;
	const char *dir; /* the git directory */
};

/* Hooks and further settings that stand in the tree itself. */
static void
follow(const struct gitconf *c, void *arg)
{
	struct follow *f = arg;
	char base[PATH_MAX], to[PATH_MAX], *slash;
	bool hooks = strcmp(c->section, "core") == 0 && strcmp(c->name, "hookspath") == 0;

	if (!hooks &&
	    (strncmp(c->section, "include", 7) != 0 || strcmp(c->name, "path") != 0))
		return;
	snprintf(base, sizeof(base), "%s", f->dir);
	slash = strrchr(base, '/');
	/* Hooks are looked for from the work tree's top, includes from the file's folder. */
	if (hooks)
		*(slash ? slash : base) = 0;
	if (ground_join(f->g, base, c->value, to, sizeof(to)))
		guard_ro(f->g, to);
}

static void
guard_config(struct ground *g, const char *dir, const char *path)
{
	struct follow f = {g, dir};
	char *text = sbx_grow(NULL, GITCONF_MAX);
	ssize_t n = ground_read(g, path, text, GITCONF_MAX);

	guard_ro(g, path);
	if (n > 0)
		gitconf_read(text, (size_t)n, follow, &f);
	free(text);
}

/* Calls fn for each folder in `dir`. */
typedef void each_fn(struct protect *p, struct ground *g, const char *path, int depth);

static void
each_folder(struct protect *p, struct ground *g, const char *dir, int depth, each_fn *fn)
{
	int fd = walk_open(g->top, dir, O_RDONLY | O_DIRECTORY);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	char path[PATH_MAX];
	struct dirent *d;
	struct stat st;

	if (!list && fd >= 0)
		close(fd);
	while (list && (d = readdir(list))) {
		if (d->d_name[0] == '.' && (!d->d_name[1] || strcmp(d->d_name, "..") == 0))
			continue;
		if (part(path, dir, d->d_name) && there(g, path, &st) &&
		    S_ISDIR(st.st_mode))
			fn(p, g, path, depth);
	}
	if (list)
		closedir(list);
}

static void
guard_parts(struct protect *p, struct ground *g, const char *dir)
{
	static const char *const parts[] = {"hooks", "commondir", "gitdir"};
	static const char *const configs[] = {"config", "config.worktree"};
	char path[PATH_MAX];

	(void)p;
	guard_pins(g, dir);
	for (size_t i = 0; i < SBX_LEN(parts); i++)
		if (part(path, dir, parts[i]))
			guard_ro(g, path);
	for (size_t i = 0; i < SBX_LEN(configs); i++)
		if (part(path, dir, configs[i]))
			guard_config(g, dir, path);
}

static void
guard_worktree(struct protect *p, struct ground *g, const char *dir, int depth)
{
	(void)depth;
	guard_parts(p, g, dir);
}

static void guard_repo(struct protect *p, struct ground *g, const char *dir, int depth);

/* A submodule's git directory, or a folder of its name. */
static void
guard_module(struct protect *p, struct ground *g, const char *dir, int depth)
{
	char head[PATH_MAX];
	struct stat st;

	if (depth >= NEST_MAX)
		return;
	if (part(head, dir, "HEAD") && there(g, head, &st))
		guard_repo(p, g, dir, depth + 1);
	else
		each_folder(p, g, dir, depth + 1, guard_module);
}

static void
guard_repo(struct protect *p, struct ground *g, const char *dir, int depth)
{
	char path[PATH_MAX];

	guard_parts(p, g, dir);
	if (part(path, dir, "modules"))
		each_folder(p, g, path, depth, guard_module);
	if (part(path, dir, "worktrees"))
		each_folder(p, g, path, depth, guard_worktree);
}

void
git_found(struct protect *p, struct ground *g, const char *path)
{
	for (size_t i = 0; i < g->nrepo; i++)
		if (strcmp(g->repo[i], path) == 0)
			return;
	if (g->nrepo == REPOS_MAX) {
		g->full = true;
		return;
	}
	g->repo[g->nrepo] = strdup(path);
	if (!g->repo[g->nrepo++])
		abort();
	if (p->swept)
		return; /* git_sweep() comes to it */
	guard_repo(p, g, path, 0);
	tell(p, g, SBX_NOTE_PROTECTED, 0, path, NULL);
}

void
git_file(struct protect *p, struct ground *g, const char *path)
{
	char text[PATH_MAX], dir[PATH_MAX], to[PATH_MAX], *slash;
	ssize_t n = ground_read(g, path, text, sizeof(text));

	if (guard_find(g, path))
		return;
	if (!p->swept) {
		guard_pins(g, path);
		guard_add(g, path, GUARD_RO);
	}
	if (n < 8 || strncmp(text, "gitdir:", 7) != 0)
		return;
	text[strcspn(text, "\r\n")] = 0;
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	*(slash ? slash : dir) = 0;
	if (ground_join(g, dir, text + 7 + strspn(text + 7, " "), to, sizeof(to)))
		git_found(p, g, to);
	else if (!p->swept)
		git_link(p, g, path, text + 7 + strspn(text + 7, " "));
}

/* ---- in a sweep ---- */

static void
sweep_hooks(struct protect *p, struct ground *g, const char *dir)
{
	SBX_CLOSE int at = walk_open(g->top, dir, O_PATH);
	int fd = walk_open(g->top, dir, O_RDONLY | O_DIRECTORY);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	char path[PATH_MAX];
	struct dirent *d;
	struct stat st;

	if (!list && fd >= 0)
		close(fd);
	if (at >= 0 && fstat(at, &st) == 0 && S_ISLNK(st.st_mode))
		put_aside(p, g, dir);
	while (list && (d = readdir(list))) {
		const char *dot = strrchr(d->d_name, '.');

		if ((dot && strcmp(dot, ".sample") == 0) || is_put_aside(d->d_name) ||
		    !part(path, dir, d->d_name) || !there(g, path, &st))
			continue;
		if (S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_mode & 0111))
			put_aside(p, g, path);
	}
	if (list)
		closedir(list);
}

static void
sweep_config(struct protect *p, struct ground *g, const char *path)
{
	struct queue kept = {0};
	struct stat st;
	char *text;
	ssize_t n;

	if (!there(g, path, &st))
		return;
	text = sbx_grow(NULL, GITCONF_MAX);
	n = ground_read(g, path, text, GITCONF_MAX);
	/* Longer than what is looked at, a link, a pipe: git will not have it. */
	if (n < 0 || n + 1 == (ssize_t)GITCONF_MAX)
		put_aside(p, g, path);
	else if (gitconf_clean(text, (size_t)n, &kept) > 0)
		put_clean(p, g, path, queue_head(&kept), queue_len(&kept));
	queue_free(&kept);
	free(text);
}

/* It makes git take settings and hooks from another folder: a linked worktree's leads to the
 * repository two folders up, and no other may be. */
static void
sweep_common(struct protect *p, struct ground *g, const char *dir, const char *path)
{
	const char *slash = strrchr(dir, '/');
	size_t above = slash ? (size_t)(slash - dir) : 0;
	char text[16];
	struct stat st;

	if (!there(g, path, &st))
		return;
	if (ground_read(g, path, text, sizeof(text)) > 0 && strcmp(text, "../..\n") == 0 &&
	    (above == 9 || (above > 9 && dir[above - 10] == '/')) &&
	    strncmp(dir + above - 9, "worktrees", 9) == 0)
		return;
	put_aside(p, g, path);
}

static void
sweep_dir(struct protect *p, struct ground *g, const char *dir, int depth)
{
	char path[PATH_MAX];

	(void)depth;
	if (part(path, dir, "hooks") && !guard_find(g, path))
		sweep_hooks(p, g, path);
	if (part(path, dir, "config") && !guard_find(g, path))
		sweep_config(p, g, path);
	if (part(path, dir, "config.worktree") && !guard_find(g, path))
		sweep_config(p, g, path);
	if (part(path, dir, "commondir") && !guard_find(g, path))
		sweep_common(p, g, dir, path);
}

static void sweep_repo(struct protect *p, struct ground *g, const char *dir, int depth);

static void
sweep_module(struct protect *p, struct ground *g, const char *dir, int depth)
{
	char head[PATH_MAX];
	struct stat st;

	if (depth >= NEST_MAX)
		return;
	if (part(head, dir, "HEAD") && there(g, head, &st))
		sweep_repo(p, g, dir, depth + 1);
	else
		each_folder(p, g, dir, depth + 1, sweep_module);
}

static void
sweep_repo(struct protect *p, struct ground *g, const char *dir, int depth)
{
	char path[PATH_MAX];

	sweep_dir(p, g, dir, depth);
	if (part(path, dir, "modules"))
		each_folder(p, g, path, depth, sweep_module);
	if (part(path, dir, "worktrees"))
		each_folder(p, g, path, depth, sweep_dir);
}

void
git_sweep(struct protect *p, struct ground *g)
{
	struct stat st;

	for (size_t i = 0; i < g->nrepo;) {
		if (fstatat(g->top, *g->repo[i] ? g->repo[i] : ".", &st,
			    AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode)) {
			sweep_repo(p, g, g->repo[i++], 0);
			continue;
		}
		free(g->repo[i]);
		g->repo[i] = g->repo[--g->nrepo];
	}
}
