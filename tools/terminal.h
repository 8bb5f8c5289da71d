/* The terminal of an interpreter: the agent's end of a pseudo-terminal of the jail's.
 *
 * It is drained all the time, so that nobody who writes to it waits for a reader; what is typed
 * into it waits in a queue that is wiped as it empties. Internal to jobs.c and execute.c. */
#ifndef SUNABA_TOOLS_TERMINAL_H
#define SUNABA_TOOLS_TERMINAL_H

#include <sys/ioctl.h>
#include <termios.h>

#include "agent/base/buf.h"
#include "agent/base/loop.h"

#define TERMINAL_STREAM	  3	     /* beside 1 and 2 of jobs_output_fn */
#define TERMINAL_NAME_MAX 80	     /* bytes of "TERM=…" */
#define TERMINAL_KEYS_MAX (64 * KIB) /* typed bytes that the program has not taken */

typedef void terminal_fn(const char *p, size_t n, void *arg);

struct terminal {
	int fd;	  /* -1: none */
	int near; /* the program's end: with it open, the other never hangs up for good */
	struct termios mode; /* as it was made */
	struct loop *loop;
	short watching;	 /* poll events asked for; 0: not watched */
	struct buf keys; /* typed and not yet taken */
	bool typed;	 /* since then nothing was read: an echo may wait */
	terminal_fn *out;
	void *arg;
};

/* "TERM=" with the kind of the user's terminal; "TERM=dumb" when it is a strange one. */
const char *terminal_name(char pair[TERMINAL_NAME_MAX]);
/* Takes `fd` over; -1: there is none. Output goes to `out` from the loop's turns. */
void
terminal_begin(struct terminal *t, int fd, struct loop *l, terminal_fn *out, void *arg);
void terminal_end(struct terminal *t); /* what is left of the output is handed on */
/* Hands on what was written until now. Bounded, whatever writes meanwhile. */
void terminal_drain(struct terminal *t);
/* Off: output waits in the terminal. */
void terminal_watch(struct terminal *t, bool on);
/* Between steps: the mode is the first one again, what was typed and not read is gone. */
void terminal_reset(struct terminal *t);
void terminal_size(struct terminal *t, const struct winsize *size);
/* False when it does not fit, or there is no terminal: nothing was typed then. */
bool terminal_type(struct terminal *t, const char *p, size_t n);

/* Output for the model without what full-screen programs draw: a filter in front of the fold. */
struct terminal_text {
	bool full;    /* a program has taken the screen */
	char seq[16]; /* "\033[?1049" as far as it came */
	size_t n;
};
void terminal_text_feed(struct terminal_text *t, const char *p, size_t n, terminal_fn *out,
			void *arg);

#endif
