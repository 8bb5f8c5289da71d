/* Pid 1 of one command, or the guard of its tree: the other half of run.c. Builds the rung, forks
 * the command, watches, reaps, tells. Pinned by tests/jail/test_sandbox.py and test_rungs.py. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "sandbox/bare.h"
#include "sandbox/cgroup.h"
#include "sandbox/confine.h"
#include "sandbox/donor.h"
#include "sandbox/early.h"
#include "sandbox/net/inside.h"
#include "sandbox/protect.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"
#include "sandbox/run_int.h"
#include "sandbox/streams.h"
#include "sandbox/tree.h"
#include "sandbox/tty.h"
#include "sandbox/usage.h"
#include "sandbox/watch.h"

static const char *over; /* the limit that was passed */
static bool crowded;	 /* the limit of processes was met */
static struct watch watched;
static int reports = -1;  /* where notices go */
static bool terminal;	  /* the command has one of its own */
static struct queue told; /* reports that are not sent yet */
static struct streams kept = {.tty =
				  -1}; /* it has the user's, and may be left without him */

static void __attribute__((noreturn)) tell(int fd, int kind, const struct sbx_fail *f)
{
	struct report r = {.kind = kind, .fail = *f};

	if (write(fd, &r, sizeof(r)) < 0)
		_exit(1);
	_exit(1);
}

/* What was guarded or put aside: none of it may get lost. */
static void
tell_guarded(const struct sbx_notice *n, void *arg)
{
	struct report r = {.kind = REPORT_NOTICE, .notice = *n};

	(void)arg;
	if (write(reports, &r, sizeof(r)) < 0)
		return;
}

static void
note(enum sbx_notice_kind kind, const char *what, const char *detail)
{
	struct sbx_notice n = {.kind = kind};

	snprintf(n.what, sizeof(n.what), "%s", what);
	snprintf(n.detail, sizeof(n.detail), "%s", detail);
	tell_guarded(&n, NULL);
}

/* What was refused. Never waits, as the code that waits for its answer would: the launcher may
 * be held up by its own standard error. */
static void
send_told(void)
{
	struct pollfd p = {.fd = reports, .events = POLLOUT};

	while (queue_len(&told) && poll(&p, 1, 0) == 1 && p.revents & POLLOUT &&
	       write(p.fd, queue_head(&told), sizeof(struct report)) > 0)
		queue_drop(&told, sizeof(struct report));
}

static int
watch(const struct setup *s)
{
	pid_t self = getpid();
	struct usage u;

	streams_note(&kept);
	send_told();
	usage_of_tree(self, &u);
	if (u.memory + u.unseen > s->limits.memory)
		usage_of_trees(&self, 1, &u, true);
	/* Once more: when processes ended meanwhile, shares of the others were counted too high. */
	if (u.memory > s->limits.memory)
		usage_of_trees(&self, 1, &u, true);
	/* Nothing at all: code took pid 1's descriptors away (prlimit) to blind it. */
	over = u.memory > s->limits.memory || u.processes == 0 ? "memory" : NULL;
	/* pid 1 itself counts too, and the kernel refuses at the limit. */
	crowded |= u.threads >= s->limits.processes;
	/* Threads too: real root has the kernel's own limit only where there are groups. */
	if (u.threads > s->limits.processes + CGROUP_RUN_SLACK)
		over = "processes";
	if (watch_look(&watched, s, tell_guarded, NULL))
		over = "memory";
	return over ? -1 : usage_patience(u.threads, s->limits.processes);
}

/* The last look: a command that met a limit may have ended before the first. Itself, it is gone and
 * counts no more. */
static void
watch_end(const struct setup *s)
{
	struct usage u;

	usage_of_tree(getpid(), &u);
	crowded |= u.processes + 1 >= s->limits.processes;
	watch_look(&watched, s, tell_guarded, NULL);
}

/* pid 1: where notices go. */
struct teller {
	struct sbx_notice idle; /* told at the end, if the command failed; kind 0: none */
};

