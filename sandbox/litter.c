/* Removes a folder that hostile code filled: see bare.h.
 *
 * Flat: what lies deeper is first moved to the top, so that a chain of a million folders costs
 * neither descriptors nor stack. Nothing runs in there any more, but nothing is believed either:
 * every name is opened without following links. What is mounted in it (a run without sandbox may
 * do that, and FUSE) is somebody else's: it is neither entered nor changed, and stays.
 *
 * Sources: openat(2), renameat(2), rmdir(2). Pinned by tests/unit/test_litter.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/bare.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Not a link; nobody is left who could make it one. */
static bool
is_folder(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int
open_folder(int at, const char *name)
{
	int fd = openat(at, name, FOLDER);

	if (fd >= 0 || errno != EACCES || !is_folder(at, name) ||
	    fchmodat(at, name, 0700, AT_SYMLINK_NOFOLLOW))
		return fd;
	return openat(at, name, FOLDER);
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Removes an empty folder. Of a mount the kernel says EBUSY, whatever is in it. */
static bool
gone_or_mount(int at, const char *name)
{
	return unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == EBUSY;
}

/* Empties the folder `fd`: files go, folders move to `top` under numbers. */
static void
empty(int top, int fd, unsigned *number)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;

	if (!d) {
		close(fd);
		return;
	}
	fchmod(fd, 0700);
	while ((e = readdir(d))) {
		char name[32];

		if (is_dots(e->d_name) || unlinkat(dirfd(d), e->d_name, 0) == 0 ||
		    !is_folder(dirfd(d), e->d_name) || gone_or_mount(dirfd(d), e->d_name))
			continue;
		/* Moving a folder takes the right to write to it, too. */
		if (fchmodat(dirfd(d), e->d_name, 0700, AT_SYMLINK_NOFOLLOW))
			continue;
		do
			snprintf(name, sizeof(name), "%u", (*number)++);
		while (faccessat(top, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
		renameat(dirfd(d), e->d_name, top, name);
	}
	closedir(d);
}

/* One round over the top: true when a folder was found. */
static bool
round_over(int top, unsigned *number)
{
	DIR *d = fdopendir(openat(top, ".", FOLDER));
	struct dirent *e;
	bool found = false;

	if (!d)
		return false;
	while ((e = readdir(d))) {
		int fd;

		if (is_dots(e->d_name) || unlinkat(top, e->d_name, 0) == 0)
			continue;
		if (unlinkat(top, e->d_name, AT_REMOVEDIR) == 0) {
			found = true;
			continue;
		}
		if (errno == EBUSY)
			continue;
		fd = open_folder(top, e->d_name);
		if (fd < 0)
			continue;
		empty(top, fd, number);
		if (unlinkat(top, e->d_name, AT_REMOVEDIR) == 0)
			found = true;
	}
	closedir(d);
	return found;
}

bool
litter_remove(int at, const char *name)
{
	unsigned number = 0;
	int top;

	if (gone_or_mount(at, name))
		return faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
	top = open_folder(at, name);
	if (top < 0)
		return unlinkat(at, name, 0) == 0 || errno == ENOENT;
	fchmod(top, 0700);
	while (round_over(top, &number))
		;
	close(top);
	return unlinkat(at, name, AT_REMOVEDIR) == 0;
}
