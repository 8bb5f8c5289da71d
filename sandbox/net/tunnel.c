/* Bytes between the code inside and a server outside: see proxy_int.h.
 *
 * What one side sends goes to the other at once through one buffer of the proxy's; only what the
 * other does not take is kept, and while something is kept nothing is read. So a slow reader
 * holds its writer, and an idle tunnel costs no memory. An end is passed on as an end, a reset
 * as a reset: a download that broke off must not look complete.
 *
 * Pinned by tests/unit/test_proxy.c and tests/jail/test_network.py. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sandbox/net/proxy_int.h"

#define ROUND_MAX (256 * SBX_KIB) /* bytes of one tunnel before others have their turn */

static bool
would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

bool
end_flush(struct end *e)
{
	while (queue_len(&e->out)) {
		ssize_t n = send(e->w.fd, queue_head(&e->out), queue_len(&e->out),
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return would_block();
		queue_drop(&e->out, (size_t)n);
	}
	return true;
}

/* One read and one write. 1: more may follow, 0: wait, -1: broken. */
static int
move_once(struct sbx_proxy *p, struct end *from, struct end *to, size_t *moved)
{
	ssize_t n = recv(from->w.fd, p->scratch, SCRATCH_SIZE, MSG_DONTWAIT), m;

	if (n < 0)
		return would_block() ? 0 : -1;
	if (n == 0) {
		from->eof = true;
		return 1;
	}
	*moved += (size_t)n;
	m = send(to->w.fd, p->scratch, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (m < 0 && !would_block())
		return -1;
	m = m < 0 ? 0 : m;
	queue_add(&to->out, p->scratch + m, (size_t)(n - m));
	return 1;
}

/* False: broken. */
static bool
pump(struct conn *c, struct end *from, struct end *to, size_t *moved)
{
	size_t before = *moved;
	int more = 1;

	while (more > 0 && *moved - before < ROUND_MAX) {
		if (!end_flush(to))
			return false;
		if (queue_len(&to->out))
			return true;
		if (from->eof) {
			if (!to->shut && shutdown(to->w.fd, SHUT_WR) && errno != ENOTCONN)
				return false;
			to->shut = true;
			return true;
		}
		more = move_once(c->p, from, to, moved);
	}
	return more >= 0;
}

static bool
is_over(const struct conn *c)
{
	/* A forwarded request has one answer, and that was it. */
	if (c->kind == NET_HEAD_FORWARD && c->in.shut)
		return true;
	return c->in.shut && c->out.shut;
}

void
tunnel_ready(struct conn *c)
{
	size_t moved = 0;

	if (!pump(c, &c->in, &c->out, &moved) || !pump(c, &c->out, &c->in, &moved)) {
		conn_end(c, true);
		return;
	}
	if (is_over(c)) {
		/* Closing with bytes unread would be a reset, which overtakes the answer. */
		sbx_shut(&c->out.w.fd);
		c->state = CONN_LAST;
		c->deadline = proxy_now() + NET_LINGER_MS;
		refuse_ready(c);
		return;
	}
	if (moved)
		c->deadline =
		    proxy_now() + (c->in.eof || c->out.eof ? NET_HALF_MS : NET_IDLE_MS);
	conn_watch(c);
}

void
tunnel_begin(struct conn *c)
{
	static const char opened[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	size_t used = 0;

	c->state = CONN_TUNNEL;
	c->deadline = proxy_now() + NET_IDLE_MS;
	if (c->entrance == NET_PROXY_PORT) {
		used = c->req.head_len;
		if (c->kind == NET_HEAD_CONNECT)
			queue_add(&c->in.out, opened, sizeof(opened) - 1);
		else
			net_http_rewrite((const char *)queue_head(&c->got), &c->req,
					 &c->out.out);
	}
	queue_drop(&c->got, used);
	if (queue_len(&c->got))
		queue_add(&c->out.out, queue_head(&c->got), queue_len(&c->got));
	queue_free(&c->got);
	tunnel_ready(c);
}
