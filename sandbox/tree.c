/* Repeated kills of a tree: see tree.h.
 *
 * A signal to everybody (-1) from within a Landlock scope reaches the scope alone, and the kernel
 * sends it with no fork in between: that comes first, where it is proved to hold. Elsewhere:
 * whoever forks faster than one pass reads is met by the next: a process that has SIGKILL pending
 * forks no more, and new pids are read last. Orphans come to the subreaper, so the tree stays
 * whole while it dies.
 *
 * Sources: prctl(2), PR_SET_CHILD_SUBREAPER; proc(5). Pinned by tests/jail/test_rungs.py. */
#include "sandbox/tree.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/confine.h"
#include "sandbox/usage.h"

#define PASS_MS	     2		 /* between passes */
#define SCOPE_SIGNAL (1ULL << 1) /* ABI 6 */

static bool scoped;	  /* tree_scope() holds, */
static pid_t scope_owner; /* in this process: its children have inherited the word */

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

void
tree_scope(void)
{
	const struct {
		uint64_t fs, net, scoped;
	} rules = {0, 0, SCOPE_SIGNAL};
	SBX_CLOSE int fd = -1;

	if (landlock_abi() < 6)
		return;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, fd, 0))
		return;
	/* Not believed but tried: without the scope it would be all of the user's processes. */
	scoped = getppid() > 0 && kill(getppid(), 0) < 0 && errno == EPERM;
	scope_owner = getpid();
}

static void
kill_scope(void)
{
	/* Asked for again: a parent that ended has left this process to another. */
	if (!scoped || scope_owner != getpid() || getppid() <= 0 ||
	    kill(getppid(), 0) == 0 || errno != EPERM)
		return;
	kill(-1, SIGKILL);
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

	kill_scope();
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
