/* A connection of the code's until it is through or refused: see proxy_int.h.
 *
 * head (or the address it was captured at) → name and port → the list, or the user → addresses →
 * each checked → dialled. The name is looked up once, and what was checked is what is dialled.
 * Source: RFC 9110 9.3.6 (CONNECT). Pinned by tests/unit/test_proxy.c and tests/jail/test_network.py. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sandbox/net/dns.h"
#include "sandbox/net/proxy_int.h"

#define READ_STEP  (4 * SBX_KIB)
#define TRY_MIN_MS 3000 /* for one of several addresses */
#define TEXT_MAX   1024

void
conn_end(struct conn *c, bool abort)
{
	const struct linger now = {.l_onoff = 1};
	struct sbx_proxy *p = c->p;
	struct conn **at;

	if (c->state == CONN_ENDED)
		return;
	if (abort && c->in.w.fd >= 0)
		setsockopt(c->in.w.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	c->state = CONN_ENDED;
	sbx_shut(&c->in.w.fd);
	sbx_shut(&c->out.w.fd);
	queue_free(&c->in.out);
	queue_free(&c->out.out);
	queue_free(&c->got);
	for (at = &p->conns; *at != c; at = &(*at)->next)
		;
	*at = c->next;
	c->next = p->ended;
	p->ended = c;
	p->nconns--;
}

void
conn_watch(struct conn *c)
{
	uint32_t in = 0, out = 0;

	if (c->state == CONN_ENDED)
		return;
	if (c->state == CONN_HEAD)
		in = EPOLLIN;
	else if (c->state == CONN_DIAL)
		out = EPOLLOUT;
	else if (c->state == CONN_LAST)
		in = queue_len(&c->in.out) ? EPOLLOUT : EPOLLIN;
	if (c->state == CONN_TUNNEL) {
		in = (queue_len(&c->in.out) ? EPOLLOUT : 0) |
		     (!c->in.eof && !queue_len(&c->out.out) ? EPOLLIN : 0);
		out = (queue_len(&c->out.out) ? EPOLLOUT : 0) |
		      (!c->out.eof && !queue_len(&c->in.out) ? EPOLLIN : 0);
	}
	proxy_watch(c->p, &c->in.w, in);
	if (c->out.w.fd >= 0)
		proxy_watch(c->p, &c->out.w, out);
}

/* ---- dialling ---- */

static void out_ready(struct sbx_proxy *p, struct watch *w, uint32_t events);

static void
dial(struct conn *c)
{
	uint64_t each = NET_DIAL_MS / (unsigned)c->naddr;
	const int on = 1;
	int last = ECONNREFUSED;

	for (; c->at < c->naddr; c->at++) {
		struct sockaddr_storage to;
		socklen_t size = net_addr_sockaddr(&c->addr[c->at], c->dial_port, &to);

		sbx_shut(&c->out.w.fd);
		c->out.w.events = 0;
		c->out.w.fd =
		    socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (c->out.w.fd >= 0 &&
		    (connect(c->out.w.fd, (struct sockaddr *)&to, size) == 0 ||
		     errno == EINPROGRESS)) {
			setsockopt(c->out.w.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			c->state = CONN_DIAL;
			c->deadline = proxy_now() + (each > TRY_MIN_MS ? each : TRY_MIN_MS);
			conn_watch(c);
			return;
		}
		last = errno;
	}
	refuse_fail(c, 502, strerror(last));
}

static void
dial_next(struct conn *c, int sys)
{
	if (++c->at < c->naddr)
		dial(c);
	else
		refuse_fail(c, sys == ETIMEDOUT ? 504 : 502, strerror(sys));
}

static void
out_ready(struct sbx_proxy *p, struct watch *w, uint32_t events)
{
	struct conn *c = ((struct end *)w)->conn;
	struct sockaddr_storage peer;
	socklen_t n = sizeof(int), m = sizeof(peer);
	int sys = 0;

	(void)p;
	(void)events;
	if (c->state == CONN_TUNNEL) {
		tunnel_ready(c);
	} else if (c->state == CONN_DIAL) {
		if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &sys, &n))
			sys = errno;
		if (sys)
			dial_next(c, sys);
		/* An event of the socket before this one is no news of it. */
		else if (getpeername(w->fd, (struct sockaddr *)&peer, &m) == 0)
			tunnel_begin(c);
	}
}

