/* The proxy itself: one epoll descriptor, the listeners, the list. Contract in proxy.h.
 *
 * A connection that ends is freed at the end of the step, since its other side may stand in the
 * same batch of events. While all places are taken no listener is watched: further connections
 * wait in the kernel's queue, inside the jail. One timer looks after all deadlines.
 *
 * Sources: epoll(7), timerfd_create(2), unix(7). Pinned by tests/unit/test_proxy.c. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#include "sandbox/net/proxy_int.h"
#include "sandbox/rights.h"

#define EVENTS_MAX  64	/* served in one step */
#define ACCEPTS_MAX 32	/* of one listener in one step */
#define TICK_MS	    500 /* between two looks at the deadlines */

uint64_t
proxy_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
proxy_watch(struct sbx_proxy *p, struct watch *w, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = w};
	int op = !w->events ? EPOLL_CTL_ADD : !events ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;

	if (events == w->events)
		return;
	/* What cannot be watched (no memory) is found by its deadline. */
	w->events = epoll_ctl(p->epoll, op, w->fd, &ev) == 0 ? events : 0;
}

/* ---- the list ---- */

const struct net_rule *
proxy_rule(const struct sbx_proxy *p, const struct net_host *h, uint16_t port)
{
	for (size_t i = 0; i < p->nrules; i++)
		if (net_rule_matches(&p->rule[i].r, h, port))
			return &p->rule[i].r;
	return NULL;
}

const struct net_rule *
proxy_local(const struct sbx_proxy *p, uint16_t port)
{
	uint16_t listed;

	for (size_t i = 0; i < p->nrules; i++)
		if (net_rule_local(&p->rule[i].r, &listed) && listed == port)
			return &p->rule[i].r;
	return NULL;
}

bool
proxy_names(const struct sbx_proxy *p, const struct net_host *h)
{
	for (size_t i = 0; i < p->nrules; i++)
		if (net_rule_names(&p->rule[i].r, h))
			return true;
	return false;
}

static char *
copy(const char *text)
{
	char *c = strdup(text);

	if (!c)
		abort();
	return c;
}

bool
sbx_proxy_allow(struct sbx_proxy *p, const char *entry, struct sbx_fail *f)
{
	struct net_rule r;
	uint16_t port;

	if (!net_rule_parse(entry, &r))
		return sbx_fail_set(f, "network entry", EINVAL, entry);
	if (net_rule_local(&r, &port) && (port == NET_PROXY_PORT || port == NET_NAMES_PORT))
		return sbx_fail_set(f, "network entry", EADDRINUSE, entry);
	for (size_t i = 0; i < p->nrules; i++)
		if (strcmp(p->rule[i].text, entry) == 0)
			return true;
	if (p->nrules == NET_RULES_MAX)
		return sbx_fail_set(f, "network entry", E2BIG, entry);
	p->rule = sbx_grow(p->rule, (p->nrules + 1) * sizeof(*p->rule));
	p->rule[p->nrules++] = (struct rule){r, copy(entry)};
	return true;
}

const char *
sbx_proxy_entry(const struct sbx_proxy *p, size_t i)
{
	return i < p->nrules ? p->rule[i].text : NULL;
}

void
proxy_place(const struct net_host *h, uint16_t port, char *out, size_t n)
{
	bool v6 = h->addr.family == AF_INET6, web = port == 80 || port == 443;

	snprintf(out, n, web ? "%s%s%s" : "%s%s%s:%u", v6 ? "[" : "", h->text,
		 v6 ? "]" : "", port);
}

void
proxy_tell(struct sbx_proxy *p, const struct net_host *h, uint16_t port, const char *detail)
{
	struct sbx_notice n = {.kind = SBX_NOTE_HOST};

	if (!p->o.refused)
		return;
	proxy_place(h, port, n.what, sizeof(n.what));
	snprintf(n.detail, sizeof(n.detail), "%s", detail);
	for (size_t i = 0; i < p->ntold; i++)
		if (strcmp(p->told[i], n.what) == 0)
			return;
	if (p->ntold == TOLD_MAX)
		return;
	/* Names are the code's: it could fill the screen with them. */
	if (p->ntold == TOLD_MAX - 1) {
		snprintf(n.what, sizeof(n.what), "*");
		snprintf(n.detail, sizeof(n.detail), "more are refused, and not told");
	}
	p->told[p->ntold++] = copy(n.what);
	p->o.refused(&n, p->o.arg);
}

