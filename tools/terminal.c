/* The agent's end of an interpreter's terminal. See terminal.h.
 *
 * The kernel makes what was written to the one end readable at the other before a read says
 * that there is nothing (n_tty flushes pending buffers first), so a drain at a step's end gets
 * all of its output.
 *
 * Sources: pty(7), ioctl_tty(2), termios(3), drivers/tty/n_tty.c. Pinned by
 * tests/unit/test_terminal.c and tests/e2e/test_attach.py. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/base/mem.h"
#include "sandbox/sandbox.h"
#include "tools/terminal.h"

#define TERMINAL_READ  4096 /* bytes at once */
#define TERMINAL_ROUND 16   /* reads in one turn of the loop */
#define TERMINAL_DRAIN 1024 /* reads at a step's end */

static const char full_text[] = "[full-screen program]\n";

/* Reads at most `max` times; false when the terminal has hung up. */
static bool
terminal_read(struct terminal *t, int max)
{
	char data[TERMINAL_READ];
	ssize_t n = 1;

	t->typed = false;
	for (int i = 0; i < max && t->fd >= 0; i++) {
		n = sbx_terminal_read(t->fd, data, sizeof(data));
		if (n <= 0)
			break;
		t->out(data, (size_t)n, t->arg);
	}
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void
terminal_write(struct terminal *t)
{
	ssize_t n = t->keys.len ? sbx_terminal_write(t->fd, t->keys.data, t->keys.len) : 0;

	if (n <= 0)
		return;
	explicit_bzero(t->keys.data, (size_t)n);
	buf_consume(&t->keys, (size_t)n);
	/* What moved up left a copy behind the end. */
	explicit_bzero(t->keys.data + t->keys.len, (size_t)n);
}

const char *
terminal_name(char pair[TERMINAL_NAME_MAX])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-+._";
	const char *term = getenv("TERM");
	size_t n = term ? strspn(term, plain) : 0;

	if (!n || term[n] || n + sizeof("TERM=") > TERMINAL_NAME_MAX)
		term = "dumb";
	snprintf(pair, TERMINAL_NAME_MAX, "TERM=%s", term);
	return pair;
}

static void terminal_io(int fd, short revents, void *arg);

static void
terminal_want(struct terminal *t, short events)
{
	if (events == t->watching || t->fd < 0)
		return;
	if (events)
		loop_watch(t->loop, t->fd, events, terminal_io, t);
	else
		loop_unwatch(t->loop, t->fd);
	t->watching = events;
}

static short
terminal_events(const struct terminal *t)
{
	return (short)(POLLIN | (t->keys.len ? POLLOUT : 0));
}

static void
terminal_io(int fd, short revents, void *arg)
{
	struct terminal *t = arg;

	(void)fd;
	if (revents & POLLOUT)
		terminal_write(t);
	if ((revents & (POLLIN | POLLHUP | POLLERR)) && !terminal_read(t, TERMINAL_ROUND))
		terminal_want(t, 0);
	else if (t->watching)
		terminal_want(t, terminal_events(t));
}

void
terminal_begin(struct terminal *t, int fd, struct loop *l, terminal_fn *out, void *arg)
{
	*t = (struct terminal){.fd = fd, .near = -1, .loop = l, .out = out, .arg = arg};
	buf_init(&t->keys, TERMINAL_KEYS_MAX);
	if (fd < 0)
		return;
	t->near = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tcgetattr(fd, &t->mode) == 0) {
		/* Backspace takes a character, and Ctrl-S is no way to freeze a step. */
		t->mode.c_iflag |= IUTF8;
		t->mode.c_iflag &= ~(tcflag_t)IXON;
		tcsetattr(fd, TCSANOW, &t->mode);
	}
	terminal_watch(t, true);
}

void
terminal_end(struct terminal *t)
{
	if (t->fd < 0)
		return;
	terminal_want(t, 0);
	terminal_drain(t);
	if (t->keys.len)
		explicit_bzero(t->keys.data, t->keys.len);
	buf_release(&t->keys);
	close(TAKE_FD(t->fd));
	if (t->near >= 0)
		close(TAKE_FD(t->near));
}

void
terminal_drain(struct terminal *t)
{
	terminal_read(t, TERMINAL_DRAIN);
}

void
terminal_watch(struct terminal *t, bool on)
{
	terminal_want(t, on ? terminal_events(t) : (short)0);
}

void
terminal_reset(struct terminal *t)
{
	if (t->fd < 0)
		return;
	if (t->keys.len)
		explicit_bzero(t->keys.data, t->keys.len);
	buf_reset(&t->keys);
	if (t->near >= 0)
		tcflush(t->near, TCIFLUSH);
	tcsetattr(t->fd, TCSANOW, &t->mode);
}

void
terminal_size(struct terminal *t, const struct winsize *size)
{
	if (t->fd >= 0 && size->ws_col)
		ioctl(t->fd, TIOCSWINSZ, size);
}

bool
terminal_type(struct terminal *t, const char *p, size_t n)
{
	ssize_t put = 0;

	t->typed = true;
	if (t->fd < 0 || n > TERMINAL_KEYS_MAX - t->keys.len)
		return false;
	/* Secrets are copied only when they must wait. */
	if (!t->keys.len)
		put = sbx_terminal_write(t->fd, p, n);
	if (put < 0)
		put = 0;
	buf_add(&t->keys, p + put, n - (size_t)put);
	if (t->watching)
		terminal_want(t, terminal_events(t));
	return true;
}

/* ---- text ---- */

/* The end of "\033[?…": whether it takes the screen or gives it back. */
static void
text_mode(struct terminal_text *t, char final, terminal_fn *out, void *arg)
{
	static const char *const modes[] = {"\033[?1049", "\033[?1047", "\033[?47"};
	bool full = t->full;

	t->seq[t->n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (strcmp(t->seq, modes[i]) == 0)
			t->full = final == 'h';
	if (t->full && !full)
		out(full_text, sizeof(full_text) - 1, arg);
}

/* The bytes p[0..n) that belong to no such sequence, or to one that is under way: true. */
static bool
text_takes(struct terminal_text *t, char c)
{
	static const char start[] = "\033[?";

	if (c == start[0])
		t->n = 0;
	else if (t->n == 0)
		return false;
	if (t->n < sizeof(start) - 1 ? c != start[t->n] : c < '0' || c > '9')
		return false;
	if (t->n == sizeof(t->seq) - 1)
		return false;
	t->seq[t->n++] = c;
	return true;
}

void
terminal_text_feed(struct terminal_text *t, const char *p, size_t n, terminal_fn *out,
		   void *arg)
{
	size_t from = 0; /* what stands before it was handed on */

	for (size_t i = 0; i < n; i++) {
		bool was = t->full;

		if (text_takes(t, p[i]))
			continue;
		/* The sequence itself goes with the text: the fold removes it. */
		if (t->n && (p[i] == 'h' || p[i] == 'l')) {
			if (!was)
				out(p + from, i + 1 - from, arg);
			text_mode(t, p[i], out, arg);
			from = i + 1;
		}
		t->n = 0;
	}
	if (!t->full)
		out(p + from, n - from, arg);
}
