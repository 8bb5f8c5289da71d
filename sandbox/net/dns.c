/* DNS messages: see dns.h. One question, class IN, no compression in it; EDNS and whatever else
 * follows the question is passed over. Source: RFC 1035 4.1. Pinned by tests/unit/test_net.c. */
#include "sandbox/net/dns.h"

#include <string.h>

#define HEADER	 12
#define CLASS_IN 1
#define TTL_S	 5 /* short: the pool of addresses goes round */
#define QR	 0x80
#define RD	 0x01
#define RA	 0x80

static uint16_t
load16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Labels to text; 0 when they do not fit or do not end. The bytes used otherwise. */
static size_t
read_name(const unsigned char *p, size_t n, char text[NET_NAME_MAX + 2], size_t *len)
{
	size_t at = 0;

	*len = 0;
	while (at < n && p[at]) {
		size_t label = p[at++];

		if (label > NET_LABEL_MAX || label > n - at ||
		    *len + label + 1 > NET_NAME_MAX + 1)
			return 0;
		/* A dot inside a label would read as two of them. */
		if (memchr(p + at, '.', label))
			return 0;
		memcpy(text + *len, p + at, label);
		text[*len + label] = '.';
		*len += label + 1;
		at += label;
	}
	return at < n ? at + 1 : 0;
}

bool
net_dns_parse(const unsigned char *p, size_t n, struct net_query *q)
{
	char text[NET_NAME_MAX + 2];
	size_t used, len;

	memset(q, 0, sizeof(*q));
	/* A plain query (opcode 0) with one question. */
	if (n < HEADER || n > NET_DNS_MAX || p[2] & 0xf8 || load16(p + 4) != 1)
		return false;
	used = read_name(p + HEADER, n - HEADER, text, &len);
	if (!used || n - HEADER - used < 4 || load16(p + HEADER + used + 2) != CLASS_IN)
		return false;
	q->type = load16(p + HEADER + used);
	q->question_len = used + 4;
	if (!net_host_parse(text, len, &q->host))
		memset(&q->host, 0, sizeof(q->host));
	return true;
}

size_t
net_dns_answer(const unsigned char *p, const struct net_query *q, int rcode,
	       const unsigned char *addr, unsigned char out[NET_DNS_MAX])
{
	static const unsigned char record[] = {0xc0, HEADER, 0, NET_DNS_A, 0, CLASS_IN,
					       0,    0,	     0, TTL_S,	   0, 4};
	size_t n = HEADER + q->question_len;

	memset(out, 0, HEADER);
	memcpy(out, p, 2);
	out[2] = (unsigned char)(QR | (p[2] & RD));
	out[3] = (unsigned char)(RA | rcode);
	out[5] = 1;
	memcpy(out + HEADER, p + HEADER, q->question_len);
	if (!addr)
		return n;
	out[7] = 1;
	memcpy(out + n, record, sizeof(record));
	memcpy(out + n + sizeof(record), addr, 4);
	return n + sizeof(record) + 4;
}
