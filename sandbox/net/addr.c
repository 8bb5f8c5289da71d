/* Addresses: see addr.h.
 *
 * A name on the allow-list is an agreement about a server elsewhere. Whoever runs its zone could
 * answer with an address of this machine, of its network or of the cloud's metadata service, so
 * what a name leads to is looked at as a table of prefixes before anything is dialled.
 *
 * Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries, RFC 6890, RFC 6052 (64:ff9b),
 * RFC 3056 (2002::/16). Pinned by tests/unit/test_net.c. */
#include "sandbox/net/addr.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

struct prefix {
	enum net_addr_class what;
	unsigned bits;
	unsigned char b[16];
};

static const struct prefix prefixes4[] = {
    {NET_ADDR_CLOSED, 8, {0}},			 /* "this network" */
    {NET_ADDR_CLOSED, 8, {127}},		 /* loopback */
    {NET_ADDR_CLOSED, 16, {169, 254}},		 /* link-local, metadata of most clouds */
    {NET_ADDR_CLOSED, 32, {100, 100, 100, 200}}, /* metadata, Alibaba */
    {NET_ADDR_CLOSED, 32, {168, 63, 129, 16}},	 /* metadata, Azure */
    {NET_ADDR_CLOSED, 24, {192, 0, 0}},		 /* protocol assignments, Oracle metadata */
    {NET_ADDR_CLOSED, 4, {224}},		 /* multicast */
    {NET_ADDR_CLOSED, 4, {240}},		 /* reserved, broadcast */
    {NET_ADDR_PRIVATE, 8, {10}},		 /* RFC 1918 */
    {NET_ADDR_PRIVATE, 12, {172, 16}},		 /* RFC 1918 */
    {NET_ADDR_PRIVATE, 16, {192, 168}},		 /* RFC 1918 */
    {NET_ADDR_PRIVATE, 10, {100, 64}},		 /* carrier's own, RFC 6598 */
    {NET_ADDR_PRIVATE, 15, {198, 18}},		 /* benchmarks */
};

static const struct prefix prefixes6[] = {
    {NET_ADDR_CLOSED, 96, {0}},				/* ::, ::1, v4-compatible */
    {NET_ADDR_CLOSED, 10, {0xfe, 0x80}},		/* link-local */
    {NET_ADDR_CLOSED, 10, {0xfe, 0xc0}},		/* site-local, of old */
    {NET_ADDR_CLOSED, 8, {0xff}},			/* multicast */
    {NET_ADDR_CLOSED, 32, {0x20, 0x01, 0, 0}},		/* Teredo */
    {NET_ADDR_CLOSED, 48, {0, 0x64, 0xff, 0x9b, 0, 1}}, /* local-use NAT64 */
    {NET_ADDR_CLOSED, 64, {0xfd, 0, 0x0e, 0xc2}},	/* metadata, Amazon */
    {NET_ADDR_CLOSED, 64, {0xfd, 0x20, 0, 0xce}},	/* metadata, Google */
    {NET_ADDR_PRIVATE, 7, {0xfc}},			/* unique local */
};

/* Where an IPv4 address sits inside an IPv6 one, at byte `at`. */
static const struct {
	unsigned bits, at;
	unsigned char b[16];
} embedded[] = {
    {96, 12, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}}, /* v4-mapped */
    {96, 12, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}}, /* v4-translated */
    {96, 12, {0, 0x64, 0xff, 0x9b}},			  /* NAT64 */
    {16, 2, {0x20, 0x02}},				  /* 6to4 */
};

static bool
has_prefix(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return !rest || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static enum net_addr_class
class_in(const struct prefix *p, size_t n, const unsigned char *b)
{
	for (size_t i = 0; i < n; i++)
		if (has_prefix(b, p[i].b, p[i].bits))
			return p[i].what;
	return NET_ADDR_PUBLIC;
}

/* The IPv4 address that *a stands for, if it does. */
static bool
inner4(const struct net_addr *a, struct net_addr *out)
{
	for (size_t i = 0; i < SBX_LEN(embedded); i++)
		if (has_prefix(a->b, embedded[i].b, embedded[i].bits)) {
			*out = (struct net_addr){.family = AF_INET};
			memcpy(out->b, a->b + embedded[i].at, 4);
			return true;
		}
	return false;
}

enum net_addr_class
net_addr_class(const struct net_addr *a)
{
	struct net_addr inner;

	if (a->family == AF_INET)
		return class_in(prefixes4, SBX_LEN(prefixes4), a->b);
	if (a->family != AF_INET6)
		return NET_ADDR_CLOSED;
	if (inner4(a, &inner))
		return class_in(prefixes4, SBX_LEN(prefixes4), inner.b);
	return class_in(prefixes6, SBX_LEN(prefixes6), a->b);
}

bool
net_addr_parse(const char *text, struct net_addr *out)
{
	memset(out, 0, sizeof(*out));
	out->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(out->family, text, out->b) == 1;
}

void
net_addr_text(const struct net_addr *a, char out[NET_ADDR_TEXT])
{
	if (!inet_ntop(a->family, a->b, out, NET_ADDR_TEXT))
		out[0] = 0;
}

bool
net_addr_same(const struct net_addr *a, const struct net_addr *b)
{
	return a->family == b->family &&
	       memcmp(a->b, b->b, a->family == AF_INET ? 4 : 16) == 0;
}

socklen_t
net_addr_sockaddr(const struct net_addr *a, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)a->family;
	if (a->family == AF_INET) {
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, a->b, 4);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, a->b, 16);
	return sizeof(*v6);
}

bool
net_addr_of_sockaddr(const struct sockaddr *sa, struct net_addr *out)
{
	memset(out, 0, sizeof(*out));
	out->family = sa->sa_family;
	if (sa->sa_family == AF_INET)
		memcpy(out->b, &((const struct sockaddr_in *)(const void *)sa)->sin_addr,
		       4);
	else if (sa->sa_family == AF_INET6)
		memcpy(out->b, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		       16);
	else
		return false;
	return true;
}

bool
net_addr_is_own(const struct net_addr *a)
{
	struct ifaddrs *list, *i;
	struct net_addr own, inner;
	bool found = false;

	if (a->family == AF_INET6 && inner4(a, &inner))
		a = &inner;
	/* Not to be had: take the careful answer. */
	if (getifaddrs(&list))
		return true;
	for (i = list; i && !found; i = i->ifa_next)
		found = i->ifa_addr && net_addr_of_sockaddr(i->ifa_addr, &own) &&
			net_addr_same(&own, a);
	freeifaddrs(list);
	return found;
}
