/* One command in a fresh sandbox with this process's streams: sbx_run() of sandbox.h.
 *
 * No second image is executed, unlike for a session: this process holds no key. Its environment
 * is wiped before the clone all the same, since pid 1 is a copy of it. pid 1 builds the tree,
 * forks the command and reaps; the launcher waits, prints what pid 1 reports, and ends the tree
 * on a signal.
 *
 * Sources: pid_namespaces(7), signalfd(2), pidfd_open(2). Pinned by tests/jail/test_sandbox.py. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/bare.h"
#include "sandbox/cgroup.h"
#include "sandbox/confine.h"
#include "sandbox/donor.h"
#include "sandbox/ns.h"
#include "sandbox/protect.h"
#include "sandbox/root.h"
#include "sandbox/rung.h"
#include "sandbox/spawn.h"
#include "sandbox/streams.h"
#include "sandbox/tree.h"
#include "sandbox/usage.h"
#include "sandbox/watch.h"

#define EXIT_SIGNALLED 128 /* plus the signal, as shells say it */

extern char **environ;

/* Pid 1's. */
static const char *over; /* the limit that was passed */
static struct watch watched;
static int told = -1; /* the report pipe */

static void
wipe_environment(void)
{
	for (char **e = environ; e && *e; e++)
		memset(*e, 0, strlen(*e));
	environ = NULL;
}

static void __attribute__((noreturn)) tell(int fd, int kind, const struct sbx_fail *f)
{
	struct report r = {.kind = kind, .fail = *f};

	if (write(fd, &r, sizeof(r)) < 0)
		_exit(1);
	_exit(1);
}

static void
note(int report, enum sbx_notice_kind kind, const char *what, const char *detail)
{
	struct report r = {.kind = REPORT_NOTICE};

	r.notice.kind = kind;
	snprintf(r.notice.what, sizeof(r.notice.what), "%s", what);
	snprintf(r.notice.detail, sizeof(r.notice.detail), "%s", detail);
	/* A fact for the user; nothing depends on it. */
	if (write(report, &r, sizeof(r)) < 0)
		return;
}

static void
pass_on(const struct sbx_notice *n, void *arg)
{
	(void)arg;
	note(told, n->kind, n->what, n->detail);
}

static void
note_limit(const char *what, uint64_t bytes)
{
	struct sbx_notice n;

	watch_limit(&n, what, bytes, "");
	pass_on(&n, NULL);
}

static int
watch(const struct setup *s)
{
	pid_t self = getpid();
	struct usage u;

	usage_of_tree(self, &u);
	if (u.memory + u.unseen > s->limits.memory)
		usage_of_trees(&self, 1, &u, true);
	/* Nothing at all: code took pid 1's descriptors away (prlimit) to blind it. */
	over = u.memory > s->limits.memory || u.processes == 0 ? "memory" : NULL;
	/* pid 1 itself counts too. */
	if (u.processes > s->limits.processes + 1)
		over = "processes";
	if (watch_look(&watched, s, u.processes, pass_on, NULL))
		over = "memory";
	return over ? -1 : usage_patience(u.processes, s->limits.processes);
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
	if (!protect_without_mounts(s, NULL, NULL, f))
		return false;
	protect_listen(s->protect, pass_on, NULL);
	return true;
}

void
run_inside(struct setup *s, const char *const *argv, int report)
{
	struct spawn sp = {.setup = s,
			   .argv = argv,
			   .env = s->env,
			   .cwd = s->workspace,
			   .inherit = true,
			   .fd = {-1, -1, report},
			   .code = -1,
			   .state = -1};
	struct sbx_fail f = {.step = ""};
	int status;
	pid_t pid;

	prctl(PR_SET_DUMPABLE, 0);
	told = report;
	if (!guard(s, &f))
		tell(report, REPORT_FAIL, &f);
	watch_begin(&watched, s);
	spawn_block_signals();
	pid = fork();
	if (pid == 0)
		spawn_exec(&sp);
	if (pid < 0) {
		sbx_fail_set(&f, "fork", errno, NULL);
		tell(report, REPORT_FAIL, &f);
	}
	/* The streams belong to the command: its reader must see the end of file with it. */
	close(0);
	close(1);
	close(2);
	status = spawn_reap(pid, watch, s);
	if (s->rung > SBX_RUNG_DONOR)
		bare_leave();
	if (s->protect)
		clean_up(s);
	if (status >= 0 && watch_file_size(status))
		note_limit("file size", s->limits.file_size);
	if (status < 0 && !over)
		_exit(EXIT_SIGNALLED + SIGTERM);
	if (status < 0) {
		sbx_fail_set(&f, over, 0, NULL);
		tell(report, REPORT_LIMIT, &f);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status));
}

