/* Internet addresses: parsing, printing, and which of them names may never lead to. Pure, but for
 * net_addr_is_own(). */
#ifndef SUNABA_SANDBOX_NET_ADDR_H
#define SUNABA_SANDBOX_NET_ADDR_H

#include <sys/socket.h>

#include "sandbox/util.h"

#define NET_ADDR_TEXT 46 /* bytes of the longest text, with its NUL */

struct net_addr {
	int family; /* AF_INET, AF_INET6; 0: none */
	unsigned char b[16];
};

enum net_addr_class {
	NET_ADDR_PUBLIC,
	NET_ADDR_PRIVATE, /* of a local network: only where the user says so */
	NET_ADDR_CLOSED,  /* this machine, its link, metadata of a cloud, nobody's */
};

/* Dotted quad or colons, nothing else: no octal, no short forms, no zone. */
bool net_addr_parse(const char *text, struct net_addr *out);
void net_addr_text(const struct net_addr *a, char out[NET_ADDR_TEXT]);
bool net_addr_same(const struct net_addr *a, const struct net_addr *b);
/* An IPv4 address inside an IPv6 one counts as itself. */
enum net_addr_class net_addr_class(const struct net_addr *a);
/* One of this machine's interfaces has it. */
bool net_addr_is_own(const struct net_addr *a);
socklen_t
net_addr_sockaddr(const struct net_addr *a, uint16_t port, struct sockaddr_storage *out);
bool net_addr_of_sockaddr(const struct sockaddr *sa, struct net_addr *out);

#endif
