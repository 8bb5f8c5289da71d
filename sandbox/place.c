/* Clones of mounts, and places for them in a tree: see root.h.
 * Sources: open_tree(2), mount_setattr(2), openat(2). Pinned by tests/jail/test_sandbox.py. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandbox/root.h"

int
root_clone(int at, const char *path, uint64_t set)
{
	struct mount_attr attr = {.attr_set = set, .propagation = MS_PRIVATE};
	SBX_CLOSE int fd = open_tree(
	    at, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);
	int got = fd;

	if (fd < 0 ||
	    mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)))
		return -1;
	fd = -1;
	return got;
}

static void
leave(int at, int root)
{
	if (at != root)
		close(at);
}

int
root_place(int root, const char *path, bool is_dir)
{
	int at = root;

	while (at >= 0 && *path) {
		char name[NAME_MAX + 1];
		size_t n = strcspn(path, "/");
		bool last = !path[n];
		int next;

		if (n > NAME_MAX)
			return leave(at, root), errno = ENAMETOOLONG, -1;
		memcpy(name, path, n);
		name[n] = 0;
		path += n + strspn(path + n, "/");
		if (n == 0)
			continue;
		if (last && !is_dir)
			mknodat(at, name, S_IFREG | 0600, 0);
		else
			mkdirat(at, name, 0755);
		next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		leave(at, root);
		at = next;
	}
	return at == root ? fcntl(root, F_DUPFD_CLOEXEC, 0) : at;
}
