/* UTF-8: decoding, repair once per maximal subpart, and repair across chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/utf8.h"

#define REP "\xEF\xBF\xBD"

struct repair_case {
	const char *in, *out;
};

/* The first rows are the example of the Unicode standard, section 3.9, tables 3-8 to 3-11. */
static const struct repair_case repairs[] = {
    {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", REP REP REP REP REP REP REP REP "A"},
    {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", REP REP REP REP REP REP REP REP "A"},
    {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", REP REP REP REP REP "A" REP REP "B"},
    {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", REP REP REP REP "A"},
    {"", ""},
    {"plain ascii, more than eight bytes", "plain ascii, more than eight bytes"},
    {"\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"},
    {"\xF0\x9F\x8D\xA3", "\xF0\x9F\x8D\xA3"},
    {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
    {"12345678\xFF", "12345678" REP},
    {"\xE6\x97", REP},
    {"\xE6", REP},
    {"\xF0\x9F\x8D", REP},
    {"\xE6\x97\x41", REP "A"},
};

static void
test_repair(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(repairs); i++) {
		AUTO_BUF struct buf b = BUF_INIT(KIB);
		size_t n = strlen(repairs[i].in);

		assert_true(utf8_repair(&b, repairs[i].in, n));
		assert_string_equal(buf_str(&b), repairs[i].out);
		assert_int_equal(utf8_valid(repairs[i].in, n),
				 strcmp(repairs[i].in, repairs[i].out) == 0);
	}
}

/* Each case cut at every pair of points gives what it gives in one piece. */
static void
test_stream_at_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(repairs); i++) {
		const char *in = repairs[i].in;
		size_t n = strlen(in);

		for (size_t a = 0; a <= n; a++)
			for (size_t b = a; b <= n; b++) {
				AUTO_BUF struct buf out = BUF_INIT(KIB);
				struct utf8_stream s = {.nheld = 0};

				utf8_stream_feed(&s, &out, in, a);
				utf8_stream_feed(&s, &out, in + a, b - a);
				utf8_stream_feed(&s, &out, in + b, n - b);
				utf8_stream_end(&s, &out);
				assert_string_equal(buf_str(&out), repairs[i].out);
			}
	}
}

/* A full buffer refuses; the state must stay sound however often it is fed again. */
static void
test_stream_into_a_full_buffer(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(2);
	struct {
		struct utf8_stream s;
		char guard[8];
	} box = {.guard = "guard"};

	(void)state;
	for (int round = 0; round < 10; round++)
		for (const char *p = "\xF0\x9F\x8D\xA3"; *p; p++) {
			utf8_stream_feed(&box.s, &out, p, 1);
			assert_in_range(box.s.nheld, 0, 3);
		}
	assert_string_equal(box.guard, "guard");
	assert_true(out.full);
}

static void
test_code_points(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
		uint32_t back = 1;
		char text[4];
		size_t n;

		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		n = utf8_encode(cp, text);
		if (utf8_decode(text, n, &back) != n || back != cp || !utf8_valid(text, n))
			fail_msg("U+%04X", cp);
	}
}

static void
test_tail(void **state)
{
	(void)state;
	assert_int_equal(utf8_tail("", 0), 0);
	assert_int_equal(utf8_tail(NULL, 0), 0);
	assert_true(utf8_valid(NULL, 0));
	assert_int_equal(utf8_tail("a", 1), 0);
	assert_int_equal(utf8_tail("a\xE6", 2), 1);
	assert_int_equal(utf8_tail("a\xE6\x97", 3), 2);
	assert_int_equal(utf8_tail("a\xE6\x97\xA5", 4), 0);
	assert_int_equal(utf8_tail("\xF0\x9F\x8D", 3), 3);
	assert_int_equal(utf8_tail("\xF0\x80", 2), 0); /* cannot become anything */
	assert_int_equal(utf8_tail("\xFF", 1), 0);
	assert_int_equal(utf8_tail("\x80\x80\x80\x80", 4), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_repair),
	    cmocka_unit_test(test_stream_at_every_split),
	    cmocka_unit_test(test_stream_into_a_full_buffer),
	    cmocka_unit_test(test_code_points),
	    cmocka_unit_test(test_tail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
