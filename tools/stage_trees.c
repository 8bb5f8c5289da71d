/* What is done with the trees of a layer: see stage.h.
 *
 * There is one over the workspace, and where that is a linked worktree or a submodule a second one
 * over its git directory, which lies elsewhere: a commit writes there. Each is a struct stage of
 * its own; for everyone else they are one list, in which the second one's paths are absolute.
 * Pinned by tests/unit/test_stage.c and tests/jail/test_staged.py. */
#include <fcntl.h>
#include <string.h>

#include "agent/base/mem.h"
#include "tools/stage_int.h"
#include "tools/stage_path.h"

void
stage_view(struct stage *s, int view, int linked)
{
	struct stage *k = stage_linked(s);

	s->view = view;
	if (k)
		k->view = linked;
}

/* A path of the list as its tree knows it; NULL: it is of the other one. */
static const char *
inside(const struct stage *s, const char *path)
{
	size_t n = strlen(s->workspace);

	if (!s->is_linked)
		return path[0] == '/' ? NULL : path;
	if (strncmp(path, s->workspace, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path + n + (path[n] == '/');
}

/* The `.git` file of the workspace stands for all of the git directory. */
static bool
is_git_file(const char *path)
{
	const char *slash = strrchr(path, '/');

	return path[0] != '/' && strcmp(slash ? slash + 1 : path, ".git") == 0;
}

/* The paths that are this tree's; NULL with *any: all are wanted, without: none is. */
static const char **
paths_of(const struct stage *s, const char *const *paths, bool *any)
{
	const char **out = NULL;
	size_t n = 0;

	*any = !paths;
	for (; paths && *paths; paths++) {
		const char *p = inside(s, *paths);

		if (!p && s->is_linked && is_git_file(*paths))
			p = "";
		if (!p)
			continue;
		out = mem_array(out, n + 2, sizeof(*out));
		out[n++] = p;
		out[n] = NULL;
		*any = true;
	}
	return out;
}

/* ---- the list ---- */

/* Without it the next run judges by the time of the last look that was written. */
static void
save(struct stage *s)
{
	AUTO_FREE char *base = mem_printf("%s/base", s->folder);

	if (!stage_base_empty(s->base))
		stage_base_save(s->base, base, NULL);
}

static void
changes(struct stage *s, struct stage_list *out)
{
	size_t kept = 0;

	stage_list_make(s->upper, s->lower, s->is_linked, out);
	for (size_t i = 0; i < out->n; i++)
		if (stage_base_stale(s->base, &out->at[i]))
			free(out->at[i].path);
		else
			out->at[kept++] = out->at[i];
	out->n = kept;
	stage_base_look(s->base, out);
	save(s);
}

void
stage_changes(struct stage *s, struct stage_list *out)
{
	struct stage *k = stage_linked(s);
	struct stage_list more;

	changes(s, out);
	if (!k)
		return;
	changes(k, &more);
	out->at = mem_array(out->at, out->n + more.n + 1, sizeof(*out->at));
	for (size_t i = 0; i < more.n; i++) {
		struct stage_change *c = &out->at[out->n++];

		*c = more.at[i];
		c->path = mem_printf("%s/%s", k->workspace, c->path);
	}
	out->cap = out->n + 1;
	out->cut |= more.cut;
	stage_list_release(&more);
}

/* ---- applying ---- */

struct applying {
	const struct stage_change *part; /* what stage_apply() goes through */
	const struct stage_change **whole;
	stage_report_fn *report;
	void *arg;
};

static void
applied(const struct stage_change *c, enum stage_outcome o, const char *why, void *arg)
{
	const struct applying *a = arg;

	if (a->report)
		a->report(a->whole[c - a->part], o, why, a->arg);
}

static void
apply(struct stage *s, const struct stage_list *l, const char *const *paths,
      stage_report_fn *report, void *arg)
{
	AUTO_FREE const struct stage_change **whole =
	    mem_array(NULL, l->n + 1, sizeof(*whole));
	AUTO_FREE struct stage_change *part = mem_array(NULL, l->n + 1, sizeof(*part));
	struct applying a = {part, whole, report, arg};
	struct stage_list mine = {.at = part};
	struct stage_job j = {.upper = s->upper,
			      .lower = s->lower,
			      .base = s->base,
			      .temp = s->temp,
			      .paths = paths,
			      .report = applied,
			      .arg = &a};

	for (size_t i = 0; i < l->n; i++) {
		const char *path = inside(s, l->at[i].path);

		if (!path)
			continue;
		whole[mine.n] = &l->at[i];
		part[mine.n] = l->at[i];
		part[mine.n++].path = (char *)path;
	}
	stage_apply(&j, &mine);
	stage_base_ours(s->base);
	save(s);
}

void
stage_apply_list(struct stage *s, const struct stage_list *l, const char *const *paths,
		 stage_report_fn *report, void *arg)
{
	struct stage *const trees[] = {s, stage_linked(s)};

	for (size_t i = 0; i < ARRAY_LEN(trees) && trees[i]; i++) {
		bool any;
		AUTO_FREE const char **mine = paths_of(trees[i], paths, &any);

		if (any)
			apply(trees[i], l, mine, report, arg);
	}
}

/* ---- taking back ---- */

struct taking_back {
	struct stage *s;
	snap_report_fn *report;
	void *arg;
};

static void
taken_back(const char *path, bool lower, const char *why, void *arg)
{
	struct taking_back *t = arg;
	AUTO_FREE char *whole =
	    t->s->is_linked ? mem_printf("%s/%s", t->s->workspace, path) : mem_strdup(path);

	if (lower && !why)
		stage_base_forget(t->s->base, path);
	if (t->report)
		t->report(whole, lower, why, t->arg);
}

static enum err_kind
go_back(struct stage *s, const struct snap *to, const char *const *paths,
	snap_report_fn *report, void *arg, struct err *e)
{
	struct taking_back t = {s, report, arg};
	struct snap *now;
	struct snap_back b = {.view = s->view,
			      .lower = s->lower,
			      .keep = s->turns,
			      .to = to,
			      .paths = paths,
			      .temp = s->temp,
			      .report = taken_back,
			      .arg = &t};

	if (s->view < 0)
		return err_set(e, ERR_SANDBOX, "the sandbox is gone");
	b.now = now = snap_take(s->upper, -1, NULL, &s->number);
	snap_restore(&b);
	snap_free(now);
	save(s);
	return ERR_NONE;
}

enum err_kind
stage_discard(struct stage *s, const char *const *paths, snap_report_fn *report, void *arg,
	      struct err *e)
{
	struct stage *const trees[] = {s, stage_linked(s)};
	enum err_kind kind = ERR_NONE;

	for (size_t i = 0; i < ARRAY_LEN(trees) && trees[i] && !kind; i++) {
		bool any;
		AUTO_FREE const char **mine = paths_of(trees[i], paths, &any);

		if (any)
			kind = go_back(trees[i], NULL, mine, report, arg, e);
	}
	return kind;
}

static void
turn(struct stage *s, bool message)
{
	const struct snap *before = s->nturns ? s->turn[s->nturns - 1].snap : NULL;
	struct snap *now = snap_take(s->upper, s->turns, before, &s->number);

	if (s->nturns == TURNS_MAX) {
		snap_free(s->turn[0].snap);
		memmove(s->turn, s->turn + 1, (TURNS_MAX - 1) * sizeof(s->turn[0]));
		s->nturns--;
	}
	s->turn[s->nturns++] = (struct turn){now, message};
}

void
stage_turn(struct stage *s, bool message)
{
	struct stage *k = stage_linked(s);

	turn(s, message);
	if (k)
		turn(k, message);
}

void
stage_message_gone(struct stage *s)
{
	for (size_t i = s->nturns; i > 0; i--)
		if (s->turn[i - 1].message) {
			s->turn[i - 1].message = false;
			return;
		}
}

bool
stage_last_turn(const struct stage *s, bool *message)
{
	if (s->nturns == 0)
		return false;
	*message = s->turn[s->nturns - 1].message;
	return true;
}

static enum err_kind
undo(struct stage *s, snap_report_fn *report, void *arg, struct err *e)
{
	struct snap *to = s->turn[s->nturns - 1].snap;
	enum err_kind kind = go_back(s, to, NULL, report, arg, e);

	if (kind)
		return kind;
	s->nturns--;
	snap_free(to);
	return ERR_NONE;
}

enum err_kind
stage_undo(struct stage *s, snap_report_fn *report, void *arg, struct err *e)
{
	struct stage *k = stage_linked(s);
	enum err_kind kind;

	if (s->nturns == 0)
		return err_set(e, ERR_USAGE, "there is no turn to take back");
	kind = k ? undo(k, report, arg, e) : ERR_NONE;
	return kind ? kind : undo(s, report, arg, e);
}

/* ---- showing ---- */

static const struct stage *
tree_of(const struct stage *s, const char **path)
{
	const struct stage *t = **path == '/' && s->linked ? s->linked : s;
	const char *rest = inside(t, *path);

	/* A path of no tree is looked up in the first, which has none like it. */
	*path = rest ? rest : *path;
	return t;
}

const char *
stage_was(const struct stage *s, const struct stage_list *l, const struct stage_change *c)
{
	return c->path[0] == '/' ? NULL : stage_list_was(l, s->upper, s->lower, c);
}

int
stage_open_new(const struct stage *s, const char *path)
{
	const struct stage *t = tree_of(s, &path);

	return stage_open(t->upper, path, O_RDONLY);
}

int
stage_open_old(const struct stage *s, const char *path)
{
	const struct stage *t = tree_of(s, &path);

	return stage_open(t->lower, path, O_RDONLY);
}

bool
stage_read_link(const struct stage *s, const char *path, char target[STAGE_LINK_MAX])
{
	const struct stage *t = tree_of(s, &path);

	return stage_link(t->upper, path, target);
}
