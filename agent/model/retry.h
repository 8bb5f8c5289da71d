/* Whether a failed request is sent again, and when. Pure.
 *
 * Source: what the official SDKs of OpenAI and Anthropic do (2 further attempts; 408, 409, 429
 * and 5xx; x-should-retry; retry-after-ms before retry-after), and RFC 9110 section 10.2.3. */
#ifndef SUNABA_MODEL_RETRY_H
#define SUNABA_MODEL_RETRY_H

#include "agent/base/util.h"

#define RETRY_ATTEMPTS	 3     /* requests for one exchange, at the most */
#define RETRY_ASK_MAX_MS 60000 /* a longer wait asked for by the server ends the exchange */
#define RETRY_CONNECT_MS 10000 /* all attempts to connect together */

enum retry_case {
	RETRY_STATUS,  /* a reply with an error status came */
	RETRY_CONNECT, /* no connection */
	RETRY_BROKEN,  /* the connection or stream broke before any content */
	RETRY_NEVER,   /* certificate, time out, and the like */
};

struct retry_in {
	enum retry_case what;
	int attempts; /* requests made so far, at least 1 */
	int status;
	bool local; /* a server on this machine */
	bool quota; /* the account has no money left: waiting does not help */
	const char *retry_after, *retry_after_ms,
	    *should_retry; /* header values; may be NULL */
	int64_t now_ms;	   /* wall clock, since 1970 */
	int64_t spent_ms;  /* since the first request */
	unsigned random;   /* 0 to 999 */
};

struct retry_out {
	bool again;
	int64_t wait_ms;
	bool asked;	  /* the server named the time */
	int64_t asked_ms; /* what it named, also when that is too long; -1: nothing */
};

struct retry_out retry_decide(const struct retry_in *in);
/* An HTTP date (RFC 9110, IMF-fixdate) in ms since 1970; -1 when it is none. */
int64_t retry_http_date(const char *s);

#endif
