/* What musl does otherwise than glibc where users would see it. See the headers beside.
 * Pinned by tests/e2e/test_front.py. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
