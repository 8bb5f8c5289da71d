/* HTTP over libcurl. See http.h.
 *
 * The write callback only copies; bodies are handed on outside of libcurl, where the receiver
 * may take its time and may turn the loop. Clocks are our own: libcurl's low-speed limit fires
 * seconds late, and a model may think for minutes before its first byte.
 * Pinned by tests/unit/test_exchange.c. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/model/http_xfer.h"

#define HTTP_TICK_MS  1000 /* wait_fn is called about this often */
#define HTTP_RAPID    16 /* pieces in a row, each soon after the other, that make a flood */
#define HTTP_DRAIN_MS 50 /* for the end of a body that does not matter any more */

enum err_kind
http_new(struct loop *loop, struct http **out, struct err *e)
{
	const struct curl_lib *c;
	enum err_kind k = curl_lib_get(&c, e);
	struct http *h;

	if (k != ERR_NONE)
		return k;
	h = mem_alloc(sizeof(*h));
	h->c = c;
	h->loop = loop;
	h->multi = c->curl_multi_init();
	if (!h->multi)
		mem_die("out of memory");
	*out = h;
	return ERR_NONE;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	h->c->curl_multi_cleanup(h->multi);
	free(h);
}

/* A server that sends thousands of small pieces a second would cost a wake-up for each: then the
 * connection is left alone for a moment, while terminal, jail and signals are served. */
static bool
http_gathers(const struct http *h)
{
	return h->rapid >= HTTP_RAPID && clock_us() - h->fed_us < HTTP_GATHER_US;
}

void
http_note_fed(struct http *h)
{
	int64_t now = clock_us();

	h->rapid = now - h->fed_us < HTTP_GATHER_US + 1000 ? h->rapid + 1 : 0;
	h->fed_us = now;
}

static int
http_poll(struct pollfd *fds, nfds_t n, int timeout_ms, void *arg)
{
	struct http *h = arg;
	struct curl_waitfd extra[LOOP_WATCH_MAX + 1];
	unsigned int count = (unsigned int)MIN_OF(n, (nfds_t)ARRAY_LEN(extra));
	int ready;

	if (http_gathers(h) && timeout_ms != 0) {
		ready = poll(fds, n, (int)(HTTP_GATHER_US / 1000));
		if (ready != 0)
			return ready;
	}
	for (unsigned int i = 0; i < count; i++)
		extra[i] = (struct curl_waitfd){
		    .fd = fds[i].fd,
		    .events = (short)((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
				      (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0))};
	h->c->curl_multi_poll(h->multi, extra, count, timeout_ms < 0 ? 60000 : timeout_ms,
			      NULL);
	return poll(fds, n, 0); /* libcurl does not hand on POLLHUP and POLLERR */
}

enum err_kind
http_begin(struct http *h, const struct http_request *rq, struct http_xfer **out,
	   struct err *e)
{
	struct http_xfer *x = mem_alloc(sizeof(*x));

	(void)e;
	x->h = h;
	x->rq = *rq;
	x->in = BUF_INIT(HTTP_PENDING_MAX);
	x->easy = h->c->curl_easy_init();
	if (!x->easy)
		mem_die("out of memory");
	http_setup(x);
	x->last_ms = x->told_ms = clock_ms();
	h->c->curl_multi_add_handle(h->multi, x->easy);
	if (h->active++ == 0)
		loop_set_poll(h->loop, http_poll, h);
	*out = x;
	return ERR_NONE;
}

bool
http_done(const struct http_xfer *x)
{
	return x->done;
}

void
http_end(struct http_xfer *x, struct http_reply *out)
{
	const struct curl_lib *c = x->h->c;

	if (out)
		*out = x->res;
	c->curl_multi_remove_handle(x->h->multi, x->easy);
	c->curl_easy_cleanup(x->easy);
	c->curl_slist_free_all(x->headers);
	if (--x->h->active == 0)
		loop_set_poll(x->h->loop, NULL, NULL);
	buf_release(&x->in);
	free(x);
}

/* "Failed to connect to HOST port N" with a host that the address does not name: a proxy. */
static bool
http_was_proxy(const struct http_xfer *x)
{
	const char *at = strstr(x->errbuf, "onnect to ");
	char host[256];
	size_t n;

	if (!at)
		return false;
	at += strlen("onnect to ");
	n = MIN_OF(strcspn(at, " "), sizeof(host) - 1);
	memcpy(host, at, n);
	host[n] = '\0';
	return n > 0 && !strcasestr(x->rq.url, host);
}

static enum http_fail
http_fail_of(CURLcode code, const struct http_xfer *x)
{
	switch ((int)code) {
	case CURLE_OK:
		return HTTP_OK;
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_DNS;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return HTTP_PROXY;
	case CURLE_COULDNT_CONNECT:
		return http_was_proxy(x) ? HTTP_PROXY : HTTP_REFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_CONNECT_TIME;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_TLS;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		/* 56 is also what libcurl says when a proxy refuses CONNECT. */
		return strstr(x->errbuf, "CONNECT tunnel") ? HTTP_PROXY : HTTP_BROKEN;
	default:
		return HTTP_OTHER;
	}
}

static void
http_finish(struct http_xfer *x, enum http_fail fail, const char *why)
{
	x->done = true;
	x->res.fail = fail;
	http_copy(x->res.why, sizeof(x->res.why), why, strlen(why));
}

/* Hands on what came; the transfer may be done afterwards. */
static void
http_deliver(struct http_xfer *x)
{
	enum http_more more = HTTP_MORE;

	if (!x->in.len)
		return;
	x->last_ms = x->told_ms = clock_ms();
	x->begun = true;
	x->res.bytes += (int64_t)x->in.len;
	if (x->rq.body_fn && x->enough_ms == 0)
		more = x->rq.body_fn(x->rq.arg, &x->res, buf_str(&x->in), x->in.len);
	if (more == HTTP_ENOUGH)
		x->enough_ms = x->last_ms;
	else if (more == HTTP_STOP && !x->done)
		http_finish(x, HTTP_STOPPED, "");
	buf_reset(&x->in);
}

static void
http_collect(struct http *h)
{
	CURLMsg *m;
	long sys = 0;
	int left;

	while ((m = h->c->curl_multi_info_read(h->multi, &left))) {
		struct http_xfer *x = NULL;
		enum http_fail fail;

		if (m->msg != CURLMSG_DONE)
			continue;
		h->c->curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x);
		fail = http_fail_of(m->data.result, x);
		h->c->curl_easy_getinfo(m->easy_handle, CURLINFO_OS_ERRNO, &sys);
		x->res.sys = (int)sys;
		http_deliver(x);
		if (!x->done)
			http_finish(x, fail,
				    x->errbuf[0]
					? x->errbuf
					: h->c->curl_easy_strerror(m->data.result));
	}
}

