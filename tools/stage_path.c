/* Judgements about paths in a layer: see stage_path.h. Names are compared without regard to
 * case, since some file systems do so. Pinned by tests/unit/test_stage.c. */
#include "tools/stage_path.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agent/base/util.h"
#include "tools/stage_fs.h"

/* Anywhere in a path: a folder or file of this name. */
static const char *const names[] = {
    ".vscode", ".idea",	    ".envrc",	 ".mcp.json",	  ".husky",   ".sunaba.yaml",
    ".cursor", ".claude",   ".codex",	 ".devcontainer", ".zed",     ".fleet",
    ".exrc",   ".nvim.lua", ".nvimrc",	 ".vimrc",	  ".lvimrc",  ".dir-locals.el",
    ".direnv", ".githooks", ".lefthook", "lefthook.yml",  ".gdbinit", ".lldbinit",
};
/* Inside a folder called .git (at any depth below it: modules and worktrees have the same). */
static const char *const git_names[] = {"hooks", "config", "config.worktree", "commondir",
					"gitdir"};
#define GIT	   ".git"
#define GIT_SAMPLE ".sample" /* hooks of this ending are not run */

static bool
is_one_of(const char *p, size_t n, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == n && strncasecmp(list[i], p, n) == 0)
			return true;
	return false;
}

static bool
is_sample(const char *path)
{
	size_t n = strlen(path), m = strlen(GIT_SAMPLE);

	return n > m && strcmp(path + n - m, GIT_SAMPLE) == 0;
}

bool
stage_autorun(const char *path)
{
	bool git = false;

	for (const char *p = path; *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");
		bool last = !p[n];

		if (is_one_of(p, n, names, ARRAY_LEN(names)))
			return true;
		if (git && is_one_of(p, n, git_names, ARRAY_LEN(git_names)))
			return !is_sample(path);
		if (n == strlen(GIT) && strncasecmp(p, GIT, n) == 0)
			git = !last;
		p += n;
	}
	return false;
}

bool
stage_git_config(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char dir[STAGE_PATH_MAX + 1];

	if (strcmp(name, "config") != 0 && strcmp(name, "config.worktree") != 0)
		return false;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 0, path);
	return strlen(path) < sizeof(dir) && !stage_autorun(dir);
}

const char *
stage_bare_git(const char *path)
{
	const char *last = strrchr(path, '/'), *name = last ? last + 1 : path, *dir;

	if (strcasecmp(name, "config") == 0)
		return name;
	if (!last || is_sample(path))
		return NULL;
	for (dir = last; dir > path && dir[-1] != '/'; dir--)
		;
	return last - dir == 5 && strncasecmp(dir, "hooks", 5) == 0 ? dir : NULL;
}

bool
stage_link_out(const char *path, const char *target)
{
	int depth = 0;

	if (target[0] == '/')
		return true;
	for (const char *p = path; (p = strchr(p, '/')); p++)
		depth++;
	for (const char *p = target; *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			depth--;
		else if (n != 1 || p[0] != '.')
			depth++;
		if (depth < 0)
			return true;
		p += n;
	}
	return false;
}

bool
stage_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	while (n > 1 && top[n - 1] == '/')
		n--;
	if (n == 0 || (n == 1 && top[0] == '.'))
		return true;
	return strncmp(path, top, n) == 0 && (path[n] == 0 || path[n] == '/');
}