void
sbx_proxy_forget_told(struct sbx_proxy *p)
{
	for (size_t i = 0; i < p->ntold; i++)
		free(p->told[i]);
	p->ntold = 0;
}

/* ---- connections ---- */

static void
tick(struct sbx_proxy *p, bool on)
{
	const long every_ns = on ? TICK_MS * 1000000L : 0;
	const struct itimerspec t = {.it_interval.tv_nsec = every_ns,
				     .it_value.tv_nsec = every_ns};

	if (on != p->ticking && timerfd_settime(p->timer.fd, 0, &t, NULL) == 0)
		p->ticking = on;
}

/* Listeners are watched while there is a place. The timer stops by itself, later: a connection
 * often follows another. */
static void
settle(struct sbx_proxy *p)
{
	bool full = p->full || p->nconns >= NET_CONNS_MAX;

	while (p->ended) {
		struct conn *c = p->ended;

		p->ended = c->next;
		free(c);
	}
	for (size_t i = 0; i < p->nlisteners; i++)
		proxy_watch(p, &p->listener[i].w, full ? 0 : EPOLLIN);
	if (p->nconns || full)
		tick(p, true);
}

static void
listener_ready(struct sbx_proxy *p, struct watch *w, uint32_t events)
{
	const struct listener *l = (struct listener *)w;

	(void)events;
	for (int i = 0; i < ACCEPTS_MAX && p->nconns < NET_CONNS_MAX; i++) {
		int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			conn_new(p, fd, l->port);
			continue;
		}
		/* No descriptor is left: until the next look nobody is let in. */
		if (errno == EMFILE || errno == ENFILE)
			p->full = true;
		return;
	}
}

static void
timer_ready(struct sbx_proxy *p, struct watch *w, uint32_t events)
{
	uint64_t now = proxy_now(), times;
	struct conn *c, *next;
	bool hurry = p->nconns >= NET_CONNS_MAX;

	(void)events;
	if (read(w->fd, &times, sizeof(times)) < 0)
		return;
	p->full = false;
	for (c = p->conns; c; c = next) {
		next = c->next;
		/* Who says nothing holds no place that another waits for. */
		if (c->deadline <= now ||
		    (hurry && c->state == CONN_HEAD && c->began + NET_HURRY_MS <= now))
			conn_expired(c);
	}
	if (!p->nconns)
		tick(p, false);
}

static void
answers_ready(struct sbx_proxy *p, struct watch *w, uint32_t events)
{
	struct resolved r;
	struct conn *c;

	(void)w;
	(void)events;
	while (resolver_take(p->resolver, &r)) {
		for (c = p->conns; c && c->id != r.id; c = c->next)
			;
		if (c)
			conn_resolved(c, &r);
	}
}

void
sbx_proxy_answer(struct sbx_proxy *p, const char *host, uint16_t port, bool yes,
		 bool always)
{
	char entry[NET_ENTRY_MAX];
	struct conn *c, *next;
	struct sbx_fail f;

	if (yes && always) {
		snprintf(entry, sizeof(entry), port == 80 || port == 443 ? "%s" : "%s:%u",
			 host, port);
		sbx_proxy_allow(p, entry, &f);
	}
	for (c = p->conns; c; c = next) {
		next = c->next;
		if (c->state == CONN_ASKED && c->port == port &&
		    strcmp(c->host.text, host) == 0)
			conn_answered(c, yes);
	}
	settle(p);
}

/* ---- the object ---- */

