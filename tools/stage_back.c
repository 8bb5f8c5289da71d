/* The way back to a snapshot, or to the workspace as it is below: see stage_snap.h.
 *
 * Only paths whose entry in the layer differs are touched, folders before what is in them. What
 * such a path should show is the snapshot's entry, or what is below unless an entry above hides
 * it. A folder that comes back brings what is below along.
 * Pinned by tests/unit/test_stage.c and tests/jail/test_staged.py. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/base/mem.h"
#include "tools/stage_entry.h"
#include "tools/stage_path.h"

struct back {
	const struct snap_back *b;
	struct dir_mode {
		char *path;
		mode_t mode;
	} * dir; /* their permissions come last */
	size_t ndir;
};

/* Something above the path hides what is below from the snapshot's point of view. */
static bool
hidden(const struct snap *to, const char *path)
{
	AUTO_FREE char *above = mem_strdup(path);
	char *slash;

	while ((slash = strrchr(above, '/'))) {
		const struct snap_entry *e;

		*slash = 0;
		e = snap_find(to, above);
		if (e && (!S_ISDIR(e->st.st_mode) || e->opaque))
			return true;
	}
	return false;
}

/* In the layer as it is now, what is below such a folder shows. */
static bool
shows_below(const struct back *k, const struct snap_entry *now)
{
	return now && S_ISDIR(now->st.st_mode) && !now->opaque &&
	       !hidden(k->b->now, now->path);
}

static bool
put_folder(struct back *k, const char *path, mode_t mode)
{
	struct stage_put p = {.temp = k->b->temp, .any = true, .mode = mode | S_IRWXU};
	struct stat st;

	if (stage_stat(k->b->view, path, &st) && !S_ISDIR(st.st_mode) &&
	    !stage_remove(k->b->view, path))
		return false;
	if (!stage_put_dir(k->b->view, path, &p) ||
	    !stage_chmod(k->b->view, path, mode | S_IRWXU))
		return false;
	k->dir = mem_array(k->dir, k->ndir + 1, sizeof(*k->dir));
	k->dir[k->ndir++] = (struct dir_mode){mem_strdup(path), mode};
	return true;
}

static bool
put_other(const struct back *k, const char *path, int root, const char *from,
	  const struct stat *st, const char *target)
{
	struct stage_put p = {
	    .temp = k->b->temp, .any = true, .mode = st->st_mode, .mtime = st->st_mtim};
	AUTO_CLOSE int fd = -1;
	struct stat is;

	if (stage_stat(k->b->view, path, &is) && S_ISDIR(is.st_mode) &&
	    !stage_remove(k->b->view, path))
		return false;
	if (target)
		return stage_put_link(k->b->view, path, target, &p);
	fd = stage_open(root, from, O_RDONLY);
	return fd >= 0 && stage_put_file(k->b->view, path, fd, &p);
}

static bool from_below(struct back *k, const char *path, int depth);

/* What is below a folder and was hidden from view; entries of either snapshot have their turn. */
static bool
children_from_below(struct back *k, const char *dir, int depth)
{
	AUTO_CLOSE int fd = stage_open(k->b->lower, dir, O_RDONLY | O_DIRECTORY);
	struct stage_names list;
	bool ok = true;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR;
	if (depth > STAGE_DEPTH_MAX || !stage_names(fd, &list))
		return false;
	for (size_t i = 0; i < list.n; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", dir, list.at[i]);

		if (!snap_find(k->b->to, path) && !snap_find(k->b->now, path))
			ok = from_below(k, path, depth + 1) && ok;
	}
	stage_names_release(&list);
	return ok;
}

