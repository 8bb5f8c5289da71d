/* Applying changes: see stage_apply.h.
 *
 * What is written comes from hostile code, so nothing of it is followed: paths are looked up
 * below the workspace without links, set-id bits fall away, what is neither file, link nor folder
 * is dropped. Folders are made writable first and get their permissions last.
 *
 * Pinned by tests/unit/test_stage.c and tests/jail/test_staged.py. */
#include "tools/stage_apply.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/base/mem.h"
#include "tools/stage_git.h"
#include "tools/stage_path.h"

struct run {
	const struct stage_job *j;
	const struct stage_list *l;
	bool *chosen;
	size_t *late, nlate; /* folders whose permissions come last */
};

static bool
is_chosen(const struct stage_job *j, const char *path)
{
	for (const char *const *p = j->paths; p && *p; p++)
		if (stage_below(path, *p))
			return true;
	return !j->paths;
}

/* By its own name, or that of a folder which is known for such things: "src" is not enough. */
static bool
is_named(const struct stage_job *j, const char *path)
{
	for (const char *const *p = j->paths; p && *p; p++)
		if (strcmp(path, *p) == 0 || (stage_below(path, *p) && stage_autorun(*p)))
			return true;
	return false;
}

/* A path that is chosen brings the new folders that it lies in. */
static void
choose(struct run *r)
{
	AUTO_FREE size_t *stack = mem_array(NULL, r->l->n + 1, sizeof(size_t));
	size_t depth = 0;

	for (size_t i = 0; i < r->l->n; i++) {
		const struct stage_change *c = &r->l->at[i];

		while (depth && !stage_below(c->path, r->l->at[stack[depth - 1]].path))
			depth--;
		r->chosen[i] = is_chosen(r->j, c->path);
		for (size_t k = depth; r->chosen[i] && k > 0; k--)
			r->chosen[stack[k - 1]] = true;
		if (S_ISDIR(c->to.st_mode) &&
		    (c->kind == STAGE_MKDIR || c->kind == STAGE_TYPE))
			stack[depth++] = i;
	}
}

static void
tell(const struct run *r, const struct stage_change *c, enum stage_outcome o,
     const char *why)
{
	if (r->j->report)
		r->j->report(c, o, why, r->j->arg);
}

static const char *
reason(int sys)
{
	switch (sys) {
	case ESTALE:
	case EEXIST:
		return "it was changed in the workspace meanwhile";
	case EAGAIN:
		return "code changed it since it was listed";
	case ELOOP:
	case ENOTDIR:
		return "a link or file stands in its way";
	case EXDEV:
		return "it lies on another file system";
	case ENOENT:
		return "the folder it belongs to is not there";
	default:
		return strerror(sys);
	}
}

static struct stage_put
how(const struct run *r, const struct stage_change *c)
{
	return (struct stage_put){
	    .temp = r->j->temp,
	    .expect = c->from.st_mode && !S_ISDIR(c->from.st_mode) ? &c->from : NULL,
	    .mode = c->to.st_mode,
	    .mtime = c->to.st_mtim};
}

/* The bytes that were judged are those that are put. */
static bool
put_config(const struct run *r, const struct stage_change *c)
{
	AUTO_CLOSE int fd = memfd_create("config", MFD_CLOEXEC);
	struct stage_put p = how(r, c);

	if (fd < 0)
		return false;
	if (!stage_git_harmless(r->j->upper, c->path, &c->to, fd))
		return errno = EAGAIN, false;
	return stage_put_file(r->j->lower, c->path, fd, &p);
}

static bool
put_file(const struct run *r, const struct stage_change *c)
{
	AUTO_CLOSE int fd = stage_open(r->j->upper, c->path, O_RDONLY);
	struct stage_put p = how(r, c);

	if (c->flags & STAGE_F_GITCONF)
		return put_config(r, c);
	p.source = &c->to;
	return fd >= 0 && stage_put_file(r->j->lower, c->path, fd, &p);
}

static bool
put_link(const struct run *r, const struct stage_change *c)
{
	char target[STAGE_LINK_MAX];
	struct stage_put p = how(r, c);

	return stage_link(r->j->upper, c->path, target) &&
	       stage_put_link(r->j->lower, c->path, target, &p);
}

static bool
put_dir(struct run *r, const struct stage_change *c)
{
	struct stage_put p = how(r, c);

	p.mode |= S_IRWXU;
	r->late[r->nlate++] = (size_t)(c - r->l->at);
	return stage_put_dir(r->j->lower, c->path, &p);
}

static bool
put(struct run *r, const struct stage_change *c)
{
	if (S_ISDIR(c->to.st_mode))
		return put_dir(r, c);
	return S_ISLNK(c->to.st_mode) ? put_link(r, c) : put_file(r, c);
}

static bool
carry_out(struct run *r, const struct stage_change *c)
{
	int lower = r->j->lower;

	switch (c->kind) {
	case STAGE_ADD:
	case STAGE_MODIFY:
	case STAGE_MKDIR:
		return put(r, c);
	case STAGE_DELETE:
		return stage_remove(lower, c->path);
	case STAGE_TYPE:
		/* Between files the rename does it; a folder must go first, or make place. */
		if ((S_ISDIR(c->from.st_mode) || S_ISDIR(c->to.st_mode)) &&
		    !stage_remove(lower, c->path))
			return false;
		return put(r, c);
	case STAGE_MODE:
		if (S_ISDIR(c->to.st_mode))
			return r->late[r->nlate++] = (size_t)(c - r->l->at), true;
		return stage_chmod(lower, c->path, c->to.st_mode);
	case STAGE_ODD:
	default:
		return errno = EINVAL, false;
	}
}

static void
odd(const struct run *r, const struct stage_change *c)
{
	tell(r, c, c->sys ? STAGE_REFUSED : STAGE_DROPPED,
	     c->sys ? strerror(c->sys) : "a device, FIFO or socket is never applied");
}

static void
one(struct run *r, const struct stage_change *c)
{
	const char *why;

	if (c->kind == STAGE_ODD) {
		odd(r, c);
		return;
	}
	if (c->flags & STAGE_F_AUTORUN && !is_named(r->j, c->path)) {
		tell(r, c, STAGE_HELD, "programs outside run it by themselves");
		return;
	}
	why = stage_base_check(r->j->base, r->j->lower, c);
	if (why || !carry_out(r, c)) {
		tell(r, c, STAGE_REFUSED, why ? why : reason(errno));
		return;
	}
	stage_base_applied(r->j->base, r->j->lower, c);
	tell(r, c, STAGE_APPLIED,
	     c->flags & STAGE_F_SETID ? "without its set-id bits" : NULL);
}

void
stage_apply(const struct stage_job *j, const struct stage_list *l)
{
	struct run r = {.j = j, .l = l};

	r.chosen = mem_alloc(l->n + 1);
	r.late = mem_array(NULL, l->n + 1, sizeof(size_t));
	choose(&r);
	for (size_t i = 0; i < l->n; i++)
		if (r.chosen[i])
			one(&r, &l->at[i]);
	while (r.nlate > 0) {
		const struct stage_change *c = &l->at[r.late[--r.nlate]];

		stage_chmod(j->lower, c->path, c->to.st_mode);
	}
	free(r.chosen);
	free(r.late);
}
