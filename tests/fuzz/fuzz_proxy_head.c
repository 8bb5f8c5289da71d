/* What code inside says to the proxy: a request's head; and the names and entries in it. The
 * first byte chooses. What was understood must hold what the parser promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/net/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_host(const struct net_host *h)
{
	if (strlen(h->text) > NET_NAME_MAX || !h->text[0] ||
	    strspn(h->text, "abcdefghijklmnopqrstuvwxyz0123456789.-_:") != strlen(h->text))
		abort();
}

/* No line end, and no byte that ends one, can come out of a head but those of its lines. */
static void
head(const char *p, size_t n)
{
	struct net_request r;
	enum net_head what = net_http_parse(p, n, &r);
	struct queue q = {0};

	if (what == NET_HEAD_BAD && !r.why)
		abort();
	if (what != NET_HEAD_CONNECT && what != NET_HEAD_FORWARD)
		return;
	check_host(&r.host);
	if (r.head_len > n || r.head_len > NET_HEAD_MAX || !r.port)
		abort();
	if (what == NET_HEAD_FORWARD) {
		net_http_rewrite(p, &r, &q);
		if (memchr(queue_head(&q), 0, queue_len(&q)) ||
		    memcmp(queue_head(&q) + queue_len(&q) - 4, "\r\n\r\n", 4) != 0)
			abort();
		queue_free(&q);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data + 1;
	struct net_host h;
	struct net_rule rule;
	char text[NET_ENTRY_MAX + 8];

	if (size < 1)
		return 0;
	switch (data[0] % 3) {
	case 0:
		if (net_host_parse(p, size - 1, &h))
			check_host(&h);
		break;
	case 1:
		if (size - 1 >= sizeof(text))
			return 0;
		memcpy(text, p, size - 1);
		text[size - 1] = 0;
		if (net_rule_parse(text, &rule))
			check_host(&rule.host);
		break;
	default:
		head(p, size - 1);
	}
	return 0;
}
