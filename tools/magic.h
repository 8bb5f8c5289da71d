/* What bytes are when they are no text: by their first bytes. Pure. */
#ifndef SUNABA_TOOLS_MAGIC_H
#define SUNABA_TOOLS_MAGIC_H

#include "agent/base/util.h"

#define MAGIC_BYTES (4 * KIB) /* as many of the first as there are: enough to tell text */

struct magic {
	const char *what; /* "PNG image", "gzip data"; "data": nothing known */
	bool picture;
	unsigned width, height; /* pixels; 0: not told by these bytes */
};

/* True: it begins as one of the known formats. `what` is NULL otherwise. */
bool magic_known(const void *p, size_t n, struct magic *m);
/* True: no text, p[0..n) being the first bytes of it. Text in another encoding is text, and so
 * are words between NUL bytes. */
bool magic_binary(const void *p, size_t n, struct magic *m);
/* The same behind whole lines of text, of which *front is the length; often 0. */
bool magic_behind(const void *p, size_t n, size_t *front, struct magic *m);
/* "PNG image 640x480", the caller's. */
char *magic_words(const struct magic *m);
/* "640 bytes", "4.2 KB", the caller's. */
char *magic_size(size_t bytes);

#endif
