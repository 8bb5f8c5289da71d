/* The words for what goes wrong between us and a server. See exchange_err.h.
 * Pinned by tests/unit/test_exchange.c. */
#include <errno.h>
#include <string.h>

#include "agent/model/exchange_err.h"
#include "agent/model/vendor.h"

#define REDACT_LEAST 4 /* bytes; a shorter key is no secret */

static enum err_kind
err_refused(const struct model *m, int sys, struct err *e)
{
	const char *command = vendor_start_command(m->vendor, m->base_url);

	if (sys && sys != ECONNREFUSED) {
		err_set(e, ERR_NET, "'%s' cannot be reached (%s)", m->base_url,
			strerror(sys));
		err_hint(e, "check the address and your network");
		return ERR_NET;
	}
	err_set(e, ERR_NET, "nothing answers at '%s' (connection refused)", m->base_url);
	if (m->local && command)
		err_hint(e, "start the server: %s", command);
	else
		err_hint(e, "check the address, or that the server is running");
	return ERR_NET;
}

static enum err_kind
err_with_hint(struct err *e, enum err_kind k, const char *hint)
{
	err_hint(e, "%s", hint);
	return k;
}

enum err_kind
exchange_err_fail(const struct model *m, const struct http_reply *r, struct err *e)
{
	switch (r->fail) {
	case HTTP_REFUSED:
		return err_refused(m, r->sys, e);
	case HTTP_DNS:
		err_set(e, ERR_NET, "the name of the server '%s' cannot be resolved",
			m->base_url);
		return err_with_hint(e, ERR_NET, "check the name, and that you are online");
	case HTTP_TLS:
		err_set(e, ERR_NET, "no secure connection to '%s': %s", m->base_url,
			r->why);
		return err_with_hint(
		    e, ERR_NET,
		    "for a private authority set SSL_CERT_FILE to its certificate");
	case HTTP_PROXY:
		err_set(e, ERR_NET, "the proxy on the way to '%s' failed: %s", m->base_url,
			r->why);
		return err_with_hint(e, ERR_NET,
				     "check https_proxy, http_proxy and no_proxy");
	case HTTP_CONNECT_TIME:
		err_set(e, ERR_NET, "'%s' did not accept a connection in time",
			m->base_url);
		return err_with_hint(e, ERR_NET, "check the address and your network");
	case HTTP_FIRST_TIME:
		return err_set(e, ERR_NET, "'%s' did not begin to answer within %d s",
			       m->base_url, (int)(m->first_byte_ms / 1000));
	case HTTP_IDLE_TIME:
		return err_set(e, ERR_NET, "'%s' stopped in the middle: nothing for %d s",
			       m->base_url, (int)(m->idle_ms / 1000));
	case HTTP_BROKEN:
		return err_set(e, r->bytes ? ERR_TRUNCATED : ERR_NET,
			       "the connection to '%s' broke: %s", m->base_url, r->why);
	case HTTP_OK:
	case HTTP_STOPPED:
	case HTTP_INTERRUPTED:
	case HTTP_OTHER:
		break;
	}
	return err_set(e, ERR_NET, "talking to '%s' failed: %s", m->base_url, r->why);
}

static enum err_kind
err_auth(const struct model *m, int status, const struct server_error *said, struct err *e)
{
	if (m->key)
		err_set(e, ERR_AUTH, "'%s' refused the key from %s (%d)%s%s", m->base_url,
			m->key_source ? m->key_source : "the configuration", status,
			said->msg[0] ? ": " : "", said->msg);
	else
		err_set(e, ERR_AUTH, "'%s' wants a key (%d)%s%s", m->base_url, status,
			said->msg[0] ? ": " : "", said->msg);
	if (m->key)
		err_hint(e, "check the key, and that it belongs to this server");
	else
		err_hint(e, "set %s, or api_key in the configuration",
			 m->vendor && m->vendor->key_var[0] ? m->vendor->key_var[0]
							    : "OPENAI_API_KEY");
	return ERR_AUTH;
}

