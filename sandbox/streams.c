/* Modes of the standard streams, kept over a command: see streams.h.
 *
 * A command that was killed, or that means harm, leaves the terminal raw and without echo, or the
 * descriptors that the user's shell reads from non-blocking.
 * Source: termios(3). Pinned by tests/jail/test_sandbox.py. */
#include "sandbox/streams.h"

#include <fcntl.h>
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
