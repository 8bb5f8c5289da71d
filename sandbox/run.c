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
#include "sandbox/net/inside.h"
#include "sandbox/net/proxy.h"
#include "sandbox/ns.h"
#include "sandbox/protect.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"
#include "sandbox/run_int.h"
#include "sandbox/rung.h"
#include "sandbox/spawn.h"
#include "sandbox/streams.h"
#include "sandbox/tree.h"
#include "sandbox/tty.h"
#include "sandbox/usage.h"
#include "sandbox/watch.h"

#define END_PATIENCE 500 /* ms in which pid 1 must end after a signal */
#define RUN_FILES    64 /* open at once while the tree is built; 24 were seen to be enough */
#define REPORT_ROOM  (128 * SBX_KIB) /* bytes: all notices of a run fit */

extern char **environ;

static void
wipe_environment(void)
{
	for (char **e = environ; e && *e; e++)
		memset(*e, 0, strlen(*e));
	environ = NULL;
}

/* What the caller ignores (nohup, a shell's background job) stays ignored: a blocked signal would
 * be delivered all the same. */
static void
block_ending(bool terminal, sigset_t *set, sigset_t *old)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction sa;

	sigemptyset(set);
	for (size_t i = 0; i < SBX_LEN(ending); i++)
		if (sigaction(ending[i], NULL, &sa) || sa.sa_handler != SIG_IGN)
			sigaddset(set, ending[i]);
	if (terminal) {
		sigaddset(set, SIGWINCH);
		sigaddset(set, SIGTSTP);
		sigaddset(set, SIGCONT);
	}
	sigprocmask(SIG_BLOCK, set, old);
}

/* The launcher while pid 1 lives. */
struct run {
	struct setup *setup;
	const struct sbx_policy *policy;
	bool terminal; /* the command gets one of its own */
	bool grouped;  /* its control groups were made, as far as they can be */
	const struct queue *payload; /* that `setup` borrows from */
	char *const *argv;
	struct sbx_fail why; /* the first rung that was tried did not stand */
	pid_t pid;
	int signals, gone, report; /* descriptors to poll */
	int rights;		   /* where the jail's listeners come from, or -1 */
	struct sbx_proxy *proxy;   /* NULL: the network is off */
	int caught;		   /* signal that ended the run, or 0 */
	struct report end;	   /* kind 0: none came */
	struct tty tty;
};

