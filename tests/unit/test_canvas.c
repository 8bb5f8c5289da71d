/* What a terminal draws with: names, answers, and what may be written to it. */
#include "tests/unit/cm.h"

#include <string.h>

#include "agent/ui/canvas.h"

/* NAME=VALUE pairs of the environment under test. */
static const char *const *env_now;

static const char *
env_get(const char *name)
{
	size_t n = strlen(name);

	for (const char *const *p = env_now; *p; p++)
		if (strncmp(*p, name, n) == 0 && (*p)[n] == '=')
			return *p + n + 1;
	return NULL;
}

static enum canvas_kind
kind_of(const char *a, const char *b)
{
	const char *const env[] = {a, b, NULL};

	env_now = env;
	return canvas_of_env(env_get);
}

static enum canvas_colors
colors_of(const char *a, const char *b)
{
	const char *const env[] = {a, b, NULL};

	env_now = env;
	return canvas_colors_of_env(env_get);
}

static void
names(void **state)
{
	(void)state;
	assert_int_equal(kind_of("TERM=xterm-kitty", NULL), CANVAS_KITTY);
	assert_int_equal(kind_of("TERM=xterm-ghostty", NULL), CANVAS_KITTY);
	assert_int_equal(kind_of("TERM=xterm-256color", "TERM_PROGRAM=iTerm.app"),
			 CANVAS_ITERM2);
	assert_int_equal(kind_of("TERM=xterm-256color", "LC_TERMINAL=iTerm2"),
			 CANVAS_ITERM2);
	assert_int_equal(kind_of("TERM=xterm-256color", "TERM_PROGRAM=WezTerm"),
			 CANVAS_ITERM2);
	assert_int_equal(kind_of("TERM=foot", NULL), CANVAS_SIXEL);
	assert_int_equal(kind_of("TERM=mlterm-256color", NULL), CANVAS_SIXEL);
	assert_int_equal(kind_of("TERM=xterm-256color", NULL), CANVAS_ASK);
	assert_int_equal(kind_of("TERM=xterm-256color", "TERM_PROGRAM=Apple_Terminal"),
			 CANVAS_SYMBOLS);
	assert_int_equal(kind_of("TERM=xterm-kitty", "TMUX=/tmp/x,1,0"), CANVAS_SYMBOLS);
	assert_int_equal(kind_of("TERM=xterm-256color", "STY=1.x"), CANVAS_SYMBOLS);
	assert_int_equal(kind_of("TERM=tmux-256color", "TERM_PROGRAM=iTerm.app"),
			 CANVAS_SYMBOLS);
	assert_int_equal(kind_of("TERM=screen", NULL), CANVAS_SYMBOLS);
	assert_int_equal(kind_of("TERM=linux", NULL), CANVAS_SYMBOLS);
	assert_int_equal(kind_of("TERM=rxvt-unicode", NULL), CANVAS_SYMBOLS);
	assert_int_equal(kind_of("TERM=", NULL), CANVAS_SYMBOLS);
	assert_int_equal(kind_of(NULL, NULL), CANVAS_SYMBOLS);
	assert_int_equal(colors_of("TERM=xterm", "COLORTERM=truecolor"), CANVAS_TRUE);
	assert_int_equal(colors_of("TERM=xterm-direct", NULL), CANVAS_TRUE);
	assert_int_equal(colors_of("TERM=screen-256color", NULL), CANVAS_256);
	assert_int_equal(colors_of("TERM=linux", "COLORTERM=yes"), CANVAS_16);
}

static struct canvas_answer
answer(const char *p, size_t n, const char *typed)
{
	AUTO_BUF struct buf rest = BUF_INIT(4096);
	struct canvas_answer a;

	canvas_read_answer(p, n, &a, &rest);
	assert_string_equal(buf_str(&rest), typed);
	return a;
}
#define ANSWER(text, typed) answer(text, sizeof(text) - 1, typed)