static bool
from_below(struct back *k, const char *path, int depth)
{
	char target[STAGE_LINK_MAX];
	struct stat st;

	if (!stage_stat(k->b->lower, path, &st))
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
			   ? stage_remove(k->b->view, path)
			   : false;
	if (S_ISDIR(st.st_mode))
		return put_folder(k, path, st.st_mode) &&
		       children_from_below(k, path, depth);
	if (S_ISLNK(st.st_mode))
		return stage_link(k->b->lower, path, target) &&
		       put_other(k, path, -1, NULL, &st, target);
	if (!S_ISREG(st.st_mode))
		return true;
	return put_other(k, path, k->b->lower, path, &st, NULL);
}

/* Out of the pack into a file of its own, then in the usual way. */
static bool
unpack(const struct back *k, const struct snap_entry *e)
{
	AUTO_CLOSE int pack = stage_open(k->b->keep, SNAP_PACK, O_RDONLY);
	AUTO_CLOSE int file = openat(
	    k->b->keep, "one", O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	return pack >= 0 && file >= 0 && lseek(pack, e->from, SEEK_SET) >= 0 &&
	       stage_append(pack, file, e->st.st_size) &&
	       put_other(k, e->path, k->b->keep, "one", &e->st, NULL);
}

static bool
from_entry(struct back *k, const struct snap_entry *e, const struct snap_entry *now)
{
	char name[16];

	if (S_ISDIR(e->st.st_mode)) {
		return put_folder(k, e->path, e->st.st_mode) &&
		       (e->opaque || shows_below(k, now) || hidden(k->b->to, e->path) ||
			children_from_below(k, e->path, 0));
	}
	if (S_ISLNK(e->st.st_mode))
		return e->target && put_other(k, e->path, -1, NULL, &e->st, e->target);
	if (!S_ISREG(e->st.st_mode))
		return stage_remove(k->b->view, e->path);
	if (!e->kept)
		return errno = EFBIG, false;
	if (e->from >= 0)
		return unpack(k, e);
	snprintf(name, sizeof(name), "%u", e->kept);
	return put_other(k, e->path, k->b->keep, name, &e->st, NULL);
}

static bool
is_wanted(const struct snap_back *b, const char *path)
{
	for (const char *const *p = b->paths; p && *p; p++)
		if (stage_below(path, *p))
			return true;
	return !b->paths;
}

/* Shown from below all the time; permissions are what the layer may have changed. */
static bool
folder_of_both(struct back *k, const char *path, const struct snap_entry *now)
{
	struct stat st;

	return shows_below(k, now) && stage_stat(k->b->lower, path, &st) &&
	       S_ISDIR(st.st_mode) && put_folder(k, path, st.st_mode);
}

static void
one(struct back *k, const char *path)
{
	const struct snap_entry *to = snap_find(k->b->to, path),
				*now = snap_find(k->b->now, path);
	bool lower = !to && !hidden(k->b->to, path), ok;

	if (snap_same_entry(to, now) || !is_wanted(k->b, path))
		return;
	errno = 0;
	if (to)
		ok = from_entry(k, to, now);
	else if (lower)
		ok = folder_of_both(k, path, now) || from_below(k, path, 0);
	else
		ok = stage_remove(k->b->view, path);
	if (k->b->report)
		k->b->report(path, lower,
			     ok		      ? NULL
			     : errno == EFBIG ? "it was too large to be kept"
					      : strerror(errno),
			     k->b->arg);
}

void
snap_restore(const struct snap_back *b)
{
	static const struct snap none;
	const struct snap *x = b->to ? b->to : &none, *y = b->now;
	struct back k = {.b = b};

	for (size_t i = 0, n = 0; i < x->n || n < y->n;) {
		int side = i == x->n   ? 1
			   : n == y->n ? -1
				       : strcmp(x->at[i]->path, y->at[n]->path);

		one(&k, side <= 0 ? x->at[i]->path : y->at[n]->path);
		i += side <= 0;
		n += side >= 0;
	}
	while (k.ndir > 0) {
		struct dir_mode *d = &k.dir[--k.ndir];

		stage_chmod(b->view, d->path, d->mode);
		free(d->path);
	}
	free(k.dir);
}
