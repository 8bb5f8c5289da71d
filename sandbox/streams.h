/* The launcher's standard streams, which a command may leave changed: it shares them. */
#ifndef SUNABA_SANDBOX_STREAMS_H
#define SUNABA_SANDBOX_STREAMS_H

#include <termios.h>

struct streams {
	int flags[3];	     /* as fcntl(F_GETFL) says; -1: closed */
	int tty;	     /* the first one that is a terminal, or -1 */
	struct termios mode; /* the terminal's */
	struct termios last; /* streams_note(): as the command had it */
};

void streams_save(struct streams *s);
/* Undoes what differs: raw mode, no echo, O_NONBLOCK. */
void streams_restore(const struct streams *s);

/* In the process that outlives a launcher that is killed, where the command has the user's own
 * terminal: saves, with a descriptor of the terminal that stays when the streams are closed. */
void streams_follow(struct streams *s);
/* From time to time: what the command made of the terminal. */
void streams_note(struct streams *s);
/* With the command gone: undoes that, unless somebody else has set another mode since. */
void streams_leave(struct streams *s);

#endif
