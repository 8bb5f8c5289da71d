/* The one waiting place of the agent. See loop.h.
 *
 * Handlers add to counters and write to an eventfd, both async-signal-safe; the descriptor is
 * polled with the rest, which closes the race between a check and the wait (as a self-pipe
 * does). Pinned by tests/unit/test_loop.c. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#include "agent/base/clock.h"
#include "agent/base/loop.h"
#include "agent/base/mem.h"

struct loop_watch {
	int fd; /* -1: free */
	short events;
	loop_fn *fn;
	void *arg;
};

struct loop {
	int wake_fd;
	struct loop_watch watch[LOOP_WATCH_MAX];
	loop_poll_fn *poll_fn;
	void *poll_arg;
};

static const int loop_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT, SIGPIPE};

/* Written by handlers. */
static volatile sig_atomic_t got_int, got_term, got_winch;
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
		got_int = got_int + 1;
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
	struct sigaction sa = {.sa_handler = loop_on_signal};
	struct loop *l = mem_alloc(sizeof(*l));

	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake_fd < 0) {
		free(l);
		return err_sys(e, ERR_INTERNAL, "eventfd");
	}
	for (size_t i = 0; i < LOOP_WATCH_MAX; i++)
		l->watch[i].fd = -1;
	got_int = got_term = got_winch = 0;
	wake_fd_for_handler = l->wake_fd;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(loop_signals); i++) {
		sa.sa_handler = loop_signals[i] == SIGPIPE ? SIG_IGN : loop_on_signal;
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
	*free_slot = (struct loop_watch){.fd = fd, .events = events, .fn = fn, .arg = arg};
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

/* Calls the watches that are ready. A callback may take watches away, itself included. */
static int
loop_serve(struct loop *l, const struct pollfd *fds, nfds_t n)
{
	int woke = 0;

	for (nfds_t k = 1; k < n; k++) {
		if (!fds[k].revents)
			continue;
		for (size_t i = 0; i < LOOP_WATCH_MAX; i++) {
			if (l->watch[i].fd != fds[k].fd)
				continue;
			l->watch[i].fn(fds[k].fd, fds[k].revents, l->watch[i].arg);
			woke = LOOP_IO;
			break;
		}
	}
	return woke;
}

int
loop_wait(struct loop *l, int timeout_ms)
{
	struct pollfd fds[LOOP_WATCH_MAX + 1] = {{.fd = l->wake_fd, .events = POLLIN}};
	nfds_t n = 1;
	uint64_t drained;
	int rc, woke = 0;

	if (loop_pending(l))
		timeout_ms = 0;
	for (size_t i = 0; i < LOOP_WATCH_MAX; i++)
		if (l->watch[i].fd >= 0)
			fds[n++] = (struct pollfd){.fd = l->watch[i].fd,
						   .events = l->watch[i].events};
	rc = l->poll_fn ? l->poll_fn(fds, n, timeout_ms, l->poll_arg)
			: poll(fds, n, timeout_ms);
	if (fds[0].revents && read(l->wake_fd, &drained, sizeof(drained)) > 0)
		woke |= LOOP_SIGNAL;
	if (loop_pending(l) || got_winch)
		woke |= LOOP_SIGNAL;
	if (rc > 0)
		woke |= loop_serve(l, fds, n);
	else if (rc == 0 && !woke)
		woke = LOOP_TIMEOUT;
	return woke;
}

int
loop_take_interrupts(struct loop *l)
{
	int n = got_int;

	(void)l;
	got_int = 0;
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
	(void)l;
	got_int = got_int + 1;
	loop_poke();
}
