/* Jobs whose processes were made ahead: they are used, they are like others, and nothing is lost
 * with them. The processes are looked at from outside, by /proc. Needs namespaces; skips where they
 * are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/sandbox.h"
#include "sandbox/util.h"
#include "tests/unit/tmp.h"

#define PATIENCE_MS 60000
#define CHILDREN    16
#define TRIES	    5
#define ASK	    "ask without end"
#define ASKERS	    250

static char workspace[TMP_PATH];
static bool refused;

struct seen {
	char out[1 << 16];
	size_t nout;
	int started, done, exited, status, failed, limits;
	uint64_t cpu_us;
};

struct spare {
	pid_t reaper, command;
};

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
note(struct seen *n, const struct sbx_event *ev)
{
	size_t k = sizeof(n->out) - 1 - n->nout;

	if (ev->type == SBX_OUTPUT) {
		k = ev->len < k ? ev->len : k;
		memcpy(n->out + n->nout, ev->data, k);
		n->nout += k;
	}
	n->started += ev->type == SBX_STARTED;
	n->done += ev->type == SBX_DONE;
	n->failed += ev->type == SBX_FAILED;
	n->limits += ev->type == SBX_NOTICE && strcmp(ev->notice->what, "processes") == 0;
	if (ev->type == SBX_EXIT) {
		n->exited++;
		n->status = ev->status;
		n->cpu_us = ev->cpu_us;
	}
}

/* Until an event of that type came, or, of output, one with `text` in it so far. */
static void
await(struct sbx_session *s, enum sbx_event_type want, const char *text, struct seen *n)
{
	int64_t end = now_us() + PATIENCE_MS * 1000;

	while (now_us() < end) {
		struct pollfd p = {.fd = sbx_session_fd(s), .events = POLLIN};
		struct sbx_event ev;

		if (sbx_session_read(s, &ev) == SBX_NOTHING) {
			if (sbx_session_wants_write(s))
				p.events |= POLLOUT;
			poll(&p, 1, 100);
			continue;
		}
		note(n, &ev);
		if (ev.type == SBX_DEAD)
			fail_msg("the session is dead");
		if (ev.type == want && (!text || strstr(n->out, text)))
			return;
	}
	fail_msg("nothing within %d ms", PATIENCE_MS);
}

static struct sbx_session *
stand_with(struct sbx_policy *p)
{
	struct seen n = {0};
	struct sbx_session *s;
	struct sbx_fail f;

	p->workspace = workspace;
	if (!sbx_session_start(&s, &f) || !sbx_session_setup(s, p, &f))
		fail_msg("%s: %d (%s)", f.step, f.sys, f.path);
	await(s, SBX_READY, NULL, &n);
	return s;
}

static struct sbx_session *
stand(void)
{
	struct sbx_policy p;

	if (refused)
		skip();
	sbx_policy_default(&p);
	return stand_with(&p);
}

