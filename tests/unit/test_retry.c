/* Which failures are tried again, and after how long. */
#include "tests/unit/cm.h"

#include "agent/model/retry.h"

#define NOW 1700000000000 /* Tue, 14 Nov 2023 22:13:20 GMT */

static struct retry_out
status(int code, int attempts)
{
	struct retry_in in = {
	    .what = RETRY_STATUS, .status = code, .attempts = attempts, .now_ms = NOW};

	return retry_decide(&in);
}

static void
which_statuses(void **state)
{
	static const int yes[] = {408, 409, 429, 500, 502, 503, 504, 529};
	static const int no[] = {300, 302, 400, 401, 402, 403, 404, 405, 413, 422, 501};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		assert_true(status(yes[i], 1).again);
		assert_true(status(yes[i], 2).again);
		assert_false(status(yes[i], 3).again);
	}
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		assert_false(status(no[i], 1).again);
}

static void
own_waits(void **state)
{
	struct retry_in in = {.what = RETRY_BROKEN, .attempts = 1, .random = 0};

	(void)state;
	assert_int_equal(retry_decide(&in).wait_ms, 500);
	in.random = 999;
	assert_in_range(retry_decide(&in).wait_ms, 375, 376);
	in.attempts = 2;
	in.random = 0;
	assert_int_equal(retry_decide(&in).wait_ms, 1000);
	assert_false(retry_decide(&in).asked);
}

static void
asked_waits(void **state)
{
	struct retry_in in = {
	    .what = RETRY_STATUS, .status = 429, .attempts = 1, .now_ms = NOW};

	(void)state;
	in.retry_after = "1";
	assert_int_equal(retry_decide(&in).wait_ms, 1000);
	assert_true(retry_decide(&in).asked);
	in.random = 999;
	assert_in_range(retry_decide(&in).wait_ms, 1200, 1250);
	in.random = 0;
	in.retry_after = "0.25";
	assert_in_range(retry_decide(&in).wait_ms, 250, 251);
	in.retry_after_ms = "40.5";
	assert_in_range(retry_decide(&in).wait_ms, 40, 42);
	in.retry_after_ms = "";
	in.retry_after = "Tue, 14 Nov 2023 22:13:23 GMT";
	assert_int_equal(retry_decide(&in).wait_ms, 3000);
	in.retry_after = "Tue, 14 Nov 2023 22:00:00 GMT"; /* over already */
	assert_int_equal(retry_decide(&in).wait_ms, 0);
	in.retry_after = "soon";
	assert_false(retry_decide(&in).asked);
	assert_int_equal(retry_decide(&in).wait_ms, 500);
}

static void
too_long(void **state)
{
	struct retry_in in = {
	    .what = RETRY_STATUS, .status = 429, .attempts = 1, .now_ms = NOW};

	(void)state;
	in.retry_after = "60";
	assert_true(retry_decide(&in).again);
	in.retry_after = "61";
	assert_false(retry_decide(&in).again);
	assert_int_equal(retry_decide(&in).asked_ms, 61000);
	in.retry_after = "1e300";
	assert_int_equal(retry_decide(&in).asked_ms, -1);
	in.retry_after = "nan";
	assert_int_equal(retry_decide(&in).asked_ms, -1);
	in.retry_after = "-5";
	assert_int_equal(retry_decide(&in).asked_ms, -1);
}

static void
server_decides(void **state)
{
	struct retry_in in = {.what = RETRY_STATUS, .status = 500, .attempts = 1};

	(void)state;
	in.should_retry = "false";
	assert_false(retry_decide(&in).again);
	in.status = 400;
	in.should_retry = "true";
	assert_true(retry_decide(&in).again);
	in.attempts = 3;
	assert_false(retry_decide(&in).again);
	in.attempts = 1;
	in.status = 429;
	in.quota = true;
	assert_false(retry_decide(&in).again);
}

static void
connecting(void **state)
{
	struct retry_in in = {.what = RETRY_CONNECT, .attempts = 1};

	(void)state;
	assert_true(retry_decide(&in).again);
	in.local = true;
	assert_false(retry_decide(&in).again);
	in.local = false;
	in.spent_ms = 9400;
	assert_true(retry_decide(&in).again);
	in.spent_ms = 9500;
	assert_false(retry_decide(&in).again);
	in.what = RETRY_NEVER;
	in.spent_ms = 0;
	assert_false(retry_decide(&in).again);
}

static void
dates(void **state)
{
	(void)state;
	assert_int_equal(retry_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777000);
	assert_int_equal(retry_http_date("Tue, 14 Nov 2023 22:13:20 GMT"), NOW);
	assert_int_equal(retry_http_date("Tue, 14 Foo 2023 22:13:20 GMT"), -1);
	assert_int_equal(retry_http_date("Tue, 14 anF 2023 22:13:20 GMT"), -1);
	assert_int_equal(retry_http_date("Tue, 14 Nov 2023 22:13:20 CET"), -1);
	assert_int_equal(retry_http_date("tomorrow"), -1);
	assert_int_equal(retry_http_date(""), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(which_statuses), cmocka_unit_test(own_waits),
	    cmocka_unit_test(asked_waits),    cmocka_unit_test(too_long),
	    cmocka_unit_test(server_decides), cmocka_unit_test(connecting),
	    cmocka_unit_test(dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
