/* Git directories: what in them makes git run something on the host. See protect.h.
 *
 * Of a repository that is there at the start, hooks and configuration are read-only and its
 * place is pinned; what its configuration names in the tree (core.hooksPath, include.path) is
 * read-only too. What was absent, and repositories that code makes itself, stay writable, so
 * that git works: protect_gitsweep.c looks at them after each step.
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

bool
there(const struct ground *g, const char *path, struct stat *st)
{
	return fstatat(g->top, path, st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
ground_part(char out[PATH_MAX], const char *dir, const char *name)
{
	return snprintf(out, PATH_MAX, "%s%s%s", dir, *dir ? "/" : "", name) < PATH_MAX;
}

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
	if (!ground_join(f->g, base, c->value, to, sizeof(to)))
		return;
	guard_ro(f->g, to);
	for (size_t i = 0; i < f->g->nwatch; i++)
		if (strcmp(f->g->watch[i].path, to) == 0)
			return;
	/* Whoever makes it makes it run. */
	if (!guard_find(f->g, to) && f->g->nwatch < WATCH_MAX) {
		f->g->watch[f->g->nwatch].path = strdup(to);
		f->g->watch[f->g->nwatch++].hooks = hooks;
	}
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

/* ---- the parts of a repository ---- */

struct visit {
	struct protect *p;
	struct ground *g;
	git_part_fn *fn;
};
typedef void each_fn(const struct visit *v, const char *path, int depth);

/* Calls fn for each folder in `dir`. */
static void
each_folder(const struct visit *v, const char *dir, int depth, each_fn *fn)
{
	int fd = walk_open(v->g->top, dir, O_RDONLY | O_DIRECTORY);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	char path[PATH_MAX];
	struct dirent *d;
	struct stat st;

	if (!list && fd >= 0)
		close(fd);
	while (list && (d = readdir(list))) {
		if (d->d_name[0] == '.' && (!d->d_name[1] || strcmp(d->d_name, "..") == 0))
			continue;
		if (ground_part(path, dir, d->d_name) && there(v->g, path, &st) &&
		    S_ISDIR(st.st_mode))
			fn(v, path, depth);
	}
	if (list)
		closedir(list);
}

static void
visit_worktree(const struct visit *v, const char *dir, int depth)
{
	(void)depth;
	v->fn(v->p, v->g, dir);
}

static void visit(const struct visit *v, const char *dir, int depth);

/* A submodule's git directory, or a folder of its name. */
static void
visit_module(const struct visit *v, const char *dir, int depth)
{
	char head[PATH_MAX];
	struct stat st;

	if (depth >= NEST_MAX)
		return;
	if (ground_part(head, dir, "HEAD") && there(v->g, head, &st))
		visit(v, dir, depth + 1);
	else
		each_folder(v, dir, depth + 1, visit_module);
}

static void
visit(const struct visit *v, const char *dir, int depth)
{
	char path[PATH_MAX];

	v->fn(v->p, v->g, dir);
	if (ground_part(path, dir, "modules"))
		each_folder(v, path, depth, visit_module);
	if (ground_part(path, dir, "worktrees"))
		each_folder(v, path, depth, visit_worktree);
}

void
git_visit(struct protect *p, struct ground *g, const char *dir, git_part_fn *fn)
{
	const struct visit v = {p, g, fn};

	visit(&v, dir, 0);
}

/* ---- guarding ---- */

static void
guard_parts(struct protect *p, struct ground *g, const char *dir)
{
	static const char *const parts[] = {"hooks", "commondir", "gitdir"};
	static const char *const configs[] = {"config", "config.worktree"};
	char path[PATH_MAX];

	(void)p;
	guard_pins(g, dir);
	for (size_t i = 0; i < SBX_LEN(parts); i++)
		if (ground_part(path, dir, parts[i]))
			guard_ro(g, path);
	for (size_t i = 0; i < SBX_LEN(configs); i++)
		if (ground_part(path, dir, configs[i]))
			guard_config(g, dir, path);
}

void
git_look(struct protect *p, struct ground *g)
{
	for (size_t i = 0; i < g->nrepo; i++)
		if (g->repo[i].guarded)
			git_visit(p, g, g->repo[i].path, guard_parts);
}

void
git_found(struct protect *p, struct ground *g, const char *path)
{
	for (size_t i = 0; i < g->nrepo; i++)
		if (strcmp(g->repo[i].path, path) == 0)
			return;
	if (g->nrepo == REPOS_MAX) {
		g->full = true;
		return;
	}
	g->repo[g->nrepo].guarded = !p->swept;
	g->repo[g->nrepo].path = strdup(path);
	if (!g->repo[g->nrepo++].path)
		abort();
	if (p->swept)
		return; /* git_sweep() comes to it */
	git_visit(p, g, path, guard_parts);
	tell(p, g, SBX_NOTE_PROTECTED, 0, path, NULL);
}

void
git_file(struct protect *p, struct ground *g, const char *path)
{
	char text[PATH_MAX], dir[PATH_MAX], to[PATH_MAX], *slash;
	ssize_t n = ground_read(g, path, text, sizeof(text));

	if (guarded(g, path))
		return;
	/* What code made goes on being its own to take away. */
	if (!p->swept && !p->users) {
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
	else if (!p->swept && !p->users)
		git_link(p, g, path, text + 7 + strspn(text + 7, " "));
}