static size_t
read_text(pid_t pid, const char *name, char *into, size_t size)
{
	char path[96];
	SBX_CLOSE int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, into, size - 1);
	into[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

static size_t
children(pid_t of, pid_t *into)
{
	char name[64], text[1024], *p = text;
	size_t n = 0;

	snprintf(name, sizeof(name), "task/%d/children", (int)of);
	read_text(of, name, text, sizeof(text));
	while (n < CHILDREN && isdigit((unsigned char)*p)) {
		into[n++] = (pid_t)strtol(p, &p, 10);
		p += *p == ' ';
	}
	return n;
}

static pid_t
pid1_of(const struct sbx_session *s)
{
	pid_t pids[CHILDREN];

	return children(sbx_session_pid(s), pids) == 1 ? pids[0] : 0;
}

/* Confined, and not executed yet. */
static bool
waits(pid_t pid)
{
	char name[64], status[4096];

	read_text(pid, "comm", name, sizeof(name));
	read_text(pid, "status", status, sizeof(status));
	return strcmp(name, "sunaba-jail\n") == 0 && strstr(status, "Seccomp:\t2") &&
	       strstr(status, "State:\tS");
}

static bool
find(const struct sbx_session *s, struct spare *found)
{
	pid_t reapers[CHILDREN], below[CHILDREN];
	pid_t pid1 = pid1_of(s);
	size_t n = pid1 ? children(pid1, reapers) : 0;

	for (size_t i = 0; i < n; i++)
		if (children(reapers[i], below) == 1 && waits(below[0])) {
			*found = (struct spare){reapers[i], below[0]};
			return true;
		}
	return false;
}

static struct spare
await_spare(const struct sbx_session *s)
{
	int64_t end = now_us() + PATIENCE_MS * 1000;
	struct spare found = {0, 0};

	while (!find(s, &found)) {
		if (now_us() > end)
			fail_msg("nothing was made ahead within %d ms", PATIENCE_MS);
		poll(NULL, 0, 1);
	}
	return found;
}

static bool
gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static void
await_gone(pid_t pid)
{
	int64_t end = now_us() + PATIENCE_MS * 1000;

	while (!gone(pid)) {
		if (now_us() > end)
			fail_msg("process %d goes on", (int)pid);
		poll(NULL, 0, 1);
	}
}

/* All that a program can see of how it was started. */
#define PROBE                                                                             \
	"exec 2>&1; cat /proc/$$/limits /proc/$$/oom_score_adj /proc/self/cgroup; pwd; "  \
	"umask;"                                                                          \
	"grep -vE '^(Name|Vm|Rss|Huge|voluntary|nonvol|Pid|Tgid|PPid|Ngid|NS|Mems|x86)' " \
	"/proc/self/status; grep -E '^(Name|Cap|Sig|Shd|Seccomp|NoNew|NSpid|State)' "     \
	"/proc/1/status; tr '\\0' '\\n' </proc/$$/environ; cut -d' ' -f4-8,18-20 "        \
	"/proc/$$/stat; cut -d' ' -f3- /proc/self/mountinfo; find /proc/self/fd -printf " \
	"'%f %l\\n'; cd /proc; echo [0-9]*; readlink /proc/$$/cwd /proc/$$/root; "        \
	"(: </dev/tty) && echo tty; chrt -p $$; mkdir /usr/x; ls /proc/1/fd; "            \
	"kill -9 -1; tr '\\0' ' ' </proc/1/cmdline; echo END\n"

/* Numbers of inodes, devices and mounts are others each time. */
static void
blur(char *text)
{
	char *to = text;

	for (const char *p = text; *p;) {
		size_t n = strspn(p, "0123456789:"), digits = strspn(p, "0123456789");

		if (digits >= 4 || (n > digits && digits)) {
			*to++ = '#';
			p += n;
		} else {
			*to++ = *p++;
		}
	}
	*to = 0;
}

static const char driver[] = "printf 'R\\0' >&201\n"
			     "while read -r n <&200; do\n"
			     "  code=$(head -c \"$n\" <&200; printf x)\n"
			     "  eval \"${code%x}\" 200<&- 201>&-\n"
			     "  printf 'D%d\\t%s\\0' $? \"$PWD\" >&201\n"
			     "done\n";

struct kind {
	const char *name;
	bool driver;
	enum sbx_terminal terminal;
};

/* The step's output goes there. */
static void
read_terminal(struct sbx_session *s, struct seen *n)
{
	int64_t end = now_us() + PATIENCE_MS * 1000;
	int fd = sbx_job_take_terminal(s, 1);

	while (!strstr(n->out, "END")) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t k;

		poll(&p, 1, 100);
		k = sbx_terminal_read(fd, n->out + n->nout, sizeof(n->out) - 1 - n->nout);
		n->nout += k > 0 ? (size_t)k : 0;
		if (now_us() > end)
			fail_msg("nothing within %d ms", PATIENCE_MS);
	}
	close(fd);
}

/* Starts a job of that kind, which goes on after it has told what it sees. */
static void
probe(struct sbx_session *s, const struct kind *k, struct seen *n)
{
	const char *const plain[] = {"sh", "-c", PROBE "exec sleep 1000", NULL};
	const char *const driven[] = {"bash", SBX_SCRIPT_DIR "/d.sh", NULL};
	const char *const env[] = {"MORE=1", "HOME=/tmp", NULL};
	struct sbx_job_spec spec = {.argv = k->driver ? driven : plain,
				    .env = env,
				    .cwd = "/var",
				    .driver = k->driver,
				    .terminal = k->terminal};

	memset(n, 0, sizeof(*n));
	if (k->driver) {
		spec.script_name = "d.sh";
		spec.script = driver;
		spec.script_len = strlen(driver);
	}
	assert_true(sbx_job_start(s, 1, &spec));
	if (k->driver) {
		await(s, SBX_STARTED, NULL, n);
		assert_true(sbx_job_run(s, 1, PROBE, strlen(PROBE)));
	}
	if (k->terminal == SBX_TERMINAL_ALL)
		read_terminal(s, n);
	else
		await(s, SBX_OUTPUT, "END", n);
	blur(n->out);
}

static void
end(struct sbx_session *s, struct seen *n)
{
	SBX_CLOSE int terminal = sbx_job_take_terminal(s, 1);

	n->exited = 0;
	assert_true(sbx_job_kill(s, 1));
	await(s, SBX_EXIT, NULL, n);
}

