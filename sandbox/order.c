/* One packet, one byte back: see order.h. The packet is a byte that says which streams come with it,
 * then argv, environment and folder as FRAME_START carries them.
 *
 * Source: unix(7), SCM_RIGHTS. Pinned by tests/unit/test_spare.c. */
#include "sandbox/order.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sandbox/setup.h"

#define STREAMS	      5	  /* the terminal, output, error, the driver's two */
#define ORDER_WAIT_MS 200 /* for the answer, which takes 0.5 at most on an idle machine */

static int *
stream(struct spawn *sp, size_t i)
{
	int *const all[STREAMS] = {&sp->in, &sp->fd[0], &sp->fd[1], &sp->code, &sp->state};

	return all[i];
}

/* Its end tells that it took nothing, an answer that it took all; so does one that came before it
 * was ended for being late. One that the kernel holds on to is not waited for: what is killed runs
 * nothing more, so the job can start elsewhere. */
static bool
answered(int sock, int pidfd)
{
	struct pollfd p = {.fd = sock, .events = POLLIN},
		      end = {.fd = pidfd, .events = POLLIN};
	char yes;

	if (poll(&p, 1, ORDER_WAIT_MS) <= 0) {
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		while (poll(&end, 1, ORDER_WAIT_MS) < 0 && errno == EINTR)
			;
	}
	return recv(sock, &yes, 1, MSG_DONTWAIT) == 1;
}

static bool
send_order(int sock, const struct spawn *sp)
{
	const struct sbx_job_spec spec = {.argv = sp->argv, .env = sp->env, .cwd = sp->cwd};
	char control[CMSG_SPACE(STREAMS * sizeof(int))] __attribute__((aligned(8))) = {0};
	unsigned char which = 0;
	struct iovec iov[2] = {{.iov_base = &which, .iov_len = 1}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2, .msg_control = control};
	struct cmsghdr *c = (struct cmsghdr *)control;
	struct spawn given = *sp;
	struct queue q = {0};
	size_t n = 0;
	bool ok;

	for (size_t i = 0; i < STREAMS; i++) {
		/* 0 is /dev/null, here and there. */
		if (*stream(&given, i) <= 0)
			continue;
		which |= (unsigned char)(1u << i);
		memcpy(CMSG_DATA(c) + n++ * sizeof(int), stream(&given, i), sizeof(int));
	}
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
	start_encode(&spec, &q);
	iov[1].iov_base = (void *)queue_head(&q);
	iov[1].iov_len = queue_len(&q);
	ok = queue_len(&q) < ORDER_MAX &&
	     sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)queue_len(&q) + 1;
	queue_free(&q);
	return ok;
}

bool
order_give(int sock, int pidfd, const struct spawn *sp)
{
	return send_order(sock, sp) && answered(sock, pidfd);
}

/* They come in the order of the bits. */
static bool
take_streams(struct msghdr *msg, unsigned char which, struct spawn *sp)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	size_t n = 0, came;

	if (!c || c->cmsg_type != SCM_RIGHTS || msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return false;
	came = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < STREAMS; i++) {
		if (!(which & 1u << i))
			continue;
		if (n == came)
			return false;
		memcpy(stream(sp, i), CMSG_DATA(c) + n++ * sizeof(int), sizeof(int));
	}
	sp->terminal = which & 1;
	return n == came;
}

bool
order_take(int sock, struct spawn *sp, struct order *o)
{
	char control[CMSG_SPACE(STREAMS * sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov = {.iov_base = o->text, .iov_len = sizeof(o->text)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n;

	while ((n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (n < 1 || !take_streams(&msg, o->text[0], sp) ||
	    !start_decode(o->text + 1, (size_t)n - 1, sp->setup, &o->start))
		return false;
	sp->argv = o->start.argv;
	sp->env = o->start.env;
	sp->cwd = o->start.cwd;
	/* Not sendmsg(2), which pid 1 is told of under --explain: it waits for this. */
	return sp->cwd && write(sock, "", 1) == 1;
}