/* ---- deciding ---- */

static bool
may_dial(const struct conn *c, const struct net_addr *a)
{
	enum net_addr_class class = net_addr_class(a);

	if (class == NET_ADDR_CLOSED || (class == NET_ADDR_PRIVATE && !c->private_allowed))
		return false;
	return !net_addr_is_own(a);
}

void
conn_resolved(struct conn *c, const struct resolved *r)
{
	char text[NET_ADDR_TEXT] = "", why[TEXT_MAX];

	if (c->state != CONN_LOOKUP)
		return;
	if (r->n <= 0) {
		refuse_fail(c, 502,
			    r->n < 0 ? "cannot be looked up now" : "there is no such host");
		return;
	}
	for (int i = 0; i < r->n && i < NET_ADDRS_MAX; i++) {
		if (may_dial(c, &r->addr[i]))
			c->addr[c->naddr++] = r->addr[i];
		else if (!text[0])
			net_addr_text(&r->addr[i], text);
	}
	if (c->naddr) {
		dial(c);
		return;
	}
	snprintf(why, sizeof(why), "it leads to %s, an address of this machine or network",
		 text);
	refuse_listed(c, why);
}

/* `rule` is what allowed it; NULL: the user, once. */
static void
allowed(struct conn *c, const struct net_rule *rule)
{
	c->dial_port = rule && rule->to_port ? rule->to_port : c->port;
	c->private_allowed = rule && rule->private_allowed;
	c->deadline = proxy_now() + NET_DIAL_MS;
	if (c->host.addr.family || (rule && rule->to.family)) {
		/* Listed as it stands: the user chose this very address. */
		c->addr[0] = c->host.addr.family ? c->host.addr : rule->to;
		c->naddr = 1;
		dial(c);
		return;
	}
	c->state = CONN_LOOKUP;
	conn_watch(c);
	if (!resolver_ask(c->p->resolver, c->id, c->host.text))
		refuse_fail(c, 503, "too many names are being looked up");
}

void
conn_answered(struct conn *c, bool yes)
{
	if (yes)
		allowed(c, proxy_rule(c->p, &c->host, c->port));
	else
		refuse_listed(c, "");
}

/* Whether the same question waits already; *n counts different ones. */
static bool
is_asked(const struct conn *c, size_t *n)
{
	*n = 0;
	for (const struct conn *i = c->p->conns; i; i = i->next) {
		if (i->state != CONN_ASKED)
			continue;
		if (i->port == c->port && strcmp(i->host.text, c->host.text) == 0)
			return true;
		++*n;
	}
	return false;
}

static enum sbx_verdict
ask(struct conn *c)
{
	struct sbx_proxy *p = c->p;
	size_t n;

	/* An address says nothing to the user: it has to be listed. */
	if (!p->o.ask || c->host.addr.family)
		return SBX_REFUSE;
	if (is_asked(c, &n))
		return SBX_WAIT;
	return n < NET_ASKED_MAX ? p->o.ask(c->host.text, c->port, p->o.arg) : SBX_REFUSE;
}

static void
decide(struct conn *c)
{
	const struct net_rule *rule;
	const char *name =
	    c->host.addr.family ? pool_name(c->p->pool, &c->host.addr) : NULL;

	if (name && !net_host_parse(name, strlen(name), &c->host))
		name = NULL;
	rule = proxy_rule(c->p, &c->host, c->port);
	/* By its name, where the list has a port of it. */
	if (!rule && !c->host.addr.family && net_host_local(&c->host) &&
	    (rule = proxy_local(c->p, c->port)))
		c->host = rule->host;
	if (rule) {
		allowed(c, rule);
		return;
	}
	switch (ask(c)) {
	case SBX_ALLOW:
		allowed(c, NULL);
		return;
	case SBX_WAIT:
		c->state = CONN_ASKED;
		c->deadline = proxy_now() + NET_ASK_MS;
		conn_watch(c);
		return;
	case SBX_REFUSE:
	default:
		refuse_listed(c, "");
	}
}

/* ---- reading ---- */

