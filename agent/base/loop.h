/* The one waiting place of the agent: descriptors, signals and a deadline in a single poll.
 *
 * Everything that waits (a model's stream, a step in the jail, the line editor, a retry's
 * countdown) calls loop_wait() and looks at what woke it; watches are served on the way, so
 * that jail output and typed keys are never left lying. The HTTP client puts curl_multi_poll in
 * the place of poll while a transfer is under way (loop_set_poll).
 *
 * Signals are counted by handlers that only write to an eventfd. One loop per process. */
#ifndef SUNABA_BASE_LOOP_H
#define SUNABA_BASE_LOOP_H

#include <poll.h>

#include "agent/base/err.h"

#define LOOP_WATCH_MAX 48 /* descriptors; an interpreter of each language has one of them */

struct loop;

enum loop_wake {
	LOOP_IO = 1 << 0,      /* at least one watch was served */
	LOOP_TIMEOUT = 1 << 1, /* the time passed to loop_wait is over */
	LOOP_SIGNAL = 1 << 2,  /* SIGINT, SIGTERM, SIGHUP, SIGWINCH or SIGCONT came */
};

typedef void loop_fn(int fd, short revents, void *arg);
/* As poll(2); may return early. */
typedef int loop_poll_fn(struct pollfd *fds, nfds_t n, int timeout_ms, void *arg);

/* Installs the signal handlers (SIGPIPE ignored). ERR_INTERNAL when the system refuses. */
enum err_kind loop_new(struct loop **out, struct err *e);
void loop_free(struct loop *l); /* NULL is fine; restores the handlers */

void loop_watch(struct loop *l, int fd, short events, loop_fn *fn, void *arg);
void loop_unwatch(struct loop *l, int fd);
void loop_set_poll(struct loop *l, loop_poll_fn *fn, void *arg); /* NULL: poll(2) */

/* Waits for at most timeout_ms (-1: without end) and serves what is ready; a set of
 * enum loop_wake, empty when something else ended the wait early. A signal that is counted and
 * not yet taken returns at once the first time, then every 50 ms until it is taken: LOOP_SIGNAL
 * stays set, and a caller that passes it over does not spin. LOOP_TIMEOUT is set whenever the
 * time is really over and no watch was served, also beside LOOP_SIGNAL. */
int loop_wait(struct loop *l, int timeout_ms);

/* How often each signal came since the last take. */
int loop_take_interrupts(struct loop *l); /* SIGINT */
bool loop_take_resize(struct loop *l);	  /* SIGWINCH, SIGCONT */
int
loop_terminated(const struct loop *l); /* SIGTERM or SIGHUP if one came, else 0; stays */
/* Interrupts without taking them: true while a SIGINT or a termination waits to be handled. */
bool loop_pending(const struct loop *l);
/* Counts a SIGINT that came as a key (Ctrl-C read in raw mode). */
void loop_interrupt(struct loop *l);

#endif
