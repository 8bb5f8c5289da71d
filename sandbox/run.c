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

#include "sandbox/confine.h"
#include "sandbox/net/inside.h"
#include "sandbox/net/proxy.h"
#include "sandbox/ns.h"
#include "sandbox/protect.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"
#include "sandbox/spawn.h"
#include "sandbox/streams.h"
#include "sandbox/tty.h"
#include "sandbox/usage.h"

#define END_PATIENCE   500 /* ms in which pid 1 must end after a signal */
#define EXIT_SIGNALLED 128 /* plus the signal, as shells say it */

extern char **environ;

static const char *over; /* pid 1: the limit that was passed */
static bool crowded;	 /* pid 1: the limit of processes was met */

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

static int
watch(const struct setup *s)
{
	pid_t self = getpid();
	struct usage u;

	usage_of_tree(self, &u);
	if (u.memory > s->limits.memory)
		usage_of_trees(&self, 1, &u, true);
	/* Nothing at all: code took pid 1's descriptors away (prlimit) to blind it. */
	over = u.memory > s->limits.memory || u.processes == 0 ? "memory" : NULL;
	/* pid 1 itself counts too, and the kernel refuses at the limit. */
	crowded |= u.processes >= s->limits.processes;
	if (u.processes > s->limits.processes + 1)
		over = "processes";
	return over ? -1 : usage_patience(u.processes, s->limits.processes);
}

/* pid 1: where notices go. */
struct teller {
	int report;
	struct sbx_notice idle; /* told at the end, if the command failed; kind 0: none */
};

/* What was guarded or put aside: none of it may get lost. */
static void
tell_guarded(const struct sbx_notice *n, void *arg)
{
	struct report r = {.kind = REPORT_NOTICE, .notice = *n};

	if (write(*(const int *)arg, &r, sizeof(r)) < 0)
		return;
}

/* What was refused. Never waits, as the code that waits for its answer would: the launcher may
 * be held up by its own standard error. */
static void
tell_notice(const struct sbx_notice *n, void *arg)
{
	struct teller *t = arg;
	struct report r = {.kind = REPORT_NOTICE, .notice = *n};
	struct pollfd p = {.fd = t->report, .events = POLLOUT};

	if (sbx_notice_idle(n) && n != &t->idle) {
		t->idle = *n;
		return;
	}
	if (poll(&p, 1, 0) == 1 && p.revents & POLLOUT && write(p.fd, &r, sizeof(r)) < 0)
		return;
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
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	protect_sweep(s->protect);
}

static void __attribute__((noreturn))
pid1(struct setup *s, char *const argv[], bool userns, const struct ns_ids *ids, int report,
     int rights, int tty)
{
	struct spawn sp = {.setup = s,
			   .argv = (const char *const *)argv,
			   .env = s->env,
			   .cwd = s->workspace,
			   .inherit = true,
			   .fd = {-1, -1, report},
			   .code = -1,
			   .state = -1,
			   .channel = -1,
			   .terminal = tty >= 0};
	struct notify calls;
	struct teller teller = {.report = report};
	struct spawn_calls told = {&calls, tell_notice, &teller};
	struct sbx_fail f = {.step = ""};
	int status;
	pid_t pid;

	s->protect = protect_new(tell_guarded, &report);
	if (!ns_enter(userns, ids, &f) || !inside_begin(s, rights, &f) ||
	    !root_build(s, userns, &f) || !root_job(true, &f) ||
	    (tty >= 0 && !tty_make(tty, &f)))
		tell(report, REPORT_FAIL, &f);
	sbx_shut(&rights);
	confine_offer();
	prctl(PR_SET_DUMPABLE, 0);
	sbx_shut(&tty);
	spawn_block_signals();
	notify_init(&calls);
	if (!notify_open(&calls, &sp.channel)) {
		sbx_fail_set(&f, "socket pair", errno, NULL);
		tell(report, REPORT_FAIL, &f);
	}
	pid = spawn_start(&sp);
	if (pid < 0) {
		sbx_fail_set(&f, "fork", errno, NULL);
		tell(report, REPORT_FAIL, &f);
	}
	/* The streams belong to the command: its reader must see the end of file with it. */
	close(0);
	close(1);
	close(2);
	close(sp.channel);
	status = spawn_reap_calls(pid, watch, s, &told);
	clean_up(s);
	if (status < 0) {
		sbx_fail_set(&f, over, 0, NULL);
		tell(report, REPORT_LIMIT, &f);
	}
	tell_end(&teller, s, status);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status));
}

static void
block_ending(bool terminal, sigset_t *set, sigset_t *old)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	if (terminal) {
		sigaddset(set, SIGWINCH);
		sigaddset(set, SIGTSTP);
		sigaddset(set, SIGCONT);
	}
	sigprocmask(SIG_BLOCK, set, old);
}

/* The launcher while pid 1 lives. */
struct run {
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
	for (char *p = msg; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	dprintf(2, "sunaba: sandbox: %s%s%s%s", msg, hint[0] ? " - " : "", hint,
		tty_newline);
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
	if (tty_signal(&r->tty, (int)si.ssi_signo))
		return;
	/* pid 1 ends the command and all that came of it, and puts aside what they left. */
	if (r->caught || sigqueue(r->pid, SIGUSR1, (union sigval){.sival_int = SIGKILL}))
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
	int status = 0;

	while (!p[0].revents) {
		int n;

		tty_poll(&r->tty, p + 4);
		n = poll(p, SBX_LEN(p), r->caught ? END_PATIENCE : -1);
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

static int
launch(struct setup *s, const struct sbx_policy *p, char *const argv[], struct sbx_fail *f)
{
	struct ns_ids ids = {geteuid(), getegid(), s->net == SBX_NET_HOST};
	SBX_CLOSE int life = -1, mine = -1, signals = -1;
	struct run r = {.pid = -1, .rights = -1};
	int rights[2] = {-1, -1};
	struct streams streams;
	int report[2], alive[2], code = -1;
	int tty[2] = {-1, -1};
	bool userns, terminal = tty_wanted();
	sigset_t set, old;

	if (pipe2(report, O_CLOEXEC) || pipe2(alive, O_CLOEXEC))
		return sbx_fail_set(f, "pipe", errno, NULL), -1;
	if ((s->net == SBX_NET_LIST && !rights_pair(rights)) ||
	    (terminal && !rights_pair(tty)))
		return sbx_fail_set(f, "socket pair", errno, NULL), -1;
	r.report = mine = report[0];
	r.rights = rights[0];
	tty_init(&r.tty, tty[0]);
	life = alive[1];
	block_ending(terminal, &set, &old);
	streams_save(&streams);
	r.pid = ns_clone(&ids, &userns, f);
	if (r.pid == 0) {
		close(alive[1]);
		ns_die_with_parent(alive[0]);
		sbx_shut(&rights[0]);
		sbx_shut(&tty[0]);
		pid1(s, argv, userns, &ids, report[1], rights[1], tty[1]);
	}
	close(report[1]);
	close(alive[0]);
	sbx_shut(&rights[1]);
	sbx_shut(&tty[1]);
	r.signals = signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	fcntl(mine, F_SETFL, O_NONBLOCK);
	if (r.pid > 0)
		code = supervise(&r, p, f);
	sbx_shut(&tty[0]);
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
			code = launch(&s, p, argv, f);
		}
	}
	if (workspace >= 0)
		close(workspace);
	queue_free(&q);
	return code;
}