/* A job from what waits. Where that is not given the processor in time, as on a machine that others
 * keep busy, the job is a fresh one: then another. */
static void
probe_ahead(struct sbx_session *s, const struct kind *k, struct seen *n)
{
	for (int i = 0; i < TRIES; i++) {
		struct spare spare = await_spare(s);

		probe(s, k, n);
		if (!gone(spare.command)) {
			assert_false(waits(spare.command));
			return;
		}
		end(s, n);
	}
	fail_msg("what was made ahead is not used");
}

static void
compare(struct sbx_session *s, const struct kind *k)
{
	static struct seen fresh, ahead;
	struct spare spare = await_spare(s);

	kill(spare.reaper, SIGKILL);
	await_gone(spare.reaper);
	probe(s, k, &fresh);
	end(s, &fresh);
	probe_ahead(s, k, &ahead);
	assert_string_equal(ahead.out, fresh.out);
	assert_non_null(strstr(ahead.out, "MORE=1"));
	end(s, &ahead);
}

/* In each of the product's ways, and with all that is told of. */
static void
test_same(void **state)
{
	static const struct kind kinds[] = {
	    {"command", false, SBX_TERMINAL_NONE},
	    {"driver", true, SBX_TERMINAL_NONE},
	    {"driver, terminal for input", true, SBX_TERMINAL_INPUT},
	    {"driver, terminal", true, SBX_TERMINAL_ALL},
	};
	struct sbx_session *s;
	struct sbx_policy p;

	(void)state;
	if (refused)
		skip();
	for (int explain = 0; explain < 2; explain++) {
		sbx_policy_default(&p);
		p.explain = explain;
		s = stand_with(&p);
		for (size_t i = 0; i < SBX_LEN(kinds); i++) {
			print_message("# %s%s\n", kinds[i].name,
				      explain ? ", explained" : "");
			compare(s, &kinds[i]);
		}
		sbx_session_free(s);
	}
}

static void
command(struct sbx_session *s, const char *script, struct seen *n)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct sbx_job_spec spec = {.argv = argv};

	memset(n, 0, sizeof(*n));
	assert_true(sbx_job_start(s, 1, &spec));
	await(s, SBX_EXIT, NULL, n);
}

/* One of the right kind waits. */
static struct spare
ready(struct sbx_session *s)
{
	struct seen n;

	command(s, ":", &n);
	return await_spare(s);
}

/* However it was lost, the job runs, and once. */
static void
test_lost(void **state)
{
	struct sbx_session *s = stand();
	struct spare spare;
	static struct seen n;

	(void)state;
	for (int how = 0; how < 3; how++) {
		spare = ready(s);
		/* A stopped one is late. */
		kill(how == 1 ? spare.reaper : spare.command, how == 2 ? SIGSTOP : SIGKILL);
		/* Until then its command may begin, to be killed as a job. */
		if (how == 1)
			await_gone(spare.command);
		command(s, "echo x", &n);
		assert_string_equal(n.out, "x\n");
		assert_int_equal(n.status, 0);
		assert_int_equal(n.failed, 0);
		await_gone(spare.reaper);
	}
	sbx_session_free(s);
}

/* Killed at any moment of its start, a job runs at most once, and not at all only when it is told
 * to have been killed. */
static void
test_killed_meanwhile(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo x >>seen; echo x", NULL};
	struct sbx_job_spec spec = {.argv = argv};
	struct sbx_session *s = stand();
	struct seen n;
	int whole = 0, cut = 0;

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct spare spare = ready(s);
		int64_t t;
		struct stat st;
		char path[TMP_PATH + 8];

		memset(&n, 0, sizeof(n));
		assert_true(sbx_job_start(s, 1, &spec));
		for (t = now_us() + i * 10; now_us() < t;)
			;
		kill(i & 1 ? spare.reaper : spare.command, SIGKILL);
		await(s, SBX_EXIT, NULL, &n);
		snprintf(path, sizeof(path), "%s/seen", workspace);
		if (stat(path, &st))
			st.st_size = 0;
		unlink(path);
		assert_int_equal(n.failed, 0);
		assert_true(st.st_size <= 2);
		assert_true(n.status == 0 ? st.st_size == 2 : n.status == SIGKILL);
		*(n.status ? &cut : &whole) += 1;
	}
	print_message("# %d ran, %d were killed\n", whole, cut);
	sbx_session_free(s);
}