/* TCP's queries have their length before them. One is answered, then the side is closed. */
static void
names_query(struct conn *c)
{
	const unsigned char *p = queue_head(&c->got);
	unsigned char answer[2 + NET_DNS_MAX];
	size_t n = queue_len(&c->got), want, len;

	if (n < 2)
		return;
	want = (size_t)p[0] << 8 | p[1];
	if (want > NET_DNS_MAX) {
		conn_end(c, true);
		return;
	}
	if (n - 2 < want)
		return;
	len = names_answer(c->p, p + 2, want, answer + 2);
	answer[0] = (unsigned char)(len >> 8);
	answer[1] = (unsigned char)len;
	if (len)
		queue_add(&c->in.out, answer, len + 2);
	refuse_say(c, 0, "");
}

static void
proxy_head(struct conn *c)
{
	c->kind =
	    net_http_parse((const char *)queue_head(&c->got), queue_len(&c->got), &c->req);
	if (c->kind == NET_HEAD_MORE)
		return;
	if (c->kind == NET_HEAD_BAD) {
		char text[TEXT_MAX];

		snprintf(text, sizeof(text), "sandbox: bad request: %s", c->req.why);
		refuse_say(c, 400, text);
		return;
	}
	c->host = c->req.host;
	c->port = c->req.port;
	decide(c);
}

static void
read_head(struct conn *c)
{
	ssize_t n =
	    recv(c->in.w.fd, queue_room(&c->got, READ_STEP), READ_STEP, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_end(c, true);
		return;
	}
	queue_added(&c->got, (size_t)n);
	if (c->entrance == NET_NAMES_PORT)
		names_query(c);
	else
		proxy_head(c);
}

static void
in_ready(struct sbx_proxy *p, struct watch *w, uint32_t events)
{
	struct conn *c = ((struct end *)w)->conn;

	(void)p;
	(void)events;
	if (c->state == CONN_HEAD)
		read_head(c);
	else if (c->state == CONN_TUNNEL)
		tunnel_ready(c);
	else if (c->state == CONN_LAST)
		refuse_ready(c);
}

void
conn_expired(struct conn *c)
{
	switch (c->state) {
	case CONN_ASKED:
		refuse_listed(c, "");
		return;
	case CONN_LOOKUP:
		refuse_fail(c, 504, "cannot be looked up now");
		return;
	case CONN_DIAL:
		dial_next(c, ETIMEDOUT);
		return;
	case CONN_HEAD:
		if (c->entrance == NET_PROXY_PORT) {
			refuse_say(c, 408, "sandbox: no request came");
			return;
		}
		conn_end(c, true);
		return;
	case CONN_TUNNEL:
	case CONN_LAST:
		conn_end(c, true);
		return;
	case CONN_ENDED:
	default:
		return;
	}
}

/* The name that a captured connection was meant for, or this machine itself where the list opens
 * that; else a local port that nobody serves. */
static bool
captured(struct conn *c)
{
	struct sockaddr_storage to;
	socklen_t n = sizeof(to);
	struct net_addr a;
	const char *name;

	if (getsockname(c->in.w.fd, (struct sockaddr *)&to, &n) ||
	    !net_addr_of_sockaddr((struct sockaddr *)&to, &a))
		return false;
	name = pool_name(c->p->pool, &a);
	c->port = c->entrance;
	if (name)
		return net_host_parse(name, strlen(name), &c->host);
	c->host.addr = a;
	net_addr_text(&a, c->host.text);
	return net_host_local(&c->host) && proxy_local(c->p, c->port);
}

void
conn_new(struct sbx_proxy *p, int fd, uint16_t entrance)
{
	struct conn *c = sbx_grow(NULL, sizeof(*c));
	const int on = 1;

	memset(c, 0, sizeof(*c));
	c->p = p;
	c->id = ++p->last_id;
	c->entrance = entrance;
	c->began = proxy_now();
	c->deadline = c->began + (p->o.head_ms ? p->o.head_ms : NET_HEAD_MS);
	c->in = (struct end){.w = {.ready = in_ready, .fd = fd}, .conn = c};
	c->out = (struct end){.w = {.ready = out_ready, .fd = -1}, .conn = c};
	c->next = p->conns;
	p->conns = c;
	p->nconns++;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (entrance == NET_PROXY_PORT || entrance == NET_NAMES_PORT)
		conn_watch(c);
	else if (captured(c))
		decide(c);
	else
		conn_end(c, true);
}
