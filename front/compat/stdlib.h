/* musl's <stdlib.h>, with a realpath() that knows one root: musl's keeps two slashes at the start,
 * and paths are compared as texts. */
#ifndef SUNABA_COMPAT_STDLIB_H
#define SUNABA_COMPAT_STDLIB_H

#include_next <stdlib.h>

char *compat_realpath(const char *path, char *real);
#define realpath compat_realpath

#endif
