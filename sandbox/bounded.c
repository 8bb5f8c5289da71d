/* Reading and writing a terminal that the jail holds too: sbx_terminal_read() and -write().
 *
 * Whether a descriptor blocks is a word about what is open, not about who has it open: code that
 * took pid 1 over could make the terminal's far end blocking, or take away what poll() has just
 * found there. So each call is bounded by a timer whose signal goes to this thread alone and
 * breaks the call off; it goes on ticking, for the first tick may come before the call.
 *
 * Sources: timer_create(2), tty_ioctl(4), fcntl(2) on open file descriptions. Pinned by
 * tests/unit/test_terminal.c. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "sandbox/util.h"

#define TICK_NS	    50000000L /* of which a call may take one, or one more */
#define TO_THREAD   4	      /* SIGEV_THREAD_ID */
#define EVENT_BYTES 64	      /* the kernel's sigevent */
#define TICK_SIGNAL SIGURG    /* ignored by default: a late one does no harm */

union event {
	struct {
		union sigval value;
		int signo, notify, thread;
	} e;
	char room[EVENT_BYTES];
};

static void
tick(int signo)
{
	(void)signo;
}

static bool
set_timer(int timer, long ns)
{
	const struct itimerspec at = {.it_interval = {0, ns}, .it_value = {0, ns}};

	return syscall(SYS_timer_settime, timer, 0, &at, NULL) == 0;
}

/* False: no call may be made, as nothing would end it. */
static bool
make_timer(int *timer)
{
	union event ev;

	memset(&ev, 0, sizeof(ev));
	ev.e.signo = TICK_SIGNAL;
	ev.e.notify = TO_THREAD;
	ev.e.thread = (int)syscall(SYS_gettid);
	return syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, timer) == 0;
}

static ssize_t
bounded(int fd, short events, void *into, const void *from, size_t n)
{
	struct sigaction sa = {.sa_handler = tick}, before;
	struct pollfd p = {.fd = fd, .events = events};
	ssize_t done = -1;
	sigset_t mask, ticks;
	int timer, sys;

	if (poll(&p, 1, 0) <= 0)
		return errno = EAGAIN, -1;
	if (!make_timer(&timer))
		return -1;
	sigemptyset(&sa.sa_mask);
	sigemptyset(&ticks);
	sigaddset(&ticks, TICK_SIGNAL);
	sigaction(TICK_SIGNAL, &sa, &before);
	sigprocmask(SIG_UNBLOCK, &ticks, &mask);
	if (set_timer(timer, TICK_NS))
		done = into ? read(fd, into, n) : write(fd, from, n);
	sys = errno;
	syscall(SYS_timer_delete, timer);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(TICK_SIGNAL, &before, NULL);
	errno = sys == EINTR ? EAGAIN : sys;
	return done;
}

ssize_t
sbx_terminal_read(int fd, void *into, size_t n)
{
	return bounded(fd, POLLIN, into, NULL, n);
}

ssize_t
sbx_terminal_write(int fd, const void *from, size_t n)
{
	return bounded(fd, POLLOUT, NULL, from, n);
}
