/* Snapshots of a layer: see stage_snap.h; the way back is stage_back.c.
 * Pinned by tests/unit/test_stage.c. */
#include "tools/stage_snap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "agent/base/mem.h"
#include "tools/stage_entry.h"

#define SMALL_MAX ((off_t)(1 * MIB)) /* bytes of a file that goes into the pack */

struct taking {
	int upper, keep, pack;
	const struct snap *before;
	struct snap *out;
	unsigned *number;
	uint64_t bytes;
};

static int
by_path(const void *a, const void *b)
{
	const struct snap_entry *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

const struct snap_entry *
snap_find(const struct snap *s, const char *path)
{
	struct snap_entry key = {.path = (char *)path}, *k = &key;
	struct snap_entry *const *got =
	    s && s->n ? bsearch(&k, s->at, s->n, sizeof(*s->at), by_path) : NULL;

	return got ? *got : NULL;
}

bool
snap_same_entry(const struct snap_entry *a, const struct snap_entry *b)
{
	if (!a || !b)
		return a == b;
	if (S_ISDIR(a->st.st_mode))
		return a->st.st_mode == b->st.st_mode && a->st.st_ino == b->st.st_ino &&
		       a->opaque == b->opaque;
	return stage_unchanged(&a->st, &b->st) && a->st.st_mode == b->st.st_mode;
}

bool
snap_equal(const struct snap *a, const struct snap *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->at[i]->path, b->at[i]->path) == 0 &&
		       snap_same_entry(a->at[i], b->at[i]);
	return same;
}

static void
drop(struct snap_entry *e)
{
	if (--e->refs > 0)
		return;
	free(e->path);
	free(e->target);
	free(e);
}

void
snap_free(struct snap *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		drop(s->at[i]);
	free(s->at);
	free(s);
}

static void
add(struct taking *t, struct snap_entry *e)
{
	struct snap *s = t->out;

	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->at = mem_array(s->at, s->cap, sizeof(struct snap_entry *));
	}
	s->at[s->n++] = e;
}

/* Behind what is there. The layer's file may change meanwhile: what counts is what was read. */
static void
pack(struct taking *t, struct snap_entry *e, int from)
{
	if (t->pack < 0)
		t->pack = openat(t->keep, SNAP_PACK,
				 O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	e->from = t->pack < 0 ? -1 : lseek(t->pack, 0, SEEK_END);
	if (e->from >= 0 && stage_append(from, t->pack, e->st.st_size)) {
		t->bytes += (uint64_t)e->st.st_size;
		e->kept = UINT_MAX;
	}
}

/* Keeps a file's bytes; without room for them it can only be told that they are gone. */
static void
keep(struct taking *t, struct snap_entry *e)
{
	AUTO_CLOSE int from = -1, to = -1;
	char name[16];

	if (t->keep < 0 || t->bytes + (uint64_t)e->st.st_size > SNAP_BYTES_MAX)
		return;
	from = stage_open(t->upper, e->path, O_RDONLY);
	if (from >= 0 && e->st.st_size <= SMALL_MAX) {
		pack(t, e, from);
		return;
	}
	snprintf(name, sizeof(name), "%u", *t->number + 1);
	to = openat(t->keep, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (from < 0 || to < 0 || !stage_copy(from, to)) {
		unlinkat(t->keep, name, 0);
		return;
	}
	t->bytes += (uint64_t)e->st.st_size;
	e->kept = ++*t->number;
}

static void
take_entry(struct taking *t, const char *path, const struct stat *st, bool opaque)
{
	const struct snap_entry *old = snap_find(t->before, path);
	struct snap_entry *e, now = {.path = (char *)path, .st = *st, .opaque = opaque};
	char target[STAGE_LINK_MAX];

	if (old && snap_same_entry(old, &now)) {
		e = (struct snap_entry *)old;
		e->refs++;
		add(t, e);
		return;
	}
	e = mem_alloc(sizeof(*e));
	*e = now;
	e->path = mem_strdup(path);
	e->refs = 1;
	e->from = -1;
	if (S_ISLNK(st->st_mode) && stage_link(t->upper, path, target))
		e->target = mem_strdup(target);
	if (S_ISREG(st->st_mode))
		keep(t, e);
	add(t, e);
}

static void
take_dir(struct taking *t, const char *dir, int depth)
{
	AUTO_CLOSE int fd = stage_open(t->upper, dir, O_RDONLY | O_DIRECTORY);
	struct stage_names list;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !stage_names(fd, &list))
		return;
	if (*dir)
		take_entry(t, dir, &st, stage_opaque(fd));
	for (size_t i = 0; i < list.n && t->out->n < SNAP_ENTRIES_MAX; i++) {
		AUTO_FREE char *path =
		    *dir ? mem_printf("%s/%s", dir, list.at[i]) : mem_strdup(list.at[i]);

		if (!stage_stat(t->upper, path, &st))
			continue;
		if (!S_ISDIR(st.st_mode))
			take_entry(t, path, &st, false);
		else if (depth < STAGE_DEPTH_MAX)
			take_dir(t, path, depth + 1);
	}
	stage_names_release(&list);
}

struct snap *
snap_take(int upper, int keep_fd, const struct snap *before, unsigned *number)
{
	struct snap *s = mem_alloc(sizeof(*s));
	struct taking t = {.upper = upper,
			   .keep = keep_fd,
			   .pack = -1,
			   .before = before,
			   .out = s,
			   .number = number};

	take_dir(&t, "", 0);
	util_close_(&t.pack);
	if (s->n > 1)
		qsort(s->at, s->n, sizeof(struct snap_entry *), by_path);
	return s;
}