/* The process that will be pid 1, or guard the tree where there is no pid namespace. */
static void __attribute__((noreturn)) pid1(struct setup *s, char *const argv[], bool userns,
					   const struct ns_ids *ids, int report, int life)
{
	struct sbx_fail f = {.step = ""};
	bool stands;

	if (s->group)
		cgroup_enter(s->group);
	if (s->rung == SBX_RUNG_FULL) {
		ns_die_with_parent(life);
		told = report;
		s->protect = protect_new(pass_on, NULL);
		stands = ns_enter(userns, ids, &f) && root_build(s, userns, &f) &&
			 root_job(true, &f);
	} else {
		tree_guard(life);
		stands = bare_enter(s, &f);
		if (stands && s->rung != SBX_RUNG_NONE)
			tree_scope();
	}
	if (!stands && s->rung != SBX_RUNG_FULL)
		bare_leave();
	if (!stands)
		tell(report, REPORT_FAIL, &f);
	if (s->rung == SBX_RUNG_FULL && !root_has_proc())
		note(report, SBX_NOTE_FILE, "/proc", "it cannot be mounted here");
	if (s->rung == SBX_RUNG_LANDLOCK && s->net == SBX_NET_LIST)
		note(report, SBX_NOTE_CALL, "socket",
		     "a list of hosts needs namespaces: the network stays off");
	run_inside(s, (const char *const *)argv, report);
}

static void
block_ending(sigset_t *set, sigset_t *old)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigprocmask(SIG_BLOCK, set, old);
}

/* The launcher while pid 1 lives. */
struct run {
	struct setup *setup;
	const struct queue *payload; /* that `setup` borrows from */
	char *const *argv;
	struct sbx_fail why; /* the first rung that was tried did not stand */
	pid_t pid;
	int signals, gone, report; /* descriptors to poll */
	int caught;		   /* signal that ended the run, or 0 */
	struct report end;	   /* kind 0: none came */
};

