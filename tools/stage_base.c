/* Records of what was below: see stage_base.h. Pinned by tests/unit/test_stage.c. */
#include "tools/stage_base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "tools/stage_path.h"

#define FILE_MAX   (256 * MIB)
#define NS_PER_S   1000000000L
#define FILE_MAGIC "sunaba base 1\n"

/* As it stands in the file, in this machine's order: a layer stays on its machine. */
struct fact {
	struct stat low; /* st_mode 0: nothing was there */
	struct stat up;	 /* of the layer's entry when it was applied */
	struct timespec since;
	uint32_t applied, crossed; /* flags */
	uint32_t path_len, zero;
};

struct record {
	char *path;
	bool seen; /* at the last look */
	bool dead; /* to be taken out at the next */
	struct fact f;
};

struct stage_base {
	struct record *at; /* sorted by path */
	size_t n, cap;
	struct timespec since; /* the last look */
};

/* The kernel stamps files by its ticks, or finer. Not before any stamp that was made already. */
static struct timespec
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

/* Before every stamp that is still to come, in this tick too. */
static struct timespec
tick(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	t.tv_nsec--;
	if (t.tv_nsec < 0) {
		t.tv_nsec += NS_PER_S;
		t.tv_sec--;
	}
	return t;
}

static bool
later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

struct stage_base *
stage_base_new(void)
{
	struct stage_base *b = mem_alloc(sizeof(*b));

	b->since = now();
	return b;
}

void
stage_base_since(struct stage_base *b, struct timespec when)
{
	b->since = when;
}

void
stage_base_free(struct stage_base *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n; i++)
		free(b->at[i].path);
	free(b->at);
	free(b);
}

static int
by_path(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static struct record *
find(const struct stage_base *b, size_t n, const char *path)
{
	struct record key = {.path = (char *)path};

	struct record *r = n ? bsearch(&key, b->at, n, sizeof(key), by_path) : NULL;

	return r && !r->dead ? r : NULL;
}

/* The caller sorts. */
static struct record *
append(struct stage_base *b, const char *path)
{
	struct record *r;

	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 64;
		b->at = mem_array(b->at, b->cap, sizeof(*b->at));
	}
	r = &b->at[b->n++];
	memset(r, 0, sizeof(*r));
	r->path = mem_strdup(path);
	r->f.since = b->since;
	return r;
}

static void
sort(struct stage_base *b)
{
	if (b->n > 1)
		qsort(b->at, b->n, sizeof(*b->at), by_path);
}

/* Keeps the living, or of these what was seen or applied. */
static void
prune(struct stage_base *b, bool unseen)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct record *r = &b->at[i];

		if (r->dead || (unseen && !r->seen && !r->f.applied)) {
			free(r->path);
			continue;
		}
		/* No change waits there: one that comes is later than the last look. */
		if (unseen && !r->seen && later(&b->since, &r->f.since))
			r->f.since = b->since;
		b->at[kept] = *r;
		b->at[kept++].seen = false;
	}
	b->n = kept;
}

void
stage_base_forget(struct stage_base *b, const char *path)
{
	struct record *r = find(b, b->n, path);

	/* Thousands may go at once: they are taken out together. */
	if (r)
		r->dead = true;
}

void
stage_base_look(struct stage_base *b, const struct stage_list *l)
{
	struct timespec t = tick();
	size_t known;

	prune(b, false);
	known = b->n;
	for (size_t i = 0; i < l->n; i++) {
		const struct stage_change *c = &l->at[i];
		struct record *r = find(b, known, c->path);

		if (r) {
			r->seen = true;
			continue;
		}
		r = append(b, c->path);
		r->seen = true;
		r->f.low = c->from;
		r->f.crossed = c->from.st_mode && !S_ISDIR(c->from.st_mode) &&
			       later(&c->from.st_ctim, &b->since);
	}
	/* What is no change any more can become one again, against whatever is below then. */
	prune(b, true);
	sort(b);
	if (later(&t, &b->since))
		b->since = t;
}

void
stage_base_ours(struct stage_base *b)
{
	b->since = now();
	for (size_t i = 0; i < b->n; i++)
		if (b->at[i].f.applied)
			b->at[i].f.since = b->since;
}

/* Something in a folder that is to go was touched after `since`. */
static bool
touched_inside(int root, const char *dir, const struct timespec *since, int depth)
{
	AUTO_CLOSE int fd = stage_open(root, dir, O_RDONLY | O_DIRECTORY);
	struct stage_names list;
	bool hit = false;

	if (fd < 0 || depth > STAGE_DEPTH_MAX || !stage_names(fd, &list))
		return true;
	for (size_t i = 0; i < list.n && !hit; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", dir, list.at[i]);
		struct stat st;

		if (!stage_stat(root, path, &st))
			hit = true;
		else if (S_ISDIR(st.st_mode))
			hit = touched_inside(root, path, since, depth + 1);
		else
			hit = later(&st.st_ctim, since);
	}
	stage_names_release(&list);
	return hit;
}

