/* Queries to the resolver inside the jail, and its answers. Pure; fuzzed by
 * tests/fuzz/fuzz_dns.c. */
#ifndef SUNABA_SANDBOX_NET_DNS_H
#define SUNABA_SANDBOX_NET_DNS_H

#include "sandbox/net/name.h"

#define NET_DNS_MAX 512 /* bytes of a message; longer ones are dropped */

#define NET_DNS_A	 1
#define NET_DNS_AAAA	 28
#define NET_DNS_NOERROR	 0
#define NET_DNS_NXDOMAIN 3
#define NET_DNS_NOTIMP	 4

struct net_query {
	struct net_host host; /* text "" when the name is none that a host can have */
	uint16_t type;
	size_t question_len; /* bytes of the question behind the header */
};

/* False: not a query of one question; nothing is to be answered. */
bool net_dns_parse(const unsigned char *p, size_t n, struct net_query *q);
/* Answers query `p` into out; with addr (IPv4) one A record. Returns its length. */
size_t net_dns_answer(const unsigned char *p, const struct net_query *q, int rcode,
		      const unsigned char *addr, unsigned char out[NET_DNS_MAX]);

#endif
