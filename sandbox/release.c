/* Takes the end of a mount namespace off the path of who waits for pid 1: see ns.h.
 *
 * The last process in it takes a namespace's mounts down before its parent hears of its end: a
 * grace period and as many frees as there are mounts, a third of a millisecond and more on a busy
 * machine. A descriptor of the namespace that lies in a socket which only that very socket holds
 * is garbage once pid 1 is gone; the kernel's collector, in a thread of its own, finds it there.
 * No process remains, and nobody has a path into that namespace. Where a step fails, the end takes
 * what it took before.
 *
 * Sources: unix(7), net/unix/garbage.c of Linux 6.x. Pinned by tests/jail/test_soak.py. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/ns.h"

void
ns_release_later(void)
{
	SBX_CLOSE int space = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), self = -1;
	char byte = 0,
	     control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8))) = {0};
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int pair[2], fds[2];

	if (space < 0 || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return;
	self = pair[1];
	fds[0] = self;
	fds[1] = space;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	/* The near end stays open: its close, by the end of this process, calls the collector. */
	if (sendmsg(pair[0], &msg, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		close(pair[0]);
}
