/* Whether a failed request is sent again. See retry.h.
 *
 * A wait that the server asked for is lengthened by up to a quarter, our own is shortened by up
 * to a quarter, so that many clients do not come back in one instant.
 * Pinned by tests/unit/test_retry.c. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "agent/model/retry.h"

#define RETRY_FIRST_MS 500  /* wait before the second request */
#define RETRY_LAST_MS  8000 /* the longest of our own waits */

int64_t
retry_http_date(const char *s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = {0};
	char month[4], zone[4];
	const char *hit;
	time_t t;

	if (sscanf(s, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]", &tm.tm_mday,
		   month, &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone) != 7)
		return -1;
	hit = strstr(months, month);
	if (!hit || strlen(month) != 3 || (hit - months) % 3 || strcmp(zone, "GMT") != 0)
		return -1;
	tm.tm_mon = (int)((hit - months) / 3);
	tm.tm_year -= 1900;
	t = timegm(&tm);
	return t < 0 ? -1 : (int64_t)t * 1000;
}

/* A non-negative decimal number times `unit`, or -1. */
static int64_t
retry_number(const char *s, double unit)
{
	char *end;
	double v = strtod(s, &end);

	if (end == s || !(v >= 0) || v > 1e9 || end[strspn(end, " s")])
		return -1;
	return (int64_t)(v * unit + 0.999);
}

static int64_t
retry_asked(const struct retry_in *in)
{
	int64_t ms = -1;

	if (in->retry_after_ms && *in->retry_after_ms)
		ms = retry_number(in->retry_after_ms, 1);
	if (ms < 0 && in->retry_after && *in->retry_after) {
		ms = retry_number(in->retry_after, 1000);
		if (ms < 0) {
			int64_t date = retry_http_date(in->retry_after);

			ms = date < 0 ? -1 : MAX_OF(date - in->now_ms, 0);
		}
	}
	return ms;
}

static bool
retry_status_may(const struct retry_in *in)
{
	if (in->quota)
		return false;
	if (in->should_retry && strcasecmp(in->should_retry, "false") == 0)
		return false;
	if (in->should_retry && strcasecmp(in->should_retry, "true") == 0)
		return true;
	return in->status == 408 || in->status == 409 || in->status == 429 ||
	       (in->status >= 500 && in->status != 501);
}

static bool
retry_may(const struct retry_in *in)
{
	if (in->attempts >= RETRY_ATTEMPTS)
		return false;
	if (in->what == RETRY_STATUS)
		return retry_status_may(in);
	if (in->what == RETRY_CONNECT)
		return !in->local && in->spent_ms < RETRY_CONNECT_MS;
	return in->what == RETRY_BROKEN;
}

struct retry_out
retry_decide(const struct retry_in *in)
{
	struct retry_out out = {.asked_ms = -1};
	int64_t own = RETRY_FIRST_MS;

	if (in->what == RETRY_STATUS)
		out.asked_ms = retry_asked(in);
	out.again = retry_may(in) && out.asked_ms <= RETRY_ASK_MAX_MS;
	if (!out.again)
		return out;
	for (int i = 1; i < in->attempts && own < RETRY_LAST_MS; i++)
		own *= 2;
	out.asked = out.asked_ms >= 0;
	out.wait_ms = out.asked ? out.asked_ms + out.asked_ms * in->random / 4000
				: own - own * in->random / 4000;
	if (in->what == RETRY_CONNECT && in->spent_ms + out.wait_ms >= RETRY_CONNECT_MS)
		out.again = false;
	return out;
}
