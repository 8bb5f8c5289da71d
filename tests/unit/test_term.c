/* The terminal writer: bytes of rows, sources, frames on a pty, failures, type-ahead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#include "agent/base/mem.h"
#include "agent/ui/term_int.h"

static void
check_render(const struct row *r, struct term_face f, int clip, const char *want)
{
	struct buf b = BUF_INIT(MIB);

	term_render(&b, r, &f, clip);
	assert_string_equal(buf_str(&b), want);
	buf_release(&b);
}

static void
rows_to_bytes(void **state UNUSED)
{
	const struct term_face full = {true, true, true, true};
	const struct term_face mono = {true, false, false, false};
	const struct term_face none = {false, false, false, false};
	struct row r;

	row_init(&r);
	row_adds(&r, STYLE_PLAIN, "a ");
	row_add(&r, (struct style){ATTR_BOLD | ATTR_ITALIC, 7, 0}, "b", 1);
	row_add(&r, (struct style){0, 10, 1}, "c", 1);
	row_adds(&r, STYLE_PLAIN, " d   ");
	check_render(&r, full, 0, "a \033[1;3;36mb\033[0;91;40mc\033[m d");
	check_render(&r, mono, 0, "a \033[1;3mb\033[mc d");
	check_render(&r, none, 0, "a bc d");
	check_render(&r, none, 3, "a b");
	row_reset(&r);
	row_add_link(&r, style_of(STYLE_PLAIN), "x", 1, "http://e/\033]0;t\007", 15);
	check_render(&r, full, 0,
		     "\033]8;id=5a1e8ab3;http://e/%1B]0;t%07\033\\x\033]8;;\033\\");
	row_reset(&r);
	row_adds(&r, STYLE_PLAIN, "👋🏽  ");
	row_add_at(&r, STYLE_PLAIN, "|", 5);
	check_render(&r, full, 0, "👋🏽\033[5G|");
	check_render(&r, none, 0, "👋🏽  |");
	row_reset(&r);
	row_adds(&r, STYLE_PLAIN, "\033[31mx\ty\nz\xe2\x80\xae");
	check_render(&r, none, 0, "␛[31mx  y z");
	row_release(&r);
}

/* Runs fn in a child whose standard output is a pty (or a pipe), and takes what it writes. */
struct child {
	int master;
	pid_t pid;
};

static struct child
start(void (*fn)(void), int cols, int rows, bool tty)
{
	struct winsize ws = {.ws_col = (unsigned short)cols,
			     .ws_row = (unsigned short)rows};
	struct child c;
	int fds[2];

	if (tty) {
		c.pid = forkpty(&c.master, NULL, NULL, &ws);
	} else {
		assert_int_equal(pipe(fds), 0);
		c.pid = fork();
		c.master = fds[0];
		if (c.pid == 0)
			dup2(fds[1], 1);
		close(fds[1]);
	}
	if (c.pid == 0) {
		struct termios m;

		if (tty && tcgetattr(1, &m) == 0) { /* our own bytes, not CR CR LF */
			m.c_oflag &= (tcflag_t)~OPOST;
			tcsetattr(1, TCSANOW, &m);
		}
		setenv("TERM", "xterm", 1);
		setenv("LANG", "C.UTF-8", 1);
		unsetenv("NO_COLOR");
		unsetenv("LC_ALL");
		fn();
		_exit(0);
	}
	return c;
}

static char *
output(struct child c, int *code)
{
	struct buf b = BUF_INIT(16 * MIB);
	struct pollfd p = {.fd = c.master, .events = POLLIN};
	char in[4096];
	ssize_t n;
	int status;

	while (poll(&p, 1, 60000) > 0 && (n = read(c.master, in, sizeof(in))) > 0)
		buf_add(&b, in, (size_t)n);
	close(c.master);
	waitpid(c.pid, &status, 0);
	if (code)
		*code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return buf_take(&b);
}

static void
source_child(void)
{
	struct term_opts o = {0};
	struct term *t = term_new(&o);
	static const char text[] = "a\r\nb\rc\033[1m\x7f\xc2\x9b漢\xff\xe6\xbc";
	size_t i;

	for (i = 0; i + 1 < sizeof(text); i++)
		term_source(t, text + i, 1);
	term_free(t);
}

