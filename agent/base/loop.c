/* The one waiting place of the agent. See loop.h.
 *
 * Handlers add to counters and write to an eventfd, both async-signal-safe; the descriptor is
 * polled with the rest, which closes the race between a check and the wait (as a self-pipe
 * does). Pinned by tests/unit/test_loop.c. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>

#include "agent/base/clock.h"
#include "agent/base/loop.h"
#include "agent/base/mem.h"

#define LOOP_NAG_MS 50 /* between two returns for a signal that nobody takes */

struct loop_watch {
	int fd;		 /* -1: free */
	unsigned serial; /* tells a watch from a later one of the same descriptor number */
	short events;
	loop_fn *fn;
	void *arg;
};

struct loop {
	int wake_fd;
	unsigned serial;
	bool told_int, told_term; /* loop_wait has returned for what is pending */
	struct loop_watch watch[LOOP_WATCH_MAX];
	loop_poll_fn *poll_fn;
	void *poll_arg;
};

static const int loop_signals[] = {SIGINT,  SIGTERM, SIGHUP, SIGWINCH,
				   SIGCONT, SIGPIPE, SIGXFSZ};

/* A reader that went away and a file at its limit are errors of write(2), not deaths. */
static bool
loop_ignores(int sig)
{
	return sig == SIGPIPE || sig == SIGXFSZ;
}

/* Written by handlers. */
static atomic_int got_int;
static volatile sig_atomic_t got_term, got_winch;
static volatile sig_atomic_t wake_fd_for_handler = -1;
static struct sigaction loop_old[ARRAY_LEN(loop_signals)];

static void
loop_poke(void)
{
	uint64_t one = 1;

	if (wake_fd_for_handler >= 0 && write(wake_fd_for_handler, &one, sizeof(one)) < 0)
		return; /* full: the reader is awake already */
}

static void
loop_on_signal(int sig)
{
	int saved = errno;

	if (sig == SIGINT)
		atomic_fetch_add(&got_int, 1);
	else if (sig == SIGTERM || sig == SIGHUP)
		got_term = sig;
	else
		got_winch = 1;
	loop_poke();
	errno = saved;
}

enum err_kind
loop_new(struct loop **out, struct err *e)
{
	/* Restarting keeps stdio whole; poll() returns all the same. */
	struct sigaction sa = {.sa_handler = loop_on_signal, .sa_flags = SA_RESTART};
	struct loop *l = mem_alloc(sizeof(*l));

	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake_fd < 0) {
		free(l);
		return err_sys(e, ERR_INTERNAL, "eventfd");
	}
	for (size_t i = 0; i < LOOP_WATCH_MAX; i++)
		l->watch[i].fd = -1;
	atomic_store(&got_int, 0);
	got_term = got_winch = 0;
	wake_fd_for_handler = l->wake_fd;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(loop_signals); i++) {
		sa.sa_handler = loop_ignores(loop_signals[i]) ? SIG_IGN : loop_on_signal;
		sigaction(loop_signals[i], &sa, &loop_old[i]);
	}
	*out = l;
	return ERR_NONE;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < ARRAY_LEN(loop_signals); i++)
		sigaction(loop_signals[i], &loop_old[i], NULL);
	wake_fd_for_handler = -1;
	close(l->wake_fd);
	free(l);
}

void
loop_watch(struct loop *l, int fd, short events, loop_fn *fn, void *arg)
{
	struct loop_watch *free_slot = NULL;

	for (size_t i = 0; i < LOOP_WATCH_MAX; i++) {
		if (l->watch[i].fd == fd) {
			free_slot = &l->watch[i];
			break;
		}
		if (l->watch[i].fd < 0 && !free_slot)
			free_slot = &l->watch[i];
	}
	if (!free_slot)
		mem_die("internal error: too many watched descriptors");
	*free_slot = (struct loop_watch){
	    .fd = fd, .serial = ++l->serial, .events = events, .fn = fn, .arg = arg};
}

