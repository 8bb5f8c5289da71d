/* Modes of the standard streams, kept over a command: see streams.h.
 *
 * A command that was killed, or that means harm, leaves the terminal raw and without echo, or the
 * descriptors that the user's shell reads from non-blocking.
 * Source: termios(3). Pinned by tests/jail/test_sandbox.py. */
#include "sandbox/streams.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

void
streams_save(struct streams *s)
{
	memset(s, 0, sizeof(*s));
	s->tty = -1;
	for (int i = 0; i < 3; i++) {
		s->flags[i] = fcntl(i, F_GETFL);
		if (s->tty < 0 && tcgetattr(i, &s->mode) == 0)
			s->tty = i;
	}
}

/* Field by field: the structure may hold padding. */
static int
same_mode(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	       a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
	       memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

void
streams_restore(const struct streams *s)
{
	struct termios now;
	pid_t front;

	for (int i = 0; i < 3; i++)
		if (s->flags[i] >= 0 && fcntl(i, F_GETFL) != s->flags[i])
			fcntl(i, F_SETFL, s->flags[i]);
	if (s->tty < 0 || tcgetattr(s->tty, &now) || same_mode(&now, &s->mode))
		return;
	/* In the background it is another program that set the mode, for itself. */
	front = tcgetpgrp(s->tty);
	if (front < 0 || front == getpgrp())
		tcsetattr(s->tty, TCSANOW, &s->mode);
}

void
streams_follow(struct streams *s)
{
	streams_save(s);
	if (s->tty >= 0)
		s->tty = fcntl(s->tty, F_DUPFD_CLOEXEC, 3);
	s->last = s->mode;
}

void
streams_note(struct streams *s)
{
	struct termios now;

	/* Who is in front sets the mode: when that is the user's shell it is none of the command's. */
	if (s->tty < 0 || tcgetattr(s->tty, &now) || tcgetpgrp(s->tty) != getpgrp())
		return;
	s->last = now;
}

void
streams_leave(struct streams *s)
{
	struct termios now;
	sigset_t out, old;

	if (s->tty < 0)
		return;
	if (tcgetattr(s->tty, &now) == 0 && same_mode(&now, &s->last) &&
	    !same_mode(&now, &s->mode)) {
		/* From the background, too. */
		sigemptyset(&out);
		sigaddset(&out, SIGTTOU);
		sigprocmask(SIG_BLOCK, &out, &old);
		tcsetattr(s->tty, TCSANOW, &s->mode);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	close(s->tty);
	s->tty = -1;
}
