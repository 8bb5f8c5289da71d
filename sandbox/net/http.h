/* The head of a proxied HTTP request: CONNECT, or any method with an absolute http: URI. Pure;
 * fuzzed by tests/fuzz/fuzz_proxy_head.c. */
#ifndef SUNABA_SANDBOX_NET_HTTP_H
#define SUNABA_SANDBOX_NET_HTTP_H

#include "sandbox/net/name.h"

#define NET_HEAD_MAX (16 * SBX_KIB) /* bytes of a request's head */

enum net_head {
	NET_HEAD_MORE,	  /* not whole yet */
	NET_HEAD_BAD,	  /* no request, or one that means two things: `why` */
	NET_HEAD_CONNECT, /* a tunnel to host and port */
	NET_HEAD_FORWARD, /* a request to be sent on to host and port */
};

struct net_request {
	struct net_host host;
	uint16_t port;
	bool old; /* HTTP/1.0 */
	size_t method_len;
	size_t path, path_len; /* of the URI behind its host; a path_len of 0 is "/" */
	size_t line_len;       /* request line with its line end */
	size_t head_len;       /* the whole head with the empty line */
	const char *why;       /* NET_HEAD_BAD */
};

enum net_head net_http_parse(const char *p, size_t n, struct net_request *r);
/* The head as the server shall get it: origin form, Host of the URI, one request a connection,
 * nothing of what is meant for the proxy. */
void net_http_rewrite(const char *p, const struct net_request *r, struct queue *out);

#endif
