/* The walk: see walk.h.
 *
 * Folders are kept as a list in the order in which they were found, each with its parent's
 * index, so that 20,000 take about a megabyte. A folder whose status changed within the clock's
 * step before it was read may change again unseen: it is read once more the next time.
 * Sources: getdents64(2), openat2(2). Pinned by tests/unit/test_walk.c. */
#include "sandbox/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "sandbox/names.h"

#define LIST_BYTES (32 * SBX_KIB)      /* of entries read at once */
#define CLOCK_STEP ((int64_t)20000000) /* ns: file times move in steps of at most 10 ms */
#define NS_PER_S   1000000000LL
#define WALK_NS	   (3 * NS_PER_S) /* for one run: a session waits 5 s for its jail */
#define NONE	   UINT32_MAX

struct folder {
	uint32_t parent, name; /* index; offset into `names` */
	int64_t changed;       /* ns; 0: to be read */
	uint64_t ino;
	bool closed; /* not looked into */
	bool bare;   /* a git directory by what it held */
};

struct walk {
	int top;
	struct folder *f;
	size_t n, room;
	struct queue names;
	uint32_t *hash; /* of (parent, name) to index + 1 */
	size_t nhash;	/* a power of two */
	char *list;	/* LIST_BYTES */
	size_t entries; /* read in this run */
	bool cut;
};

int
walk_open(int at, const char *path, int flags)
{
	struct open_how how = {
	    .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	int fd, tries = 8; /* EAGAIN: something was renamed meanwhile */

	do
		fd = (int)syscall(SYS_openat2, at, *path ? path : ".", &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && --tries);
	return fd;
}

static const char *
name_of(const struct walk *w, size_t i)
{
	return (const char *)w->names.p + w->f[i].name;
}

static size_t
slot_of(const struct walk *w, uint32_t parent, const char *name)
{
	uint32_t h = 2166136261u ^ parent * 2654435761u; /* FNV-1a */
	size_t slot;

	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	slot = h & (w->nhash - 1);
	while (w->hash[slot] && (w->f[w->hash[slot] - 1].parent != parent ||
				 strcmp(name_of(w, w->hash[slot] - 1), name) != 0))
		slot = (slot + 1) & (w->nhash - 1);
	return slot;
}

static void
grow(struct walk *w)
{
	w->room = w->room ? w->room * 2 : 8;
	w->f = sbx_grow(w->f, w->room * sizeof(*w->f));
	w->nhash = w->room * 2;
	free(w->hash);
	w->hash = sbx_grow(NULL, w->nhash * sizeof(*w->hash));
	memset(w->hash, 0, w->nhash * sizeof(*w->hash));
	for (size_t i = 0; i < w->n; i++)
		w->hash[slot_of(w, w->f[i].parent, name_of(w, i))] = (uint32_t)i + 1;
}

/* The folder's index, added when it is new; NONE when there is no room for it. */
static uint32_t
folder(struct walk *w, uint32_t parent, const char *name, bool *known)
{
	size_t slot;

	if (w->n == w->room)
		grow(w);
	slot = slot_of(w, parent, name);
	*known = w->hash[slot];
	if (w->hash[slot])
		return w->hash[slot] - 1;
	if (w->n == WALK_FOLDERS_MAX) {
		w->cut = true;
		return NONE;
	}
	w->f[w->n] = (struct folder){.parent = parent, .name = (uint32_t)w->names.to};
	queue_add(&w->names, name, strlen(name) + 1);
	w->hash[slot] = (uint32_t)++w->n;
	return (uint32_t)w->n - 1;
}

struct walk *
walk_new(int top)
{
	struct walk *w = sbx_grow(NULL, sizeof(*w));
	bool known;

	*w = (struct walk){.top = top};
	folder(w, NONE, "", &known);
	return w;
}

void
walk_free(struct walk *w)
{
	if (!w)
		return;
	free(w->f);
	free(w->hash);
	free(w->list);
	queue_free(&w->names);
	free(w);
}

bool
walk_cut(const struct walk *w)
{
	return w->cut;
}

size_t
walk_folders(const struct walk *w)
{
	return w->n;
}

/* Writes the path at the buffer's end; NULL when it is too long. */
static char *
path_of(const struct walk *w, size_t i, char buf[PATH_MAX])
{
	char *p = buf + PATH_MAX - 1;

	for (*p = 0; w->f[i].parent != NONE; i = w->f[i].parent) {
		const char *name = name_of(w, i);
		size_t n = strlen(name);

		if (*p)
			*--p = '/';
		if ((size_t)(p - buf) < n + 1)
			return NULL;
		p -= n;
		memcpy(p, name, n);
	}
	return p;
}

static int64_t
time_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * NS_PER_S + t->tv_nsec;
}

static int64_t
clock_ns(clockid_t which)
{
	struct timespec ts;

	clock_gettime(which, &ts);
	return time_of(&ts);
}

