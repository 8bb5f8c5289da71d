/* The proxy's inner state, shared by its own files: proxy.c (object, listeners, list), conn.c (a
 * connection until it is through), refuse.c (or not), tunnel.c (bytes), names.c (the name server). */
#ifndef SUNABA_SANDBOX_NET_PROXY_INT_H
#define SUNABA_SANDBOX_NET_PROXY_INT_H

#include "sandbox/net/http.h"
#include "sandbox/net/proxy.h"
#include "sandbox/net/resolve.h"

#define LISTENERS_MAX (4 + NET_LOCAL_MAX)
#define TOLD_MAX      32 /* hosts whose refusal is told until sbx_proxy_forget_told() */
#define SCRATCH_SIZE  (64 * SBX_KIB) /* bytes moved at once */

/* What epoll points to; first member of whatever is watched. */
struct watch {
	void (*ready)(struct sbx_proxy *p, struct watch *w, uint32_t events);
	int fd;
	uint32_t events; /* 0: not watched */
};

struct listener {
	struct watch w;
	uint16_t port;
};

enum conn_state {
	CONN_HEAD,   /* reads what the code wants */
	CONN_ASKED,  /* waits for the user */
	CONN_LOOKUP, /* waits for the name's addresses */
	CONN_DIAL,   /* connects to one of them */
	CONN_TUNNEL, /* moves bytes */
	CONN_LAST,   /* writes its last bytes, and lets them be read */
	CONN_ENDED,  /* closed; freed at the end of the step */
};

/* One side of a connection. */
struct end {
	struct watch w;
	struct conn *conn;
	struct queue out; /* bytes that this side has yet to take */
	bool eof, shut;	  /* it has sent its last; it was told that no more comes */
};

struct conn {
	struct conn *next;
	struct sbx_proxy *p;
	struct end in, out; /* the code inside, the server outside */
	enum conn_state state;
	uint16_t entrance; /* the listener's port */
	uint64_t id, began, deadline;
	struct queue got; /* of the code, not handed on yet */
	enum net_head kind;
	struct net_request req;
	struct net_host host;
	uint16_t port, dial_port;
	bool private_allowed;
	struct net_addr addr[NET_ADDRS_MAX];
	int naddr, at;
};

struct rule {
	struct net_rule r;
	char *text;
};

struct pool;

struct sbx_proxy {
	struct sbx_proxy_opts o;
	int epoll;
	struct watch timer, answers, names, rights;
	struct listener listener[LISTENERS_MAX];
	size_t nlisteners;
	struct rule *rule; /* NET_RULES_MAX at most */
	size_t nrules;
	struct conn *conns, *ended;
	size_t nconns;
	uint64_t last_id;
	bool ticking;
	bool full; /* no listener is watched: all places are taken */
	struct resolver *resolver;
	struct pool *pool;
	char *told[TOLD_MAX];
	size_t ntold;
	unsigned char *scratch;
};

/* ---- proxy.c ---- */
uint64_t proxy_now(void); /* ms */
/* Watches w->fd for `events`; 0: not at all. */
void proxy_watch(struct sbx_proxy *p, struct watch *w, uint32_t events);
const struct net_rule *
proxy_rule(const struct sbx_proxy *p, const struct net_host *h, uint16_t port);
/* What lists this port of the host's own 127.0.0.1, or NULL. */
const struct net_rule *proxy_local(const struct sbx_proxy *p, uint16_t port);
bool proxy_names(const struct sbx_proxy *p, const struct net_host *h);
/* Tells of a refusal, once. `detail` may be "". */
void proxy_tell(struct sbx_proxy *p, const struct net_host *h, uint16_t port,
		const char *detail);
/* "host", or "host:port" when the port is not one of the web's. */
void proxy_place(const struct net_host *h, uint16_t port, char *out, size_t n);

/* ---- conn.c ---- */
/* Takes over a connection that came to the listener of port `entrance`. */
void conn_new(struct sbx_proxy *p, int fd, uint16_t entrance);
/* Closes both sides; `abort`: so that the code sees a reset, not an end. */
void conn_end(struct conn *c, bool abort);
void conn_expired(struct conn *c);
void conn_resolved(struct conn *c, const struct resolved *r);
void conn_answered(struct conn *c, bool allowed);
/* Watches what the state waits for. */
void conn_watch(struct conn *c);

/* ---- refuse.c ---- */
/* The list's refusal, told to the user too. `why` may be "". */
void refuse_listed(struct conn *c, const char *why);
/* What is allowed, but cannot be had. */
void refuse_fail(struct conn *c, int status, const char *why);
/* Any last word; status 0: none but what waits to be written. */
void refuse_say(struct conn *c, int status, const char *text);
void refuse_ready(struct conn *c);

/* ---- tunnel.c ---- */
void tunnel_begin(struct conn *c);
void tunnel_ready(struct conn *c);
/* Writes what `e` takes now; false when it is broken. */
bool end_flush(struct end *e);

/* ---- names.c ---- */
struct pool *pool_new(void);
void pool_free(struct pool *p);
/* The name behind an address that was made up, or NULL. */
const char *pool_name(const struct pool *p, const struct net_addr *a);
/* Answers one query; the answer's length, 0: none. */
size_t
names_answer(struct sbx_proxy *p, const unsigned char *query, size_t n, unsigned char *out);
void names_ready(struct sbx_proxy *p, struct watch *w, uint32_t events);

#endif