static void
source_is_made_safe(void **state UNUSED)
{
	AUTO_FREE char *got = output(start(source_child, 0, 0, false), NULL);

	assert_string_equal(got, "a\r\nb\\x0Dc\\x1B[1m\\x7F\\x9B漢\\xFF\\xE6\\xBC");
}

static void
raw_child(void)
{
	struct term_opts o = {.raw = true};
	struct term *t = term_new(&o);

	term_source(t, "a\033[1m\r\xff\n", 8);
	term_free(t);
}

static void
raw_is_exact(void **state UNUSED)
{
	AUTO_FREE char *got = output(start(raw_child, 0, 0, false), NULL);

	assert_string_equal(got, "a\033[1m\r\xff\n");
}

static struct term *
live_term(void)
{
	struct term_opts o = {0};
	struct term *t = term_new(&o);

	term_set_pace(t, 0);
	return t;
}

static void
tail(struct term *t, const char *one, const char *two)
{
	struct row r[2];

	row_init(&r[0]);
	row_init(&r[1]);
	row_adds(&r[0], STYLE_PLAIN, one);
	row_adds(&r[1], STYLE_PLAIN, two ? two : "");
	term_tail(t, r, two ? 2 : 1);
	term_flush(t, NULL);
	row_release(&r[0]);
	row_release(&r[1]);
}

static void
frames_child(void)
{
	struct term *t = live_term();

	tail(t, "one", NULL);
	tail(t, "one two", NULL);    /* grows: only the rest is written */
	tail(t, "one two", "three"); /* a row more */
	tail(t, "one two", "3");     /* the last row changes */
	term_line(t, TERM_ANSWER, STYLE_PLAIN, "one two");
	tail(t, "3", NULL); /* the first row became final: nothing is drawn again */
	term_line(t, TERM_SIDE, STYLE_PLAIN, "note");
	term_flush(t, NULL); /* above the tail */
	term_free(t);
}

#define FB "\033[?2026h\033[?25l\033[?7l"
#define FE "\033[?7h\033[?25h\033[?2026l"

static void
frames_are_small(void **state UNUSED)
{
	AUTO_FREE char *got = output(start(frames_child, 40, 10, true), NULL);

	assert_string_equal(got, FB
			    "one" FE FB " two" FE FB "\r\nthree" FE FB "\r \033[J\r3" FE FB
			    "\r \033[J\r\033[?7hnote\r\n\033[?7l3" FE FB "\r \033[J\r" FE);
}

static void
cap_child(void)
{
	struct term *t = live_term();
	struct row r[40];
	int i;

	for (i = 0; i < 40; i++) {
		row_init(&r[i]);
		row_addf(&r[i], STYLE_PLAIN, "row %d", i);
	}
	term_tail(t, r, 40);
	term_flush(t, NULL);
	_exit(0);
}

static void
tail_is_capped(void **state UNUSED)
{
	AUTO_FREE char *got = output(start(cap_child, 40, 10, true), NULL);
	const char *p = got;
	int rows = 1;

	while ((p = strstr(p, "\r\n")) != NULL) {
		rows++;
		p++;
	}
	assert_in_range(rows, 2, 7);
	assert_non_null(strstr(got, "lines above"));
	assert_non_null(strstr(got, "row 39"));
}

static void
resize_child(void)
{
	struct term *t = live_term();
	struct winsize ws = {.ws_col = 30, .ws_row = 10};

	tail(t, "before", NULL);
	ioctl(1, TIOCSWINSZ, &ws);
	term_resized(t);
	tail(t, "after", NULL);
	_exit(term_width(t));
}

static void
resize_starts_below(void **state UNUSED)
{
	int code;
	AUTO_FREE char *got = output(start(resize_child, 40, 10, true), &code);

	assert_string_equal(got, FB "before" FE "\r\n" FB "after" FE);
	assert_int_equal(code, 30);
}

