/* One exchange over HTTP. See exchange.h.
 *
 * An attempt ends in one of three ways: whole, refused by status, or broken on the way. What may
 * be sent again is for retry.c to say; here stands only that nothing is sent twice once a byte
 * of the answer was shown. A clean close without the dialect's terminator is a broken stream.
 * Pinned by tests/unit/test_exchange.c. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/model/exchange.h"
#include "agent/model/exchange_err.h"
#include "agent/model/retry.h"

#define EXCHANGE_ERROR_MAX (64 * KIB) /* bytes of an error body that are read */
#define EXCHANGE_SLOW_MS   20000      /* a silence as long as this is mentioned */

struct attempt {
	struct model *m;
	struct exchange *x;
	struct wire wire;
	struct buf error_body;
	bool wired; /* wire was begun */
	bool told_slow;
	enum err_kind kind;
	struct http_reply http;
	struct err *e;
};

enum err_kind
exchange_http(struct model *m, struct err *e)
{
	return m->http ? ERR_NONE : http_new(m->loop, &m->http, e);
}

/* Body bytes: a good reply goes to the dialect, an error's body is kept. */
static enum http_more
attempt_body(void *arg, const struct http_reply *r, const char *p, size_t n)
{
	struct attempt *a = arg;

	if (r->status < 200 || r->status > 299) {
		size_t room = a->error_body.max - a->error_body.len;

		buf_add(&a->error_body, p, MIN_OF(n, room));
		return HTTP_MORE;
	}
	if (!a->wired) {
		wire_init(&a->wire, r->type, a->x->dialect, a->x->dialect_arg);
		a->wired = true;
	}
	a->kind = wire_feed(&a->wire, p, n, a->e);
	if (a->kind != ERR_NONE)
		return HTTP_STOP;
	return a->x->dialect->done(a->x->dialect_arg) ? HTTP_ENOUGH : HTTP_MORE;
}

static void
attempt_wait(void *arg, int64_t waited_ms, bool begun)
{
	struct attempt *a = arg;
	int64_t limit = begun ? a->m->idle_ms : a->m->first_byte_ms;

	if (waited_ms < EXCHANGE_SLOW_MS || a->told_slow)
		return;
	a->told_slow = true;
	sink_notice(a->x->sink, "'%s' has been silent for %d s, giving up after %d s",
		    a->m->name, (int)(waited_ms / 1000), (int)(limit / 1000));
}

/* The reply is over: judges it. */
static enum err_kind
attempt_judge(struct attempt *a)
{
	struct exchange *x = a->x;
	bool good = a->http.status >= 200 && a->http.status <= 299;

	x->status = a->http.status;
	if (a->kind != ERR_NONE)
		return a->kind;
	if (a->wired && x->dialect->done(x->dialect_arg))
		return wire_end(&a->wire, a->e);
	if (a->http.fail == HTTP_INTERRUPTED)
		return loop_terminated(a->m->loop)
			   ? err_set(a->e, ERR_TERMINATED, "terminated")
			   : err_set(a->e, ERR_INTERRUPTED, "interrupted");
	if (a->http.status && !good && a->http.fail == HTTP_OK) {
		server_error_parse(buf_str(&a->error_body), a->error_body.len, &x->said);
		return exchange_err_status(a->m, &a->http, &x->said, a->e);
	}
	if (a->http.fail != HTTP_OK && a->http.fail != HTTP_STOPPED)
		return exchange_err_fail(a->m, &a->http, a->e);
	if (!a->wired)
		wire_init(&a->wire, a->http.type, x->dialect, x->dialect_arg);
	a->wired = true;
	return wire_end(&a->wire, a->e);
}

static enum err_kind
exchange_once(struct model *m, struct exchange *x, int64_t connect_ms,
	      struct http_reply *http, struct err *e)
{
	struct attempt a = {
	    .m = m, .x = x, .e = e, .error_body = BUF_INIT(EXCHANGE_ERROR_MAX)};
	struct http_request rq = {
	    .url = x->url,
	    .body = x->body,
	    .body_len = x->body_len,
	    .key = m->key,
	    .headers = x->headers,
	    .local = m->local,
	    .connect_ms = connect_ms,
	    .first_byte_ms = m->first_byte_ms,
	    .idle_ms = m->idle_ms,
	    .body_fn = attempt_body,
	    .wait_fn = attempt_wait,
	    .arg = &a,
	};
	enum err_kind k = http_run(m->http, &rq, &a.http, e);

	if (k == ERR_NONE)
		k = attempt_judge(&a);
	reply_end(x->reply);
	if (a.wired)
		wire_release(&a.wire);
	buf_release(&a.error_body);
	*http = a.http;
	return k;
}

