/* The launcher's standard streams, which a command may leave changed: it shares them. */
#ifndef SUNABA_SANDBOX_STREAMS_H
#define SUNABA_SANDBOX_STREAMS_H

#include <termios.h>

struct streams {
	int flags[3];	     /* as fcntl(F_GETFL) says; -1: closed */
	int tty;	     /* the first one that is a terminal, or -1 */
	struct termios mode; /* the terminal's */
};

void streams_save(struct streams *s);
/* Undoes what differs: raw mode, no echo, O_NONBLOCK. */
void streams_restore(const struct streams *s);

#endif