static void
test_limits_change(void **state)
{
	const struct sbx_limits files = {.files = 77}, more = {.files = 5000};
	struct sbx_session *s = stand();
	struct seen n;

	(void)state;
	ready(s);
	assert_true(sbx_session_limits(s, &files));
	command(s, "ulimit -n", &n);
	assert_string_equal(n.out, "77\n");
	ready(s);
	command(s, "ulimit -n", &n);
	assert_string_equal(n.out, "77\n");
	await_spare(s);
	assert_true(sbx_session_limits(s, &more));
	await_spare(s);
	command(s, "ulimit -n", &n);
	assert_string_not_equal(n.out, "77\n");
	sbx_session_free(s);
}

/* What is written to was read-only for all that were confined before. It must lie outside of what
 * jobs may write anyway, as tests' own folders do not: nothing is written here in truth. */
static void
test_allowed_meanwhile(void **state)
{
	const char *const folder = "/usr/share/common-licenses";
	const char *const script = "cd /usr/share/common-licenses && : >>GPL-3 && echo yes";
	struct sbx_session *s;
	char real[4096];
	struct sbx_fail f;
	struct seen n;

	(void)state;
	if (refused || access("/usr/share/common-licenses/GPL-3", W_OK))
		skip();
	s = stand();
	ready(s);
	command(s, script, &n);
	assert_null(strstr(n.out, "yes"));
	ready(s);
	assert_true(sbx_session_show(s, folder, SBX_SHOW_WRITE, real, &f));
	command(s, script, &n);
	assert_non_null(strstr(n.out, "yes"));
	sbx_session_free(s);
}

/* What the user makes while nothing but that runs is his, and is guarded in it too. */
static void
test_guarded_meanwhile(void **state)
{
	struct sbx_session *s = stand();
	char path[TMP_PATH + 16];
	struct stat st;
	struct seen n;

	(void)state;
	await_spare(s);
	snprintf(path, sizeof(path), "%s/.envrc", workspace);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	for (int i = 0; i < 2; i++) {
		command(s, "cat .envrc && echo x >>.envrc", &n);
		assert_non_null(strstr(n.out, "Read-only"));
		await_spare(s);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	unlink(path);
	sbx_session_free(s);
}

/* What waits takes nothing of what the user allows: pid 1 and the job's reaper count, as ever. */
static void
test_processes(void **state)
{
	const char *const argv[] = {
	    "sh", "-c",
	    "echo begun; while ! [ -e go ]; do :; done; "
	    "for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; echo all",
	    NULL};
	const struct sbx_limits few = {.processes = 12};
	struct sbx_job_spec spec = {.argv = argv};
	struct sbx_session *s = stand();
	char path[TMP_PATH + 8];
	struct seen n = {0};

	(void)state;
	assert_true(sbx_session_limits(s, &few));
	assert_true(sbx_job_start(s, 1, &spec));
	await(s, SBX_OUTPUT, "begun", &n);
	await_spare(s);
	snprintf(path, sizeof(path), "%s/go", workspace);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	await(s, SBX_EXIT, NULL, &n);
	assert_string_equal(n.out, "begun\nall\n");
	unlink(path);
	sbx_session_free(s);
}

/* An order of any length. */
static void
test_long_order(void **state)
{
	enum { LEN = 100000 };
	const char *argv[] = {"sh", "-c", "echo ${#1} ${#2}", "sh", NULL, NULL, NULL};
	struct sbx_job_spec spec = {.argv = argv};
	struct sbx_session *s = stand();
	char *text = malloc(LEN + 1);
	struct seen n;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LEN);
	text[LEN] = 0;
	for (size_t len = LEN; len > 1; len /= 2) {
		ready(s);
		text[len] = 0;
		argv[4] = argv[5] = text;
		memset(&n, 0, sizeof(n));
		assert_true(sbx_job_start(s, 1, &spec));
		await(s, SBX_EXIT, NULL, &n);
		assert_int_equal(strtol(n.out, NULL, 10), len);
	}
	free(text);
	sbx_session_free(s);
}

/* Nothing of it counts as a job's, and nothing is left. */
static void
test_unseen(void **state)
{
	struct sbx_session *s = stand();
	struct sbx_job_spec none = {.argv =
					(const char *const[]){"/no/such/program", NULL}};
	struct spare spare = ready(s), other;
	struct seen n;

	(void)state;
	command(s, "echo /proc/[0-9]*; kill -9 -1 2>/dev/null", &n);
	assert_string_equal(n.out, "/proc/1 /proc/2\n");
	spare = await_spare(s);
	memset(&n, 0, sizeof(n));
	assert_true(sbx_job_start(s, 1, &none));
	await(s, SBX_EXIT, NULL, &n);
	assert_int_equal(n.failed, 1);
	assert_int_equal(WEXITSTATUS(n.status), 127);
	other = await_spare(s);
	assert_true(other.reaper != spare.reaper);
	sbx_session_free(s);
	await_gone(other.reaper);
	await_gone(other.command);
	await_gone(spare.reaper);
}

