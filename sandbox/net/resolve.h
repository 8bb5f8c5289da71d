/* Looking names up on threads. */
#ifndef SUNABA_SANDBOX_NET_RESOLVE_H
#define SUNABA_SANDBOX_NET_RESOLVE_H

#include "sandbox/net/proxy.h"

struct resolver;

struct resolved {
	uint64_t id;
	int n; /* as sbx_resolve_fn */
	struct net_addr addr[NET_ADDRS_MAX];
};

bool resolver_new(struct resolver **out, sbx_resolve_fn *fn, void *arg, struct sbx_fail *f);
/* Threads that look something up still end when it comes back; nothing waits for them. */
void resolver_free(struct resolver *r);
/* Readable when an answer is there. */
int resolver_fd(const struct resolver *r);
/* Queues a name; false when too many wait or no thread can be had. */
bool resolver_ask(struct resolver *r, uint64_t id, const char *host);
/* Takes one answer. */
bool resolver_take(struct resolver *r, struct resolved *out);

#endif
