/* What musl does otherwise than glibc where users would see it. See the headers beside.
 * Pinned by tests/e2e/test_front.py. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "front/errors.h" /* made at build time: the words of the machine's own library */

#define MESSAGE_MAX 8192 /* bytes; longer ones are cut */

int
compat_dprintf(int fd, const char *format, ...)
{
	char text[MESSAGE_MAX];
	size_t at = 0, len;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	len = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
	while (at < len) {
		ssize_t wrote = write(fd, text + at, len - at);

		if (wrote < 0)
			return -1;
		at += (size_t)wrote;
	}
	return n;
}

char *
compat_strerror(int code)
{
	static char unknown[40];

	if (code >= 0 && (size_t)code < sizeof(error_words) / sizeof(error_words[0]) &&
	    error_words[code])
		return (char *)error_words[code];
	snprintf(unknown, sizeof(unknown), "Unknown error %d", code);
	return unknown;
}

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
