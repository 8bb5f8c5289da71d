/* Colours of programs' output: tools/sgr.c, and as marks among folded text. */
#include "tests/unit/cm.h"

#include <string.h>

#include "agent/base/buf.h"
#include "tools/fold.h"
#include "tools/sgr.h"

static struct sgr
after(const char *first, const char *second)
{
	struct sgr s = {0};

	sgr_apply(&s, first, strlen(first));
	sgr_apply(&s, second, strlen(second));
	return s;
}

#define SAYS(first, second, a, f, b)                 \
	do {                                         \
		struct sgr s = after(first, second); \
		assert_int_equal(s.attrs, a);        \
		assert_int_equal(s.fg, f);           \
		assert_int_equal(s.bg, b);           \
	} while (0)

static void
what_they_say(void **state)
{
	(void)state;
	SAYS("1;31", "", 0, 0, 0); /* an empty one resets */
	SAYS("0", "1;31", SGR_BOLD, 2, 0);
	SAYS("1;2;3;4;7;9", "22;44", SGR_ITALIC | SGR_UNDERLINE | SGR_REVERSE | SGR_STRIKE,
	     0, 5);
	SAYS("97;107", "39", 0, 0, 16);
	SAYS("38;5;9", "48:5:4", 0, 10, 5);
	SAYS("38;5;196;1", "3", SGR_BOLD | SGR_ITALIC, 10, 0);
	SAYS("38;2;0;200;0", "4", SGR_UNDERLINE, 11, 0);
	SAYS("38;5;232", "48;5;255", 0, 9, 16);
	SAYS("31", "38;5", 0, 2, 0); /* cut: passed over */
	SAYS("31", "?25", 0, 2, 0);
	SAYS("31", "5;8;99999999999", 0, 2, 0);
	SAYS("31", ">1", 0, 2, 0);
}

static void
nothing_is_hidden(void **state)
{
	(void)state;
	assert_int_equal(sgr_visible(after("0", "31;41")).bg, 0);
	assert_int_equal(sgr_visible(after("0", "31;41")).fg, 0);
	assert_int_equal(sgr_visible(after("0", "30")).fg, 9);
	assert_int_equal(sgr_visible(after("0", "30;47")).fg, 1);
	assert_int_equal(sgr_visible(after("0", "8")).attrs, 0);
}

static void
take(const char *p, size_t n, void *arg)
{
	buf_add(arg, p, n);
}

/* Marks as "{attrs,fg}". */
static void
folds(const char *in, const char *want)
{
	for (size_t piece = 1; piece <= strlen(in); piece++) {
		AUTO_BUF struct buf got = BUF_INIT(4 * KIB), shown = BUF_INIT(4 * KIB);
		struct fold f;
		struct sgr s;

		fold_init_colours(&f, take, &got);
		for (size_t at = 0; at < strlen(in); at += piece)
			fold_feed(&f, in + at, MIN_OF(piece, strlen(in) - at));
		fold_end(&f);
		fold_release(&f);
		for (size_t i = 0; i < got.len;) {
			if (sgr_read(got.data + i, got.len - i, &s)) {
				buf_addf(&shown, "{%d,%d}", s.attrs, s.fg);
				i += SGR_MARK;
			} else {
				buf_addc(&shown, got.data[i++]);
			}
		}
		assert_string_equal(buf_str(&shown), want);
	}
}

static void
marks(void **state)
{
	(void)state;
	folds("plain\n", "plain\n");
	folds("\033[31mred\033[0m none\n", "{0,2}red{0,0} none\n");
	folds("\033[31mtwo\nlines\n\033[mx", "{0,2}two\nlines\n{0,0}x");
	folds("\033[31m\033[32m\033[1mlast\n", "{1,3}last\n");
	folds("\033[31mgone\rnew\n", "{0,2}new\n");
	folds("\033[31mab\033[32m\b\bc\n", "{0,2}{0,3}c\n");
	folds("a\033[31mb\b\bc\r\n", "{0,2}c\n");
	folds("日\033[1m本\b\b語\n", "{1,0}語\n");
	folds("\033[>4;1mx\033[2Jy\n", "xy\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_they_say),
	    cmocka_unit_test(nothing_is_hidden),
	    cmocka_unit_test(marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
