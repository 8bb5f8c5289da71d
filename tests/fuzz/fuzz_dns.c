/* Queries that code inside sends to the name server. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/net/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char addr[] = {127, 64, 0, 1};
	unsigned char out[NET_DNS_MAX];
	struct net_query q;
	size_t n;

	if (!net_dns_parse(data, size, &q))
		return 0;
	if (strlen(q.host.text) > NET_NAME_MAX)
		abort();
	n = net_dns_answer(data, &q, NET_DNS_NOERROR, addr, out);
	if (n > sizeof(out) || memcmp(out, data, 2) != 0)
		abort();
	net_dns_answer(data, &q, NET_DNS_NXDOMAIN, NULL, out);
	return 0;
}
