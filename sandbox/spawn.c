/* From fork to exec, and the reaper's loop: see spawn.h.
 *
 * The recipe is libuv's and musl's: reset every signal, report a failed exec through a pipe that
 * exec closes. The command is in a session of its own, so it has no controlling terminal.
 * Sources: execve(2), setsid(2), signal(7), pid_namespaces(7). Pinned by tests/jail and
 * tests/unit/test_session.c. */
#include "sandbox/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/confine.h"
#include "sandbox/early.h"
#include "sandbox/order.h"

#define EXIT_NOT_FOUND	 127
#define EXIT_CANNOT_EXEC 126
#define FD_REPORT	 202 /* above the driver's descriptors */
#define FD_CHANNEL	 203
#define FD_ORDER	 204
#define NS_PER_MS	 1000000L
#define MS_PER_S	 1000
#define WATCH_TICK_MS	 10
#define WATCH_FIRST_MS	 50
#define FD_ABOVE	 300 /* where descriptors wait while the low numbers are dealt */
#define FDS_DEALT	 7

extern char **environ;

/* Signals from `first` to `last` to their defaults, none blocked. */
static void
reset_signals(int first, int last)
{
	/* The kernel's structure, all zero: SIG_DFL. C libraries keep some signals to themselves, but
	 * these too may have come ignored. */
	static const unsigned long dfl[4];
	sigset_t none;

	for (int s = first; s <= last; s++)
		syscall(SYS_rt_sigaction, s, dfl, NULL, (NSIG - 1) / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
spawn_reset_signals(void)
{
	reset_signals(1, NSIG - 1);
}

void
spawn_servant(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* Ctrl-C goes to the whole foreground group: it is for the agent to pass on. */
	setsid();
	spawn_reset_signals();
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

bool
spawn_has_room(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur > FD_ABOVE + FDS_DEALT;
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
	const int want[FDS_DEALT] = {
	    1, 2, FD_REPORT, SBX_FD_CODE, SBX_FD_STATUS, FD_CHANNEL, FD_ORDER};
	int from[FDS_DEALT] = {sp->fd[0], sp->fd[1],   sp->fd[2], sp->code,
			       sp->state, sp->channel, sp->order};
	int in = sp->in ? sp->in : open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < SBX_LEN(want); i++)
		if (from[i] >= 0)
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FD_ABOVE);
	if (in >= 0 && !sp->inherit)
		dup2(in, 0);
	for (size_t i = 0; i < SBX_LEN(want); i++)
		if (from[i] >= 0)
			dup3(from[i], want[i], want[i] >= FD_REPORT ? O_CLOEXEC : 0);
	close_from_to(3, SBX_FD_CODE - 1);
	close_from_to(sp->order >= 0	 ? FD_ORDER + 1
		      : sp->channel >= 0 ? FD_CHANNEL + 1
					 : FD_CHANNEL,
		      ~0u);
	if (sp->code < 0)
		close_from_to(SBX_FD_CODE, SBX_FD_STATUS);
}

static void
take_terminal(const struct spawn *sp)
{
	if (sp->terminal)
		ioctl(0, TIOCSCTTY, 0);
}

static void
enter_folder(const struct spawn *sp)
{
	struct sbx_fail f;

	if (chdir(sp->cwd) == 0)
		return;
	sbx_fail_set(&f, "folder", errno, sp->cwd);
	give_up(REPORT_EXEC, &f);
}

static void __attribute__((noreturn)) execute(const struct spawn *sp)
{
	struct sbx_fail f;

	environ = (char **)sp->env;
	execvp(sp->argv[0], (char *const *)sp->argv);
	sbx_fail_set(&f, "execute", errno, sp->argv[0]);
	give_up(REPORT_EXEC, &f);
}

/* What needs no order is done before it comes. Limits are not: one of open files may lie below the
 * numbers that descriptors are dealt by. Nor are capabilities given up: they open a job's folder. */
static void __attribute__((noreturn)) ahead_main(const struct spawn *sp)
{
	struct sbx_fail f = {.step = ""};
	struct spawn job = *sp;
	struct order o;

	if (!confine_ahead(sp->setup, FD_CHANNEL, sp->asks, &f))
		give_up(REPORT_FAIL, &f);
	if (!order_take(FD_ORDER, &job, &o))
		_exit(EXIT_CANNOT_EXEC);
	job.fd[2] = FD_REPORT;
	job.channel = job.order = -1;
	job.inherit = !job.terminal; /* /dev/null already */
	deal(&job);
	take_terminal(&job);
	enter_folder(&job);
	if (!confine_last(sp->setup, &f))
		give_up(REPORT_FAIL, &f);
	execute(&job);
}

static void __attribute__((noreturn)) command_main(const struct spawn *sp)
{
	struct sbx_fail f = {.step = ""};

	deal(sp);
	setsid();
	take_terminal(sp);
	if (sp->fresh)
		reset_signals(SIGPIPE, SIGPIPE);
	else
		spawn_reset_signals();
	if (sp->order >= 0)
		ahead_main(sp);
	/* Elsewhere the kernel ends the whole namespace with its guard. */
	if (sp->setup->rung == SBX_RUNG_LANDLOCK)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sp->early && !early_wait(sp->early, FD_CHANNEL, &f)) {
		if (f.sys == EPIPE || f.sys == ECONNRESET)
			_exit(
			    1); /* pid 1 has ended, and tells why: that must be heard first */
		give_up(REPORT_FAIL, &f);
	}
	enter_folder(sp);
	if (sp->early
		? !confine_rights(sp->setup, &f) || !early_last(FD_CHANNEL, &f)
		: !confine(sp->setup, sp->channel < 0 ? -1 : FD_CHANNEL, sp->asks, &f))
		give_up(REPORT_FAIL, &f);
	execute(sp);
}

