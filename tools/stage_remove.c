/* Taking trees away: see stage_fs.h.
 *
 * What is deeper than a descent may go is moved up to the top and goes in another round, so that
 * depth is no way to stay. Pinned by tests/unit/test_stage.c and tests/jail/test_staged.py. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "tools/stage_fs.h"

struct removal {
	int top;	 /* where what is too deep is moved to, or -1 */
	unsigned lifted; /* so far */
};

static bool
lift(struct removal *r, int dir, const char *name)
{
	char to[32];

	if (r->top < 0)
		return errno = ELOOP, false;
	/* A folder that moves must be writable: its ".." changes. */
	stage_chmod(dir, name, 0700);
	snprintf(to, sizeof(to), "lifted-%u", r->lifted++);
	return renameat2(dir, name, r->top, to, RENAME_NOREPLACE) == 0;
}

static bool
remove_in(struct removal *r, int dir, const char *name, int depth)
{
	struct stage_names list;
	AUTO_CLOSE int fd = -1;
	bool ok = true;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return false;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return true;
	if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES)
		return false;
	if (depth > STAGE_DEPTH_MAX)
		return lift(r, dir, name);
	fd = stage_open(dir, name, O_RDONLY | O_DIRECTORY);
	if (fd < 0 && errno == EACCES && stage_chmod(dir, name, 0700))
		fd = stage_open(dir, name, O_RDONLY | O_DIRECTORY);
	if (fd < 0 || !stage_names(fd, &list))
		return false;
	fchmod(fd, 0700); /* it goes anyway; what is in it must be able to */
	for (size_t i = 0; i < list.n; i++)
		ok = remove_in(r, fd, list.at[i], depth + 1) && ok;
	stage_names_release(&list);
	return ok && unlinkat(dir, name, AT_REMOVEDIR) == 0;
}

bool
stage_remove(int root, const char *path)
{
	struct removal r = {.top = -1};
	const char *name;
	AUTO_CLOSE int dir = stage_parent(root, path, &name);

	/* Below a file or link there is nothing of that name. */
	if (dir < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
	return remove_in(&r, dir, name, 0);
}

bool
stage_remove_all(int root, const char *name)
{
	AUTO_CLOSE int top = stage_open(root, name, O_RDONLY | O_DIRECTORY);
	struct removal r = {.top = top};
	struct stage_names list;
	unsigned before;
	bool ok = true;

	if (top < 0)
		return stage_remove(root, name);
	do {
		before = r.lifted;
		if (!stage_names(top, &list))
			return false;
		for (size_t i = 0; i < list.n; i++)
			ok = remove_in(&r, top, list.at[i], 0) && ok;
		stage_names_release(&list);
	} while (ok && r.lifted != before);
	return ok && unlinkat(root, name, AT_REMOVEDIR) == 0;
}
