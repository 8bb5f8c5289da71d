/* musl's <unistd.h>, with glibc's execvp(). */
#ifndef SUNABA_COMPAT_UNISTD_H
#define SUNABA_COMPAT_UNISTD_H

#include_next <unistd.h>

int compat_execvp(const char *file, char *const argv[]);
#define execvp compat_execvp

#endif
