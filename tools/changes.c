/* Files that a step changed. See changes.h.
 *
 * Paths of a walk lie in one block of memory, entries in an array in the order of the walk, and a
 * hash table over the first walk finds each path of the second. Both are kept from step to step,
 * so that a walk allocates nothing once it has seen the workspace.
 *
 * Sources: openat(2), fstatat(2), readdir(3). Pinned by tests/unit/test_changes.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "tools/changes_int.h"

#define PATHS_MAX   (8 * MIB) /* bytes of all paths of a walk */
#define CLOCK_EVERY 64	      /* entries between two looks at the clock */

struct entry {
	uint32_t path; /* offset in `paths` */
	uint32_t hash;
	mode_t mode;
	ino_t inode;
	off_t size;
	struct timespec changed;
	bool seen;
};

struct walk {
	struct buf paths;
	struct entry *at;
	size_t n, cap;
	int64_t end;	 /* ms */
	int64_t cpu_end; /* us of this thread */
	dev_t device;
	bool late, crowded;
};

struct changes {
	struct walk before, after;
	uint32_t *table; /* index into before.at, plus one; 0: free */
	size_t slots;	 /* a power of two */
	bool known;	 /* `before` is whole */
	bool off;
	int failed; /* walks in a row */
	const char *note;
};

/* ---- a walk ---- */

static uint32_t
path_hash(const char *p)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	return h;
}

/* Of this thread: on a busy machine the clock on the wall says nothing about the workspace. */
static int64_t
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool
walk_over(struct walk *w)
{
	if (w->n >= CHANGES_ENTRIES_MAX || w->paths.len + PATH_MAX > PATHS_MAX)
		w->crowded = true;
	else if (w->n % CLOCK_EVERY == 0 &&
		 (clock_ms() >= w->end || cpu_us() >= w->cpu_end))
		w->late = true;
	return w->late || w->crowded;
}

static void
walk_add(struct walk *w, const char *path, const struct stat *st)
{
	struct entry *e;

	if (w->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 256;
		w->at = mem_array(w->at, w->cap, sizeof(*w->at));
	}
	e = &w->at[w->n++];
	*e = (struct entry){.path = (uint32_t)w->paths.len,
			    .hash = path_hash(path),
			    .mode = st->st_mode,
			    .inode = st->st_ino,
			    .size = st->st_size,
			    .changed = st->st_mtim};
	buf_add(&w->paths, path, strlen(path) + 1);
}

static bool
is_passed_over(const char *name)
{
	static const char *const names[] = {".",     "..",	   ".git", "node_modules",
					    ".venv", "__pycache__"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void walk_folder(struct walk *w, int fd, char *path, size_t len, int depth);

static void
walk_entry(struct walk *w, int fd, const char *name, char *path, size_t len, int depth)
{
	size_t n = strlen(name);
	struct stat st;
	int below;

	if (len + n + 2 > PATH_MAX ||
	    fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return;
	memcpy(path + len, name, n + 1);
	if (!S_ISDIR(st.st_mode)) {
		walk_add(w, path, &st);
		return;
	}
	if (depth >= CHANGES_DEPTH_MAX || st.st_dev != w->device)
		return;
	below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0)
		return;
	memcpy(path + len + n, "/", 2);
	walk_folder(w, below, path, len + n + 1, depth + 1);
}

/* Takes over fd. */
static void
walk_folder(struct walk *w, int fd, char *path, size_t len, int depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *entry;

	if (!d) {
		close(fd);
		return;
	}
	while (!walk_over(w) && (entry = readdir(d)))
		if (!is_passed_over(entry->d_name))
			walk_entry(w, fd, entry->d_name, path, len, depth);
	closedir(d);
}

static bool
walk_run(struct walk *w, int root)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX] = "";
	struct stat st;

	buf_reset(&w->paths);
	w->n = 0;
	w->late = w->crowded = false;
	w->end = clock_ms() + CHANGES_WALK_MS;
	w->cpu_end = cpu_us() + CHANGES_CPU_US;
	if (fd < 0)
		return false;
	if (fstat(fd, &st)) {
		close(fd);
		return false;
	}
	w->device = st.st_dev;
	walk_folder(w, fd, path, 0, 0);
	return !w->late && !w->crowded;
}

