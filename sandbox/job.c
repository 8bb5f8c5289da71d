/* Starting jobs and ending them: see job.h; their pipes are in jobio.c.
 *
 * A job is a clone of pid 1 in a pid and mount namespace of its own. That clone, the reaper, is
 * pid 1 there: it mounts a /proc, forks the command, collects orphans, and when the command
 * ends it ends, upon which the kernel kills whatever else lives in the namespace.
 *
 * Most of that takes longer than executing a program, and is the same for every job: the next one's
 * reaper and command are made ahead (initstart.c), and wait for their order just before the exec.
 *
 * Sources: pid_namespaces(7), pidfd_send_signal(2). Pinned by tests/unit/test_session.c. */
#include "sandbox/job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/bare.h"
#include "sandbox/confine.h"
#include "sandbox/fullscreen.h"
#include "sandbox/ns.h"
#include "sandbox/order.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"
#include "sandbox/spawn.h"
#include "sandbox/tree.h"
#include "sandbox/tty.h"

#define FD_REPORT_REAPER 3
#define US_PER_S	 1000000u

/* The far ends of a job's pipes, in pid 1 only until the clone. */
struct ends {
	int out[2], report, code, state, calls, order, terminal;
};

#define NO_ENDS                                  \
	{                                        \
		{-1, -1}, -1, -1, -1, -1, -1, -1 \
	}

static bool
make_pipe(int *mine, int *theirs, bool i_read)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return false;
	*mine = p[i_read ? 0 : 1];
	*theirs = p[i_read ? 1 : 0];
	return fcntl(*mine, F_SETFL, O_NONBLOCK) == 0;
}

/* Its terminal, whose far end goes to the agent: what is typed there is none of pid 1's. */
static bool
make_terminal(struct job *j, struct ends *e, int rights, struct sbx_fail *f)
{
	SBX_CLOSE int master = -1;
	struct stat st;

	if (!tty_pair(&master, &e->terminal, f))
		return false;
	if (fstat(e->terminal, &st) ||
	    !rights_send(rights, RIGHTS_TERMINAL, (uint32_t)j->id, master))
		return sbx_fail_set(f, "terminal", errno, NULL);
	j->waits.terminal = st.st_rdev;
	return true;
}

static bool
make_pipes(struct job *j, struct ends *e, bool output)
{
	if (output && (!make_pipe(&j->out[0], &e->out[0], true) ||
		       !make_pipe(&j->out[1], &e->out[1], true)))
		return false;
	return !j->driver || (make_pipe(&j->code, &e->code, false) &&
			      make_pipe(&j->state, &e->state, true));
}

/* What a reaper tells by, and its command's filter. */
static bool
make_report(struct job *j, struct ends *e, struct sbx_fail *f)
{
	if (!make_pipe(&j->report, &e->report, true))
		return sbx_fail_set(f, "pipes", errno, NULL);
	return notify_open(&j->calls, &e->calls) ||
	       sbx_fail_set(f, "socket pair", errno, NULL);
}

static void
close_ends(struct ends *e)
{
	sbx_shut(&e->out[0]);
	sbx_shut(&e->out[1]);
	sbx_shut(&e->report);
	sbx_shut(&e->code);
	sbx_shut(&e->state);
	sbx_shut(&e->calls);
	sbx_shut(&e->order);
	sbx_shut(&e->terminal);
}

static void
guard_tree(const struct setup *s)
{
	tree_guard(-1);
	if (s->rung != SBX_RUNG_NONE)
		tree_scope();
}

static uint64_t
cpu_of(int who)
{
	struct rusage u = {0};

	getrusage(who, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * US_PER_S +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* What the kernel would do at this process's end, before it: the end of the job is told while the
 * namespaces are taken down still. */
static void
end_space(struct report *r)
{
	/* Elsewhere it would be all of the user's processes. */
	if (getpid() != 1)
		return;
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	r->cpu_us = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
	r->over = true;
}

/* The same without namespaces: pid 1 is asked to let nothing fork meanwhile. */
static void
end_tree(int report)
{
	const struct report r = {.kind = REPORT_ENDING};

	if (write(report, &r, sizeof(r)) < 0)
		_exit(1);
	tree_kill();
}

static void __attribute__((noreturn)) reaper_main(const struct spawn *sp)
{
	struct report r = {.kind = REPORT_EXIT};
	pid_t pid;
	int fd = sp->fd[2];

	spawn_block_signals();
	if (!setup_has_pidns(sp->setup))
		guard_tree(sp->setup);
	if (setup_has_pidns(sp->setup) && !root_job(&r.fail)) {
		r.kind = REPORT_FAIL;
	} else if ((pid = spawn_start(sp)) < 0) {
		r.kind = REPORT_FAIL;
		sbx_fail_set(&r.fail, "fork", errno, NULL);
	} else {
		/* No end of a pipe may stay open here, or it would outlive the command. */
		if (fd != FD_REPORT_REAPER)
			dup2(fd, FD_REPORT_REAPER);
		fd = FD_REPORT_REAPER;
		syscall(SYS_close_range, 0, FD_REPORT_REAPER - 1, 0);
		syscall(SYS_close_range, FD_REPORT_REAPER + 1, ~0u, 0);
		r.status = spawn_reap(pid, NULL, sp->setup);
		/* Asked to end, which the kernel does elsewhere. */
		if (r.status < 0)
			r.status = SIGKILL;
		if (setup_has_pidns(sp->setup))
			end_space(&r);
		else
			end_tree(fd);
	}
	if (write(fd, &r, sizeof(r)) < 0)
		_exit(1);
	_exit(0);
}

static bool
put_script(const struct setup *s, const struct start *st, struct sbx_fail *f)
{
	char path[PATH_MAX];
	SBX_CLOSE int fd = -1;

	if (!st->script_name)
		return true;
	bare_arguments(s, st->argv);
	if (snprintf(path, sizeof(path), "%s/%s", s->scripts ? s->scripts : SBX_SCRIPT_DIR,
		     st->script_name) >= (int)sizeof(path))
		return sbx_fail_set(f, "script", ENAMETOOLONG, NULL);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, st->script, st->script_len) != (ssize_t)st->script_len)
		return sbx_fail_set(f, "script", fd < 0 ? errno : ENOSPC, path);
	return true;
}