enum err_kind
exchange_err_status(const struct model *m, const struct http_reply *r,
		    const struct server_error *said, struct err *e)
{
	const char *words = said->msg[0] ? said->msg : "no further words";

	if (r->status >= 300 && r->status < 400) {
		err_set(e, ERR_MODEL, "'%s' points elsewhere (%d): '%s'", m->base_url,
			r->status, r->location);
		return err_with_hint(e, ERR_MODEL,
				     "redirects are not followed; give the right address "
				     "with --api-base");
	}
	if (said->context || r->status == 413) {
		err_set(e, ERR_CONTEXT, "the conversation is too long for '%s': %s",
			m->name, words);
		return err_with_hint(e, ERR_CONTEXT,
				     "shorten it, or say the window's size with --context");
	}
	if ((r->status == 401 || r->status == 403) && !said->filtered)
		return err_auth(m, r->status, said, e);
	err_set(e, ERR_MODEL, "'%s' answered %d: %s", m->base_url, r->status, words);
	if (said->quota)
		err_hint(e, "the account behind the key has no credit left");
	else if (said->filtered)
		err_hint(e, "the server's content filter stopped the request");
	return ERR_MODEL;
}

void
exchange_err_short(const struct http_reply *r, const struct server_error *said, char *out,
		   size_t cap)
{
	static const char *const words[] = {
	    [HTTP_OK] = "the answer broke off",
	    [HTTP_STOPPED] = "the server failed",
	    [HTTP_REFUSED] = "connection refused",
	    [HTTP_DNS] = "the server's name cannot be resolved",
	    [HTTP_CONNECT_TIME] = "no connection in time",
	    [HTTP_BROKEN] = "the connection broke",
	};
	const char *w = (size_t)r->fail < ARRAY_LEN(words) ? words[r->fail] : NULL;

	if (r->status == 429)
		snprintf(out, cap, "the server asks to slow down (429)");
	else if (r->status == 503 || r->status == 529)
		snprintf(out, cap, "the server is busy (%d)", r->status);
	else if (r->status >= 300)
		snprintf(out, cap, "the server failed (%d)", r->status);
	else if (r->fail == HTTP_REFUSED && r->sys && r->sys != ECONNREFUSED)
		snprintf(out, cap, "no connection (%s)", strerror(r->sys));
	else if (said->msg[0])
		snprintf(out, cap, "the server failed: %.100s", said->msg);
	else
		snprintf(out, cap, "%s", w ? w : "the request failed");
}

void
exchange_err_gave_up(struct err *e, const struct retry_out *out, int attempts)
{
	size_t n = strlen(e->msg);

	if (out->asked_ms > RETRY_ASK_MAX_MS)
		err_hint(e, "the server asks to wait %lld s; try again then",
			 (long long)(out->asked_ms / 1000));
	else if (attempts > 1 && n < sizeof(e->msg) - 1)
		snprintf(e->msg + n, sizeof(e->msg) - n, " (tried %d times)", attempts);
}

/* "http://user:password@host" without the middle, wherever an address stands. */
static void
redact_userinfo(char *text)
{
	for (char *p = text; (p = strstr(p, "://"));) {
		size_t n = strcspn(p += 3, "/?#'\" ");
		char *at = memrchr(p, '@', n);

		if (at)
			memmove(p, at + 1, strlen(at + 1) + 1);
	}
}

void
exchange_redact(const struct model *m, char *text)
{
	size_t n = m->key ? strlen(m->key) : 0;
	char *hit;

	redact_userinfo(text);
	while (n >= REDACT_LEAST && (hit = strstr(text, m->key))) {
		memmove(hit + 3, hit + n, strlen(hit + n) + 1);
		memcpy(hit, "...", 3);
	}
}

void
exchange_err_redact(const struct model *m, struct err *e)
{
	if (!e)
		return;
	exchange_redact(m, e->msg);
	exchange_redact(m, e->hint);
}
