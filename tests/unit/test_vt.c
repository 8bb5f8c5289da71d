/* What a program may say to the user's terminal: agent/ui/vt.c. Each case is fed whole and at
 * every cut in two. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/ui/vt.h"

#define FFFD "\xEF\xBF\xBD"

static void
passed(struct buf *out, struct vt *v, const char *p, size_t n, size_t cut, bool plain)
{
	buf_reset(out);
	vt_init(v, plain);
	vt_feed(v, p, cut, out);
	vt_feed(v, p + cut, n - cut, out);
}

static void
check_mode(const char *in, const char *want, bool plain)
{
	AUTO_BUF struct buf out = BUF_INIT(MIB);
	size_t n = strlen(in);
	struct vt v;

	for (size_t cut = 0; cut <= n; cut++) {
		passed(&out, &v, in, n, cut, plain);
		assert_string_equal(buf_str(&out), want);
	}
}

static void
check(const char *in, const char *want)
{
	check_mode(in, want, false);
}

static void
same(const char *in)
{
	check(in, in);
}

static void
text(void **state)
{
	(void)state;
	same("plain\r\n\ttext\b \a");
	same("日本語 é 👍🏽");
	check("a\xE6\x97", "a");
	check("a\xE6\x97 b", "a" FFFD " b");
	check("\xFF\x80\xC0\xAFz", FFFD FFFD FFFD FFFD "z");
	check("a\x05\x11\x13\x18\x1A\x7F\x01z", "az");
}

static void
allowed(void **state)
{
	(void)state;
	same("\033[A\033[12B\033[3C\033[D\033[2;5H\033[1;1f\033[10G\033[4d\033[2J\033["
	     "K\033[1K");
	same("\033[3L\033[M\033[2P\033[4@\033[X\033[5S\033[T\033[2;20r\033[s\033[u\033["
	     "Z\033[3b");
	same("\033[m\033[1;31m\033[38;2;1;2;3m\033[4:3m\033[0;48;5;7m");
	same("\0337\0338\033D\033E\033M\033=\033>\033(0\033)B\033(B\016\017");
	same("\033[?1h\033[?25l\033[?1049h\033[?1049l\033[?2004h\033[?7l\033[4h\033[2 "
	     "q\033[!p");
	check("\033[?1;25;1000h", "\033[?1h\033[?25h");
	/* Controls within a sequence are carried out, as terminals do. */
	check("\033[3\r1m", "\r\033[31m");
}

static void
refused(void **state)
{
	static const char *const bad[] = {
	    "\033]52;c;cHduZWQ=\007",
	    "\033]0;t\033\\",
	    "\033]8;;http://x\033\\",
	    "\033P+q54\033\\",
	    "\033_Gi=1\033\\",
	    "\033^x\033\\",
	    "\033Xx\033\\",
	    "\033[6n",
	    "\033[5n",
	    "\033[?6n",
	    "\033[c",
	    "\033[0c",
	    "\033[>c",
	    "\033[>0q",
	    "\033[=c",
	    "\033Z",
	    "\033c",
	    "\033[21t",
	    "\033[8;9;9t",
	    "\033[?2004$p",
	    "\033[4$p",
	    "\033[x",
	    "\033[5i",
	    "\033[?1000h",
	    "\033[?1002;1003;1006h",
	    "\033[?1004h",
	    "\033[?9h",
	    "\033[>4;2m",
	    "\033[>1u",
	    "\033[?u",
	    "\033[=1u",
	    "\033[20h",
	    "\033[2h",
	    "\033[?6h",
	    "\033[?3h",
	    "\033[1;2;3;4;5T",
	    "\033[1;2s",
	    "\033[1;1;1;1;1;1*y",
	    "\033[1$}",
	    "\033[2g",
	    "\033H",
	    "\033#8",
	    "\033n",
	    "\033[?1S",
	    "\033[?1;1;0S",
	    "\033[999999A",
	    "\033[1;2A",
	    "\033[<A",
	    "\033%G",
	    "\033(1",
	    "\033 F",
	    "\033[\"p",
	    "\033[62;1\"p",
	    "\033[?38h",
	    "\033[?69h",
	    "\033[?1070h",
	    "\302\233"
	    "",
	    "\302\235",
	    "\302\220",
	    "\xC2\x9F",
	    "\033[?s",
	    "\033[?1r",
	    "\033[?5W",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		check(bad[i], "");
	check("\033]52;c;AA\033[31mred",
	      "\033[31mred"); /* no end: what follows is itself */
	check("\033]0;a\x18z", "z");
	check("\033Pa\007b\033\\z", "z"); /* BEL ends an OSC alone */
	check("\xC2\x9B"
	      "6n",
	      "6n");
	check("\x9B"
	      "6n",
	      FFFD "6n");
	check("\033\033[31mx", "\033[31mx");
	check("\033[31\xE6\x97\xA5", "日"); /* text ends a sequence that is none */
}

static void
long_sequence(void **state)
{
	AUTO_BUF struct buf in = BUF_INIT(MIB);

	(void)state;
	buf_adds(&in, "a\033[");
	for (size_t i = 0; i < VT_SEQ_MAX - 4; i += 2)
		buf_adds(&in, "1;");
	buf_adds(&in, "1m");
	check(buf_str(&in), buf_str(&in)); /* at the limit */
	buf_truncate(&in, in.len - 1);
	buf_adds(&in, "1mz");
	check(buf_str(&in), "az");
}

static void
plain(void **state)
{
	(void)state;
	check_mode("a\033[31mb\033]0;t\007c\033(0\016d\r\n", "abcd\r\n", true);
}

static void
modes(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(MIB);
	static const char in[] = "x\033[?1049;25l\033[?1049h\033[?1h\033=\033[4 q";
	struct vt v;

	(void)state;
	passed(&out, &v, in, sizeof(in) - 1, 3, false);
	assert_int_equal(v.modes,
			 VT_FULL | VT_HIDDEN | VT_CURSOR_KEYS | VT_KEYPAD | VT_SHAPE);
	buf_reset(&out);
	vt_enter(&v, &out);
	assert_string_equal(buf_str(&out), "\033[?1049h\033[?1h\033[?25l\033=");
	buf_reset(&out);
	vt_leave(&v, &out);
	assert_int_equal(strncmp(buf_str(&out), "\033[?1049l", 8), 0);
	assert_non_null(strstr(out.data, "\033[?25h"));
	assert_non_null(strstr(out.data, "\033[0 q"));
	assert_int_equal(strcmp(out.data + out.len - 2, "\r\n"), 0); /* "x" stands there */
	assert_int_equal(v.modes, 0);
	assert_false(v.column);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text),    cmocka_unit_test(allowed),
	    cmocka_unit_test(refused), cmocka_unit_test(long_sequence),
	    cmocka_unit_test(plain),   cmocka_unit_test(modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
