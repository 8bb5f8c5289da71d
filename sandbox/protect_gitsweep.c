/* Git directories after a step: what may be written there and would be run outside.
 *
 * Of what is guarded nothing can have changed. In the rest, hooks are put aside, and so are
 * settings that run a command, leaving those that do not; a way for git to take settings from
 * elsewhere, and links through which it would write outside. See protect_git.c.
 * Sources: gitrepository-layout(5), git-config(1). Pinned by tests/jail/test_protect_git.py. */
#include "sandbox/protect_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/gitconf.h"

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
		    !ground_part(path, dir, d->d_name) || !there(g, path, &st))
			continue;
		if (S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_mode & 0111))
			put_aside(p, g, path);
	}
	if (list)
		closedir(list);
}

struct config_at {
	const struct ground *g;
	const char *path;
};

/* A work tree outside of the ground: git would write the user's files there. */
static bool
leads_out(const struct gitconf *c, void *arg)
{
	const struct config_at *at = arg;
	const char *slash = strrchr(at->path, '/');
	char dir[PATH_MAX], to[PATH_MAX];

	if (strcmp(c->section, "core") != 0 || strcmp(c->name, "worktree") != 0)
		return false;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - at->path) : 0, at->path);
	return !ground_join(at->g, dir, c->value, to, sizeof(to));
}

static void
sweep_config(struct protect *p, struct ground *g, const char *path)
{
	struct config_at at = {g, path};
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
	else if (gitconf_clean(text, (size_t)n, leads_out, &at, &kept) > 0)
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
	char text[16], up[PATH_MAX];
	struct stat st;

	if (!there(g, path, &st))
		return;
	if (ground_read(g, path, text, sizeof(text)) > 0 && strcmp(text, "../..\n") == 0 &&
	    (above == 9 || (above > 9 && dir[above - 10] == '/')) &&
	    strncmp(dir + above - 9, "worktrees", 9) == 0) {
		snprintf(up, sizeof(up), "%.*s", above > 9 ? (int)above - 10 : 0, dir);
		git_found(p, g, up);
		return;
	}
	put_aside(p, g, path);
}

/* git writes through links of its own files (index, logs, COMMIT_EDITMSG). */
static void
sweep_links(struct protect *p, struct ground *g, const char *dir)
{
	int fd = walk_open(g->top, dir, O_RDONLY | O_DIRECTORY);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	char path[PATH_MAX], to[PATH_MAX], in[PATH_MAX];
	struct dirent *d;
	ssize_t n;

	if (!list && fd >= 0)
		close(fd);
	while (list && (d = readdir(list))) {
		if ((d->d_type != DT_LNK && d->d_type != DT_UNKNOWN) ||
		    is_put_aside(d->d_name) || !ground_part(path, dir, d->d_name))
			continue;
		n = readlinkat(g->top, path, to, sizeof(to) - 1);
		if (n <= 0)
			continue;
		to[n] = 0;
		if (!ground_join(g, dir, to, in, sizeof(in)) && !guarded(g, path))
			put_aside(p, g, path);
	}
	if (list)
		closedir(list);
}

static void
sweep_dir(struct protect *p, struct ground *g, const char *dir)
{
	char path[PATH_MAX];

	sweep_links(p, g, dir);
	if (ground_part(path, dir, "logs"))
		sweep_links(p, g, path);
	if (ground_part(path, dir, "hooks") && !guarded(g, path))
		sweep_hooks(p, g, path);
	if (ground_part(path, dir, "config") && !guarded(g, path))
		sweep_config(p, g, path);
	if (ground_part(path, dir, "config.worktree") && !guarded(g, path))
		sweep_config(p, g, path);
	if (ground_part(path, dir, "commondir") && !guarded(g, path))
		sweep_common(p, g, dir, path);
}

void
git_sweep(struct protect *p, struct ground *g)
{
	struct stat st;

	for (size_t i = 0; i < g->nwatch; i++) {
		if (guarded(g, g->watch[i].path))
			continue;
		if (g->watch[i].hooks)
			sweep_hooks(p, g, g->watch[i].path);
		else if (there(g, g->watch[i].path, &st))
			put_aside(p, g, g->watch[i].path);
	}
	for (size_t i = 0; i < g->nrepo;) {
		const char *path = g->repo[i].path;

		if (fstatat(g->top, *path ? path : ".", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode)) {
			git_visit(p, g, g->repo[i++].path, sweep_dir);
			continue;
		}
		free(g->repo[i].path);
		g->repo[i] = g->repo[--g->nrepo];
	}
}
