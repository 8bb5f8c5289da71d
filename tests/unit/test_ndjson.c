/* Lines of JSON at every split point. */
#include "tests/unit/cm.h"

#include <string.h>

#include "agent/model/ndjson.h"

static enum err_kind
note(void *arg, const char *line, size_t n, struct err *e)
{
	(void)e;
	assert_int_equal(strlen(line), n);
	buf_addc(arg, '<');
	buf_add(arg, line, n);
	buf_addc(arg, '>');
	return strcmp(line, "stop") == 0 ? ERR_MODEL : ERR_NONE;
}

static void
check(const char *in, const char *want)
{
	struct buf out = BUF_INIT(KIB);
	size_t n = strlen(in);

	for (size_t a = 0; a <= n; a++) {
		struct ndjson s;

		buf_reset(&out);
		ndjson_init(&s, note, &out);
		assert_int_equal(ndjson_feed(&s, in, a, NULL), ERR_NONE);
		assert_int_equal(ndjson_feed(&s, in + a, n - a, NULL), ERR_NONE);
		assert_int_equal(ndjson_end(&s, NULL), ERR_NONE);
		assert_string_equal(buf_str(&out), want);
		ndjson_release(&s);
	}
	buf_release(&out);
}

static void
lines(void **state)
{
	(void)state;
	check("{\"a\":1}\n{\"b\":2}\n", "<{\"a\":1}><{\"b\":2}>");
	check("a\r\nb\r\n", "<a><b>");
	check("\n\n a\n\t\n  \nb", "< a><b>");
	check("", "");
	check("\r\n", "");
}

static void
receiver_may_stop(void **state)
{
	struct buf out = BUF_INIT(KIB);
	struct ndjson s;

	(void)state;
	ndjson_init(&s, note, &out);
	assert_int_equal(ndjson_feed(&s, "a\nstop\nb\n", 9, NULL), ERR_MODEL);
	assert_string_equal(buf_str(&out), "<a><stop>");
	ndjson_release(&s);
	buf_release(&out);
}

static void
bounded(void **state)
{
	static char chunk[MIB];
	struct buf out = BUF_INIT(KIB);
	struct ndjson s;
	enum err_kind k = ERR_NONE;
	size_t fed = 0;

	(void)state;
	memset(chunk, 'x', sizeof(chunk));
	ndjson_init(&s, note, &out);
	for (; k == ERR_NONE && fed < 20; fed++)
		k = ndjson_feed(&s, chunk, sizeof(chunk), NULL);
	assert_int_equal(k, ERR_LIMIT);
	assert_int_equal(fed, NDJSON_LINE_MAX / MIB + 1);
	ndjson_release(&s);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(receiver_may_stop),
	    cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