bool
sbx_proxy_new(struct sbx_proxy **out, const struct sbx_proxy_opts *o, struct sbx_fail *f)
{
	struct sbx_proxy *p = sbx_grow(NULL, sizeof(*p));

	memset(p, 0, sizeof(*p));
	p->o = *o;
	if (!p->o.remedy)
		p->o.remedy = "--allow-net=";
	p->names.fd = p->rights.fd = -1;
	p->timer = (struct watch){
	    .ready = timer_ready,
	    .fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (p->timer.fd < 0 || p->epoll < 0 ||
	    !resolver_new(&p->resolver, o->resolve, o->arg, f)) {
		if (!p->resolver)
			sbx_fail_set(f, "network proxy", errno, NULL);
		sbx_proxy_free(p);
		return false;
	}
	p->answers = (struct watch){.ready = answers_ready, .fd = resolver_fd(p->resolver)};
	p->scratch = sbx_grow(NULL, SCRATCH_SIZE);
	p->pool = pool_new();
	proxy_watch(p, &p->timer, EPOLLIN);
	proxy_watch(p, &p->answers, EPOLLIN);
	*out = p;
	return true;
}

void
sbx_proxy_off(struct sbx_proxy *p)
{
	while (p->conns)
		conn_end(p->conns, true);
	for (size_t i = 0; i < p->nlisteners; i++)
		sbx_shut(&p->listener[i].w.fd);
	sbx_shut(&p->names.fd);
	sbx_shut(&p->rights.fd);
	p->names.events = 0;
	p->nlisteners = 0;
	for (size_t i = 0; i < p->nrules; i++)
		free(p->rule[i].text);
	p->nrules = 0;
	settle(p);
}

void
sbx_proxy_free(struct sbx_proxy *p)
{
	if (!p)
		return;
	if (p->timer.fd >= 0)
		sbx_proxy_off(p);
	sbx_proxy_forget_told(p);
	free(p->rule);
	resolver_free(p->resolver);
	pool_free(p->pool);
	free(p->scratch);
	sbx_shut(&p->timer.fd);
	sbx_shut(&p->epoll);
	free(p);
}

int
sbx_proxy_fd(const struct sbx_proxy *p)
{
	return p->epoll;
}

size_t
sbx_proxy_conns(const struct sbx_proxy *p)
{
	return p->nconns;
}

bool
sbx_proxy_listens(const struct sbx_proxy *p)
{
	return p->nlisteners > 0;
}

void
sbx_proxy_step(struct sbx_proxy *p)
{
	struct epoll_event ev[EVENTS_MAX];
	int n = epoll_wait(p->epoll, ev, EVENTS_MAX, 0);

	for (int i = 0; i < n; i++) {
		struct watch *w = ev[i].data.ptr;

		/* An event before this one may have closed it. */
		if (w->fd >= 0)
			w->ready(p, w, ev[i].events);
	}
	settle(p);
}

/* ---- listeners ---- */

static int
socket_option(int fd, int option)
{
	socklen_t n = sizeof(int);
	int v = -1;

	return getsockopt(fd, SOL_SOCKET, option, &v, &n) ? -1 : v;
}

/* The jail's side may be hostile: only what can be accepted on, or read queries from. */
void
sbx_proxy_listen(struct sbx_proxy *p, uint16_t port, int fd)
{
	int type = socket_option(fd, SO_TYPE);
	struct listener *l;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (socket_option(fd, SO_DOMAIN) != AF_INET) {
		close(fd);
	} else if (type == SOCK_DGRAM && port == NET_NAMES_PORT && p->names.fd < 0) {
		p->names = (struct watch){.ready = names_ready, .fd = fd};
		proxy_watch(p, &p->names, EPOLLIN);
	} else if (type == SOCK_STREAM && socket_option(fd, SO_ACCEPTCONN) == 1 &&
		   p->nlisteners < LISTENERS_MAX) {
		l = &p->listener[p->nlisteners++];
		*l = (struct listener){.w = {.ready = listener_ready, .fd = fd},
				       .port = port};
		settle(p);
	} else {
		close(fd);
	}
}

int
sbx_proxy_take(struct sbx_proxy *p, int rights)
{
	enum rights_kind kind;
	uint32_t number;
	int fd, got;

	while ((got = rights_recv(rights, &kind, &number, &fd)) == 1) {
		if ((kind == RIGHTS_LISTEN || kind == RIGHTS_NAMES) && number <= UINT16_MAX)
			sbx_proxy_listen(p, (uint16_t)number, fd);
		else
			close(fd);
	}
	return got;
}

static void
rights_ready(struct sbx_proxy *p, struct watch *w, uint32_t events)
{
	(void)events;
	if (sbx_proxy_take(p, w->fd) < 0)
		sbx_shut(&w->fd);
}

void
sbx_proxy_adopt(struct sbx_proxy *p, int rights)
{
	p->rights = (struct watch){.ready = rights_ready, .fd = rights};
	proxy_watch(p, &p->rights, EPOLLIN);
}
