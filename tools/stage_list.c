/* The list of changes: see stage_list.h.
 *
 * A layer holds what was touched, which is not the same as changed: files are copied up when
 * they are opened for writing, folders when anything in them is. Each entry is therefore compared
 * with what is below now, bytes included, which also makes applied entries vanish from the list.
 * Whiteouts are devices 0:0; an opaque folder hides all that is below it.
 *
 * Source: Documentation/filesystems/overlayfs.rst. Pinned by tests/unit/test_stage.c. */
#include "tools/stage_list.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/sysmacros.h>

#include "agent/base/mem.h"
#include "tools/stage_git.h"
#include "tools/stage_path.h"

#define SETID (S_ISUID | S_ISGID)
#define EXEC  (S_IXUSR | S_IXGRP | S_IXOTH)

struct walk {
	int upper, lower;
	bool git; /* the folder itself is a git directory */
	struct stage_list *out;
};

char
stage_kind_letter(enum stage_kind k)
{
	return "AMD+TP!"[k];
}

void
stage_list_release(struct stage_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i].path);
	free(l->at);
	*l = (struct stage_list){.at = NULL};
}

const struct stage_change *
stage_list_find(const struct stage_list *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].path, path) == 0)
			return &l->at[i];
	return NULL;
}

bool
stage_list_idle(const struct stage_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].kind != STAGE_ODD || l->at[i].sys)
			return false;
	return !l->cut;
}

const char *
stage_list_was(const struct stage_list *l, int upper, int lower,
	       const struct stage_change *c)
{
	size_t looked = 0;

	if (c->kind != STAGE_ADD || !S_ISREG(c->to.st_mode) || c->to.st_size == 0 ||
	    c->to.st_size > (off_t)STAGE_RENAMED_BYTES)
		return NULL;
	for (size_t i = 0; i < l->n && looked < STAGE_RENAMES_MAX; i++) {
		const struct stage_change *d = &l->at[i];
		AUTO_CLOSE int a = -1, b = -1;

		if (d->kind != STAGE_DELETE || !S_ISREG(d->from.st_mode))
			continue;
		looked++;
		if (d->from.st_size != c->to.st_size)
			continue;
		a = stage_open(upper, c->path, O_RDONLY);
		b = a < 0 ? -1 : stage_open(lower, d->path, O_RDONLY);
		if (b >= 0 && stage_same(a, b))
			return d->path;
	}
	return NULL;
}

static bool
is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* git takes a folder with HEAD in it for a repository, whatever its name is. */
static bool
is_bare_git(const struct walk *w, const char *path)
{
	const char *part = stage_bare_git(path);
	AUTO_FREE char *head =
	    part ? mem_printf("%.*sHEAD", (int)(part - path), path) : NULL;
	struct stat st;

	return head && (stage_stat(w->upper, head, &st) || stage_stat(w->lower, head, &st));
}

/* A file named .git points git to a folder of its own, with hooks in it. */
static bool
is_autorun(const struct walk *w, const struct stage_change *c)
{
	AUTO_FREE char *in_git = w->git ? mem_printf(".git/%s", c->path) : NULL;
	const char *slash = strrchr(c->path, '/'), *name = slash ? slash + 1 : c->path;

	if (in_git && c->to.st_mode && !S_ISDIR(c->to.st_mode) && stage_autorun(in_git))
		return true;
	return c->to.st_mode && !S_ISDIR(c->to.st_mode) &&
	       (stage_autorun(c->path) || strcasecmp(name, ".git") == 0 ||
		is_bare_git(w, c->path));
}

static void
judge(const struct walk *w, struct stage_change *c)
{
	char target[STAGE_LINK_MAX];

	if (is_autorun(w, c))
		c->flags |= c->kind == STAGE_ADD && stage_git_config(c->path) &&
				    stage_git_harmless(w->upper, c->path, &c->to, -1)
				? STAGE_F_GITCONF
				: STAGE_F_AUTORUN;
	if (S_ISLNK(c->to.st_mode) && stage_link(w->upper, c->path, target) &&
	    stage_link_out(c->path, target))
		c->flags |= STAGE_F_LINK_OUT;
	if (S_ISREG(c->to.st_mode) && c->to.st_mode & SETID)
		c->flags |= STAGE_F_SETID;
	if (S_ISREG(c->to.st_mode) && c->to.st_mode & EXEC &&
	    !(S_ISREG(c->from.st_mode) && c->from.st_mode & EXEC))
		c->flags |= STAGE_F_EXEC;
}

static struct stage_change *
add(struct walk *w, enum stage_kind kind, const char *path, const struct stat *from,
    const struct stat *to)
{
	struct stage_list *l = w->out;
	struct stage_change *c;

	if (l->n == STAGE_CHANGES_MAX) {
		l->cut = true;
		return NULL;
	}
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->at = mem_array(l->at, l->cap, sizeof(*l->at));
	}
	c = &l->at[l->n++];
	*c = (struct stage_change){.kind = kind, .path = mem_strdup(path)};
	if (from)
		c->from = *from;
	if (to)
		c->to = *to;
	judge(w, c);
	return c;
}

static void
odd(struct walk *w, const char *path, const struct stat *to, int sys)
{
	struct stage_change *c = add(w, STAGE_ODD, path, NULL, to);

	if (c)
		c->sys = sys;
}

static char *
join(const char *dir, const char *name)
{
	return *dir ? mem_printf("%s/%s", dir, name) : mem_strdup(name);
}