void
loop_unwatch(struct loop *l, int fd)
{
	for (size_t i = 0; i < LOOP_WATCH_MAX; i++)
		if (l->watch[i].fd == fd)
			l->watch[i].fd = -1;
}

void
loop_set_poll(struct loop *l, loop_poll_fn *fn, void *arg)
{
	l->poll_fn = fn;
	l->poll_arg = arg;
}

/* Calls the watches that are ready: those of `fds` from 1 on, whose serials stand beside them. A
 * callback may take watches away, itself included, and set others. */
static int
loop_serve(struct loop *l, const struct pollfd *fds, const unsigned *serials, nfds_t n)
{
	int woke = 0;

	for (nfds_t k = 1; k < n; k++) {
		if (!fds[k].revents)
			continue;
		for (size_t i = 0; i < LOOP_WATCH_MAX; i++) {
			if (l->watch[i].fd != fds[k].fd || l->watch[i].serial != serials[k])
				continue;
			l->watch[i].fn(fds[k].fd, fds[k].revents, l->watch[i].arg);
			woke = LOOP_IO;
			break;
		}
	}
	return woke;
}

/* How long to wait when `timeout_ms` is asked for. A signal not yet taken returns at once when
 * it is news, and in short steps after that: a caller that does not take it must neither spin
 * nor sleep on. */
static int
loop_patience(const struct loop *l, int timeout_ms)
{
	if ((got_int > 0 && !l->told_int) || (got_term && !l->told_term))
		return 0;
	if (!loop_pending(l) || (timeout_ms >= 0 && timeout_ms < LOOP_NAG_MS))
		return timeout_ms;
	return LOOP_NAG_MS;
}

int
loop_wait(struct loop *l, int timeout_ms)
{
	struct pollfd fds[LOOP_WATCH_MAX + 1] = {{.fd = l->wake_fd, .events = POLLIN}};
	unsigned serials[LOOP_WATCH_MAX + 1] = {0};
	int64_t start = clock_ms();
	nfds_t n = 1;
	uint64_t drained;
	int rc, woke = 0, patience = loop_patience(l, timeout_ms);

	for (size_t i = 0; i < LOOP_WATCH_MAX; i++) {
		if (l->watch[i].fd < 0)
			continue;
		serials[n] = l->watch[i].serial;
		fds[n++] =
		    (struct pollfd){.fd = l->watch[i].fd, .events = l->watch[i].events};
	}
	rc =
	    l->poll_fn ? l->poll_fn(fds, n, patience, l->poll_arg) : poll(fds, n, patience);
	if (fds[0].revents && read(l->wake_fd, &drained, sizeof(drained)) > 0)
		woke |= LOOP_SIGNAL;
	if (loop_pending(l) || got_winch)
		woke |= LOOP_SIGNAL;
	l->told_int = got_int > 0;
	l->told_term = got_term != 0;
	if (rc >= 0)
		woke |= loop_serve(l, fds, serials, n);
	if (timeout_ms >= 0 && !(woke & LOOP_IO) && clock_ms() - start >= timeout_ms)
		woke |= LOOP_TIMEOUT;
	return woke;
}

int
loop_take_interrupts(struct loop *l)
{
	int n = atomic_exchange(&got_int, 0); /* none is lost that comes just now */

	l->told_int = false;
	return n;
}

bool
loop_take_resize(struct loop *l)
{
	bool w = got_winch != 0;

	(void)l;
	got_winch = 0;
	return w;
}

int
loop_terminated(const struct loop *l)
{
	(void)l;
	return got_term;
}

bool
loop_pending(const struct loop *l)
{
	(void)l;
	return got_int > 0 || got_term != 0;
}

void
loop_interrupt(struct loop *l)
{
	atomic_fetch_add(&got_int, 1);
	l->told_int = false;
	loop_poke();
}