/* The memory is the parent's until exec, which saves copying it: between them nothing is left
 * changed but environ, which pid 1 and reapers have no use for. A parent that waits for a vfork
 * counts as load, so who is to wait long gets memory of its own. */
pid_t
spawn_start(const struct spawn *sp)
{
	pid_t pid = sp->order < 0 ? vfork() : fork();

	if (pid == 0)
		command_main(sp);
	return pid;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * MS_PER_S + ts.tv_nsec / NS_PER_MS;
}

struct caught {
	int signo; /* 0: none */
	int pid;   /* of the sender; 0: it lives outside of this pid namespace */
	int value;
};

/* Waits for a signal, for `tick` at most unless it is NULL. */
static struct caught
wait_signal(const sigset_t *set, const struct timespec *tick)
{
	siginfo_t info;
	int sig = sigtimedwait(set, &info, tick);

	if (sig <= 0)
		return (struct caught){0};
	return (struct caught){sig, info.si_pid, info.si_value.sival_int};
}

/* Waits for a signal or calls to be answered. `signals` is non-blocking. *last: the listener
 * hung up, so whatever came of the command has ended or is about to. */
static struct caught
wait_calls(int signals, bool tick, const struct setup *s, const struct spawn_calls *c,
	   bool *last)
{
	bool heard = c->notify->listener >= 0;
	struct pollfd p[] = {{.fd = signals, .events = POLLIN},
			     {.fd = notify_fd(c->notify), .events = POLLIN}};
	struct signalfd_siginfo info;

	if (poll(p, SBX_LEN(p), tick ? WATCH_TICK_MS : -1) <= 0)
		return (struct caught){0};
	if (p[1].revents)
		notify_serve(c->notify, s, c->tell, c->arg);
	*last = heard && p[1].revents & POLLHUP;
	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return (struct caught){0};
	return (struct caught){(int)info.ssi_signo, (int)info.ssi_pid, info.ssi_int};
}

int
spawn_reap(pid_t main_pid, spawn_watch *watch, const struct setup *s)
{
	return spawn_reap_calls(main_pid, watch, s, NULL);
}

int
spawn_reap_calls(pid_t main_pid, spawn_watch *watch, const struct setup *s,
		 const struct spawn_calls *calls)
{
	const struct timespec tick = {0, WATCH_TICK_MS * NS_PER_MS};
	SBX_CLOSE int signals = -1;
	int64_t next = now_ms() + WATCH_FIRST_MS;
	bool last = false;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	/* Waits only where tree_guard() blocked it. */
	sigaddset(&set, SIGTERM);
	if (calls)
		signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	for (;;) {
		struct caught got;
		int status, wait_ms;
		pid_t pid;

		/* Before its SIGCHLD could be waited for. */
		if (last && waitpid(main_pid, &status, __WALL) == main_pid)
			return status;
		while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
			if (pid == main_pid)
				return status;
		got = signals >= 0 ? wait_calls(signals, watch, s, calls, &last)
				   : wait_signal(&set, watch ? &tick : NULL);
		if (got.signo == SIGTERM)
			return -1;
		if (got.signo == SIGUSR1 && (got.pid == 0 || got.pid == getppid()))
			kill(-main_pid, got.value);
		/* By the clock: a storm of signals must not put it off. */
		if (!watch || now_ms() < next)
			continue;
		wait_ms = watch(s);
		if (wait_ms < 0)
			return -1;
		next = now_ms() + wait_ms;
	}
}