/* Sent at the next look, not at once: the program is about to finish a line that the launcher's
 * would stand in. */
static void
tell_notice(const struct sbx_notice *n, void *arg)
{
	struct teller *t = arg;
	struct report r = {.kind = REPORT_NOTICE, .notice = *n};

	if (sbx_notice_idle(n) && n != &t->idle)
		t->idle = *n;
	else
		queue_add(&told, &r, sizeof(r));
}

static void
tell_doubts(const struct notify *calls)
{
	for (unsigned i = 0; i < calls->doubts; i++) {
		struct report r = {.kind = REPORT_DOUBT};

		r.notice.sys = calls->doubt[i].sys;
		snprintf(r.notice.what, sizeof(r.notice.what), "%s", calls->doubt[i].path);
		queue_add(&told, &r, sizeof(r));
	}
}

/* What is known only now. A shell says by 128 + signal how its command died. */
static void
tell_end(struct teller *t, const struct setup *s, int status)
{
	struct sbx_notice n = {.kind = SBX_NOTE_LIMIT, .what = "file size"};

	if (t->idle.kind && status != 0)
		tell_notice(&t->idle, t);
	if ((WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) ||
	    (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SIGNALLED + SIGXFSZ)) {
		snprintf(n.detail, sizeof(n.detail), "%llu MiB",
			 (unsigned long long)(s->limits.file_size / SBX_MIB));
		tell_notice(&n, t);
	}
	if (crowded) {
		snprintf(n.what, sizeof(n.what), "processes");
		snprintf(n.detail, sizeof(n.detail), "%u", s->limits.processes);
		tell_notice(&n, t);
	}
}

/* Nobody is left who could write behind the sweep's back. */
static void
clean_up(const struct setup *s)
{
	/* Elsewhere it would be all of the user's processes. */
	if (getpid() == 1) {
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
			;
	}
	protect_sweep(s->protect);
}

/* Where this program mounts nothing itself. What bubblewrap guards was said by who told it to; on
 * the reduced rung nothing is guarded, but what is new is put aside afterwards all the same. */
static bool
guard(struct setup *s, struct sbx_fail *f)
{
	if (s->rung != SBX_RUNG_DONOR && s->rung != SBX_RUNG_LANDLOCK)
		return true;
	if (s->net == SBX_NET_LIST)
		note(SBX_NOTE_CALL, "socket",
		     "a list of hosts needs namespaces of this program's own: the network "
		     "stays off");
	if (!protect_without_mounts(s, NULL, NULL, f))
		return false;
	protect_listen(s->protect, tell_guarded, NULL);
	return true;
}

/* The command runs: what is left to pid 1. */
static void __attribute__((noreturn)) serve(struct setup *s, struct early *e, pid_t pid)
{
	struct teller to = {.idle = {.sys = 0}};
	struct spawn_calls calls = {&e->calls, tell_notice, &to};
	struct sbx_fail f = {.step = ""};
	int status;

	if (pid < 0) {
		sbx_fail_set(&f, "fork", errno, NULL);
		tell(reports, REPORT_FAIL, &f);
	}
	/* The launcher may be gone when it is told: the tree is ended all the same. */
	signal(SIGPIPE, SIG_IGN);
	/* The streams belong to the command: its reader must see the end of file with it. */
	close(0);
	close(1);
	close(2);
	sbx_shut(&e->sp.channel);
	/* A layer is looked at when this has ended: nothing may hold it then. */
	if (s->rung == SBX_RUNG_FULL && !s->stage)
		ns_release_later();
	status = spawn_reap_calls(pid, watch, s, &calls);
	send_told();
	if (status > 0)
		watch_end(s);
	if (s->rung > SBX_RUNG_DONOR) {
		streams_note(&kept);
		/* Nothing forks any more. */
		notify_close(&e->calls);
		bare_leave();
		streams_leave(&kept);
	}
	if (s->protect)
		clean_up(s);
	if (status < 0 && !over)
		_exit(EXIT_SIGNALLED + SIGTERM);
	if (status < 0) {
		sbx_fail_set(&f, over, 0, NULL);
		tell(reports, REPORT_LIMIT, &f);
	}
	if (status != 0)
		tell_doubts(&e->calls);
	tell_end(&to, s, status);
	send_told();
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status));
}

