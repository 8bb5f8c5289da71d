/* Keys while the program works, and putting the terminal back.
 *
 * While a model or a step is busy the terminal neither echoes nor edits lines; what is typed is
 * kept, up to a bound, for the next prompt. ISIG stays on, so Ctrl-C is a SIGINT. The modes
 * found are remembered in static memory, because term_restore() runs in signal handlers and
 * when memory is out: it uses write(2) and tcsetattr(3) only, both async-signal-safe. Ctrl-Z
 * gives the shell its modes back and takes ours again when the program goes on: not every shell
 * does so itself. Ctrl-\ ends the program as ever, behind a restored terminal.
 * Pinned by tests/unit/test_term.c and tests/term/test_render.py. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>

#include "agent/ui/term_int.h"
#include "agent/ui/vt.h"
#include "sandbox/guard.h"

/* What term_restore() has to undo; one terminal per process. */
static struct termios saved_modes;
static volatile int saved_fd = -1;  /* whose modes were changed */
static volatile int screen_fd = -1; /* to which escape sequences go */

static struct termios first_modes;   /* found at the start */
static volatile int first_fd = -1;   /* whose they are */
static volatile bool pastes_marked;  /* bracketed paste was switched on */
static volatile int program_fd = -1; /* the screen that a step's program owns */
static volatile bool was_stopped;

static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";
static const char undo[] = "\033]8;;\033\\\033[m\033[?7h\033[?25h\033[?2026l\033[?2004l";

/* From the program, whatever it has done to it. */
static void
keys_take_screen(void)
{
	int fd = program_fd;

	if (fd >= 0 && write(fd, vt_undo, strlen(vt_undo)) < 0)
		program_fd = -1;
}

void
term_restore(void)
{
	int sys = errno;
	int fd = screen_fd;

	keys_take_screen();
	if (fd >= 0 && write(fd, undo, sizeof(undo) - 1) < 0)
		screen_fd = -1; /* nothing left to write to */
	program_fd = -1;
	fd = saved_fd;
	if (fd >= 0)
		tcsetattr(fd, TCSANOW, &saved_modes);
	saved_fd = -1;
	errno = sys;
}

/* In the background tcsetattr() would stop the program. */
static bool
modes_ours(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}

/* Ctrl-Z. */
static void
keys_stop(int sig UNUSED)
{
	int sys = errno, fd = first_fd, screen = screen_fd;
	struct termios now;
	bool ours = fd >= 0 && modes_ours(fd) && tcgetattr(fd, &now) == 0;

	if (ours)
		keys_take_screen();
	if (ours && screen >= 0 &&
	    (write(screen, undo, sizeof(undo) - 1) < 0 || write(screen, "\r\n", 2) < 0))
		screen = -1;
	if (ours)
		tcsetattr(fd, TCSANOW, &first_modes);
	guard_stop();
	was_stopped = true;
	if (ours && modes_ours(fd)) {
		tcsetattr(fd, TCSANOW, &now);
		if (screen >= 0 && pastes_marked &&
		    write(screen, paste_on, sizeof(paste_on) - 1) < 0)
			screen_fd = -1;
	}
	errno = sys;
}

/* Ctrl-\: the way out of a program that no longer listens. */
static void
keys_quit(int sig)
{
	int fd = first_fd;

	term_restore();
	if (fd >= 0 && modes_ours(fd))
		tcsetattr(fd, TCSANOW, &first_modes);
	signal(sig, SIG_DFL);
	raise(sig);
}

