/* One descriptor, one packet: see rights.h. */
#include "sandbox/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/util.h"

#define FDS_MAX 8 /* taken from one packet, to be closed but for one */

struct packet {
	uint32_t kind, number;
};

bool
rights_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return false;
	return fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0;
}

bool
rights_send(int sock, enum rights_kind kind, uint32_t number, int fd)
{
	struct packet p = {kind, number};
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
	struct iovec iov = {.iov_base = &p, .iov_len = sizeof(p)};
	struct mmsghdr msg = {.msg_hdr = {.msg_iov = &iov,
					  .msg_iovlen = 1,
					  .msg_control = control,
					  .msg_controllen = sizeof(control)}};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg.msg_hdr);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	/* Not sendmsg(2): under --explain a job's waits for the listener that this brings. */
	return sendmmsg(sock, &msg, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

/* The first descriptor; all others are closed. */
static int
take_first(struct msghdr *msg)
{
	int got = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (got < 0)
				got = fd;
			else
				close(fd);
		}
	}
	return got;
}

/* 1: a packet; 0: one of another shape; -1 with errno. */
static int
recv_one(int sock, struct packet *p, int *fd)
{
	char control[CMSG_SPACE(FDS_MAX * sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov = {.iov_base = p, .iov_len = sizeof(*p)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (n < 0)
		return -1;
	*fd = take_first(&msg);
	if (n == 0 && *fd < 0)
		return errno = ECONNRESET, -1;
	if (n == (ssize_t)sizeof(*p) && *fd >= 0 && p->kind >= 1 &&
	    p->kind <= RIGHTS_LAST && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 1;
	sbx_shut(fd);
	return 0;
}

int
rights_next(int sock, enum rights_kind *kind, uint32_t *number, int *fd)
{
	struct packet p = {0};
	int got = recv_one(sock, &p, fd);

	*kind = (enum rights_kind)p.kind;
	*number = p.number;
	return got;
}

int
rights_recv(int sock, enum rights_kind *kind, uint32_t *number, int *fd)
{
	for (;;) {
		int got = rights_next(sock, kind, number, fd);

		if (got == 1)
			return 1;
		if (got < 0 && errno != EINTR)
			return errno == EAGAIN ? 0 : -1;
	}
}
