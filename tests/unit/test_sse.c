/* Server-sent events: the standard's cases, and every split point of each. */
#include "tests/unit/cm.h"

#include <string.h>

#include "agent/model/sse.h"

/* Events as "name|data" with '!' for errors, one per line. */
static enum err_kind
note(void *arg, const struct sse_event *ev, struct err *e)
{
	struct buf *b = arg;

	(void)e;
	buf_addf(b, "%s%s|", ev->error ? "!" : "", ev->name);
	buf_add(b, ev->data, ev->n);
	buf_addc(b, '\n');
	return strcmp(ev->data, "stop") == 0 ? ERR_MODEL : ERR_NONE;
}

static void
feed_split(const char *in, size_t n, size_t a, size_t b, struct buf *out)
{
	struct sse s;

	buf_reset(out);
	sse_init(&s, note, out);
	assert_int_equal(sse_feed(&s, in, a, NULL), ERR_NONE);
	assert_int_equal(sse_feed(&s, in + a, b - a, NULL), ERR_NONE);
	assert_int_equal(sse_feed(&s, in + b, n - b, NULL), ERR_NONE);
	assert_int_equal(sse_end(&s, NULL), ERR_NONE);
	sse_release(&s);
}

static void
check_n(const char *in, size_t n, const char *want)
{
	struct buf out = BUF_INIT(64 * KIB);

	for (size_t a = 0; a <= n; a++) {
		for (size_t b = a; b <= n; b++) {
			feed_split(in, n, a, b, &out);
			assert_string_equal(buf_str(&out), want);
		}
	}
	buf_release(&out);
}

static void
check(const char *in, const char *want)
{
	check_n(in, strlen(in), want);
}

static void
line_ends(void **state)
{
	(void)state;
	check("data: a\n\ndata: b\n\n", "|a\n|b\n");
	check("data: a\r\n\r\ndata: b\r\n\r\n", "|a\n|b\n");
	check("data: a\r\rdata: b\r\r", "|a\n|b\n");
	check("data: a\r\n\ndata: b\r\r\n", "|a\n|b\n");
}

static void
fields(void **state)
{
	(void)state;
	check("event: ping\ndata: {}\n\n", "ping|{}\n");
	check("data:x\ndata: y\ndata:  z\n\n", "|x\ny\n z\n");
	check("id: 1\nretry: 5\nwhat: ever\ndata: a\n\n", "|a\n");
	check("data\n\n", "|\n");
	check("event: lonely\n\ndata: a\n\n", "|a\n");
	check("data: a:b: c\n\n", "|a:b: c\n");
}

static void
comments_and_mark(void **state)
{
	(void)state;
	check(": OPENROUTER PROCESSING\n\n:\n\ndata: a\n\n", "|a\n");
	check("\xEF\xBB\xBF"
	      "data: a\n\n",
	      "|a\n");
	check("data: \xE2\x80\xA8 is no line end\n\n", "|\xE2\x80\xA8 is no line end\n");
}

static void
errors(void **state)
{
	(void)state;
	check("error: {\"code\":500}\n\n", "!|{\"code\":500}\n");
	check("event: error\ndata: bad\n\ndata: a\n\n", "!error|bad\n|a\n");
}

static void
end_without_blank_line(void **state)
{
	(void)state;
	check("data: a\n\ndata: b", "|a\n|b\n");
	check("data: a\n\ndata: b\n", "|a\n|b\n");
	check("", "");
	check("\n\n\n", "");
}

static void
nul_is_kept(void **state)
{
	struct buf out = BUF_INIT(KIB);

	(void)state;
	feed_split("data: a\0b\n\n", 11, 3, 8, &out);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "|a\0b\n", 5);
	buf_release(&out);
}

static void
receiver_may_stop(void **state)
{
	struct buf out = BUF_INIT(KIB);
	struct sse s;

	(void)state;
	sse_init(&s, note, &out);
	assert_int_equal(sse_feed(&s, "data: stop\n\ndata: more\n\n", 24, NULL), ERR_MODEL);
	assert_string_equal(buf_str(&out), "|stop\n");
	sse_release(&s);
	buf_release(&out);
}

static void
bounded(void **state)
{
	static char chunk[MIB];
	struct buf out = BUF_INIT(32 * MIB);
	struct sse s;
	enum err_kind k = ERR_NONE;
	size_t fed = 0;

	(void)state;
	memset(chunk, 'x', sizeof(chunk));
	sse_init(&s, note, &out);
	while (k == ERR_NONE && fed < 20) {
		k = sse_feed(&s, chunk, sizeof(chunk), NULL);
		fed++;
	}
	assert_int_equal(k, ERR_LIMIT);
	assert_int_equal(fed, SSE_EVENT_MAX / MIB + 1);
	sse_release(&s);
	sse_init(&s, note, &out);
	k = ERR_NONE;
	for (fed = 0; k == ERR_NONE && fed < 20; fed++) {
		sse_feed(&s, "data:", 5, NULL);
		sse_feed(&s, chunk, sizeof(chunk) - 1, NULL);
		k = sse_feed(&s, "\n", 1, NULL);
	}
	assert_int_equal(k, ERR_LIMIT);
	sse_release(&s);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(line_ends),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(comments_and_mark),
	    cmocka_unit_test(errors),
	    cmocka_unit_test(end_without_blank_line),
	    cmocka_unit_test(nul_is_kept),
	    cmocka_unit_test(receiver_may_stop),
	    cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