static void
print_notice(const struct sbx_notice *n)
{
	char msg[1536], hint[3072];

	sbx_notice_text(n, msg, sizeof(msg), hint, sizeof(hint));
	for (char *p = msg; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	dprintf(2, "sunaba: sandbox: %s\n", msg);
}

static void
read_reports(struct run *r)
{
	struct report got;

	while (read(r->report, &got, sizeof(got)) == (ssize_t)sizeof(got)) {
		if (got.kind == REPORT_NOTICE)
			print_notice(&got.notice);
		else
			r->end = got;
	}
}

/* A signal that ends programs ends pid 1, and with it the tree. */
static void
take_signal(struct run *r)
{
	struct signalfd_siginfo si;

	if (read(r->signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return;
	r->caught = (int)si.ssi_signo;
	kill(r->pid, r->setup->rung > SBX_RUNG_DONOR ? SIGTERM : SIGKILL);
}

static int
wait_for_end(struct run *r)
{
	struct pollfd p[] = {{.fd = r->gone, .events = POLLIN},
			     {.fd = r->signals, .events = POLLIN},
			     {.fd = r->report, .events = POLLIN}};
	int status = 0;

	while (!p[0].revents) {
		if (poll(p, SBX_LEN(p), -1) < 0)
			continue;
		if (p[1].revents)
			take_signal(r);
		if (p[2].revents & POLLIN)
			read_reports(r);
		else if (p[2].revents)
			p[2].fd = -1;
	}
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	read_reports(r);
	if (r->caught)
		return EXIT_SIGNALLED + r->caught;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status);
}

static int
judge(const struct report *r, int code, struct sbx_fail *f)
{
	if (!r->kind)
		return code;
	*f = r->fail;
	if (r->kind == REPORT_LIMIT) {
		dprintf(2, "sunaba: killed: over the sandbox's limit of %s\n", f->step);
		return EXIT_SIGNALLED + SIGKILL;
	}
	if (r->kind != REPORT_EXEC)
		return -1;
	dprintf(2, "sunaba: cannot %s '%s': %s\n", f->step, f->path, strerror(f->sys));
	return r->status;
}

static int
supervise(struct run *r, struct sbx_fail *f)
{
	int code;

	r->gone = (int)syscall(SYS_pidfd_open, r->pid, 0);
	if (r->gone < 0) {
		sbx_fail_set(f, "pidfd", errno, NULL);
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
		return -1;
	}
	code = wait_for_end(r);
	close(r->gone);
	return judge(&r->end, code, f);
}

static pid_t
start(struct run *r, int report, const int alive[2], struct sbx_fail *f)
{
	struct ns_ids ids = {geteuid(), getegid()};
	bool userns = false;
	pid_t pid;

	if (r->setup->rung == SBX_RUNG_DONOR)
		return donor_command(r->setup, queue_head(r->payload),
				     queue_len(r->payload), r->argv, report, f);
	pid = r->setup->rung == SBX_RUNG_FULL ? ns_clone(&userns, f) : fork();
	if (pid == 0) {
		close(alive[1]);
		pid1(r->setup, r->argv, userns, &ids, report, alive[0]);
	}
	if (pid < 0 && !f->step[0])
		sbx_fail_set(f, "fork", errno, NULL);
	return pid;
}

/* Never silent: a weaker jail than the user expects is said. */
static void
say_rung(const struct run *r)
{
	bool color = isatty(2);
	char msg[1200] = "", hint[600] = "";

	if (r->setup->rung == SBX_RUNG_FULL)
		return;
	if (r->why.step[0])
		sbx_fail_text(&r->why, msg, sizeof(msg), hint, sizeof(hint));
	dprintf(2, "%ssunaba: sandbox: %s%s%s%s\n", color ? "\033[33m" : "",
		sbx_rung_text(r->setup->rung), msg[0] ? ": " : "", rung_plain(msg),
		color ? "\033[0m" : "");
}

/* Tries one rung. */
static int
launch(struct run *r, const sigset_t *set, struct sbx_fail *f)
{
	SBX_CLOSE int life = -1, mine = -1, signals = -1;
	int report[2], alive[2], code = -1;

	if (pipe2(report, O_CLOEXEC) || pipe2(alive, O_CLOEXEC))
		return sbx_fail_set(f, "pipe", errno, NULL), -1;
	r->report = mine = report[0];
	life = alive[1];
	r->end.kind = 0;
	r->pid = start(r, report[1], alive, f);
	if (r->pid > 0)
		say_rung(r);
	close(report[1]);
	close(alive[0]);
	r->signals = signals = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	fcntl(mine, F_SETFL, O_NONBLOCK);
	if (r->pid > 0)
		code = supervise(r, f);
	return code;
}

static int
climb_down(struct run *r, const sigset_t *set, struct sbx_fail *f)
{
	enum sbx_rung wanted = r->setup->rung, rung = rung_first(wanted);

	for (;;) {
		int code;

		memset(f, 0, sizeof(*f));
		r->setup->rung = rung;
		if (rung == SBX_RUNG_LANDLOCK && landlock_abi() < 1)
			sbx_fail_set(f, "landlock", ENOSYS, NULL);
		code = f->step[0] ? -1 : launch(r, set, f);
		if (code >= 0)
			return code;
		rung_remember(&r->why, f);
		rung = rung_below(rung, wanted, f);
		if (rung == SBX_RUNG_BEST)
			break;
	}
	*f = r->why;
	return -1;
}

static int
run_in_jail(struct setup *s, const struct queue *payload, char *const argv[],
	    struct sbx_fail *f)
{
	struct run r = {.setup = s, .payload = payload, .argv = argv, .pid = -1};
	struct streams streams;
	struct cgroup group;
	sigset_t set, old;
	int code;

	block_ending(&set, &old);
	streams_save(&streams);
	cgroup_make(&group, &s->limits, CGROUP_RUN_SLACK);
	s->group = &group;
	code = climb_down(&r, &set, f);
	cgroup_remove(&group);
	streams_restore(&streams);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return code;
}

int
sbx_run(const struct sbx_policy *p, char *const argv[], struct sbx_fail *f)
{
	struct queue q = {0};
	struct setup s;
	int code = -1, workspace;

	memset(f, 0, sizeof(*f));
	workspace = setup_encode(p, &q, f);
	if (workspace >= 0 && setup_decode(queue_head(&q), queue_len(&q), &s)) {
		if (fchdir(workspace)) {
			sbx_fail_set(f, "workspace", errno, s.workspace);
		} else {
			close(workspace);
			workspace = -1;
			wipe_environment();
			code = run_in_jail(&s, &q, argv, f);
		}
	}
	if (workspace >= 0)
		close(workspace);
	queue_free(&q);
	return code;
}
