/* realpath() as paths are compared: see stdlib.h. In most paths nothing is a link: one openat2(2) tells,
 * and the C library's, which reads each part as a link, is asked for the others alone.
 * Pinned by tests/unit/test_realpath.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#undef realpath

/* A path without "//", "." or "..", which would be other names of what it leads to. */
static bool
is_plain(const char *path)
{
	if (path[0] != '/' || !path[1])
		return false;
	for (const char *p = path; *p; p += 1 + strcspn(p + 1, "/")) {
		size_t n = strcspn(p + 1, "/");

		if (n == 0 || (p[1] == '.' && (n == 1 || (n == 2 && p[2] == '.'))))
			return false;
	}
	return true;
}

/* No link on the way: it is its own real path. Asked for at once, where musl reads each part as a
 * link. errno: ENOENT, or what does not count. */
static bool
is_real(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	int fd;

	errno = 0;
	if (!is_plain(path) || strlen(path) >= PATH_MAX)
		return false;
	fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

char *
compat_realpath(const char *path, char *real)
{
	char *found;

	if (real && is_real(path))
		return memcpy(real, path, strlen(path) + 1);
	if (real && errno == ENOENT)
		return NULL;
	found = realpath(path, real);

	if (found && found[0] == '/' && found[1] == '/')
		memmove(found, found + 1, strlen(found));
	return found;
}
