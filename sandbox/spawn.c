/* From fork to exec, and the reaper's loop: see spawn.h.
 *
 * The recipe is libuv's and musl's: reset every signal, report a failed exec through a pipe that
 * exec closes. The command is in a session of its own, so it has no controlling terminal.
 * Sources: execve(2), setsid(2), signal(7), pid_namespaces(7). Pinned by tests/jail and
 * tests/unit/test_session.c. */
#include "sandbox/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/confine.h"

#define EXIT_NOT_FOUND	 127
#define EXIT_CANNOT_EXEC 126
#define FD_REPORT	 202 /* above the driver's descriptors */
#define NS_PER_MS	 1000000L
#define MS_PER_S	 1000
#define WATCH_TICK_MS	 10
#define WATCH_FIRST_MS	 50
#define FD_ABOVE	 300 /* where descriptors wait while the low numbers are dealt */

extern char **environ;

void
spawn_reset_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		sigaction(s, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
spawn_block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void
close_from_to(unsigned from, unsigned to)
{
	/* ENOSYS before 5.9, where no jail can be built anyway. */
	syscall(SYS_close_range, from, to, 0);
}

static void __attribute__((noreturn)) give_up(int kind, const struct sbx_fail *f)
{
	struct report r = {.kind = kind, .fail = *f};

	r.status = f->sys == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
	if (write(FD_REPORT, &r, sizeof(r)) < 0)
		_exit(EXIT_CANNOT_EXEC);
	_exit(r.status);
}

/* Deals the descriptors their numbers. */
static void
deal(const struct spawn *sp)
{
	const int want[] = {1, 2, FD_REPORT, SBX_FD_CODE, SBX_FD_STATUS};
	int from[] = {sp->fd[0], sp->fd[1], sp->fd[2], sp->code, sp->state};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < SBX_LEN(want); i++)
		if (from[i] >= 0)
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FD_ABOVE);
	if (null >= 0 && !sp->inherit)
		dup2(null, 0);
	for (size_t i = 0; i < SBX_LEN(want); i++)
		if (from[i] >= 0)
			dup3(from[i], want[i], want[i] == FD_REPORT ? O_CLOEXEC : 0);
	close_from_to(3, SBX_FD_CODE - 1);
	close_from_to(FD_REPORT + 1, ~0u);
	if (sp->code < 0)
		close_from_to(SBX_FD_CODE, SBX_FD_STATUS);
}

void
spawn_exec(const struct spawn *sp)
{
	struct sbx_fail f = {.step = ""};

	deal(sp);
	setsid();
	spawn_reset_signals();
	/* A process that is not dumpable may not write its own /proc files. */
	prctl(PR_SET_DUMPABLE, 1);
	if (chdir(sp->cwd)) {
		sbx_fail_set(&f, "folder", errno, sp->cwd);
		give_up(REPORT_EXEC, &f);
	}
	if (!confine(sp->setup, &f))
		give_up(REPORT_FAIL, &f);
	environ = (char **)sp->env;
	execvp(sp->argv[0], (char *const *)sp->argv);
	sbx_fail_set(&f, "execute", errno, sp->argv[0]);
	give_up(REPORT_EXEC, &f);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * MS_PER_S + ts.tv_nsec / NS_PER_MS;
}

int
spawn_reap(pid_t main_pid, spawn_watch *watch, const struct setup *s)
{
	const struct timespec tick = {0, WATCH_TICK_MS * NS_PER_MS};
	int64_t next = now_ms() + WATCH_FIRST_MS;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	/* Waits only where tree_guard() blocked it. */
	sigaddset(&set, SIGTERM);
	for (;;) {
		siginfo_t info;
		int status, sig, wait_ms;
		pid_t pid;

		while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
			if (pid == main_pid)
				return status;
		sig = sigtimedwait(&set, &info, watch ? &tick : NULL);
		if (sig == SIGTERM)
			return -1;
		/* si_pid is 0 when the sender lives outside of this pid namespace. */
		if (sig == SIGUSR1 && (info.si_pid == 0 || info.si_pid == getppid()))
			kill(-main_pid, info.si_value.sival_int);
		/* By the clock: a storm of signals must not put it off. */
		if (!watch || now_ms() < next)
			continue;
		wait_ms = watch(s);
		if (wait_ms < 0)
			return -1;
		next = now_ms() + wait_ms;
	}
}