/* Entries below a folder of the workspace, as far as they are counted. */
static void
count_inside(int root, const char *dir, int depth, unsigned *n)
{
	AUTO_CLOSE int fd = stage_open(root, dir, O_RDONLY | O_DIRECTORY);
	struct stage_names list;

	if (fd < 0 || depth > STAGE_DEPTH_MAX || !stage_names(fd, &list))
		return;
	for (size_t i = 0; i < list.n && *n < STAGE_INSIDE_MAX; i++) {
		AUTO_FREE char *path = join(dir, list.at[i]);
		struct stat st;

		++*n;
		if (stage_stat(root, path, &st) && S_ISDIR(st.st_mode))
			count_inside(root, path, depth + 1, n);
	}
	stage_names_release(&list);
}

static void
deleted(struct walk *w, const char *path, const struct stat *from,
	const struct stat *whiteout)
{
	struct stage_change *c = add(w, STAGE_DELETE, path, from, NULL);

	if (c && whiteout) {
		c->to = *whiteout;
		c->to.st_mode = 0;
	}
	if (c && S_ISDIR(from->st_mode))
		count_inside(w->lower, path, 0, &c->inside);
}

/* Regular on both sides. */
static void
compare_files(struct walk *w, const char *path, const struct stat *from,
	      const struct stat *to)
{
	AUTO_CLOSE int a = -1, b = -1;

	if (from->st_size == to->st_size) {
		a = stage_open(w->upper, path, O_RDONLY);
		b = a < 0 ? -1 : stage_open(w->lower, path, O_RDONLY);
		if (a < 0) {
			odd(w, path, to, errno);
			return;
		}
		/* Not readable below: only the new bytes can be judged. */
		if (b >= 0 && stage_same(a, b)) {
			if ((from->st_mode ^ to->st_mode) & 0777)
				add(w, STAGE_MODE, path, from, to);
			return;
		}
	}
	add(w, STAGE_MODIFY, path, from, to);
}

static void
compare_links(struct walk *w, const char *path, const struct stat *from,
	      const struct stat *to)
{
	char a[STAGE_LINK_MAX], b[STAGE_LINK_MAX];

	if (!stage_link(w->upper, path, a) || !stage_link(w->lower, path, b) ||
	    strcmp(a, b) != 0)
		add(w, STAGE_MODIFY, path, from, to);
}

static void walk_dir(struct walk *w, const char *dir, int depth, bool opaque);

static void
entry_dir(struct walk *w, const char *path, const struct stat *from, const struct stat *to,
	  int depth, bool opaque)
{
	if (!from)
		add(w, STAGE_MKDIR, path, NULL, to);
	else if (!S_ISDIR(from->st_mode))
		add(w, STAGE_TYPE, path, from, to);
	else if ((from->st_mode ^ to->st_mode) & 0777)
		add(w, STAGE_MODE, path, from, to);
	walk_dir(w, path, depth + 1, opaque);
}

/* One name of a layer's folder. */
static void
entry(struct walk *w, const char *path, int depth, bool opaque)
{
	struct stat up, low, *from = NULL;

	if (!stage_stat(w->upper, path, &up)) {
		if (errno != ENOENT)
			odd(w, path, NULL, errno);
		return;
	}
	if (stage_stat(w->lower, path, &low))
		from = &low;
	if (is_whiteout(&up)) {
		if (from)
			deleted(w, path, from, &up);
	} else if (S_ISDIR(up.st_mode)) {
		entry_dir(w, path, from, &up, depth, opaque);
	} else if (!S_ISREG(up.st_mode) && !S_ISLNK(up.st_mode)) {
		odd(w, path, &up, 0);
	} else if (!from) {
		add(w, STAGE_ADD, path, NULL, &up);
	} else if ((from->st_mode ^ up.st_mode) & S_IFMT) {
		add(w, STAGE_TYPE, path, from, &up);
	} else if (S_ISREG(up.st_mode)) {
		compare_files(w, path, from, &up);
	} else {
		compare_links(w, path, from, &up);
	}
}

static bool
holds(const struct stage_names *l, const char *name)
{
	return l->n && bsearch(&name, l->at, l->n, sizeof(char *), stage_by_bytes) != NULL;
}

/* What an opaque folder hides is gone, unless it was made anew. */
static void
hidden(struct walk *w, const char *dir, const struct stage_names *kept)
{
	AUTO_CLOSE int fd = stage_open(w->lower, dir, O_RDONLY | O_DIRECTORY);
	struct stage_names list;

	if (fd < 0 || !stage_names(fd, &list))
		return;
	for (size_t i = 0; i < list.n; i++) {
		AUTO_FREE char *path = join(dir, list.at[i]);
		struct stat st;

		if (!holds(kept, list.at[i]) && stage_stat(w->lower, path, &st))
			deleted(w, path, &st, NULL);
	}
	stage_names_release(&list);
}

/* `opaque`: a folder above hides all that is below it, in folders without a mark, too. */
static void
walk_dir(struct walk *w, const char *dir, int depth, bool opaque)
{
	AUTO_CLOSE int fd = stage_open(w->upper, dir, O_RDONLY | O_DIRECTORY);
	struct stage_names list;

	if (fd < 0 || !stage_names(fd, &list)) {
		odd(w, dir, NULL, errno);
		return;
	}
	if (depth > STAGE_DEPTH_MAX)
		w->out->cut = true;
	opaque = opaque || stage_opaque(fd);
	for (size_t i = 0;
	     i < list.n && depth <= STAGE_DEPTH_MAX && w->out->n < STAGE_CHANGES_MAX; i++) {
		AUTO_FREE char *path = join(dir, list.at[i]);

		entry(w, path, depth, opaque);
	}
	if (opaque)
		hidden(w, dir, &list);
	stage_names_release(&list);
}

void
stage_list_make(int upper, int lower, bool git, struct stage_list *out)
{
	struct walk w = {upper, lower, git, out};

	*out = (struct stage_list){.at = NULL};
	walk_dir(&w, "", 0, false);
}
