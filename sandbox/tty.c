/* The terminal of an interactive command: see tty.h.
 *
 * The user's terminal is not shared: whoever holds it could type into it or leave it unusable.
 * The command gets one of the jail's own pseudo-terminals as its controlling terminal, made by
 * pid 1 so that its name is found in the jail; the launcher holds the far end, sets the user's
 * terminal raw and copies. Ctrl-C and Ctrl-Z are thus for the programs inside. A guard, a process
 * that holds nothing but the terminal, restores it when the launcher is killed.
 *
 * Sources: pty(7), termios(3), ioctl_tty(2). Pinned by tests/jail/test_terminal.py. */
#include "sandbox/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sandbox/rights.h"
#include "sandbox/util.h"

#define STEP	 4096 /* bytes copied at once */
#define DRAIN_MS 200  /* for output that is under way when the last program ends */

const char *tty_newline = "\n";

static bool
in_front(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

bool
tty_wanted(void)
{
	struct termios mode;

	return tcgetattr(STDIN_FILENO, &mode) == 0 && isatty(STDOUT_FILENO) && in_front();
}

void
tty_term(char pair[TTY_TERM])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-+._";
	const char *term = getenv("TERM");
	size_t n = term ? strspn(term, plain) : 0;

	if (!n || term[n] || n + sizeof("TERM=") > TTY_TERM)
		term = "dumb";
	snprintf(pair, TTY_TERM, "TERM=%s", term);
}

bool
tty_pair(int *master, int *near, struct sbx_fail *f)
{
	int locked = 0, sys;

	*near = -1;
	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master >= 0 && ioctl(*master, TIOCSPTLCK, &locked) == 0)
		*near = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*near >= 0)
		return true;
	sys = errno;
	sbx_shut(master);
	return sbx_fail_set(f, "terminal", sys, "/dev/ptmx");
}

bool
tty_make(int sock, struct sbx_fail *f)
{
	SBX_CLOSE int master = -1, near = -1;
	bool mine[3];

	if (!tty_pair(&master, &near, f))
		return false;
	if (!rights_send(sock, RIGHTS_TERMINAL, 0, master))
		return sbx_fail_set(f, "terminal", errno, NULL);
	for (int i = 0; i < 3; i++)
		mine[i] = isatty(i);
	for (int i = 0; i < 3; i++)
		if (mine[i])
			dup2(near, i);
	return true;
}

void
tty_init(struct tty *t, int sock)
{
	memset(t, 0, sizeof(*t));
	t->sock = sock;
	t->master = t->guard.fd = -1;
}

static void
take_over(struct tty *t)
{
	struct termios raw;

	if (t->raw || !in_front() || tcgetattr(STDIN_FILENO, &t->before))
		return;
	raw = t->before;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) || tcgetattr(STDIN_FILENO, &t->mode))
		return;
	t->raw = true;
	tty_newline = "\r\n";
}

static void
give_back(struct tty *t)
{
	if (t->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
	t->raw = false;
	tty_newline = "\n";
}

static void
resize(const struct tty *t)
{
	struct winsize size;

	if (t->master >= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(t->master, TIOCSWINSZ, &size);
}

static void
begin(struct tty *t)
{
	enum rights_kind kind;
	uint32_t number;
	int fd;

	if (rights_recv(t->sock, &kind, &number, &fd) != 1) {
		t->sock = -1;
		return;
	}
	t->sock = -1;
	t->master = fd;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	resize(t);
	take_over(t);
	if (t->raw)
		guard_post(&t->guard, STDIN_FILENO, &t->before, &t->mode, STDOUT_FILENO,
			   NULL);
	t->typing = true;
}

void
tty_poll(const struct tty *t, struct pollfd p[TTY_POLLS])
{
	p[0] =
	    (struct pollfd){.fd = t->master >= 0 ? t->master : t->sock, .events = POLLIN};
	p[1] = (struct pollfd){.fd = -1, .events = POLLIN};
	if (t->master < 0)
		return;
	if (t->n)
		p[0].events |= POLLOUT;
	else if (t->typing)
		p[1].fd = STDIN_FILENO;
}

/* False when nothing more comes, or nothing now. */
static bool
show(struct tty *t)
{
	char data[STEP];
	ssize_t n = sbx_terminal_read(t->master, data, sizeof(data)), put;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		sbx_shut(&t->master);
		return false;
	}
	for (ssize_t at = 0; at < n; at += put) {
		put = write(STDOUT_FILENO, data + at, (size_t)(n - at));
		if (put < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

			poll(&p, 1, -1);
			put = 0;
		} else if (put < 0 && errno != EINTR) {
			break;
		} else if (put < 0) {
			put = 0;
		}
	}
	return true;
}

static void
pass_keys(struct tty *t)
{
	ssize_t n = sbx_terminal_write(t->master, t->keys, t->n);

	if (n <= 0)
		return;
	t->n -= (size_t)n;
	memmove(t->keys, t->keys + n, t->n);
}

void
tty_serve(struct tty *t, const struct pollfd p[TTY_POLLS])
{
	ssize_t n;

	if (t->master < 0) {
		if (t->sock >= 0 && p[0].revents)
			begin(t);
		return;
	}
	if (p[1].fd >= 0 && p[1].revents) {
		n = read(STDIN_FILENO, t->keys, sizeof(t->keys));
		t->n = n > 0 ? (size_t)n : 0;
		/* The terminal is gone: its SIGHUP ends the run. */
		t->typing = n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
	}
	if (t->n)
		pass_keys(t);
	if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
		show(t);
}

bool
tty_signal(struct tty *t, int signo)
{
	if (signo == SIGTSTP) {
		give_back(t);
		guard_stop();
		if (t->master >= 0)
			take_over(t);
	} else if (signo == SIGCONT && t->master >= 0) {
		take_over(t);
	}
	if (signo == SIGCONT || signo == SIGWINCH)
		resize(t);
	return signo == SIGTSTP || signo == SIGCONT || signo == SIGWINCH;
}

void
tty_end(struct tty *t)
{
	struct pollfd p = {.events = POLLIN};

	for (p.fd = t->master; t->master >= 0 && poll(&p, 1, DRAIN_MS) == 1;)
		if (!show(t))
			break;
	sbx_shut(&t->master);
	give_back(t);
	guard_dismiss(&t->guard);
}
