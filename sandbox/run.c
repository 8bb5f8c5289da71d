/* One command in a fresh sandbox with this process's streams: sbx_run() of sandbox.h.
 *
 * No second image is executed, unlike for a session: this process holds no key. Its environment
 * is wiped before the clone all the same, since pid 1 is a copy of it. pid 1 builds the tree,
 * forks the command and reaps; the launcher only waits, and ends the tree on a signal.
 *
 * Sources: pid_namespaces(7), sigwaitinfo(2). Pinned by tests/jail/test_sandbox.py. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "sandbox/ns.h"
#include "sandbox/root.h"
#include "sandbox/spawn.h"
#include "sandbox/streams.h"
#include "sandbox/usage.h"

#define EXIT_SIGNALLED 128 /* plus the signal, as shells say it */
#define RUN_FILES      64 /* open at once while the tree is built; 24 were seen to be enough */

extern char **environ;

static const char *over; /* pid 1: the limit that was passed */

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
	/* pid 1 itself counts too. */
	if (u.processes > s->limits.processes + 1)
		over = "processes";
	return over ? -1 : usage_patience(u.processes, s->limits.processes);
}

static void __attribute__((noreturn))
pid1(const struct setup *s, char *const argv[], bool userns, const struct ns_ids *ids,
     int report)
{
	struct spawn sp = {.setup = s,
			   .argv = (const char *const *)argv,
			   .env = s->env,
			   .cwd = s->workspace,
			   .inherit = true,
			   .fd = {-1, -1, report},
			   .code = -1,
			   .state = -1};
	struct sbx_fail f = {.step = ""};
	int status;
	pid_t pid;

	if (!ns_enter(userns, ids, &f) || !root_build(s, userns, &f) || !root_job(true, &f))
		tell(report, REPORT_FAIL, &f);
	prctl(PR_SET_DUMPABLE, 0);
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
	if (status < 0) {
		sbx_fail_set(&f, over, 0, NULL);
		tell(report, REPORT_LIMIT, &f);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status));
}

static void
block_ending(sigset_t *set, sigset_t *old)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
	sigprocmask(SIG_BLOCK, set, old);
}

/* Waits for pid 1; a signal that ends programs ends it. */
static int
wait_for_end(pid_t pid, const sigset_t *set)
{
	int status, caught = 0;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);
		int sig;

		if (got == pid)
			break;
		sig = sigwaitinfo(set, NULL);
		if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP) {
			caught = sig;
			kill(pid, SIGKILL);
		}
	}
	if (caught)
		return EXIT_SIGNALLED + caught;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status);
}

static int
judge(int report, int code, struct sbx_fail *f)
{
	struct report r;

	if (read(report, &r, sizeof(r)) != (ssize_t)sizeof(r))
		return code;
	*f = r.fail;
	if (r.kind == REPORT_LIMIT) {
		dprintf(2, "sunaba: killed: over the sandbox's limit of %s\n", f->step);
		return EXIT_SIGNALLED + SIGKILL;
	}
	if (r.kind != REPORT_EXEC)
		return -1;
	dprintf(2, "sunaba: cannot %s '%s': %s\n", f->step, f->path, strerror(f->sys));
	return r.status;
}

static int
launch(const struct setup *s, char *const argv[], struct sbx_fail *f)
{
	struct ns_ids ids = {geteuid(), getegid()};
	SBX_CLOSE int life = -1, mine = -1;
	int report[2], alive[2], code;
	struct streams streams;
	sigset_t set, old;
	bool userns;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) || pipe2(alive, O_CLOEXEC))
		return sbx_fail_set(f, "pipe", errno, NULL), -1;
	mine = report[0];
	life = alive[1];
	block_ending(&set, &old);
	streams_save(&streams);
	pid = ns_clone(&userns, f);
	if (pid == 0) {
		close(alive[1]);
		ns_die_with_parent(alive[0]);
		pid1(s, argv, userns, &ids, report[1]);
	}
	close(report[1]);
	close(alive[0]);
	code = pid < 0 ? -1 : wait_for_end(pid, &set);
	streams_restore(&streams);
	if (pid >= 0)
		code = judge(mine, code, f);
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
	if (!sbx_files_allowed(RUN_FILES, f))
		return -1;
	workspace = setup_encode(p, &q, f);
	if (workspace >= 0 && setup_decode(queue_head(&q), queue_len(&q), &s)) {
		if (fchdir(workspace)) {
			sbx_fail_set(f, "workspace", errno, s.workspace);
		} else {
			close(workspace);
			workspace = -1;
			wipe_environment();
			code = launch(&s, argv, f);
		}
	}
	if (workspace >= 0)
		close(workspace);
	queue_free(&q);
	return code;
}