static const char *
walk_path(const struct walk *w, const struct entry *e)
{
	return w->paths.data + e->path;
}

/* ---- two walks ---- */

struct changes *
changes_new(void)
{
	struct changes *c = mem_alloc(sizeof(*c));

	buf_init(&c->before.paths, PATHS_MAX);
	buf_init(&c->after.paths, PATHS_MAX);
	return c;
}

void
changes_free(struct changes *c)
{
	if (!c)
		return;
	buf_release(&c->before.paths);
	buf_release(&c->after.paths);
	free(c->before.at);
	free(c->after.at);
	free(c->table);
	free(c);
}

static void
changes_index(struct changes *c)
{
	const struct walk *w = &c->before;
	size_t slots = 64;

	while (slots < 2 * w->n)
		slots *= 2;
	if (slots > c->slots)
		c->table = mem_array(c->table, slots, sizeof(*c->table));
	c->slots = MAX_OF(slots, c->slots);
	memset(c->table, 0, c->slots * sizeof(*c->table));
	for (size_t i = 0; i < w->n; i++) {
		size_t at = w->at[i].hash & (c->slots - 1);

		while (c->table[at])
			at = (at + 1) & (c->slots - 1);
		c->table[at] = (uint32_t)i + 1;
	}
}

static struct entry *
changes_find(struct changes *c, const char *path, uint32_t hash)
{
	size_t at = hash & (c->slots - 1);

	for (; c->table[at]; at = (at + 1) & (c->slots - 1)) {
		struct entry *e = &c->before.at[c->table[at] - 1];

		if (e->hash == hash && strcmp(walk_path(&c->before, e), path) == 0)
			return e;
	}
	return NULL;
}

/* A walk did not come to its end: what follows from that. */
static void
changes_fail(struct changes *c, const struct walk *w)
{
	if (!w->crowded && ++c->failed < CHANGES_TRIES)
		return;
	c->off = true;
	c->note = w->crowded
		      ? "the workspace holds too many files to tell which of them "
			"a step changes"
		      : "the workspace is too slow to tell which files a step changes";
}

void
changes_before(struct changes *c, int fd)
{
	c->known = !c->off && walk_run(&c->before, fd);
	if (c->known)
		changes_index(c);
	else if (!c->off)
		changes_fail(c, &c->before);
}

const char *
changes_note(struct changes *c)
{
	return TAKE(c->note);
}

static bool
entry_same(const struct entry *a, const struct entry *b)
{
	return a->mode == b->mode && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Keeps the first CHANGES_MAX by path. */
static void
list_add(struct change_list *l, char sign, const char *path)
{
	size_t at = l->n;

	l->total++;
	while (at > 0 && strcmp(l->at[at - 1].path, path) > 0)
		at--;
	if (at == CHANGES_MAX)
		return;
	if (l->n == CHANGES_MAX)
		free(l->at[--l->n].path);
	memmove(&l->at[at + 1], &l->at[at], (l->n - at) * sizeof(l->at[0]));
	l->at[at] = (struct change){.sign = sign, .path = mem_strdup(path)};
	l->n++;
}

static void
changes_compare(struct changes *c, struct change_list *l)
{
	for (size_t i = 0; i < c->after.n; i++) {
		const struct entry *e = &c->after.at[i];
		const char *path = walk_path(&c->after, e);
		struct entry *old = changes_find(c, path, e->hash);

		if (!old)
			list_add(l, '+', path);
		else if (!entry_same(old, e))
			list_add(l, '~', path);
		if (old)
			old->seen = true;
	}
	for (size_t i = 0; i < c->before.n; i++)
		if (!c->before.at[i].seen)
			list_add(l, '-', walk_path(&c->before, &c->before.at[i]));
}

struct change_list *
changes_after(struct changes *c, int fd)
{
	struct change_list *l;

	if (!c->known)
		return NULL;
	c->known = false;
	if (!walk_run(&c->after, fd)) {
		changes_fail(c, &c->after);
		return NULL;
	}
	c->failed = 0;
	l = mem_alloc(sizeof(*l));
	changes_compare(c, l);
	if (l->total > 0) {
		change_list_look(l, fd);
		return l;
	}
	free(l);
	return NULL;
}
