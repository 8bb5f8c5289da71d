/* Linked worktrees and submodules whose git directory lies outside of the workspace.
 *
 * The `.git` file in the workspace may have been written by code of an earlier session, so what
 * it says counts only when the other side, which code could not write, names this very folder
 * back: `gitdir` of a worktree, core.worktree of a submodule. Only then is that repository's
 * common directory placed, writable, guarded like every other ground.
 * Sources: gitrepository-layout(5), git-worktree(1) "DETAILS". Pinned by
 * tests/jail/test_protect_git.py. */
#include "sandbox/protect_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/gitconf.h"
#include "sandbox/policy.h"
#include "sandbox/root.h"
#include "sandbox/stage.h"

/* The first line of a file of the host's. */
static bool
read_line(const char *dir, const char *name, char line[PATH_MAX])
{
	SBX_CLOSE int fd = -1;
	char path[PATH_MAX + 32];
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	n = read(fd, line, PATH_MAX - 1);
	line[n > 0 ? n : 0] = 0;
	line[strcspn(line, "\r\n")] = 0;
	return line[0];
}

/* `value` as seen from `dir`, canonical. */
static bool
resolve(const char *dir, const char *value, char real[PATH_MAX])
{
	char path[2 * PATH_MAX + 2];

	snprintf(path, sizeof(path), "%s/%s", value[0] == '/' ? "" : dir, value);
	return strlen(path) < PATH_MAX && realpath(path, real);
}

/* gitdir = …/.git/worktrees/NAME, whose `gitdir` names the `.git` file. */
static bool
is_worktree(const char *gitdir, const char *file, char common[PATH_MAX])
{
	char line[PATH_MAX], real[PATH_MAX], *slash;

	snprintf(common, PATH_MAX, "%s", gitdir);
	for (int up = 0; up < 2; up++) {
		slash = strrchr(common, '/');
		if (!slash || (up == 1 && strcmp(slash, "/worktrees") != 0))
			return false;
		*slash = 0;
	}
	return read_line(gitdir, "commondir", line) && resolve(gitdir, line, real) &&
	       strcmp(real, common) == 0 && read_line(gitdir, "gitdir", line) &&
	       resolve(gitdir, line, real) && strcmp(real, file) == 0;
}

struct find_tree {
	const char *gitdir;
	char real[PATH_MAX];
};

static void
find_tree(const struct gitconf *c, void *arg)
{
	struct find_tree *f = arg;

	if (strcmp(c->section, "core") == 0 && strcmp(c->name, "worktree") == 0 &&
	    !resolve(f->gitdir, c->value, f->real))
		f->real[0] = 0;
}

/* gitdir = …/modules/NAME, whose core.worktree names the folder of the `.git` file. */
static bool
is_submodule(const char *gitdir, const char *file)
{
	struct find_tree f = {.gitdir = gitdir};
	SBX_CLOSE int fd = -1;
	SBX_FREE char *text = NULL;
	char path[PATH_MAX + 32];
	struct stat st;
	ssize_t n;

	if (!strstr(gitdir, "/modules/"))
		return false;
	snprintf(path, sizeof(path), "%s/config", gitdir);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	text = sbx_grow(NULL, GITCONF_MAX);
	n = read(fd, text, GITCONF_MAX);
	if (n <= 0 || !gitconf_read(text, (size_t)n, find_tree, &f))
		return false;
	n = (ssize_t)strlen(f.real);
	return n > 0 && strncmp(file, f.real, (size_t)n) == 0 &&
	       strcmp(file + n, "/.git") == 0;
}

static bool
looks_like_git(const char *dir)
{
	static const char *const parts[] = {"HEAD", "objects", "refs"};
	char path[PATH_MAX + 32];
	struct stat st;

	for (size_t i = 0; i < SBX_LEN(parts); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, parts[i]);
		if (lstat(path, &st) || S_ISDIR(st.st_mode) != (i > 0))
			return false;
	}
	return true;
}

/* Of no ground yet, and not a folder that holds one, or HOME. */
static bool
may_be_placed(const struct protect *p, const char *dir)
{
	if (policy_below(p->setup->home, dir) || policy_is_system(dir))
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (policy_below(p->ground[i]->abs, dir))
			return false;
	return true;
}

/* A mount of the git directory as jobs are to have it. In staged mode that is a layer over it: the
 * first has one, as far as a commit goes that is enough, and further ones are read-only. */
static int
as_shown(struct protect *p, const char *dir, bool *staged, struct sbx_fail *f)
{
	bool readonly = p->setup->workspace_readonly || p->setup->stage;
	SBX_CLOSE int fd = setup_open(dir), clone = -1;
	int layers = p->layers, mnt;

	*staged = false;
	clone = fd < 0 ? -1 : root_clone(fd, "", readonly ? TREE_RO : TREE_RW);
	if (clone < 0)
		return sbx_fail_set(f, "git directory", errno, dir), -1;
	if (layers < 0 || p->setup->workspace_readonly) {
		mnt = clone;
		clone = -1;
		return mnt;
	}
	*staged = true;
	mnt = stage_over_linked(p->root, clone, layers, dir, f);
	sbx_shut(&p->layers);
	return mnt;
}

static bool
place(struct protect *p, const char *dir, struct sbx_fail *f)
{
	bool staged;
	SBX_CLOSE int mnt = as_shown(p, dir, &staged, f), at = -1;
	struct ground *g;
	int top;

	if (mnt < 0)
		return false;
	at = root_place(p->root, dir, true);
	if (at < 0 ||
	    move_mount(mnt, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return sbx_fail_set(f, "git directory", errno, dir);
	top = walk_open(p->root, dir + 1, O_PATH);
	if (top < 0)
		return sbx_fail_set(f, "git directory", errno, dir);
	p->linked[p->nlinked] = strdup(dir);
	if (!p->linked[p->nlinked])
		abort();
	if (staged)
		p->staged = p->linked[p->nlinked];
	g = ground_new(p, p->linked[p->nlinked++], false, top);
	return ground_begin(p, g, f);
}

bool
protect_layers(struct protect *p, int layers)
{
	sbx_shut(&p->layers);
	p->layers = layers;
	return layers >= 0;
}

const char *
protect_staged(const struct protect *p)
{
	return p ? p->staged : NULL;
}

void
git_link(struct protect *p, struct ground *g, const char *path, const char *to)
{
	char file[2 * PATH_MAX + 2], dir[2 * PATH_MAX], gitdir[PATH_MAX], common[PATH_MAX];
	struct sbx_fail f = {.step = ""};
	const char *use = common;

	/* A folder elsewhere would have to be mounted. */
	if (p->dry)
		return;
	snprintf(file, sizeof(file), "%s/%s", g->abs, path);
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(file, '/') - file), file);
	if (!resolve(dir, to, gitdir))
		return;
	for (size_t i = 0; i < p->n; i++)
		if (policy_below(gitdir, p->ground[i]->abs))
			return; /* shown and guarded already */
	if (!is_worktree(gitdir, file, common))
		use = is_submodule(gitdir, file) ? gitdir : NULL;
	if (!use || !looks_like_git(use) || p->n == GROUNDS_MAX || !may_be_placed(p, use)) {
		tell(p, g, SBX_NOTE_FILE, ENOENT, gitdir,
		     "a .git file leads there, and nothing there names it back");
		return;
	}
	if (!place(p, use, &f))
		tell(p, g, SBX_NOTE_FILE, ENOENT, gitdir, "it could not be placed");
}