void
term_keys_arm(const struct term *t)
{
	struct sigaction sa = {.sa_handler = keys_stop, .sa_flags = SA_RESTART}, old;
	int fd = term_key_fd(t);

	screen_fd = t->live ? t->out.fd : -1;
	if (fd < 0 || tcgetattr(fd, &first_modes) != 0)
		return;
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGTSTP, NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
		first_fd = fd;
		sigaction(SIGTSTP, &sa, NULL);
	}
	sa.sa_handler = keys_quit;
	if (sigaction(SIGQUIT, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(SIGQUIT, &sa, NULL);
}

void
term_keys_disarm(void)
{
	struct sigaction now;

	if (first_fd >= 0)
		signal(SIGTSTP, SIG_DFL);
	if (sigaction(SIGQUIT, NULL, &now) == 0 && now.sa_handler == keys_quit)
		signal(SIGQUIT, SIG_DFL);
	first_fd = -1;
	screen_fd = -1;
	saved_fd = -1;
}

int
term_key_fd(const struct term *t)
{
	return isatty(STDIN_FILENO) ? STDIN_FILENO : t->ask.fd;
}

static void
keys_come(int fd, short revents UNUSED, void *arg)
{
	struct term *t = arg;
	char in[256];
	ssize_t n = read(fd, in, sizeof(in));

	if (n > 0) {
		n = (ssize_t)term_without_answer(t, in, (size_t)n);
		buf_add(&t->keys, in, MIN_OF((size_t)n, TERM_KEYS_MAX - t->keys.len));
		if (t->on_keys && n > 0)
			t->on_keys(&t->keys, t->on_keys_arg);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		term_typeahead(t, t->keys_loop, false); /* hung up: else we would spin */
	}
}

void
term_on_keys(struct term *t, term_keys_fn *fn, void *arg)
{
	t->on_keys = fn;
	t->on_keys_arg = arg;
	if (fn && t->keys.len)
		fn(&t->keys, arg);
}

static bool
modes_enter(int fd)
{
	struct termios m;

	if (!modes_ours(fd) || tcgetattr(fd, &m) != 0)
		return false;
	if (saved_fd != fd)
		saved_modes = m;
	m.c_lflag &= (tcflag_t) ~(ECHO | ICANON);
	m.c_lflag |= ISIG;
	m.c_cc[VMIN] = 1;
	m.c_cc[VTIME] = 0;
	saved_fd = fd;
	return tcsetattr(fd, TCSANOW, &m) == 0;
}

static void
modes_leave(void)
{
	if (saved_fd >= 0 && modes_ours(saved_fd))
		tcsetattr(saved_fd, TCSANOW, &saved_modes);
	saved_fd = -1;
}

bool
term_modes(struct term *t, bool on)
{
	int fd = term_key_fd(t);

	if (on)
		return fd >= 0 && modes_enter(fd);
	modes_leave();
	return true;
}

bool
term_raw_enter(struct term *t, struct termios *before, struct termios *raw)
{
	if (!modes_ours(STDIN_FILENO) || tcgetattr(STDIN_FILENO, before))
		return false;
	*raw = saved_modes = *before;
	cfmakeraw(raw);
	saved_fd = STDIN_FILENO;
	program_fd = t->live ? t->out.fd : -1;
	was_stopped = false;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, raw) == 0)
		return tcgetattr(STDIN_FILENO, raw) == 0;
	saved_fd = program_fd = -1;
	return false;
}

void
term_raw_leave(void)
{
	modes_leave();
	program_fd = -1;
}

bool
term_raw_stopped(void)
{
	bool was = was_stopped;

	was_stopped = false;
	return was;
}

bool
term_key_mode(struct term *t, bool on)
{
	if (on && !modes_enter(term_key_fd(t)))
		return false;
	if (!on)
		modes_leave();
	term_frame(t, true);
	pastes_marked = on;
	if (t->live)
		term_sink_write(&t->out, on ? paste_on : paste_off, sizeof(paste_on) - 1);
	return true;
}

void
term_typeahead(struct term *t, struct loop *l, bool on)
{
	if (on && !t->keys_loop && isatty(STDIN_FILENO) && modes_enter(STDIN_FILENO)) {
		t->keys_loop = l;
		loop_watch(l, STDIN_FILENO, POLLIN, keys_come, t);
	} else if (!on && t->keys_loop) {
		loop_unwatch(t->keys_loop, STDIN_FILENO);
		t->keys_loop = NULL;
		modes_leave();
	}
}

size_t
term_take_typeahead(struct term *t, char *out, size_t max)
{
	size_t n = MIN_OF(max, t->keys.len);

	if (n)
		memcpy(out, t->keys.data, n);
	buf_reset(&t->keys);
	return n;
}
