/* musl's <string.h>, with glibc's words for errors: one program must not use two. */
#ifndef SUNABA_COMPAT_STRING_H
#define SUNABA_COMPAT_STRING_H

#include_next <string.h>

char *compat_strerror(int code);
#define strerror compat_strerror

#endif
