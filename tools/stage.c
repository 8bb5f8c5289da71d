/* A layer and its life: see stage.h; what is done with its trees is in stage_trees.c. Pinned by tests/unit/test_stage.c and
 * tests/jail/test_staged.py. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statfs.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "tools/stage_int.h"
#include "tools/stage_path.h"
#include "tools/stage_place.h"

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

		AUTO_FREE char *linked =
		    mem_printf("%s/" STAGE_LINKED "/upper", l.at[i].folder);

		if (!l.at[i].used && (rmdir(linked) == 0 || errno == ENOENT) &&
		    (rmdir(upper) == 0 || errno == ENOENT))
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

/* What earlier looks saw. Without one all since the layer was made counts: a run may have been
 * killed before its first look. */
static enum err_kind
load_base(struct stage *s, struct err *e)
{
	AUTO_FREE char *base = mem_printf("%s/base", s->folder);
	struct stat st;

	if (fstatat(s->dir, "workspace", &st, AT_SYMLINK_NOFOLLOW) == 0)
		stage_base_since(s->base, st.st_mtim);
	return access(base, F_OK) ? ERR_NONE : stage_base_load(s->base, base, e);
}

static enum err_kind
open_kept(const struct stage_kept *k, struct stage **out, struct err *e)
{
	struct stage *s = blank(k->folder, k->workspace);
	enum err_kind kind;

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
	kind = load_base(s, e);
	if (kind) {
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

struct stage *
stage_linked(struct stage *s)
{
	AUTO_FREE char *folder = mem_printf("%s/" STAGE_LINKED, s->folder);
	AUTO_FREE char *file = mem_printf("%s/workspace", folder);
	AUTO_BUF struct buf path = BUF_INIT(8 * KIB);
	struct stage *k;

	if (s->linked || fs_read(file, &path, NULL) || buf_str(&path)[0] != '/')
		return s->linked;
	k = blank(folder, buf_str(&path));
	snprintf(k->id, sizeof(k->id), "%s", s->id);
	k->is_linked = true;
	k->dir = open_below(s->dir, STAGE_LINKED);
	if (k->dir < 0 || !open_parts(k) || load_base(k, NULL)) {
		stage_free(k);
		return NULL;
	}
	/* At the beginning of the turns so far nothing was in it. */
	for (size_t i = 0; i < s->nturns; i++)
		k->turn[k->nturns++] = (struct turn){NULL, false};
	return s->linked = k;
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
	/* The kernel's, of no use to a later mount, with folders that 'rm -r' may not enter. */
	stage_remove(s->dir, "work");
	stage_remove(s->dir, STAGE_LINKED "/work");
}

void
stage_free(struct stage *s)
{
	if (!s)
		return;
	stage_free(s->linked);
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
