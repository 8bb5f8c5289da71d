/* musl's <fcntl.h>, with an open() that is one call: musl's sets FD_CLOEXEC once more, for kernels
 * older than the flag. */
#ifndef SUNABA_COMPAT_FCNTL_H
#define SUNABA_COMPAT_FCNTL_H

#include_next <fcntl.h>

#define open(...) openat(AT_FDCWD, __VA_ARGS__)

#endif
