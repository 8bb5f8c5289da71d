/* HTTP over libcurl's multi interface, turned by the agent's loop.
 *
 * While a transfer is on, curl_multi_poll stands in the place of poll, so that terminal, jail
 * and signals are served meanwhile; a pending signal ends the transfer within one turn.
 * Connections are kept for the next request. Redirects are never followed: a key must not
 * travel to another host. */
#ifndef SUNABA_MODEL_HTTP_H
#define SUNABA_MODEL_HTTP_H

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/loop.h"

#define HTTP_PENDING_MAX (64 * MIB) /* bytes received and not yet handed on */

struct http;

enum http_fail {
	HTTP_OK,      /* a reply of some status came whole */
	HTTP_STOPPED, /* the body's receiver wanted no more */
	HTTP_REFUSED,
	HTTP_DNS,
	HTTP_TLS,
	HTTP_PROXY,
	HTTP_CONNECT_TIME, /* no connection within connect_ms */
	HTTP_FIRST_TIME,   /* no byte of a reply within first_byte_ms */
	HTTP_IDLE_TIME,	   /* no further byte within idle_ms */
	HTTP_BROKEN,	   /* reset, cut, or closed without a reply */
	HTTP_INTERRUPTED,
	HTTP_OTHER,
};

struct http_reply {
	int status; /* 0: none came */
	enum http_fail fail;
	char type[96]; /* Content-Type, lower case */
	char retry_after[64], retry_after_ms[32], should_retry[16], location[256];
	char why[256]; /* libcurl's words on a failure */
	int sys;       /* errno of a connection that failed, or 0 */
	int64_t bytes; /* of the body */
};

enum http_more {
	HTTP_MORE,
	HTTP_ENOUGH, /* the rest does not matter; waits a moment so that the connection is kept */
	HTTP_STOP, /* ends the transfer */
};

struct http_request {
	const char *url;
	const char *body; /* POST when not NULL */
	size_t body_len;
	const char *key;	    /* "Authorization: Bearer", or NULL */
	const char *const *headers; /* further lines, ends with NULL; may be NULL itself */
	bool local;		    /* no proxy */
	int64_t connect_ms, first_byte_ms, idle_ms; /* 0: no limit */
	/* A piece of the body; the reply's head is known. */
	enum http_more (*body_fn)(void *arg, const struct http_reply *r, const char *p,
				  size_t n);
	/* About once a second while nothing comes; may be NULL. */
	void (*wait_fn)(void *arg, int64_t waited_ms, bool begun);
	void *arg;
};

enum err_kind http_new(struct loop *loop, struct http **out, struct err *e);
void http_free(struct http *h);

/* One request to its end. Failures are in the reply; an err_kind is ours only. */
enum err_kind http_run(struct http *h, const struct http_request *rq,
		       struct http_reply *out, struct err *e);

/* Several at once: begin each, turn until done or bored, end each (which cancels). */
struct http_xfer;
enum err_kind http_begin(struct http *h, const struct http_request *rq,
			 struct http_xfer **out, struct err *e);
bool http_done(const struct http_xfer *x);
/* Moves every transfer on; waits for at most timeout_ms. false: a signal is pending. */
bool http_turn(struct http *h, int64_t timeout_ms);
void http_end(struct http_xfer *x, struct http_reply *out);

/* GET into a buffer within total_ms; *status 0 on any failure. For small local questions. */
int http_get(struct http *h, const char *url, const char *key, bool local, const char *body,
	     int64_t total_ms, struct buf *out);

#endif