const char *
stage_base_check(struct stage_base *b, int root, const struct stage_change *c)
{
	static const char changed[] = "it was changed in the workspace meanwhile";
	const struct record *r = find(b, b->n, c->path);
	struct timespec since = r ? r->f.since : b->since;
	struct stat is = {.st_mode = 0};

	if (!stage_stat(root, c->path, &is) && errno != ENOENT && errno != ELOOP &&
	    errno != ENOTDIR)
		return strerror(errno);
	if (r && r->f.crossed)
		return changed;
	if (r && !r->f.low.st_mode != !is.st_mode)
		return is.st_mode ? "it appeared in the workspace meanwhile"
				  : "it is gone from the workspace";
	if (!is.st_mode)
		return NULL;
	if (S_ISDIR(is.st_mode)) {
		if (r && !S_ISDIR(r->f.low.st_mode))
			return changed;
		if (c->kind == STAGE_DELETE || c->kind == STAGE_TYPE)
			return touched_inside(root, c->path, &since, 0)
				   ? "something in it was changed in the workspace "
				     "meanwhile"
				   : NULL;
		return NULL;
	}
	if (r ? !stage_unchanged(&r->f.low, &is) : later(&is.st_ctim, &since))
		return changed;
	return NULL;
}

/* A folder went: what was in it is nobody's memory any more. */
static void
forget_inside(struct stage_base *b, const char *dir)
{
	for (size_t i = 0; i < b->n; i++)
		if (stage_below(b->at[i].path, dir) && strcmp(b->at[i].path, dir) != 0)
			b->at[i].dead = true;
}

void
stage_base_applied(struct stage_base *b, int root, const struct stage_change *c)
{
	struct record *r = find(b, b->n, c->path);
	bool fresh = !r;

	if (fresh)
		r = append(b, c->path);
	memset(&r->f.low, 0, sizeof(r->f.low));
	if (!stage_stat(root, c->path, &r->f.low))
		r->f.low.st_mode = 0;
	r->f.up = c->to;
	r->f.applied = 1;
	r->f.since = now();
	if (S_ISDIR(c->from.st_mode) && !S_ISDIR(c->to.st_mode))
		forget_inside(b, c->path);
	if (fresh)
		sort(b);
}

bool
stage_base_stale(const struct stage_base *b, const struct stage_change *c)
{
	const struct record *r = find(b, b->n, c->path);

	return r && r->f.applied && r->f.up.st_ino == c->to.st_ino && c->to.st_ino &&
	       r->f.up.st_ctim.tv_sec == c->to.st_ctim.tv_sec &&
	       r->f.up.st_ctim.tv_nsec == c->to.st_ctim.tv_nsec && !S_ISDIR(c->to.st_mode);
}

/* ---- the file ---- */

bool
stage_base_empty(const struct stage_base *b)
{
	return b->n == 0;
}

enum err_kind
stage_base_save(const struct stage_base *b, const char *path, struct err *e)
{
	AUTO_BUF struct buf out = BUF_INIT(FILE_MAX);

	buf_adds(&out, FILE_MAGIC);
	buf_add(&out, &b->since, sizeof(b->since));
	for (size_t i = 0; i < b->n; i++) {
		struct fact f = b->at[i].f;

		if (b->at[i].dead)
			continue;
		f.path_len = (uint32_t)strlen(b->at[i].path);
		buf_add(&out, &f, sizeof(f));
		buf_add(&out, b->at[i].path, f.path_len);
	}
	if (out.full)
		return err_set(e, ERR_LIMIT, "'%s' would be too large", path);
	return fs_write(path, out.data, out.len, 0600, e);
}

static bool
take(const char **p, size_t *n, void *to, size_t size)
{
	if (*n < size)
		return false;
	memcpy(to, *p, size);
	*p += size;
	*n -= size;
	return true;
}

enum err_kind
stage_base_load(struct stage_base *b, const char *path, struct err *e)
{
	AUTO_BUF struct buf in = BUF_INIT(FILE_MAX);
	enum err_kind kind = fs_read(path, &in, e);
	char magic[sizeof(FILE_MAGIC) - 1];
	const char *p = in.data;
	size_t n = in.len;
	struct fact f;

	if (kind)
		return kind;
	if (!take(&p, &n, magic, sizeof(magic)) ||
	    memcmp(magic, FILE_MAGIC, sizeof(magic)) != 0 ||
	    !take(&p, &n, &b->since, sizeof(b->since)))
		return err_set(e, ERR_PARSE, "'%s' is not what it should be", path);
	while (take(&p, &n, &f, sizeof(f)) && f.path_len <= n &&
	       f.path_len <= STAGE_PATH_MAX) {
		AUTO_FREE char *name = mem_strndup(p, f.path_len);

		append(b, name)->f = f;
		p += f.path_len;
		n -= f.path_len;
	}
	sort(b);
	return ERR_NONE;
}
