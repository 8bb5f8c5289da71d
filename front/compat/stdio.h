/* musl's <stdio.h>, with renameat2() and a dprintf() that writes a message in one piece: musl's
 * writes pieces of 80 bytes, between which others write theirs. */
#ifndef SUNABA_COMPAT_STDIO_H
#define SUNABA_COMPAT_STDIO_H

#include_next <stdio.h>

#include <sys/syscall.h>
#include <unistd.h>

int compat_dprintf(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define dprintf compat_dprintf

#ifndef RENAME_NOREPLACE /* musl 1.2.6 has it */
#define RENAME_NOREPLACE 1

static inline int
renameat2(int from, const char *name, int to, const char *other, unsigned flags)
{
	return (int)syscall(SYS_renameat2, from, name, to, other, flags);
}
#endif

#endif