/* What read_folder() has gathered. */
struct reading {
	struct walk *w;
	uint32_t index;
	char path[PATH_MAX + NAME_MAX + 2];
	size_t len; /* of the folder's own path, with its slash */
	walk_see *see;
	void *arg;
	unsigned git; /* parts of a git directory */
	bool packages;
};

static unsigned
git_part(const char *name, unsigned type)
{
	if (strcmp(name, "HEAD") == 0)
		return type != DT_DIR ? 1 : 0;
	if (type != DT_DIR)
		return 0;
	return strcmp(name, "objects") == 0 ? 2 : strcmp(name, "refs") == 0 ? 4 : 0;
}
#define GIT_PARTS 7

static unsigned
type_of(int fd, const struct dirent64 *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type;
	if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return DT_REG;
	return IFTODT(st.st_mode);
}

static void
read_entry(struct reading *r, int fd, const struct dirent64 *d)
{
	struct walk_entry e = {.path = r->path, .name = r->path + r->len};
	uint32_t child;
	bool known;

	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
		return;
	r->w->entries++;
	e.type = type_of(fd, d);
	snprintf(r->path + r->len, NAME_MAX + 1, "%s", d->d_name);
	r->git |= git_part(d->d_name, e.type);
	/* Of a folder of packages its own entries only. */
	if (!r->see(&e, r->arg) || e.type != DT_DIR || r->packages)
		return;
	child = folder(r->w, r->index, d->d_name, &known);
	/* A new folder of the name of one that is gone is told by its inode, when it is looked at. */
	if (child != NONE && !known)
		r->w->f[child].changed = 0;
}

/* Thousands of folders in which nobody works. */
static bool
is_gits(const char *name)
{
	static const char *const names[] = {"objects",	 "refs",    "hooks",
					    "info",	 "logs",    "lfs",
					    "worktrees", "modules", "branches"};

	for (size_t i = 0; i < SBX_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* git's own alone, as long as it is one: whoever adds HEAD to a folder must not hide what else is
 * in there. */
static void
close_children(struct reading *r)
{
	struct walk_entry e = {.path = r->path, .type = DT_DIR, .bare = true};
	struct walk *w = r->w;
	bool bare = r->git == GIT_PARTS;

	r->path[r->len ? r->len - 1 : 0] = 0;
	e.name = r->path;
	bare = bare && !r->see(&e, r->arg);
	for (size_t i = r->index + 1; (bare || w->f[r->index].bare) && i < w->n; i++)
		if (w->f[i].parent == r->index && is_gits(name_of(w, i)))
			w->f[i].closed = bare;
	w->f[r->index].bare = bare;
}

static void
read_folder(struct reading *r, int fd)
{
	struct walk *w = r->w;
	long n;

	if (!w->list)
		w->list = sbx_grow(NULL, LIST_BYTES);
	r->packages = name_skipped(name_of(w, r->index));
	while ((n = syscall(SYS_getdents64, fd, w->list, LIST_BYTES)) > 0) {
		struct dirent64 *d;

		for (long at = 0; at < n; at += d->d_reclen) {
			d = (struct dirent64 *)(void *)(w->list + at);
			read_entry(r, fd, d);
		}
	}
	close_children(r);
}

static void
look(struct walk *w, size_t i, int64_t now, walk_see *see, void *arg)
{
	struct reading r = {.w = w, .index = (uint32_t)i, .see = see, .arg = arg};
	char buf[PATH_MAX];
	const char *path = path_of(w, i, buf);
	SBX_CLOSE int fd = -1;
	struct stat st;

	if (!path) {
		w->cut = true;
		return;
	}
	if (w->f[i].changed &&
	    fstatat(w->top, *path ? path : ".", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == w->f[i].ino && time_of(&st.st_ctim) == w->f[i].changed)
		return;
	fd = walk_open(w->top, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st)) {
		w->cut |= errno == ENAMETOOLONG || errno == EMFILE;
		return;
	}
	w->f[i].ino = st.st_ino;
	w->f[i].changed = time_of(&st.st_ctim);
	if (now - w->f[i].changed < CLOCK_STEP)
		w->f[i].changed = 0;
	r.len = (size_t)snprintf(r.path, PATH_MAX + 1, "%s%s", path, *path ? "/" : "");
	read_folder(&r, fd);
}

/* What was not looked at in time never is: it would pass for new. */
static void
give_up(struct walk *w, size_t from)
{
	for (size_t i = from; i < w->n; i++)
		w->f[i].closed |= !w->f[i].ino;
	w->cut = true;
}

void
walk_run(struct walk *w, walk_see *see, void *arg)
{
	int64_t now = clock_ns(CLOCK_REALTIME), end = clock_ns(CLOCK_MONOTONIC) + WALK_NS;

	w->entries = 0;
	for (size_t i = 0; i < w->n; i++) {
		if (w->entries > WALK_ENTRIES_MAX || clock_ns(CLOCK_MONOTONIC) > end) {
			give_up(w, i);
			return;
		}
		if (!w->f[i].closed)
			look(w, i, now, see, arg);
	}
}
