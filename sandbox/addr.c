/* Socket addresses: see addr.h. The kernel reads them by length first, then by family; so is it
 * done here. Sources: ip(7), ipv6(7). Pinned by tests/unit/test_notify.c. */
#include "sandbox/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define IN6_LEAST 24 /* bytes that the kernel takes for an IPv6 address: without a scope */

/* 127.0.0.0/8, and 0.0.0.0, which connects to it. */
static bool
own4(const unsigned char a[4])
{
	static const unsigned char any[4] = {0, 0, 0, 0};

	return a[0] == 127 || memcmp(a, any, sizeof(any)) == 0;
}

/* ::1, ::, and IPv4's in IPv6 form. */
static bool
own6(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_V4MAPPED(a))
		return own4(a->s6_addr + 12);
	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a);
}

static enum addr
inet4(const unsigned char *p, size_t n, char text[ADDR_TEXT], unsigned *port)
{
	char host[INET_ADDRSTRLEN];
	struct sockaddr_in sin;

	if (n < sizeof(sin))
		return ADDR_OTHER;
	memcpy(&sin, p, sizeof(sin));
	inet_ntop(AF_INET, &sin.sin_addr, host, sizeof(host));
	*port = ntohs(sin.sin_port);
	snprintf(text, ADDR_TEXT, "%s:%u", host, *port);
	return own4((const unsigned char *)&sin.sin_addr) ? ADDR_OWN : ADDR_AWAY;
}

static enum addr
inet6(const unsigned char *p, size_t n, char text[ADDR_TEXT], unsigned *port)
{
	char host[INET6_ADDRSTRLEN];
	struct sockaddr_in6 sin6;

	if (n < IN6_LEAST)
		return ADDR_OTHER;
	memset(&sin6, 0, sizeof(sin6));
	memcpy(&sin6, p, n < sizeof(sin6) ? n : sizeof(sin6));
	inet_ntop(AF_INET6, &sin6.sin6_addr, host, sizeof(host));
	*port = ntohs(sin6.sin6_port);
	snprintf(text, ADDR_TEXT, "[%s]:%u", host, *port);
	return own6(&sin6.sin6_addr) ? ADDR_OWN : ADDR_AWAY;
}

enum addr
addr_of(const unsigned char *p, size_t n, char text[ADDR_TEXT], unsigned *port)
{
	sa_family_t family;

	if (n < sizeof(family))
		return ADDR_OTHER;
	memcpy(&family, p, sizeof(family));
	if (family == AF_INET)
		return inet4(p, n, text, port);
	return family == AF_INET6 ? inet6(p, n, text, port) : ADDR_OTHER;
}
