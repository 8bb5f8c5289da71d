/* Repeated kills of a tree: see tree.h.
 *
 * Whoever forks faster than one pass reads is met by the next: a process that has SIGKILL pending
 * forks no more, and new pids are read last. Orphans come to the subreaper, so the tree stays
 * whole while it dies.
 *
 * Sources: prctl(2), PR_SET_CHILD_SUBREAPER; proc(5). Pinned by tests/jail/test_rungs.py. */
#include "sandbox/tree.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/usage.h"

#define PASS_MS 2 /* between passes */

void
tree_guard(int life)
{
	struct pollfd p = {.fd = life};
	sigset_t set;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (life >= 0 && poll(&p, 1, 0) == 1 && p.revents & POLLHUP)
		_exit(1);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool
tree_kill(void)
{
	const struct timespec pause = {0, PASS_MS * 1000000L};
	int64_t end = now_ms() + TREE_PATIENCE_MS;
	static pid_t pids[USAGE_PROCESSES_MAX];

	for (;;) {
		size_t n = usage_below(getpid(), pids, SBX_LEN(pids));
		pid_t got;

		for (size_t i = 0; i < n; i++)
			kill(pids[i], SIGKILL);
		while ((got = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			;
		if (got < 0 && errno == ECHILD)
			return true;
		if (now_ms() > end)
			return false;
		nanosleep(&pause, NULL);
	}
}
