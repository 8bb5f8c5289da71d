/* musl's <sys/socket.h>, with a sendmmsg() that is that call: musl's makes several others, which
 * our own filter may be waiting for (sandbox/rights.c). */
#ifndef SUNABA_COMPAT_SOCKET_H
#define SUNABA_COMPAT_SOCKET_H

#include_next <sys/socket.h>

#include <sys/syscall.h>
#include <unistd.h>

/* The fields that musl calls padding must be zero: the kernel's are longer. */
static inline int
compat_sendmmsg(int fd, struct mmsghdr *m, unsigned n, unsigned flags)
{
	return (int)syscall(SYS_sendmmsg, fd, m, n, flags);
}
#define sendmmsg compat_sendmmsg

#endif
