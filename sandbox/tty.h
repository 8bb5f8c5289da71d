/* A terminal of its own for an interactive command, relayed to the user's. */
#ifndef SUNABA_SANDBOX_TTY_H
#define SUNABA_SANDBOX_TTY_H

#include <poll.h>
#include <stdbool.h>
#include <termios.h>

#include "sandbox/guard.h"
#include "sandbox/sandbox.h"

#define TTY_KEYS  1024 /* bytes typed that the jail has not taken yet */
#define TTY_POLLS 2
#define TTY_TERM  80 /* bytes of "TERM=..." */

struct tty {
	int sock;   /* the jail's terminal comes from there; -1: no relay */
	int master; /* the jail's terminal; -1: not come yet, or gone */
	struct guard guard;
	bool typing, raw;	     /* the user's terminal is read; it is ours */
	struct termios before, mode; /* the user's terminal, and as the relay sets it */
	unsigned char keys[TTY_KEYS];
	size_t n;
};

/* Ends a line of the launcher's own: "\n", or "\r\n" while the terminal is raw. */
extern const char *tty_newline;

/* Standard input and output are a terminal, and it is this process's to use. */
bool tty_wanted(void);
/* "TERM=" with the user's terminal, or "TERM=dumb" when it is strange. */
void tty_term(char pair[TTY_TERM]);

/* A terminal of the jail's own, both ends close-on-exec and the caller's. */
bool tty_pair(int *master, int *near, struct sbx_fail *f);
/* In pid 1, once the tree stands: makes a terminal, sends its far end over `sock`, and puts the
 * near one in place of each standard stream that is a terminal. */
bool tty_make(int sock, struct sbx_fail *f);

/* In the launcher. `sock` is borrowed, -1: every call does nothing. */
void tty_init(struct tty *t, int sock);
/* What to poll: TTY_POLLS entries, some with descriptor -1. */
void tty_poll(const struct tty *t, struct pollfd p[TTY_POLLS]);
void tty_serve(struct tty *t, const struct pollfd p[TTY_POLLS]);
/* SIGWINCH, SIGTSTP, SIGCONT; true when the signal was one of them. */
bool tty_signal(struct tty *t, int signo);
/* Passes on what is left of the output, and makes the user's terminal what it was. */
void tty_end(struct tty *t);

#endif
