/* Finding toolchains: see toolchain.h.
 *
 * A fixed list of places, because nothing else of HOME may appear by accident, and virtual
 * environments, which say of themselves what they are. A file of the workspace (its .venv) may
 * name a place of the list too, never another. Runs on the agent's side, which knows HOME.
 * Sources: the layouts of rustup, pyenv, nvm, uv, pipx, go, conda; venv's pyvenv.cfg (PEP 405).
 * Pinned by tests/jail/test_toolchains.py. */
#include "sandbox/toolchain.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/policy.h"

#define CFG_MAX 4096 /* bytes of a pyvenv.cfg */

/* An entry of PATH at or below `entry` shows the places, all relative to HOME. */
static const struct {
	const char *entry, *place[4];
} rows[] = {
    {".cargo/bin", {".cargo/bin", ".rustup"}},
    {".rustup", {".rustup"}},
    {".pyenv", {".pyenv"}},
    {".nvm", {".nvm"}},
    {".local/bin", {".local/bin", ".local/lib", ".local/share/uv", ".local/share/pipx"}},
    {".local/share/uv", {".local/share/uv"}},
    {"go", {"go"}},
    {"miniconda3", {"miniconda3"}},
    {"anaconda3", {"anaconda3"}},
    {"miniforge3", {"miniforge3"}},
    {"mambaforge", {"mambaforge"}},
    {".bun", {".bun"}},
    {".deno", {".deno"}},
    {".volta", {".volta"}},
    {".asdf", {".asdf"}},
    {".rbenv", {".rbenv"}},
    {".sdkman", {".sdkman"}},
    {".npm-global", {".npm-global"}},
};

/* In a folder that is shown. */
static const char *const credentials[] = {"credentials", "credentials.toml", ".npmrc",
					  "etc/npmrc",	 ".condarc",	     ".netrc",
					  ".pypirc",	 ".git-credentials"};
#define CREDENTIALS "versions/node/*/etc/npmrc"

static char *
copy(const char *text)
{
	char *s = strdup(text);

	if (!s)
		abort();
	return s;
}

static void
add_hides(struct tools *t, const char *at)
{
	char path[PATH_MAX + 64];
	struct stat st;
	glob_t g;

	for (size_t i = 0; i < SBX_LEN(credentials); i++) {
		snprintf(path, sizeof(path), "%s/%s", at, credentials[i]);
		if (lstat(path, &st) == 0 && t->nhide < TOOL_HIDES_MAX)
			t->hide[t->nhide++] = copy(path);
	}
	snprintf(path, sizeof(path), "%s/" CREDENTIALS, at);
	if (glob(path, GLOB_NOSORT, NULL, &g))
		return;
	for (size_t k = 0; k < g.gl_pathc && t->nhide < TOOL_HIDES_MAX; k++)
		t->hide[t->nhide++] = copy(g.gl_pathv[k]);
	globfree(&g);
}

static void
add(struct tools *t, const char *at, const char *home, const char *workspace)
{
	char real[PATH_MAX];
	struct stat st;

	if (t->n == TOOLS_MAX || !realpath(at, real) || stat(real, &st) ||
	    !S_ISDIR(st.st_mode))
		return;
	/* Shown with the workspace or the system already; or it would show all of HOME. */
	if (policy_below(real, workspace) || policy_is_system(real) ||
	    policy_below(home, real) || policy_below(home, at))
		return;
	for (size_t i = 0; i < t->n; i++)
		if (policy_below(at, t->at[i]))
			return;
	t->at[t->n] = copy(at);
	t->real[t->n++] = copy(real);
	add_hides(t, at);
}

/* The places of the list that `folder` stands for. */
static bool
add_listed(struct tools *t, const char *folder, const char *home, const char *workspace)
{
	char place[2 * PATH_MAX];
	bool any = false;

	if (!policy_below(folder, home) || strcmp(folder, home) == 0)
		return false;
	for (size_t i = 0; i < SBX_LEN(rows); i++) {
		if (!policy_below(folder + strlen(home) + 1, rows[i].entry))
			continue;
		any = true;
		for (size_t k = 0; k < SBX_LEN(rows[i].place) && rows[i].place[k]; k++) {
			snprintf(place, sizeof(place), "%s/%s", home, rows[i].place[k]);
			add(t, place, home, workspace);
		}
	}
	return any;
}

/* A virtual environment's top: the interpreter that it borrows. False when it is none. */
static bool
add_base(struct tools *t, const char *top, const char *home, const char *workspace)
{
	char path[PATH_MAX + 16], text[CFG_MAX], *line;
	SBX_CLOSE int fd = -1;
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/pyvenv.cfg", top);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	for (line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t at = 4 + strspn(line + (strlen(line) < 4 ? 0 : 4), " =");

		if (strncmp(line, "home", 4) != 0 || strlen(line) < 5)
			continue;
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(line + at, "\r\n"),
			 line + at);
		add_listed(t, path, home, workspace);
	}
	return true;
}

static void
add_entry(struct tools *t, const char *entry, const char *home, const char *workspace)
{
	char top[PATH_MAX], *slash;

	if (entry[0] != '/' || strstr(entry, "/..") || policy_is_system(entry))
		return;
	snprintf(top, sizeof(top), "%s", entry);
	slash = strrchr(top, '/');
	*slash = 0;
	if (policy_below(entry, workspace)) {
		add_base(t, top, home, workspace);
		return;
	}
	if (!add_listed(t, entry, home, workspace) && strcmp(slash + 1, "bin") == 0 &&
	    add_base(t, top, home, workspace))
		add(t, top, home, workspace);
}

void
tools_find(struct tools *t, const char *path, const char *home, const char *workspace)
{
	static const char *const inside[] = {".venv", "venv"};
	char entry[PATH_MAX];

	memset(t, 0, sizeof(*t));
	while (path && *path) {
		size_t n = strcspn(path, ":");

		if (n > 0 && n < sizeof(entry)) {
			memcpy(entry, path, n);
			while (n > 1 && entry[n - 1] == '/')
				n--;
			entry[n] = 0;
			add_entry(t, entry, home, workspace);
		}
		path += strcspn(path, ":");
		path += *path == ':';
	}
	for (size_t i = 0; i < SBX_LEN(inside); i++) {
		snprintf(entry, sizeof(entry), "%.4000s/%s", workspace, inside[i]);
		add_base(t, entry, home, workspace);
	}
}

void
tools_release(struct tools *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->at[i]);
		free(t->real[i]);
	}
	for (size_t i = 0; i < t->nhide; i++)
		free(t->hide[i]);
	memset(t, 0, sizeof(*t));
}

bool
tools_show(const struct tools *t, const char *folder)
{
	for (size_t i = 0; i < t->n; i++)
		if (policy_below(folder, t->at[i]))
			return true;
	return false;
}
