/* Grounds and guards: see protect.h; what git believes is in protect_git.c.
 *
 * Outer guards are put up first, so that inner ones hang on them. On the host everything can be
 * replaced meanwhile: each step begins and ends with a look whether all guards stand, and ends
 * with one at what is new. Pinned by tests/jail/test_protect.py. */
#include "sandbox/protect_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/names.h"
#include "sandbox/policy.h"
#include "sandbox/root.h"
#include "sandbox/usage.h"

struct protect *
protect_new(protect_tell *say, void *arg)
{
	struct protect *p = sbx_grow(NULL, sizeof(*p));

	*p = (struct protect){.root = -1, .layers = -1, .tell = say, .arg = arg};
	return p;
}

void
protect_listen(struct protect *p, protect_tell *say, void *arg)
{
	if (!p)
		return;
	p->tell = say;
	p->arg = arg;
	/* No job runs yet. */
	p->rest = USAGE_NOBODY;
}

static bool
is_workspace(const struct protect *p, const struct ground *g)
{
	return strcmp(g->abs, p->setup->workspace) == 0;
}

void
tell(struct protect *p, const struct ground *g, enum sbx_notice_kind kind, int sys,
     const char *path, const char *detail)
{
	struct sbx_notice n = {.kind = kind, .sys = sys};

	if (kind == SBX_NOTE_PROTECTED && g && g->staged)
		return;
	/* On every start of every program in a repository this would be noise. */
	if (kind == SBX_NOTE_PROTECTED && !p->setup->explain && !detail)
		return;
	if (p->told == TELL_MAX) {
		n.kind = SBX_NOTE_LIMIT;
		path = "notices of one step";
		detail = "more was hidden or put aside";
	}
	if (p->told++ > TELL_MAX)
		return;
	/* A path of the workspace is named as the user types it there. */
	if (!g || path[0] == '/' || is_workspace(p, g) || n.kind == SBX_NOTE_LIMIT)
		snprintf(n.what, sizeof(n.what), "%s", path[0] ? path : ".");
	else
		snprintf(n.what, sizeof(n.what), "%s/%s", g->abs, path);
	snprintf(n.detail, sizeof(n.detail), "%s", detail ? detail : "");
	p->tell(&n, p->arg);
}

bool
user_allows(const struct protect *p, const struct ground *g, const char *path)
{
	const struct setup *s = p->setup;
	char abs[2 * PATH_MAX];

	snprintf(abs, sizeof(abs), "%s/%s", g->abs, path);
	/* A ground itself is in the list: what it holds is guarded all the same. */
	for (const char *const *w = s->write; *w; w++)
		if (strcmp(*w, g->abs) != 0 && policy_below(*w, g->abs) &&
		    policy_below(abs, *w))
			return true;
	for (const char *const *w = s->fresh; *w; w++)
		if (policy_below(abs, *w))
			return true;
	for (size_t i = 0; i < p->nshown; i++)
		if (strcmp(p->shown[i], g->abs) != 0 && policy_below(abs, p->shown[i]))
			return true;
	return false;
}

static void
see_running(struct look *l, const struct walk_entry *e)
{
	if (guarded(l->g, e->path) || user_allows(l->p, l->g, e->path))
		return;
	if (l->p->swept) {
		put_aside(l->p, l->g, e->path);
		return;
	}
	guard_ro(l->g, e->path);
	tell(l->p, l->g, SBX_NOTE_PROTECTED, 0, e->path, NULL);
}

static void
see_socket(struct look *l, const struct walk_entry *e)
{
	if (l->p->swept || l->p->users) {
		socket_found(l->p, l->g, e->path);
	} else if (!user_allows(l->p, l->g, e->path)) {
		guard_add(l->g, e->path, GUARD_SOCKET);
		tell(l->p, l->g, SBX_NOTE_SOCKET, 0, e->path, NULL);
	}
}