static struct retry_out
exchange_decide(const struct model *m, const struct exchange *x,
		const struct http_reply *http, enum err_kind k, int attempts,
		int64_t begun_ms)
{
	struct retry_in in = {
	    .what = RETRY_NEVER,
	    .attempts = attempts,
	    .status = http->status,
	    .local = m->local,
	    .quota = x->said.quota,
	    .retry_after = http->retry_after,
	    .retry_after_ms = http->retry_after_ms,
	    .should_retry = http->should_retry,
	    .now_ms = clock_wall_ms(),
	    .spent_ms = clock_ms() - begun_ms,
	    .random = (unsigned)(clock_us() % 1000),
	};

	if (http->status >= 300 && http->fail == HTTP_OK) {
		in.what = RETRY_STATUS;
	} else if (http->fail == HTTP_REFUSED || http->fail == HTTP_DNS ||
		   http->fail == HTTP_CONNECT_TIME) {
		in.what = RETRY_CONNECT;
	} else if (http->fail == HTTP_BROKEN || k == ERR_TRUNCATED) {
		in.what = RETRY_BROKEN;
	} else if (x->said.status) {
		in.what = RETRY_STATUS;
		in.status = x->said.status;
	}
	return retry_decide(&in);
}

/* Waits on the loop with a countdown once a second. */
static enum err_kind
exchange_wait(struct model *m, const struct exchange *x, const struct retry_out *out,
	      const char *why, struct err *e)
{
	int64_t end = clock_ms() + out->wait_ms, left = out->wait_ms;

	while (left > 0 && !loop_pending(m->loop)) {
		int64_t next = clock_ms() + MIN_OF(left, 1000), now;

		if (out->wait_ms > 1000)
			sink_countdown(x->sink, left, why);
		while ((now = clock_ms()) < next && !loop_pending(m->loop))
			loop_wait(m->loop, (int)(next - now));
		left = end - clock_ms();
	}
	if (out->wait_ms > 1000)
		sink_countdown(x->sink, 0, why);
	if (!loop_pending(m->loop))
		return ERR_NONE;
	return loop_terminated(m->loop) ? err_set(e, ERR_TERMINATED, "terminated")
					: err_set(e, ERR_INTERRUPTED, "interrupted");
}

static void
exchange_announce(const struct exchange *x, const struct retry_out *out, const char *why,
		  int attempts)
{
	char when[32] = "";

	if (out->wait_ms >= 1000)
		snprintf(when, sizeof(when), " in %d s",
			 (int)((out->wait_ms + 999) / 1000));
	sink_notice(x->sink, "%s; trying again%s (%d of %d)", why, when, attempts,
		    RETRY_ATTEMPTS - 1);
}

/* What broke behind shown text is a cut answer, whatever cut it; but what a server overdid it
 * would overdo again. */
static enum err_kind
exchange_shown(const struct exchange *x, enum err_kind k, struct err *e)
{
	bool cut = k == ERR_MODEL || k == ERR_NET || k == ERR_PARSE;

	if (k == ERR_LIMIT) {
		if (e)
			e->kind = ERR_MODEL;
		return ERR_MODEL;
	}

	if (!x->reply->shown || !cut)
		return k;
	if (e)
		e->kind = ERR_TRUNCATED;
	return ERR_TRUNCATED;
}

enum err_kind
exchange_run(struct model *m, struct exchange *x, struct err *e)
{
	int64_t begun_ms = clock_ms(), connect_ms = m->connect_ms;
	enum err_kind k = exchange_http(m, e);
	struct err last = {0};

	for (int attempts = 1; k == ERR_NONE; attempts++) {
		struct http_reply http = {0};
		struct retry_out out;
		char why[200];

		err_clear(&last);
		x->said = (struct server_error){.prompt_tokens = -1, .window = -1};
		reply_reset(x->reply);
		x->restart(x->dialect_arg);
		k = exchange_once(m, x, connect_ms, &http, &last);
		if (k == ERR_NONE)
			return ERR_NONE;
		if (k == ERR_INTERRUPTED || k == ERR_TERMINATED || x->reply->shown)
			break;
		out = exchange_decide(m, x, &http, k, attempts, begun_ms);
		if (!out.again) {
			exchange_err_gave_up(&last, &out, attempts);
			break;
		}
		exchange_err_short(&http, &x->said, why, sizeof(why));
		exchange_redact(m, why);
		exchange_announce(x, &out, why, attempts);
		k = exchange_wait(m, x, &out, why, &last);
		connect_ms = MAX_OF(RETRY_CONNECT_MS - (clock_ms() - begun_ms), 1000);
		connect_ms = MIN_OF(connect_ms, m->connect_ms);
	}
	if (e && last.kind != ERR_NONE)
		*e = last;
	exchange_err_redact(m, e);
	return exchange_shown(x, k, e);
}