static void
print_notice(const struct sbx_notice *n)
{
	char msg[1536], hint[3072];

	sbx_notice_text(n, msg, sizeof(msg), hint, sizeof(hint));
	sbx_notice_option(n, hint, sizeof(hint));
	for (char *p = msg; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	dprintf(2, "sunaba: sandbox: %s%s%s%s", msg, hint[0] ? " - " : "", hint,
		tty_newline);
}

static void
explain_doubt(const struct sbx_policy *p, const struct sbx_notice *doubt)
{
	struct sbx_notice fact;

	if (sbx_policy_explain(p, doubt->what, doubt->sys, &fact))
		print_notice(&fact);
}

static void
read_reports(struct run *r)
{
	struct report got;

	while (read(r->report, &got, sizeof(got)) == (ssize_t)sizeof(got)) {
		if (got.kind == REPORT_DOUBT)
			explain_doubt(r->policy, &got.notice);
		else if (got.kind != REPORT_NOTICE)
			r->end = got;
		else if (!r->policy->quiet || (got.notice.kind != SBX_NOTE_HIDDEN &&
					       got.notice.kind != SBX_NOTE_TRACKED &&
					       got.notice.kind != SBX_NOTE_SOCKET))
			print_notice(&got.notice);
	}
}

/* A signal that ends programs ends pid 1, and with it the tree. */
static void
take_signal(struct run *r)
{
	struct signalfd_siginfo si;

	if (read(r->signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return;
	if (tty_signal(&r->tty, (int)si.ssi_signo))
		return;
	/* pid 1 ends the command and all that came of it, and puts aside what they left. */
	if (r->setup->rung > SBX_RUNG_DONOR && !r->caught)
		kill(r->pid, SIGTERM);
	else if (r->setup->rung != SBX_RUNG_FULL || r->caught ||
		 sigqueue(r->pid, SIGUSR1, (union sigval){.sival_int = SIGKILL}))
		kill(r->pid, SIGKILL);
	r->caught = (int)si.ssi_signo;
}

static int
wait_for_end(struct run *r)
{
	struct pollfd p[] = {
	    {.fd = r->gone, .events = POLLIN},
	    {.fd = r->signals, .events = POLLIN},
	    {.fd = r->report, .events = POLLIN},
	    {.fd = r->proxy ? sbx_proxy_fd(r->proxy) : -1, .events = POLLIN},
	    {.fd = -1},
	    {.fd = -1}};
	/* Without namespaces pid 1 must outlive all others, or they stay. */
	int status = 0, patience = r->setup->rung > SBX_RUNG_DONOR
				       ? END_PATIENCE + TREE_PATIENCE_MS
				       : END_PATIENCE;

	while (!p[0].revents) {
		int n;

		tty_poll(&r->tty, p + 4);
		n = poll(p, SBX_LEN(p), r->caught ? patience : -1);
		if (n == 0)
			kill(r->pid, SIGKILL);
		if (n < 0)
			continue;
		if (p[1].revents)
			take_signal(r);
		if (p[2].revents & POLLIN)
			read_reports(r);
		else if (p[2].revents)
			p[2].fd = -1;
		if (p[3].revents)
			sbx_proxy_step(r->proxy);
		tty_serve(&r->tty, p + 4);
	}
	tty_end(&r->tty);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	read_reports(r);
	if (r->caught)
		return EXIT_SIGNALLED + r->caught;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status);
}

static void
say_killed(const char *limit)
{
	const char *option = notice_limit_option(limit);

	dprintf(2, "sunaba: killed: over the sandbox's limit of %s%s%s\n", limit,
		option[0] ? " - " : "", option);
}

static int
judge(const struct report *r, int code, struct sbx_fail *f)
{
	if (!r->kind)
		return code;
	*f = r->fail;
	if (r->kind == REPORT_LIMIT) {
		say_killed(f->step);
		return EXIT_SIGNALLED + SIGKILL;
	}
	if (r->kind != REPORT_EXEC)
		return -1;
	dprintf(2, "sunaba: cannot %s '%s': %s\n", f->step, f->path, strerror(f->sys));
	return r->status;
}

static void
print_refused(const struct sbx_notice *n, void *arg)
{
	(void)arg;
	print_notice(n);
}

/* After the fork: pid 1 shall have no copy of it. */
static bool
open_proxy(struct run *r, const struct sbx_policy *p, struct sbx_fail *f)
{
	const struct sbx_proxy_opts o = {.refused = print_refused};

	if (r->rights < 0)
		return true;
	if (!sbx_proxy_new(&r->proxy, &o, f))
		return false;
	sbx_proxy_adopt(r->proxy, r->rights);
	for (const char *const *a = p->net_allow; a && *a; a++)
		if (!sbx_proxy_allow(r->proxy, *a, f))
			return false;
	return true;
}

static int
supervise(struct run *r, const struct sbx_policy *p, struct sbx_fail *f)
{
	int code;

	r->gone = (int)syscall(SYS_pidfd_open, r->pid, 0);
	if (r->gone < 0)
		sbx_fail_set(f, "pidfd", errno, NULL);
	if (r->gone < 0 || !open_proxy(r, p, f)) {
		sbx_proxy_free(r->proxy);
		sbx_shut(&r->gone);
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
		return -1;
	}
	code = wait_for_end(r);
	close(r->gone);
	sbx_proxy_free(r->proxy);
	return judge(&r->end, code, f);
}

/* Once, whichever rungs are tried. */
static void
complete_group(struct run *r)
{
	if (!r->grouped)
		cgroup_complete(r->setup->group, &r->setup->limits, CGROUP_RUN_SLACK);
	r->grouped = true;
}

static pid_t
start(struct run *r, int report, const int alive[2], const int rights[2], const int tty[2],
      struct sbx_fail *f)
{
	struct ns_ids ids = {geteuid(), getegid(), r->setup->net == SBX_NET_HOST,
			     r->setup->net == SBX_NET_OFF && tty[0] < 0 && spawn_has_room(),
			     cgroup_birth(r->setup->group)};
	bool userns = false, born = ids.group >= 0;
	pid_t pid;

	if (r->setup->rung != SBX_RUNG_FULL)
		complete_group(r);
	if (r->setup->rung == SBX_RUNG_DONOR)
		return donor_command(r->setup, queue_head(r->payload),
				     queue_len(r->payload), r->argv, report, f);
	pid = r->setup->rung == SBX_RUNG_FULL ? ns_clone(&ids, &userns, f) : fork();
	if (pid == 0) {
		int fds[] = {report, alive[0], rights[1], tty[1]};

		close(alive[1]);
		if (rights[0] >= 0)
			close(rights[0]);
		if (tty[0] >= 0)
			close(tty[0]);
		run_pid1(r->setup, r->argv, userns, &ids, fds);
	}
	if (pid < 0 && !f->step[0])
		sbx_fail_set(f, "fork", errno, NULL);
	if (pid > 0 && r->setup->rung == SBX_RUNG_FULL) {
		complete_group(r);
		cgroup_offer(r->setup->group, born, alive[1]);
	}
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
	int report[2], alive[2], rights[2] = {-1, -1}, tty[2] = {-1, -1}, code = -1;
	bool terminal = r->terminal && r->setup->rung == SBX_RUNG_FULL;

	if (pipe2(report, O_CLOEXEC) || !rights_pair(alive))
		return sbx_fail_set(f, "pipe", errno, NULL), -1;
	/* pid 1 drops what does not fit rather than wait; a smaller one serves where it must. */
	fcntl(report[1], F_SETPIPE_SZ, REPORT_ROOM);
	if ((r->setup->net == SBX_NET_LIST && !rights_pair(rights)) ||
	    (terminal && !rights_pair(tty)))
		return sbx_fail_set(f, "socket pair", errno, NULL), -1;
	tty_init(&r->tty, tty[0]);
	r->report = mine = report[0];
	r->rights = rights[0];
	life = alive[1];
	r->end.kind = 0;
	/* Ahead of the command's first words; where bubblewrap fails another rung is tried. */
	if (r->setup->rung != SBX_RUNG_DONOR)
		say_rung(r);
	r->pid = start(r, report[1], alive, rights, tty, f);
	if (r->pid > 0 && r->setup->rung == SBX_RUNG_DONOR)
		say_rung(r);
	close(report[1]);
	close(alive[0]);
	sbx_shut(&rights[1]);
	sbx_shut(&tty[1]);
	r->signals = signals = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	fcntl(mine, F_SETFL, O_NONBLOCK);
	if (r->pid > 0)
		code = supervise(r, r->policy, f);
	sbx_shut(&tty[0]);
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
run_in_jail(struct setup *s, const struct sbx_policy *p, const struct queue *payload,
	    char *const argv[], struct sbx_fail *f)
{
	struct run r = {.setup = s,
			.policy = p,
			.payload = payload,
			.argv = argv,
			.pid = -1,
			.rights = -1};
	struct streams streams;
	struct cgroup group;
	sigset_t set, old;
	int code;

	r.terminal = tty_wanted();
	block_ending(r.terminal, &set, &old);
	streams_save(&streams);
	cgroup_begin(&group, &s->limits, CGROUP_RUN_SLACK);
	s->group = &group;
	code = climb_down(&r, &set, f);
	/* The kernel may have killed pid 1 itself, or between two of its looks. */
	if (code >= 0 && !r.caught && r.end.kind != REPORT_LIMIT && cgroup_kills(&group))
		say_killed("memory");
	cgroup_remove(&group);
	streams_restore(&streams);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return code;
}

int
sbx_run(const struct sbx_policy *p, char *const argv[], struct sbx_fail *f)
{
	struct queue q = {0};
	static char term[TTY_TERM];
	struct setup s;
	int code = -1, workspace;

	memset(f, 0, sizeof(*f));
	if (!sbx_files_allowed(RUN_FILES, f))
		return -1;
	workspace = setup_encode(p, &q, f);
	if (workspace >= 0 && setup_decode(queue_head(&q), queue_len(&q), &s)) {
		if (fchdir(workspace)) {
			sbx_fail_set(f, "workspace", errno, s.workspace);
		} else {
			close(workspace);
			workspace = -1;
			tty_term(term);
			if (tty_wanted())
				env_set(s.env, term);
			wipe_environment();
			code = run_in_jail(&s, p, &q, argv, f);
		}
	}
	if (workspace >= 0)
		close(workspace);
	queue_free(&q);
	return code;
}
