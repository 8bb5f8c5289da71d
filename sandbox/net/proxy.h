/* The way out of the jail: hosts of a list, through a proxy that lives outside.
 *
 * The jail hands out listening sockets of its own network; this side accepts on them and dials
 * for the code inside, which has no route to anywhere. Four ways lead here: HTTP's CONNECT and
 * absolute URIs on port 3128, connections to ports 80 and 443 of addresses that the name server
 * below made up, that name server itself (UDP and TCP port 53), which answers every permitted
 * name with an address of 127.64.0.0/10 and asks nobody, and ports of 127.0.0.1 that the list
 * names, which lead to the same port outside.
 *
 * Nothing here blocks: names are resolved on threads, the rest hangs on one descriptor. TLS is
 * passed through untouched. Everything that code sends is hostile: heads, connections, names and
 * waiting are bounded.
 *
 * Pinned by tests/unit/test_proxy.c and tests/jail/test_network.py. */
#ifndef SUNABA_SANDBOX_NET_PROXY_H
#define SUNABA_SANDBOX_NET_PROXY_H

#include "sandbox/net/name.h"

#define NET_PROXY_PORT 3128
#define NET_NAMES_PORT 53
#define NET_HTTP_PORT  80
#define NET_TLS_PORT   443

#define NET_LOCAL_MAX 16      /* ports of the host's own 127.0.0.1 */
#define NET_CONNS_MAX 256     /* connections of the jail's, all kinds together */
#define NET_RULES_MAX 256     /* entries of the list */
#define NET_ASKED_MAX 8	      /* hosts that wait for the user at once */
#define NET_HEAD_MS   10000   /* from the connection to the whole head */
#define NET_HURRY_MS  1000    /* the same while all places are taken */
#define NET_ASK_MS    120000  /* until an unanswered question counts as "no" */
#define NET_DIAL_MS   20000   /* looking up and connecting, all addresses together */
#define NET_IDLE_MS   3600000 /* a tunnel without a byte */
#define NET_HALF_MS   300000  /* the same when one side has ended */
#define NET_LINGER_MS 2000    /* for a refusal to be read */
#define NET_ADDRS_MAX 8	      /* addresses of one name that are tried */

struct sbx_proxy;

enum sbx_verdict {
	SBX_REFUSE,
	SBX_ALLOW, /* this connection */
	SBX_WAIT,  /* held until sbx_proxy_answer() */
};

/* Looks a name up: at most `max` addresses into out, their number; 0: not found, -1: failed.
 * Called on a thread of its own. */
typedef int sbx_resolve_fn(const char *host, struct net_addr *out, int max, void *arg);

struct sbx_proxy_opts {
	/* A host that no entry lists: what now? NULL: refused. Not called again for a host and
	 * port that wait. */
	enum sbx_verdict (*ask)(const char *host, uint16_t port, void *arg);
	/* A host was refused: once for each host and port, and for so many at most. `what` is "host" or "host:port";
	 * detail says why when it is listed and refused all the same. */
	void (*refused)(const struct sbx_notice *n, void *arg);
	const char
	    *remedy; /* "--allow-net=", "/net allow ": what allows the host behind it */
	sbx_resolve_fn *resolve; /* NULL: getaddrinfo */
	unsigned head_ms;	 /* 0: NET_HEAD_MS */
	void *arg;
};

/* Without an entry: nothing passes. */
bool
sbx_proxy_new(struct sbx_proxy **out, const struct sbx_proxy_opts *o, struct sbx_fail *f);
void sbx_proxy_free(struct sbx_proxy *p); /* NULL is fine */
/* Readable when sbx_proxy_step() has something to do. */
int sbx_proxy_fd(const struct sbx_proxy *p);
/* Does what can be done now, a bounded part of it. */
void sbx_proxy_step(struct sbx_proxy *p);

/* Adds an entry: see net/name.h. False with *f (step "network entry") when it is none. */
bool sbx_proxy_allow(struct sbx_proxy *p, const char *entry, struct sbx_fail *f);
/* The entry at i as it was given, or NULL. */
const char *sbx_proxy_entry(const struct sbx_proxy *p, size_t i);
/* Empties the list, ends all connections and closes the listeners. */
void sbx_proxy_off(struct sbx_proxy *p);
/* True while there are listeners. */
bool sbx_proxy_listens(const struct sbx_proxy *p);
/* Refusals that were told are told again. */
void sbx_proxy_forget_told(struct sbx_proxy *p);
/* The user's word on a host that waits. `always` makes an entry of it. */
void sbx_proxy_answer(struct sbx_proxy *p, const char *host, uint16_t port, bool allowed,
		      bool always);
/* Connections alive, for tests and /net. */
size_t sbx_proxy_conns(const struct sbx_proxy *p);

/* Takes what the jail sends over the rights socket (see rights.h) until nothing is there; -1:
 * its end is gone. */
int sbx_proxy_take(struct sbx_proxy *p, int rights);
/* Takes over the rights socket itself and does that whenever something comes. */
void sbx_proxy_adopt(struct sbx_proxy *p, int rights);
/* Takes over one listening socket, or with port 53 and a datagram socket the name server's.
 * What is no such socket is closed. */
void sbx_proxy_listen(struct sbx_proxy *p, uint16_t port, int fd);

#endif
