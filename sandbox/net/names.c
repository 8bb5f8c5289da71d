/* The name server inside the jail: see proxy.h.
 *
 * It asks nobody: a permitted name gets the next address of 127.64.0.0/10, which is all local in
 * the jail, and a connection to that address says by getsockname() which name is meant. What is
 * not permitted does not exist. So names are checked at the connection, where they count, and no
 * query ever leaves the machine.
 *
 * The pool remembers the last names only; an address that was given to another name since, or
 * that was never given, leads nowhere. Pinned by tests/unit/test_proxy.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sandbox/net/dns.h"
#include "sandbox/net/proxy_int.h"

#define POOL_NAMES    1024
#define POOL_BASE     0x7f400000u /* 127.64.0.0 */
#define POOL_SIZE     0x00400000u /* a /10 */
#define QUERIES_ROUND 64	  /* answered at once */
#define OWN_NAME      "sandbox"	  /* what uname says inside */

struct pool {
	uint32_t given; /* addresses, ever */
	struct {
		char *name;
		uint32_t offset; /* in the /10 */
	} slot[POOL_NAMES];
};

struct pool *
pool_new(void)
{
	struct pool *p = sbx_grow(NULL, sizeof(*p));

	memset(p, 0, sizeof(*p));
	return p;
}

void
pool_free(struct pool *p)
{
	for (size_t i = 0; p && i < POOL_NAMES; i++)
		free(p->slot[i].name);
	free(p);
}

const char *
pool_name(const struct pool *p, const struct net_addr *a)
{
	uint32_t v, offset;

	if (a->family != AF_INET)
		return NULL;
	memcpy(&v, a->b, 4);
	offset = ntohl(v) - POOL_BASE;
	if (offset >= POOL_SIZE || p->slot[offset % POOL_NAMES].offset != offset)
		return NULL;
	return p->slot[offset % POOL_NAMES].name;
}

static void
pool_address(struct pool *p, const char *name, unsigned char out[4])
{
	uint32_t v;
	size_t i;

	for (i = 0; i < POOL_NAMES; i++)
		if (p->slot[i].name && strcmp(p->slot[i].name, name) == 0)
			break;
	if (i == POOL_NAMES) {
		/* From 127.64.0.1 on; the last one is left out too. */
		uint32_t offset = 1 + p->given++ % (POOL_SIZE - 2);

		i = offset % POOL_NAMES;
		free(p->slot[i].name);
		p->slot[i].name = strdup(name);
		if (!p->slot[i].name)
			abort();
		p->slot[i].offset = offset;
	}
	v = htonl(POOL_BASE + p->slot[i].offset);
	memcpy(out, &v, 4);
}

static bool
is_local(const char *name)
{
	static const char local[] = ".localhost";
	size_t n = strlen(name), m = sizeof(local) - 1;

	return strcmp(name, local + 1) == 0 || strcmp(name, OWN_NAME) == 0 ||
	       (n > m && strcmp(name + n - m, local) == 0);
}

size_t
names_answer(struct sbx_proxy *p, const unsigned char *query, size_t n, unsigned char *out)
{
	static const unsigned char loopback[] = {127, 0, 0, 1};
	unsigned char made_up[4];
	struct net_query q;
	bool address;

	if (!net_dns_parse(query, n, &q))
		return 0;
	address = q.type == NET_DNS_A || q.type == NET_DNS_AAAA;
	if (is_local(q.host.text))
		return net_dns_answer(query, &q, NET_DNS_NOERROR,
				      q.type == NET_DNS_A ? loopback : NULL, out);
	if (!q.host.text[0] || q.host.addr.family ||
	    (!p->o.ask && !proxy_names(p, &q.host))) {
		if (address && q.host.text[0] && !q.host.addr.family)
			proxy_tell(p, &q.host, NET_TLS_PORT, "");
		return net_dns_answer(query, &q, NET_DNS_NXDOMAIN, NULL, out);
	}
	if (q.type != NET_DNS_A)
		return net_dns_answer(query, &q, NET_DNS_NOERROR, NULL, out);
	pool_address(p->pool, q.host.text, made_up);
	return net_dns_answer(query, &q, NET_DNS_NOERROR, made_up, out);
}

void
names_ready(struct sbx_proxy *p, struct watch *w, uint32_t events)
{
	unsigned char query[NET_DNS_MAX + 1], answer[NET_DNS_MAX];

	(void)events;
	for (int i = 0; i < QUERIES_ROUND; i++) {
		struct sockaddr_storage from;
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(w->fd, query, sizeof(query), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &size);
		size_t len;

		if (n < 0)
			return;
		len = names_answer(p, query, (size_t)n, answer);
		/* An answer that is lost is asked for again. */
		if (len && sendto(w->fd, answer, len, MSG_DONTWAIT | MSG_NOSIGNAL,
				  (struct sockaddr *)&from, size) < 0)
			return;
	}
}