static void
full_child(void)
{
	struct term_opts o = {0};
	struct err e = {0};
	struct term *t;
	int fd = open("/dev/full", O_WRONLY), bad;

	dup2(fd, 1);
	t = term_new(&o);
	term_line(t, TERM_ANSWER, STYLE_PLAIN, "x");
	bad = term_flush(t, &e) == ERR_IO && e.sys == ENOSPC;
	_exit(bad ? 42 : 1);
}

static void
epipe_child(void)
{
	struct term_opts o = {0};
	struct term *t;
	int fds[2];

	if (pipe(fds) != 0)
		_exit(1);
	dup2(fds[1], 1);
	close(fds[0]);
	close(fds[1]);
	t = term_new(&o);
	term_line(t, TERM_ANSWER, STYLE_PLAIN, "x");
	_exit(term_flush(t, NULL) == ERR_NONE && term_flush(t, NULL) == ERR_NONE ? 42 : 1);
}

static void
failures(void **state UNUSED)
{
	int code;

	free(output(start(full_child, 0, 0, false), &code));
	assert_int_equal(code, 42);
	free(output(start(epipe_child, 0, 0, false), &code));
	assert_int_equal(code, 42);
}

static void
keys_child(void)
{
	struct loop *l = NULL;
	struct term *t = live_term();
	struct termios m;
	char keys[16];
	size_t n = 0;

	if (loop_new(&l, NULL) != ERR_NONE)
		_exit(1);
	term_typeahead(t, l, true);
	tcgetattr(0, &m);
	if (m.c_lflag & (ECHO | ICANON) || !(m.c_lflag & ISIG))
		_exit(2);
	if (write(1, "ready", 5) != 5)
		_exit(3);
	while (n < 5) { /* "later", as it is typed */
		loop_wait(l, 5000);
		n = t->keys.len;
	}
	if (term_take_typeahead(t, keys, sizeof(keys)) != 5 ||
	    memcmp(keys, "later", 5) != 0 ||
	    term_take_typeahead(t, keys, sizeof(keys)) != 0)
		_exit(4);
	term_restore();
	tcgetattr(0, &m);
	_exit(m.c_lflag & ECHO && m.c_lflag & ICANON ? 42 : 5);
}

static void
typeahead_is_kept(void **state UNUSED)
{
	struct child c = start(keys_child, 40, 10, true);
	char in[5];
	AUTO_FREE char *rest = NULL;
	int code;

	assert_int_equal(read(c.master, in, 5), 5);
	assert_int_equal(write(c.master, "later", 5), 5);
	rest = output(c, &code);
	assert_int_equal(code, 42);
	assert_null(strstr(rest, "later")); /* no echo */
	assert_non_null(strstr(rest, "\033[?25h"));
}

static void
environment(void **state UNUSED)
{
	struct term t = {.out = {.fd = -1}, .err = {.fd = -1}, .ask = {.fd = -1}};

	unsetenv("NO_COLOR");
	setenv("CLICOLOR_FORCE", "1", 1);
	term_probe_env(&t);
	assert_true(t.out.face.color);
	setenv("NO_COLOR", "1", 1);
	term_probe_env(&t);
	assert_false(t.out.face.color);
	t.o.color = TERM_ALWAYS;
	term_probe_env(&t);
	assert_true(t.out.face.color);
	t.o.plain = true;
	term_probe_env(&t);
	assert_false(t.out.face.sgr);
	unsetenv("NO_COLOR");
	unsetenv("CLICOLOR_FORCE");
	setenv("COLUMNS", "33", 1);
	term_probe_size(&t);
	assert_int_equal(t.width, 33);
	setenv("COLUMNS", "7", 1);
	term_probe_size(&t);
	assert_int_equal(t.width, 20);
	setenv("COLUMNS", "x", 1);
	term_probe_size(&t);
	assert_int_equal(t.width, 80);
	unsetenv("COLUMNS");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_to_bytes),  cmocka_unit_test(source_is_made_safe),
	    cmocka_unit_test(raw_is_exact),   cmocka_unit_test(frames_are_small),
	    cmocka_unit_test(tail_is_capped), cmocka_unit_test(resize_starts_below),
	    cmocka_unit_test(failures),	      cmocka_unit_test(typeahead_is_kept),
	    cmocka_unit_test(environment),
	};
	return cmocka_run_group_tests_name("term", tests, NULL, NULL);
}