bool
http_turn(struct http *h, int64_t timeout_ms)
{
	int running;

	h->c->curl_multi_perform(h->multi, &running);
	http_collect(h);
	if (loop_pending(h->loop))
		return false;
	if (timeout_ms > 0 && running > 0) {
		loop_wait(h->loop, (int)MIN_OF(timeout_ms, 60000));
		h->c->curl_multi_perform(h->multi, &running);
		http_collect(h);
	}
	return !loop_pending(h->loop);
}

/* Ends the transfer when its clock has run out; else ms until something is due. */
static int64_t
http_clock(struct http_xfer *x)
{
	int64_t now = clock_ms(), limit = x->begun ? x->rq.idle_ms : x->rq.first_byte_ms;
	int64_t due = x->told_ms + HTTP_TICK_MS - now;

	if (x->enough_ms) {
		if (now - x->enough_ms >= HTTP_DRAIN_MS)
			http_finish(x, HTTP_STOPPED, "");
		return MAX_OF(x->enough_ms + HTTP_DRAIN_MS - now, 0);
	}
	if (due <= 0) {
		x->told_ms = now;
		due = HTTP_TICK_MS;
		if (x->rq.wait_fn)
			x->rq.wait_fn(x->rq.arg, now - x->last_ms, x->begun);
	}
	if (limit <= 0)
		return due;
	if (now - x->last_ms >= limit) {
		http_finish(x, x->begun ? HTTP_IDLE_TIME : HTTP_FIRST_TIME, "time is over");
		return 0;
	}
	return MIN_OF(due, x->last_ms + limit - now);
}

enum err_kind
http_run(struct http *h, const struct http_request *rq, struct http_reply *out,
	 struct err *e)
{
	struct http_xfer *x;
	enum err_kind k = http_begin(h, rq, &x, e);
	int64_t wait_ms = 0;

	if (k != ERR_NONE)
		return k;
	while (!x->done) {
		bool quiet = http_turn(h, wait_ms);

		http_deliver(x);
		if (!quiet && !x->done)
			http_finish(x, HTTP_INTERRUPTED, "");
		if (!x->done)
			wait_ms = http_clock(x);
	}
	http_end(x, out);
	return ERR_NONE;
}

static enum http_more
http_get_body(void *arg, const struct http_reply *r, const char *p, size_t n)
{
	(void)r;
	return buf_add(arg, p, n) ? HTTP_MORE : HTTP_STOP;
}

int
http_get(struct http *h, const char *url, const char *key, bool local, const char *body,
	 int64_t total_ms, struct buf *out)
{
	struct http_request rq = {.url = url,
				  .key = key,
				  .local = local,
				  .body = body,
				  .body_len = body ? strlen(body) : 0,
				  .connect_ms = total_ms,
				  .body_fn = http_get_body,
				  .arg = out};
	struct http_reply res;
	struct http_xfer *x;
	int64_t end = clock_ms() + total_ms;

	buf_reset(out);
	if (http_begin(h, &rq, &x, NULL) != ERR_NONE)
		return 0;
	while (!x->done && clock_ms() < end && http_turn(h, MAX_OF(end - clock_ms(), 1)))
		http_deliver(x);
	http_deliver(x);
	if (!x->done)
		x->res.status = 0;
	http_end(x, &res);
	return res.fail == HTTP_OK ? res.status : 0;
}
