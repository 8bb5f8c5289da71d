/* The agent's end of an interpreter's terminal: tools/terminal.c. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "sandbox/sandbox.h"
#include "tools/terminal.h"

static void
to_buf(const char *p, size_t n, void *arg)
{
	assert_true(buf_add(arg, p, n));
}

static void
shown(const char *in, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT(MIB);

	for (size_t cut = 0; cut <= strlen(in); cut++) {
		struct terminal_text t = {.full = false};

		buf_reset(&out);
		terminal_text_feed(&t, in, cut, to_buf, &out);
		terminal_text_feed(&t, in + cut, strlen(in) - cut, to_buf, &out);
		assert_string_equal(buf_str(&out), want);
	}
}

static void
full_screens(void **state)
{
	(void)state;
	shown("a\033[31mb\033[?25lc", "a\033[31mb\033[?25lc");
	shown("a\033[?1049hdrawn\033[?25l\033[?1049lb",
	      "a\033[?1049h[full-screen program]\nb");
	shown("\033[?47hx\033[?47l\033[?1047hy", "\033[?47h[full-screen program]\n"
						 "\033[?1047h[full-screen program]\n");
	shown("\033[?10490h\033[?104h\033\033[?12345678901234567890h",
	      "\033[?10490h\033[?104h\033\033[?12345678901234567890h");
}

/* A pair, the program's end in *near. */
static void
make(struct terminal *t, struct loop *l, int *near, struct buf *out)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	*near = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(*near >= 0);
	terminal_begin(t, master, l, to_buf, out);
}

static void
typing_and_output(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(MIB);
	struct terminal t;
	struct loop *l;
	char got[64];
	int near;

	(void)state;
	assert_int_equal(loop_new(&l, NULL), ERR_NONE);
	make(&t, l, &near, &out);
	assert_true(terminal_type(&t, "hi\n", 3));
	assert_int_equal(read(near, got, sizeof(got)), 3);
	assert_int_equal(write(near, "there", 5), 5);
	terminal_drain(&t);
	assert_string_equal(buf_str(&out), "hi\r\nthere");
	terminal_end(&t);
	assert_false(terminal_type(&t, "x", 1));
	close(near);
	loop_free(l);
}

/* Raw mode, no echo and unread keys of one step are not the next one's. */
static void
reset(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(MIB);
	struct termios now;
	struct terminal t;
	struct loop *l;
	char got[64];
	int near;

	(void)state;
	assert_int_equal(loop_new(&l, NULL), ERR_NONE);
	make(&t, l, &near, &out);
	assert_int_equal(tcgetattr(near, &now), 0);
	cfmakeraw(&now);
	assert_int_equal(tcsetattr(near, TCSANOW, &now), 0);
	assert_true(terminal_type(&t, "secret\n", 7));
	terminal_reset(&t);
	assert_int_equal(tcgetattr(near, &now), 0);
	assert_true(now.c_lflag & ECHO);
	assert_true(now.c_lflag & ICANON);
	assert_int_equal(read(near, got, sizeof(got)), -1);
	terminal_end(&t);
	close(near);
	loop_free(l);
}

/* Keys that nobody reads wait up to the limit; what waited is read later. */
static void
keys_wait(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(MIB);
	AUTO_FREE char *many = mem_alloc(TERMINAL_KEYS_MAX);
	int64_t end = clock_ms() + 60000;
	struct termios mode;
	struct terminal t;
	size_t got = 0;
	struct loop *l;
	int near;

	(void)state;
	memset(many, 'k', TERMINAL_KEYS_MAX);
	assert_int_equal(loop_new(&l, NULL), ERR_NONE);
	make(&t, l, &near, &out);
	assert_int_equal(tcgetattr(near, &mode), 0);
	cfmakeraw(&mode);
	assert_int_equal(tcsetattr(near, TCSANOW, &mode), 0);
	assert_true(terminal_type(&t, many, TERMINAL_KEYS_MAX));
	assert_true(t.keys.len > 0);
	assert_false(terminal_type(&t, many, TERMINAL_KEYS_MAX));
	while (got < TERMINAL_KEYS_MAX && clock_ms() < end) {
		char data[4096];
		ssize_t n = read(near, data, sizeof(data));

		got += n > 0 ? (size_t)n : 0;
		loop_wait(l, 10);
	}
	assert_int_equal(got, TERMINAL_KEYS_MAX);
	terminal_end(&t);
	close(near);
	loop_free(l);
}

static void
names(void **state)
{
	char pair[TERMINAL_NAME_MAX];

	(void)state;
	setenv("TERM", "xterm-256color", 1);
	assert_string_equal(terminal_name(pair), "TERM=xterm-256color");
	setenv("TERM", "x\nLD_PRELOAD=y", 1);
	assert_string_equal(terminal_name(pair), "TERM=dumb");
	unsetenv("TERM");
	assert_string_equal(terminal_name(pair), "TERM=dumb");
}

/* Whoever shares the far end makes it blocking. */
static void
made_blocking(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(MIB);
	static char flood[256 * KIB];
	struct terminal t;
	char in[16];
	struct termios raw;
	int64_t start;
	struct loop *l;
	ssize_t n;
	int near;

	(void)state;
	assert_int_equal(loop_new(&l, NULL), ERR_NONE);
	make(&t, l, &near, &out);
	assert_int_equal(fcntl(t.fd, F_SETFL, 0), 0);
	start = clock_ms();
	assert_int_equal(sbx_terminal_read(t.fd, in, sizeof(in)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write(near, "word", 4), 4);
	assert_int_equal(sbx_terminal_read(t.fd, in, sizeof(in)), 4);
	/* Raw: what a canonical line has no room for would be dropped. */
	assert_int_equal(tcgetattr(near, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(near, TCSANOW, &raw), 0);
	memset(flood, 'x', sizeof(flood));
	n = sbx_terminal_write(t.fd, flood, sizeof(flood));
	assert_true(n < (ssize_t)sizeof(flood));
	/* Nobody reads at the other end, however often this is tried. */
	for (int i = 0; i < 3; i++)
		sbx_terminal_write(t.fd, flood, sizeof(flood));
	assert_true(clock_ms() - start < 5000);
	terminal_end(&t);
	close(near);
	loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(full_screens), cmocka_unit_test(typing_and_output),
	    cmocka_unit_test(reset),	    cmocka_unit_test(keys_wait),
	    cmocka_unit_test(names),	    cmocka_unit_test(made_blocking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