static bool
see_git(struct look *l, const struct walk_entry *e)
{
	char dir[PATH_MAX], to[PATH_MAX];

	/* What a link leads to, git takes too. */
	snprintf(dir, sizeof(dir), "%.*s", (int)(e->name - e->path), e->path);
	if (e->type == DT_LNK && read_link(l->g, e->path, to) &&
	    ground_join(l->g, dir, to, to, sizeof(to)))
		git_found(l->p, l->g, to);
	else if (e->bare || e->type == DT_DIR)
		git_found(l->p, l->g, e->path);
	else if (e->type == DT_REG)
		git_file(l->p, l->g, e->path);
	return false;
}

bool
protect_see(const struct walk_entry *e, void *arg)
{
	struct look *l = arg;
	enum name_secret secret;

	if (e->bare || strcasecmp(e->name, ".git") == 0)
		return see_git(l, e);
	if (name_runs(e->name)) {
		see_running(l, e);
		return false;
	}
	if (e->type == DT_SOCK)
		see_socket(l, e);
	if (l->g->secrets && !l->p->swept && !l->p->users &&
	    (e->type == DT_REG || e->type == DT_LNK)) {
		secret = name_secret(e->name);
		if (secret != SECRET_NO)
			secret_found(l, e, secret);
	}
	return true;
}

struct ground *
ground_new(struct protect *p, const char *abs, bool secrets, int top)
{
	struct ground *g;

	if (p->n == GROUNDS_MAX)
		return NULL;
	g = sbx_zero(sizeof(*g));
	g->abs = strdup(abs);
	if (!g->abs)
		abort();
	g->secrets = secrets;
	g->staged = p->setup->stage &&
		    (is_workspace(p, g) || (p->staged && strcmp(p->staged, abs) == 0));
	g->top = top;
	g->walk = walk_new(top);
	p->ground[p->n++] = g;
	return g;
}

static int
by_length(const void *a, const void *b)
{
	const struct guard *x = a, *y = b;
	size_t n = strlen(x->path), m = strlen(y->path);

	/* Equal ones in one order everywhere: they are told in it. */
	return n < m ? -1 : n > m ? 1 : strcmp(x->path, y->path);
}

void
tell_cut(struct protect *p, struct ground *g)
{
	if (g->told_cut || !(walk_cut(g->walk) || g->full))
		return;
	g->told_cut = true;
	tell(p, g, SBX_NOTE_LIMIT, 0,
	     g->full ? "files to guard in the workspace" : "folders looked through",
	     "what lies deeper is not guarded");
}

bool
ground_begin(struct protect *p, struct ground *g, struct sbx_fail *f)
{
	struct look l = {p, g};

	p->swept = false;
	walk_run(g->walk, protect_see, &l);
	/* Outer ones first. */
	if (g->n)
		qsort(g->guard, g->n, sizeof(*g->guard), by_length);
	for (size_t i = 0; i < g->n; i++)
		if (!guard_apply(p, g, &g->guard[i], f))
			return false;
	tell_cut(p, g);
	return true;
}

bool
protect_ground(struct protect *p, const struct setup *s, int root, const char *path,
	       bool secrets, struct sbx_fail *f)
{
	struct stat st;
	int top;

	p->setup = s;
	if (p->root < 0)
		p->root = fcntl(root, F_DUPFD_CLOEXEC, 0);
	top = walk_open(root, path + 1, O_PATH);
	if (p->root < 0 || top < 0 || fstat(top, &st))
		return sbx_fail_set(f, "guard", errno, path);
	if (!S_ISDIR(st.st_mode) || p->n == GROUNDS_MAX)
		return close(top) == 0;
	return ground_begin(p, ground_new(p, path, secrets, top), f);
}

void
protect_check(struct protect *p)
{
	if (!p)
		return;
	p->told = 0;
	for (size_t k = 0; k < p->n; k++) {
		struct ground *g = p->ground[k];
		size_t kept = 0;

		for (size_t i = 0; i < g->n; i++) {
			if (guard_again(p, g, &g->guard[i]))
				g->guard[kept++] = g->guard[i];
			else
				guard_release(&g->guard[i]);
		}
		g->n = kept;
	}
}

const char *
protect_writable(const struct protect *p, size_t i)
{
	if (!p)
		return NULL;
	if (i < p->nlinked)
		return p->linked[i];
	i -= p->nlinked;
	return i < p->nshown ? p->shown[i] : NULL;
}
