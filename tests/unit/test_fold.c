/* Folding of program output: tools/fold.c. Each case is fed whole and at every cut in two. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/fold.h"

#define FFFD "\xEF\xBF\xBD"

static void
to_buf(const char *p, size_t n, void *arg)
{
	assert_true(n > 0);
	assert_true(buf_add(arg, p, n));
}

static void
folded(struct buf *out, const char *p, size_t n, size_t cut)
{
	struct fold f;

	buf_reset(out);
	fold_init(&f, to_buf, out);
	fold_feed(&f, p, cut);
	fold_feed(&f, p + cut, n - cut);
	fold_end(&f);
	fold_release(&f);
}

static void
check_n(const char *in, size_t n, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT(MIB);

	for (size_t cut = 0; cut <= n; cut++) {
		folded(&out, in, n, cut);
		assert_string_equal(buf_str(&out), want);
	}
}

static void
check(const char *in, const char *want)
{
	check_n(in, strlen(in), want);
}

static void
test_plain(void **state)
{
	(void)state;
	check("", "");
	check("a\nb\tc\n\nd", "a\nb\tc\n\nd");
	check("日本語 ｶﾞ 😀\n", "日本語 ｶﾞ 😀\n");
}

static void
test_returns(void **state)
{
	(void)state;
	check("10%\r20%\r\n", "20%\n");
	check("a\r\nb\r\n", "a\nb\n");
	check("a\r\r\nb", "a\nb");
	check("one\rtwo", "two");
	check("one\r", "one");
	check("x\n1\r2\r3\ny", "x\n3\ny");
	check("進捗 10%\r進捗 20%\n", "進捗 20%\n");
	check("abc\r\x1b[Kx\n", "x\n");
}

static void
test_backspaces(void **state)
{
	(void)state;
	check("ab\bc", "ac");
	check("N\bNA\bA", "NA");
	check("日\b本", "本");
	check("\b\ba", "a");
	check("a\n\bb", "a\nb");
	check("abc\r\bx", "x");
}

static void
test_sequences(void **state)
{
	(void)state;
	check("\x1b[1;31mred\x1b[0m!", "red!");
	check("\x1b[38;2;1;2;3mx\x1b[?25l\x1b[2J\x1b[Hy", "xy");
	check("\x1b]0;title\x07"
	      "a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\c",
	      "abc");
	check("\x1b]52;c;aGk=\x07x", "x");
	check("\x1bPq#0\n#1\x1b\\x", "x");
	check("\x1b_Gf=1;AAAA\x1b\\y\x1b^pm\x1b\\z\x1bXsos\x1b\\w", "yzw");
	check("\x1b(Ba\x1b"
	      "7b\x1b=c\x1b#8d",
	      "abcd");
	check("a\xC2\x9B"
	      "31mb\xC2\x9D"
	      "0;t\xC2\x9C"
	      "c",
	      "abc");
	check("\x1b[3\nx", "\nx");
	check("\x1b\nx", "\nx");
	check("\x1b]0;never ends\nnext", "\nnext");
	check("\x1b]0;a\x1b[31mred", "red");
	check("\x1b\x1b[1mx", "x");
	check("\x1b", "");
	check("\x1b[", "");
	check("\x1b[日", "日");
}

static void
test_controls(void **state)
{
	(void)state;
	check_n("a\0b\x07\x7f\x01\x0e\x0f\x0c\x0b"
		"c",
		11, "abc");
	check("a\xC2\x85"
	      "b",
	      "ab");
}

static void
test_bad_utf8(void **state)
{
	(void)state;
	check("caf\xE9\n", "caf" FFFD "\n");
	check("\xE3\x81", FFFD);
	check("\xE3\x81x", FFFD "x");
	check("\xF0\x9F\x98", FFFD);
	check("\xFF\xFE\xC0\x80", FFFD FFFD FFFD FFFD);
	check("\xED\xA0\x80", FFFD FFFD FFFD);
	check("\xE3\x81\xE3\x81\x82", FFFD "あ");
}

/* A sequence that never ends takes no more than its bound. */
static void
test_bounds(void **state)
{
	size_t n = FOLD_STRING_MAX + 1000;
	AUTO_FREE char *in = mem_alloc(n);
	AUTO_BUF struct buf out = BUF_INIT(MIB);

	(void)state;
	memset(in, 'x', n);
	memcpy(in, "\x1bP", 2);
	folded(&out, in, n, n / 2);
	assert_int_equal(out.len, n - 2 - FOLD_STRING_MAX);
	memset(in, '1', n);
	memcpy(in, "\x1b[", 2);
	folded(&out, in, n, 10);
	assert_int_equal(out.len, n - 2 - FOLD_CSI_MAX);
}

/* One line of 3 MB goes through whole; its parts do not depend on how it was cut. */
static void
test_long_line(void **state)
{
	size_t n = 3 * MIB;
	AUTO_FREE char *in = mem_alloc(n);
	AUTO_BUF struct buf out = BUF_INIT(4 * MIB), other = BUF_INIT(4 * MIB);

	(void)state;
	memset(in, 'y', n);
	folded(&out, in, n, 12345);
	assert_int_equal(out.len, n);
	in[n - 5] = '\r';
	folded(&out, in, n, 1);
	folded(&other, in, n, n - 1);
	assert_int_equal(out.len, other.len);
}

/* Every byte beside every state: no crash, whole UTF-8, no control character. */
static void
test_noise(void **state)
{
	AUTO_FREE char *in = mem_alloc(200000);
	AUTO_BUF struct buf out = BUF_INIT(MIB), other = BUF_INIT(MIB);
	uint32_t seed = 12345;

	(void)state;
	for (size_t i = 0; i < 200000; i++) {
		seed = seed * 1664525 + 1013904223;
		in[i] = (char)(seed >> 24);
	}
	folded(&out, in, 200000, 77777);
	folded(&other, in, 200000, 3);
	assert_int_equal(out.len, other.len);
	assert_memory_equal(out.data, other.data, out.len);
	assert_true(utf8_valid(out.data, out.len));
	for (size_t i = 0; i < out.len; i++)
		assert_true((unsigned char)out.data[i] >= 0x20 || out.data[i] == '\n' ||
			    out.data[i] == '\t');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain),      cmocka_unit_test(test_returns),
	    cmocka_unit_test(test_backspaces), cmocka_unit_test(test_sequences),
	    cmocka_unit_test(test_controls),   cmocka_unit_test(test_bad_utf8),
	    cmocka_unit_test(test_bounds),     cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