static struct job *
new_job(int id, bool driver)
{
	struct job *j = sbx_grow(NULL, sizeof(*j));

	memset(j, 0, sizeof(*j));
	j->id = id;
	j->driver = driver;
	notify_init(&j->calls);
	j->reaper = j->pidfd = j->report = j->out[0] = j->out[1] = j->code = j->state = -1;
	j->order = -1;
	return j;
}

static bool
launch(struct job *j, struct spawn *sp, const struct ends *e, struct sbx_fail *f)
{
	const struct setup *s = sp->setup;
	unsigned long own_space = setup_has_pidns(s) ? CLONE_NEWPID | CLONE_NEWNS : 0;

	sp->fd[2] = e->report;
	sp->channel = e->calls;
	sp->order = e->order;
	confine_first(s, true);
	j->reaper = ns_fork(own_space | CLONE_PIDFD, &j->pidfd);
	if (j->reaper == 0)
		reaper_main(sp);
	confine_first(s, false);
	return j->reaper > 0 || sbx_fail_set(f, "clone of a job", errno, NULL);
}

struct job *
job_ahead(const struct setup *s, bool asks)
{
	struct ends e = NO_ENDS;
	struct job *j = new_job(0, false);
	struct spawn sp = {.setup = s,
			   .fd = {-1, -1, -1},
			   .code = -1,
			   .state = -1,
			   .asks = asks,
			   .fresh = true};
	struct sbx_fail f;
	int pair[2];
	bool ok;

	j->asks = asks;
	ok = rights_pair(pair);
	if (ok) {
		j->order = pair[0];
		e.order = pair[1];
	}
	ok = ok && make_report(j, &e, &f) && launch(j, &sp, &e, &f);
	close_ends(&e);
	if (ok)
		return j;
	job_free(j);
	return NULL;
}

/* The one made ahead becomes this one. */
static bool
take_ahead(struct job *j, struct job *ahead, const struct spawn *sp)
{
	if (!ahead || ahead->asks != sp->asks ||
	    !order_give(ahead->order, ahead->pidfd, sp))
		return false;
	j->reaper = ahead->reaper;
	j->pidfd = ahead->pidfd;
	j->report = ahead->report;
	j->calls = ahead->calls;
	ahead->pidfd = ahead->report = -1;
	notify_init(&ahead->calls);
	return true;
}

struct job *
job_start(int id, const struct setup *setup, struct start *st, int rights,
	  struct job *ahead, struct sbx_fail *f)
{
	struct ends e = NO_ENDS;
	bool all = st->terminal == SBX_TERMINAL_ALL;
	struct job *j = new_job(id, st->driver);
	struct spawn sp = {.setup = setup,
			   .argv = st->argv,
			   .env = st->env,
			   .fresh = true, /* execute.c, init_serve() */
			   .cwd = st->cwd ? st->cwd : setup->workspace};
	bool ok = put_script(setup, st, f);

	if (ok && !make_pipes(j, &e, !all))
		ok = sbx_fail_set(f, "pipes", errno, NULL);
	if (ok && st->terminal != SBX_TERMINAL_NONE)
		ok = make_terminal(j, &e, rights, f);
	if (ok && st->terminal == SBX_TERMINAL_INPUT)
		fullscreen_offer(setup, st, j->out[0]);
	j->guarded = !setup_has_pidns(setup);
	sp.terminal = e.terminal >= 0;
	sp.asks = st->driver && !sp.terminal;
	sp.in = sp.terminal ? e.terminal : 0;
	sp.fd[0] = all ? e.terminal : e.out[0];
	sp.fd[1] = all ? e.terminal : e.out[1];
	sp.code = e.code;
	sp.state = e.state;
	if (ok && !take_ahead(j, ahead, &sp))
		ok = make_report(j, &e, f) && launch(j, &sp, &e, f);
	close_ends(&e);
	if (ok)
		return j;
	job_free(j);
	return NULL;
}

void
job_free(struct job *j)
{
	if (!j)
		return;
	sbx_shut(&j->pidfd);
	sbx_shut(&j->report);
	sbx_shut(&j->out[0]);
	sbx_shut(&j->out[1]);
	sbx_shut(&j->code);
	sbx_shut(&j->state);
	sbx_shut(&j->order);
	notify_close(&j->calls);
	queue_free(&j->to_driver);
	free(j->done);
	free(j);
}

void
job_kill(struct job *j, uint32_t why)
{
	j->flags |= why;
	/* Nothing of it forks any more. */
	if (j->guarded)
		notify_close(&j->calls);
	if (j->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, j->pidfd, j->guarded ? SIGTERM : SIGKILL,
			NULL, 0);
}

void
job_signal(const struct job *j, int signo)
{
	union sigval v = {.sival_int = signo};

	if (j->pidfd >= 0 && signo > 0 && signo < NSIG)
		sigqueue(j->reaper, SIGUSR1, v);
}

bool
job_busy(const struct job *j)
{
	return j->pidfd >= 0 && (!j->driver || !j->ready || j->running > 0 || j->crowd);
}