static void
answers(void **state)
{
	struct canvas_answer a;

	(void)state;
	a = ANSWER("\033[?62;4;22c", "");
	assert_true(a.whole && a.sixel && !a.kitty);
	a = ANSWER("\033[?4c", ""); /* a class, no attribute */
	assert_true(a.whole && !a.sixel);
	a = ANSWER("\033[?64;14;40c", "");
	assert_true(a.whole && !a.sixel);
	a = ANSWER("\033_Gi=31;OK\033\\\033[6;20;10t\033[?62c", "");
	assert_true(a.whole && a.kitty && a.cell_width == 10 && a.cell_height == 20);
	a = ANSWER("\033_Gi=31;ENOENT:x\033\\\033[?62c", "");
	assert_true(a.whole && !a.kitty);
	a = ANSWER("\033_Gi=99;OK\033\\", "");
	assert_true(!a.whole && !a.kitty);
	a = ANSWER("\033[6;999999;1t\033[?1;2c", "");
	assert_true(a.whole && a.cell_width == 0 && a.cell_height == 0);
	a = ANSWER("ab\033[Ac\033[?62;c日", "ab\033[Ac日"); /* keys, arrows among them */
	assert_true(a.whole);
	a = ANSWER("x\033[?62", "x"); /* cut off */
	assert_false(a.whole);
	a = ANSWER("x\033_Gi=31;O", "x");
	assert_false(a.whole);
	a = ANSWER("\033", "\033");
	a = ANSWER("\033[?9999999999999999999999;4c", "");
	assert_true(a.whole && a.sixel);
	a = ANSWER(
	    "\033[?1;2;3;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;25;26;27;"
	    "28;29;30;31;32;33;34;35;36;37;38;39;40;4c",
	    "");
	assert_true(a.whole);
}

static bool
fine(enum canvas_kind kind, const char *p)
{
	return canvas_bytes_fine(kind, p, strlen(p));
}

static void
bytes(void **state)
{
	(void)state;
	assert_true(fine(CANVAS_SYMBOLS, "\033[0m\033[38;2;1;2;3m▀█ @\033[0m\n \033[m"));
	assert_false(fine(CANVAS_SYMBOLS, "\033[2J"));
	assert_false(fine(CANVAS_SYMBOLS, "\033]0;t\a"));
	assert_false(fine(CANVAS_SYMBOLS, "\033[1"));
	assert_false(fine(CANVAS_SYMBOLS, "\033"));
	assert_false(fine(CANVAS_SYMBOLS, "\r"));
	assert_false(fine(CANVAS_SYMBOLS, "\xc2\x9b"
					  "31m"));
	assert_false(fine(CANVAS_SYMBOLS, "\xe2\x80\xae"));
	assert_false(fine(CANVAS_SYMBOLS, "\xff"));
	assert_true(fine(CANVAS_SIXEL, "\033P0;1q#1!3~-\n\033\\"));
	assert_false(fine(CANVAS_SIXEL, "\033P0;1q#1"));
	assert_false(fine(CANVAS_SIXEL, "\033Pq\033[2J\033\\"));
	assert_false(fine(CANVAS_SIXEL, "\033Pq\033\\x"));
	assert_false(fine(CANVAS_SIXEL, "\033_Ga=T;\033\\"));
	assert_true(fine(CANVAS_KITTY, "\033_Ga=T,m=1\033\\\033_Gm=0;AA==\033\\"));
	assert_false(fine(CANVAS_KITTY, "\033_Ga=T\n\033\\"));
	assert_false(fine(CANVAS_KITTY, "\033_Xa\033\\"));
	assert_true(fine(CANVAS_ITERM2, "\033]1337;File=inline=1:AA==\a"));
	assert_false(fine(CANVAS_ITERM2, "\033]1337;SetProfile=x\a"));
	assert_false(fine(CANVAS_ITERM2, "\033]52;c;AA==\a"));
	for (int k = CANVAS_SIXEL; k <= CANVAS_ITERM2; k++)
		assert_false(fine((enum canvas_kind)k, ""));
	assert_false(fine(CANVAS_NONE, "x"));
	assert_false(fine(CANVAS_ASK, "x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(answers),
	    cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests_name("canvas", tests, NULL, NULL);
}
