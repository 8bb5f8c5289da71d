/* musl's <sys/stat.h>, with statx(). */
#ifndef SUNABA_COMPAT_STAT_H
#define SUNABA_COMPAT_STAT_H

#include_next <sys/stat.h>

#ifndef STATX_BASIC_STATS /* musl 1.2.4 has it */
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int
statx(int at, const char *path, int flags, unsigned mask, struct statx *sx)
{
	return (int)syscall(SYS_statx, at, path, flags, mask, sx);
}
#endif

#endif