static void
describe(struct early *e, const struct setup *s, const char *const *argv, int report)
{
	reports = report;
	*e = (struct early){.sp = {.setup = s,
				   .argv = argv,
				   .env = s->env,
				   .cwd = s->workspace,
				   .inherit = true,
				   .fd = {-1, -1, report},
				   .code = -1,
				   .state = -1,
				   .channel = -1,
				   .order = -1,
				   .terminal = terminal}};
	notify_init(&e->calls);
	spawn_block_signals();
}

void
run_inside(struct setup *s, const char *const *argv, int report)
{
	struct sbx_fail f = {.step = ""};
	struct early e;

	prctl(PR_SET_DUMPABLE, 0);
	describe(&e, s, argv, report);
	if (!guard(s, &f))
		tell(report, REPORT_FAIL, &f);
	watch_begin(&watched, s);
	if (s->rung > SBX_RUNG_DONOR)
		streams_follow(&kept);
	if (!notify_open(&e.calls, &e.sp.channel)) {
		sbx_fail_set(&f, "socket pair", errno, NULL);
		tell(report, REPORT_FAIL, &f);
	}
	serve(s, &e, spawn_start(&e.sp));
}

/* On the first rung: the tree, and beside it the command's process. Its terminal would have to
 * stand before, and real root without a user namespace leaves its chroot first. */
static bool
build(struct setup *s, struct early *e, bool userns, const struct ns_ids *ids,
      const int fds[4], struct sbx_fail *f)
{
	bool early = userns && fds[3] < 0 && spawn_has_room();
	int tty = fds[3];

	s->protect = protect_new(tell_guarded, NULL);
	ns_leave_keys();
	confine_offer();
	/* First of all: a network namespace takes as long as the tree. */
	if (early) {
		e->net = ids->net_later;
		e->launcher = fds[1];
		if (!early_start(e, f))
			return false;
		s->early = e;
	}
	if (!ns_enter(userns, ids, f) || !inside_begin(s, fds[2], f))
		return false;
	if (!early && !cgroup_take(s->group, fds[1], -1))
		_exit(1);
	s->single = true;
	return root_build(s, userns, f) && root_scripts(f) && (tty < 0 || tty_make(tty, f));
}

void
run_pid1(struct setup *s, char *const argv[], bool userns, const struct ns_ids *ids,
	 const int fds[4])
{
	struct sbx_fail f = {.step = ""};
	int rights = fds[2], tty = fds[3];
	struct early e;
	bool stands;

	terminal = tty >= 0;
	describe(&e, s, (const char *const *)argv, fds[0]);
	if (s->group)
		cgroup_enter(s->group, ids->group >= 0);
	if (s->rung == SBX_RUNG_FULL) {
		ns_die_with_parent(fds[1]);
		stands = build(s, &e, userns, ids, fds, &f);
	} else {
		tree_guard(fds[1]);
		stands = bare_enter(s, &f);
		if (stands && s->rung != SBX_RUNG_NONE)
			tree_scope();
	}
	sbx_shut(&rights);
	if (!stands && s->rung != SBX_RUNG_FULL)
		bare_leave();
	/* The command's process has said it. */
	if (!stands && !f.step[0])
		_exit(1);
	if (!stands)
		tell(reports, REPORT_FAIL, &f);
	if (s->rung == SBX_RUNG_FULL && !root_has_proc(-1))
		note(SBX_NOTE_FILE, "/proc", "it cannot be mounted here");
	sbx_shut(&tty);
	if (s->early) {
		prctl(PR_SET_DUMPABLE, 0);
		watch_begin(&watched, s);
		serve(s, &e, early_go(&e));
	}
	if (s->rung != SBX_RUNG_NONE && s->rung != SBX_RUNG_FULL)
		confine_offer();
	run_inside(s, (const char *const *)argv, reports);
}
