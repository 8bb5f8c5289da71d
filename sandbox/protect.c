/* Grounds and guards: see protect.h; what git believes is in protect_git.c.
 *
 * A guard is a mount on the very thing: the kernel refuses to rename or remove what is mounted
 * on (EBUSY), in this tree of mounts only. Outer ones come first, so that inner ones hang on
 * them. On the host everything can be replaced meanwhile, which takes the mount off: each step
 * begins and ends with a look whether all stand.
 * Sources: mount_namespaces(7), open_tree(2), statx(2). Pinned by tests/jail/test_protect.py. */
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

#define SECRET_TEXT_MAX (256 * SBX_KIB) /* bytes in which a private key is looked for */

struct protect *
protect_new(protect_tell *say, void *arg)
{
	struct protect *p = sbx_grow(NULL, sizeof(*p));

	*p = (struct protect){.root = -1, .tell = say, .arg = arg};
	return p;
}

void
protect_listen(struct protect *p, protect_tell *say, void *arg)
{
	if (!p)
		return;
	p->tell = say;
	p->arg = arg;
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
		if (policy_below(abs, p->shown[i]))
			return true;
	return false;
}

static bool
user_reads(const struct protect *p, const struct ground *g, const char *path)
{
	char abs[2 * PATH_MAX];

	snprintf(abs, sizeof(abs), "%s/%s", g->abs, path);
	for (const char *const *r = p->setup->read; *r; r++)
		if (policy_below(*r, g->abs) && strcmp(*r, g->abs) != 0 &&
		    policy_below(abs, *r))
			return true;
	return user_allows(p, g, path);
}

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
	old->kind = kind;
	old->path = strdup(path);
	if (!old->path)
		abort();
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
	case GUARD_SOCKET:
		return root_clone(p->root, "dev/null",
				  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
				      MOUNT_ATTR_NOEXEC);
	case GUARD_PIN:
		return root_clone(at, "", TREE_RW);
	case GUARD_RO:
	case GUARD_OPEN:
	default:
		return root_clone(at, "", TREE_RO);
	}
}

bool
guard_apply(struct protect *p, struct ground *g, struct guard *u, struct sbx_fail *f)
{
	SBX_CLOSE int at = -1, fd = -1;
	struct stat st;

	if (u->kind == GUARD_OPEN || p->dry)
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

/* A private key, a token: true when it cannot be read. */
static bool
holds_secret(const struct ground *g, const char *path, enum name_secret kind)
{
	char *text;
	ssize_t n;
	bool yes;

	if (kind == SECRET_YES)
		return true;
	text = sbx_grow(NULL, SECRET_TEXT_MAX);
	n = ground_read(g, path, text, SECRET_TEXT_MAX);
	yes = n < 0 || name_secret_text(kind, text, (size_t)n);
	free(text);
	return yes;
}

static void
see_secret(struct look *l, const struct walk_entry *e, enum name_secret kind)
{
	char target[PATH_MAX], to[PATH_MAX];
	const char *path = e->path;
	struct stat st;
	ssize_t n;

	if (e->type == DT_LNK) {
		n = readlinkat(l->g->top, path, to, sizeof(to) - 1);
		to[n > 0 ? n : 0] = 0;
		snprintf(target, sizeof(target), "%.*s", (int)(e->name - e->path), path);
		if (n <= 0 || !ground_join(l->g, target, to, target, sizeof(target)))
			return;
		path = target;
	}
	if (fstatat(l->g->top, path, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) ||
	    st.st_size == 0 || user_reads(l->p, l->g, path) ||
	    !holds_secret(l->g, path, kind))
		return;
	guard_add(l->g, path, GUARD_HIDE);
	tell(l->p, l->g, SBX_NOTE_HIDDEN, 0, path, NULL);
}

static void
see_running(struct look *l, const struct walk_entry *e)
{
	if (guard_find(l->g, e->path) || user_allows(l->p, l->g, e->path))
		return;
	if (l->p->swept) {
		put_aside(l->p, l->g, e->path);
		return;
	}
	guard_add(l->g, e->path, GUARD_RO);
	tell(l->p, l->g, SBX_NOTE_PROTECTED, 0, e->path, NULL);
}

static bool
see_git(struct look *l, const struct walk_entry *e)
{
	if (e->bare || e->type == DT_DIR)
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
	if (e->type == DT_SOCK && !l->p->swept) {
		guard_add(l->g, e->path, GUARD_SOCKET);
		tell(l->p, l->g, SBX_NOTE_SOCKET, 0, e->path, NULL);
	}
	if (l->g->secrets && !l->p->swept && (e->type == DT_REG || e->type == DT_LNK)) {
		secret = name_secret(e->name);
		if (secret != SECRET_NO)
			see_secret(l, e, secret);
	}
	return true;
}

struct ground *
ground_new(struct protect *p, const char *abs, bool secrets, int top)
{
	struct ground *g;

	if (p->n == GROUNDS_MAX)
		return NULL;
	g = sbx_grow(NULL, sizeof(*g));
	memset(g, 0, sizeof(*g));
	g->abs = strdup(abs);
	if (!g->abs)
		abort();
	g->secrets = secrets;
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

	return n < m ? -1 : n > m;
}

static void
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
	struct sbx_fail f;

	if (!p)
		return;
	p->told = 0;
	for (size_t k = 0; k < p->n; k++) {
		struct ground *g = p->ground[k];

		for (size_t i = 0; i < g->n; i++) {
			struct guard *u = &g->guard[i];

			if (u->kind == GUARD_OPEN || p->dry || guard_stands(g, u))
				continue;
			if (!guard_apply(p, g, u, &f))
				tell(p, g, SBX_NOTE_PROTECTED, f.sys, u->path,
				     "it was replaced and cannot be guarded again");
		}
	}
}

void
protect_sweep(struct protect *p)
{
	if (!p)
		return;
	protect_check(p);
	/* What a layer holds is asked about when it is applied. */
	if (p->setup->stage)
		return;
	p->swept = true;
	for (size_t i = 0; i < p->n; i++) {
		struct look l = {p, p->ground[i]};

		walk_run(l.g->walk, protect_see, &l);
		git_sweep(p, l.g);
		tell_cut(p, l.g);
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
