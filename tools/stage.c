/* A layer and its life: see stage.h. Pinned by tests/unit/test_stage.c and
 * tests/jail/test_staged.py. */
#include "tools/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statfs.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "tools/stage_path.h"
#include "tools/stage_place.h"

#define TURNS_MAX 64 /* that can be taken back */

struct turn {
	struct snap *snap; /* at its beginning */
	bool message;
};

struct stage {
	char id[STAGE_ID_MAX];
	char *folder, *workspace, *temp;
	int dir, upper, lower, turns; /* descriptors */
	int view;		      /* borrowed, or -1 */
	struct stage_base *base;
	struct turn turn[TURNS_MAX];
	size_t nturns;
	unsigned number; /* of files in "turns" */
	bool drop;
};

static int
open_below(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Everything but the folder itself, whose lock was taken. */
static bool
open_parts(struct stage *s)
{
	s->upper = open_below(s->dir, "upper");
	s->turns = open_below(s->dir, "turns");
	s->lower = stage_place_workspace(s->workspace);
	s->temp = mem_printf(".sunaba-%s.tmp", s->id);
	return s->upper >= 0 && s->turns >= 0 && s->lower >= 0;
}

static struct stage *
blank(const char *folder, const char *workspace)
{
	struct stage *s = mem_alloc(sizeof(*s));

	s->folder = mem_strdup(folder);
	s->workspace = mem_strdup(workspace);
	snprintf(s->id, sizeof(s->id), "%s", strrchr(folder, '/') + 1);
	s->dir = s->upper = s->lower = s->turns = s->view = -1;
	s->base = stage_base_new();
	return s;
}

static char *
new_folder(const char *place)
{
	unsigned char r[(STAGE_ID_MAX - 1) / 2];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return NULL;
	return mem_printf("%s/%02x%02x%02x%02x", place, r[0], r[1], r[2], r[3]);
}

/* Not flushed to disk, unlike what fs_write() writes: that takes longer than all the rest. */
static bool
write_name(const struct stage *s)
{
	AUTO_CLOSE int fd =
	    openat(s->dir, "workspace", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd >= 0 &&
	       fs_write_all(fd, s->workspace, strlen(s->workspace), NULL) == ERR_NONE;
}

static bool
fill_folder(struct stage *s)
{
	if (mkdir(s->folder, 0700))
		return false;
	s->dir = open(s->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return s->dir >= 0 && stage_place_lock(s->dir) && stage_place_fits(s->dir) &&
	       mkdirat(s->dir, "upper", 0755) == 0 && mkdirat(s->dir, "work", 0700) == 0 &&
	       mkdirat(s->dir, "turns", 0700) == 0 && write_name(s) && open_parts(s);
}

/* The layer of a run that was killed before anything was changed, or while it removed it. */
static void
sweep(void)
{
	struct stage_kept_list l;

	stage_kept(&l);
	for (size_t i = 0; i < l.n; i++) {
		AUTO_FREE char *upper = mem_printf("%s/upper", l.at[i].folder);

		if (!l.at[i].used && (rmdir(upper) == 0 || errno == ENOENT))
			stage_place_remove(l.at[i].folder);
	}
	stage_kept_release(&l);
}

/* The workspace's folder shows through with the permissions that it has. */
static void
copy_mode(const struct stage *s)
{
	struct stat st;

	if (fstat(s->lower, &st) == 0)
		fchmod(s->upper, st.st_mode & 0777);
}

enum err_kind
stage_new(const char *workspace, struct stage **out, struct err *e)
{
	sweep();
	for (size_t i = 0; i < STAGE_PLACES; i++) {
		AUTO_FREE char *place = stage_place(i, true);
		/* What is below the workspace cannot lie over it. */
		AUTO_FREE char *folder =
		    place && !stage_below(place, workspace) ? new_folder(place) : NULL;
		struct stage *s = folder ? blank(folder, workspace) : NULL;

		if (s && fill_folder(s)) {
			copy_mode(s);
			*out = s;
			return ERR_NONE;
		}
		if (s) {
			stage_drop(s);
			stage_free(s);
		}
	}
	err_set(e, ERR_SANDBOX, "staged mode has no place for its layer");
	err_hint(e, "set XDG_STATE_HOME to a folder on a local file system with user "
		    "attributes (ext4, xfs, btrfs, tmpfs)");
	return ERR_SANDBOX;
}

static enum err_kind
open_kept(const struct stage_kept *k, struct stage **out, struct err *e)
{
	struct stage *s = blank(k->folder, k->workspace);
	AUTO_FREE char *base = mem_printf("%s/base", k->folder);
	enum err_kind kind;
	struct stat st;

	s->dir = open(s->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dir < 0 || !stage_place_lock(s->dir)) {
		stage_free(s);
		err_set(e, ERR_USAGE, "the layer '%s' is in use", k->id);
		err_hint(e, "end the run that uses it first");
		return ERR_USAGE;
	}
	if (!open_parts(s)) {
		err_sys(e, ERR_IO, "cannot use the layer '%s' over '%s'", k->id,
			k->workspace);
		stage_free(s);
		return ERR_IO;
	}
	/* A run that was killed before its first look: all since it began counts. */
	if (fstatat(s->dir, "workspace", &st, AT_SYMLINK_NOFOLLOW) == 0)
		stage_base_since(s->base, st.st_mtim);
	if (access(base, F_OK) == 0 && (kind = stage_base_load(s->base, base, e))) {
		stage_free(s);
		return kind;
	}
	*out = s;
	return ERR_NONE;
}

enum err_kind
stage_take_up(const char *id, const char *workspace, struct stage **out, struct err *e)
{
	const struct stage_kept *found = NULL;
	struct stage_kept_list l;
	enum err_kind kind;

	stage_kept(&l);
	for (size_t i = 0; i < l.n && !found; i++)
		if (id ? strcmp(l.at[i].id, id) == 0
		       : !l.at[i].used &&
			     (!workspace || strcmp(l.at[i].workspace, workspace) == 0))
			found = &l.at[i];
	if (found) {
		kind = open_kept(found, out, e);
	} else if (id) {
		kind = err_set(e, ERR_USAGE, "no layer is called '%s'", id);
		err_hint(e, "'sunaba staged' lists them");
	} else {
		kind = err_set(e, ERR_USAGE, "no changes are kept for '%s'",
			       workspace ? workspace : "any workspace");
		err_hint(e, "'sunaba staged' lists all");
	}
	stage_kept_release(&l);
	return kind;
}

void
stage_drop(struct stage *s)
{
	s->drop = true;
}

void
stage_keep(struct stage *s)
{
	s->drop = false;
}

void
stage_free(struct stage *s)
{
	if (!s)
		return;
	if (s->drop)
		stage_place_remove(s->folder);
	for (size_t i = 0; i < s->nturns; i++)
		snap_free(s->turn[i].snap);
	util_close_(&s->upper);
	util_close_(&s->turns);
	util_close_(&s->lower);
	util_close_(&s->dir);
	stage_base_free(s->base);
	free(s->folder);
	free(s->workspace);
	free(s->temp);
	free(s);
}

const char *
stage_id(const struct stage *s)
{
	return s->id;
}

const char *
stage_workspace(const struct stage *s)
{
	return s->workspace;
}

const char *
stage_folder(const struct stage *s)
{
	return s->folder;
}

bool
stage_in_memory(const struct stage *s)
{
	struct statfs fs;

	return fstatfs(s->dir, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

void
stage_view(struct stage *s, int view)
{
	s->view = view;
}

/* Without it the next run judges by the time of the last look that was written. */
static void
save(struct stage *s)
{
	AUTO_FREE char *base = mem_printf("%s/base", s->folder);

	if (!stage_base_empty(s->base))
		stage_base_save(s->base, base, NULL);
}

void
stage_changes(struct stage *s, struct stage_list *out)
{
	size_t kept = 0;

	stage_list_make(s->upper, s->lower, out);
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
stage_apply_list(struct stage *s, const struct stage_list *l, const char *const *paths,
		 stage_report_fn *report, void *arg)
{
	struct stage_job j = {.upper = s->upper,
			      .lower = s->lower,
			      .base = s->base,
			      .temp = s->temp,
			      .paths = paths,
			      .report = report,
			      .arg = arg};

	stage_apply(&j, l);
	stage_base_ours(s->base);
	save(s);
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

	if (lower && !why)
		stage_base_forget(t->s->base, path);
	if (t->report)
		t->report(path, lower, why, t->arg);
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
	return go_back(s, NULL, paths, report, arg, e);
}

void
stage_turn(struct stage *s, bool message)
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

enum err_kind
stage_undo(struct stage *s, snap_report_fn *report, void *arg, struct err *e)
{
	struct snap *to;
	enum err_kind kind;

	if (s->nturns == 0)
		return err_set(e, ERR_USAGE, "there is no turn to take back");
	to = s->turn[s->nturns - 1].snap;
	kind = go_back(s, to, NULL, report, arg, e);
	if (kind)
		return kind;
	s->nturns--;
	snap_free(to);
	return ERR_NONE;
}

/* ---- showing ---- */

const char *
stage_was(const struct stage *s, const struct stage_list *l, const struct stage_change *c)
{
	return stage_list_was(l, s->upper, s->lower, c);
}

int
stage_open_new(const struct stage *s, const char *path)
{
	return stage_open(s->upper, path, O_RDONLY);
}

int
stage_open_old(const struct stage *s, const char *path)
{
	return stage_open(s->lower, path, O_RDONLY);
}

bool
stage_read_link(const struct stage *s, const char *path, char target[STAGE_LINK_MAX])
{
	return stage_link(s->upper, path, target);
}