/* Of an agent that is killed, at once and later. */
static void
test_agent_killed(void **state)
{
	struct spare spare;
	int told[2], status;
	pid_t agent;

	(void)state;
	if (refused)
		skip();
	assert_int_equal(pipe(told), 0);
	agent = fork();
	if (agent == 0) {
		struct sbx_session *s = stand();

		spare = await_spare(s);
		_exit(write(told[1], &spare, sizeof(spare)) < 0 || pause());
	}
	assert_int_equal(read(told[0], &spare, sizeof(spare)), sizeof(spare));
	kill(agent, SIGKILL);
	waitpid(agent, &status, 0);
	await_gone(spare.reaper);
	await_gone(spare.command);
	close(told[0]);
	close(told[1]);
}

/* The driver of the test below: threads that pid 1 is asked by without a pause, and, once it is told
 * to, as many more as there can be. */
static void *
ask(void *arg)
{
	for (;;)
		syscall(SYS_mount, NULL, NULL, NULL, 0, NULL);
	return arg;
}

static void
ask_without_end(void)
{
	pthread_t t;

	for (int i = 0; i < ASKERS; i++)
		pthread_create(&t, NULL, ask, NULL);
	if (write(SBX_FD_STATUS, "R", 2) < 0)
		exit(1);
	while (access("/tmp/go", F_OK))
		poll(NULL, 0, 10);
	/* The other job is over by then. */
	poll(NULL, 0, 200);
	for (;;)
		if (pthread_create(&t, NULL, ask, NULL))
			poll(NULL, 0, 10);
}

/* Looks at limits are not put off for what is to be made ahead and never comes to it. */
static void
test_watched_meanwhile(void **state)
{
	const struct sbx_limits few = {.processes = 2 * ASKERS};
	struct sbx_session *s;
	char exe[4096] = "", *folder;
	const char *argv[] = {exe, ASK, NULL}, *read[] = {NULL, NULL};
	struct sbx_job_spec spec = {.argv = argv, .driver = true};
	struct sbx_policy p;
	struct seen n = {0};

	(void)state;
	if (refused || readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		skip();
	folder = strdup(exe);
	*strrchr(folder, '/') = 0;
	read[0] = folder;
	sbx_policy_default(&p);
	p.read = read;
	s = stand_with(&p);
	assert_true(sbx_session_limits(s, &few));
	assert_true(sbx_job_start(s, 2, &spec));
	await(s, SBX_STARTED, NULL, &n);
	command(s, ": >/tmp/go", &n);
	while (!n.limits)
		await(s, SBX_NOTICE, NULL, &n);
	sbx_session_free(s);
	free(folder);
}

static void
probe_machine(void)
{
	struct sbx_session *s;
	struct sbx_policy p;
	struct sbx_event ev;
	struct sbx_fail f;

	sbx_policy_default(&p);
	p.workspace = workspace;
	p.rung = SBX_RUNG_FULL;
	refused = true;
	if (!sbx_session_start(&s, &f) || !sbx_session_setup(s, &p, &f))
		return;
	for (int64_t t = now_us() + PATIENCE_MS * 1000; now_us() < t;) {
		struct pollfd w = {.fd = sbx_session_fd(s), .events = POLLIN};

		poll(&w, 1, 100);
		sbx_session_read(s, &ev);
		if (ev.type == SBX_READY)
			refused = false;
		if (ev.type == SBX_READY || ev.type == SBX_DEAD)
			break;
	}
	sbx_session_free(s);
	if (refused)
		print_message("# no namespaces here\n");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),
	    cmocka_unit_test(test_lost),
	    cmocka_unit_test(test_killed_meanwhile),
	    cmocka_unit_test(test_limits_change),
	    cmocka_unit_test(test_allowed_meanwhile),
	    cmocka_unit_test(test_guarded_meanwhile),
	    cmocka_unit_test(test_processes),
	    cmocka_unit_test(test_long_order),
	    cmocka_unit_test(test_unseen),
	    cmocka_unit_test(test_agent_killed),
	    cmocka_unit_test(test_watched_meanwhile),
	};
	int failed;

	sbx_jail_main_if_asked(argc, argv);
	if (argc == 2 && strcmp(argv[1], ASK) == 0)
		ask_without_end();
	if (!tmp_folder(workspace))
		return 1;
	probe_machine();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(workspace);
	return failed;
}
