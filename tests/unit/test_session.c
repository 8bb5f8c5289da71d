/* A session of the sandbox driven as the agent drives it: jobs, drivers, kills, hostile records.
 * Needs namespaces; skips where they are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "sandbox/sandbox.h"
#include "sandbox/util.h"
#include "tests/unit/tmp.h"

#define PATIENCE_MS 60000

static char workspace[TMP_PATH];
static const char *refused;

struct seen {
	char out[1 << 16], err[4096], cwd[4096], limit[32];
	size_t nout, nerr, total;
	int done, status, exit_status, failed_job, started, exited, dead, waits;
	uint64_t cpu_us;
	struct sbx_fail fail;
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
	char *to = ev->stream == 1 ? n->out : n->err;
	size_t *len = ev->stream == 1 ? &n->nout : &n->nerr;
	size_t max = ev->stream == 1 ? sizeof(n->out) - 1 : sizeof(n->err) - 1;

	if (ev->type == SBX_OUTPUT) {
		size_t k = ev->len < max - *len ? ev->len : max - *len;

		memcpy(to + *len, ev->data, k);
		*len += k;
		to[*len] = 0;
		n->total += ev->len;
	}
	if (ev->type == SBX_STARTED)
		n->started++;
	if (ev->type == SBX_WAITS)
		n->waits++;
	if (ev->type == SBX_DEAD)
		n->dead++;
	if (ev->type == SBX_FAILED) {
		n->failed_job = ev->job + 1;
		n->fail = ev->fail;
	}
	if (ev->type == SBX_DONE) {
		n->done++;
		n->status = ev->status;
		n->cpu_us = ev->cpu_us;
		snprintf(n->cwd, sizeof(n->cwd), "%s", ev->cwd);
	}
	if (ev->type == SBX_EXIT) {
		n->exited++;
		n->exit_status = ev->status;
		n->cpu_us = ev->cpu_us;
		snprintf(n->limit, sizeof(n->limit), "%s", ev->limit ? ev->limit : "");
	}
}

/* Reads events until one of type `want` (or DEAD) came; its type. */
static enum sbx_event_type
wait_for(struct sbx_session *s, enum sbx_event_type want, struct seen *n)
{
	int64_t end = now_us() + PATIENCE_MS * 1000;

	for (;;) {
		struct sbx_event ev;
		struct pollfd p = {.fd = sbx_session_fd(s), .events = POLLIN};

		if (sbx_session_read(s, &ev) != SBX_NOTHING) {
			note(n, &ev);
			if (ev.type == want || ev.type == SBX_DEAD)
				return ev.type;
			continue;
		}
		if (sbx_session_wants_write(s))
			p.events |= POLLOUT;
		if (now_us() > end)
			fail_msg("nothing within %d ms", PATIENCE_MS);
		poll(&p, 1, 100);
	}
}

static struct sbx_session *
stand_with(const struct sbx_policy *p)
{
	struct sbx_session *s;
	struct sbx_fail f;
	struct seen n = {0};

	if (!sbx_session_start(&s, &f) || !sbx_session_setup(s, p, &f))
		fail_msg("%s: %d (%s)", f.step, f.sys, f.path);
	if (wait_for(s, SBX_READY, &n) != SBX_READY)
		fail_msg("%s: %d (%s)", n.fail.step, n.fail.sys, n.fail.path);
	return s;
}

static struct sbx_session *
stand(void)
{
	struct sbx_policy p;

	if (refused)
		skip();
	sbx_policy_default(&p);
	p.workspace = workspace;
	return stand_with(&p);
}

static void
command(struct sbx_session *s, int job, const char *script, struct seen *n)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct sbx_job_spec spec = {.argv = argv};

	memset(n, 0, sizeof(*n));
	assert_true(sbx_job_start(s, job, &spec));
	assert_int_equal(wait_for(s, SBX_EXIT, n), SBX_EXIT);
}

/* A driver in shell: reads a length, then that many bytes, evaluates them, answers. */
static const char driver[] = "printf 'R\\0' >&201\n"
			     "while read -r n <&200; do\n"
			     "  code=$(head -c \"$n\" <&200; printf x)\n"
			     "  eval \"${code%x}\" 200<&- 201>&-\n"
			     "  printf 'D%d\\t%s\\0' $? \"$PWD\" >&201\n"
			     "done\n";

static void
start_driver(struct sbx_session *s, int job, const char *text)
{
	const char *const argv[] = {"bash", SBX_SCRIPT_DIR "/d.sh", NULL};
	struct sbx_job_spec spec = {.argv = argv,
				    .script_name = "d.sh",
				    .script = text,
				    .script_len = strlen(text),
				    .driver = true};

	assert_true(sbx_job_start(s, job, &spec));
}

static void
step(struct sbx_session *s, int job, const char *code, struct seen *n)
{
	memset(n, 0, sizeof(*n));
	assert_true(sbx_job_run(s, job, code, strlen(code)));
	assert_int_equal(wait_for(s, SBX_DONE, n), SBX_DONE);
}

static void
test_command(void **state)
{
	struct sbx_session *s = stand();
	struct seen n;

	(void)state;
	command(s, 1, "echo out > /dev/stdout; echo err > /dev/stderr; exit 7", &n);
	assert_string_equal(n.out, "out\n");
	assert_string_equal(n.err, "err\n");
	assert_true(WIFEXITED(n.exit_status));
	assert_int_equal(WEXITSTATUS(n.exit_status), 7);
	command(s, 1, "kill -SEGV $$", &n);
	assert_true(WIFSIGNALED(n.exit_status));
	assert_int_equal(WTERMSIG(n.exit_status), SIGSEGV);
	sbx_session_free(s);
}

/* What a job mounts on its /proc shows in no other. */
static void
test_own_mounts(void **state)
{
	const char *const count = "grep -c ' /proc' /proc/self/mountinfo";
	struct sbx_session *s = stand();
	struct seen first, n = {0};

	(void)state;
	command(s, 1, count, &first);
	assert_true(strtol(first.out, NULL, 10) > 0);
	start_driver(s, 1, driver);
	assert_int_equal(wait_for(s, SBX_STARTED, &n), SBX_STARTED);
	for (int i = 0; i < 3; i++) {
		command(s, 2, count, &n);
		assert_string_equal(n.out, first.out);
	}
	step(s, 1, count, &n);
	assert_string_equal(n.out, first.out);
	sbx_session_free(s);
}

/* Of a process, as text. */
static void
read_offer(pid_t pid, char text[16])
{
	char path[64];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	in = fopen(path, "r");
	assert_true(in && fgets(text, 16, in));
	fclose(in);
}

/* When memory runs out code goes, and not pid 1 with every job. */
static void
test_goes_first(void **state)
{
	struct sbx_session *s = stand();
	struct seen n;
	char path[96], pid[32] = "", own[16], offered[16];
	FILE *in;

	(void)state;
	command(s, 1, "cat /proc/self/oom_score_adj", &n);
	assert_string_equal(n.out, "1000\n");
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)sbx_session_pid(s),
		 (int)sbx_session_pid(s));
	in = fopen(path, "r");
	if (!in || !fgets(pid, sizeof(pid), in))
		skip();
	fclose(in);
	read_offer(getpid(), own);
	/* While it makes what will be a job it is as that is to be. */
	for (int64_t end = now_us() + PATIENCE_MS * 1000; now_us() < end;) {
		read_offer((pid_t)strtol(pid, NULL, 10), offered);
		if (strcmp(offered, own) == 0)
			break;
	}
	assert_string_equal(offered, own);
	sbx_session_free(s);
}

static void
test_not_found(void **state)
{
	struct sbx_session *s = stand();
	const char *const argv[] = {"/no/such/program", NULL};
	struct sbx_job_spec spec = {.argv = argv};
	struct seen n = {0};

	(void)state;
	assert_true(sbx_job_start(s, 3, &spec));
	assert_int_equal(wait_for(s, SBX_EXIT, &n), SBX_EXIT);
	assert_int_equal(n.failed_job, 4);
	assert_string_equal(n.fail.path, "/no/such/program");
	assert_int_equal(n.fail.sys, ENOENT);
	sbx_session_free(s);
}

static void
test_driver(void **state)
{
	struct sbx_session *s = stand();
	struct seen n = {0};

	(void)state;
	start_driver(s, 1, driver);
	assert_int_equal(wait_for(s, SBX_STARTED, &n), SBX_STARTED);
	step(s, 1, "x=42; cd /tmp; (exit 3)", &n);
	assert_int_equal(n.status, 3);
	assert_string_equal(n.cwd, "/tmp");
	step(s, 1, "echo $x; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done", &n);
	assert_string_equal(n.out, "42\n");
	assert_true(n.cpu_us > 1000);
	sbx_session_free(s);
}

/* Whatever a step wrote before its end arrives before DONE, even with a full pipe. */
static void
test_order(void **state)
{
	struct sbx_session *s = stand();
	struct seen n = {0};

	(void)state;
	start_driver(s, 1, driver);
	wait_for(s, SBX_STARTED, &n);
	for (int i = 0; i < 20; i++) {
		step(s, 1, "head -c 300000 /dev/zero | tr '\\0' a; echo end >&2", &n);
		assert_int_equal(n.total, 300004);
		assert_string_equal(n.err, "end\n");
	}
	sbx_session_free(s);
}

static void
test_background(void **state)
{
	struct sbx_session *s = stand();
	struct seen n = {0};
	int64_t t = now_us();

	(void)state;
	start_driver(s, 1, driver);
	wait_for(s, SBX_STARTED, &n);
	step(s, 1, "sleep 100 & (yes > /dev/stdout &) ; echo hi >&2", &n);
	assert_non_null(strstr(n.err, "hi"));
	sbx_job_kill(s, 1);
	assert_int_equal(wait_for(s, SBX_EXIT, &n), SBX_EXIT);
	command(s, 2, "sleep 100 & setsid sleep 100 & echo bye", &n);
	assert_string_equal(n.out, "bye\n");
	assert_true(now_us() - t < 10000000);
	sbx_session_free(s);
}

static void
test_signal(void **state)
{
	struct sbx_session *s = stand();
	struct seen n = {0};
	/* A signal between two commands is seen after the next one: keep that short. */
	const char *const code = "trap 'echo caught; stop=1' INT; echo go; until [ "
				 "\"$stop\" ]; do sleep 0.2; done";

	(void)state;
	start_driver(s, 1, driver);
	wait_for(s, SBX_STARTED, &n);
	sbx_job_run(s, 1, code, strlen(code));
	while (n.nout == 0)
		wait_for(s, SBX_OUTPUT, &n);
	sbx_job_signal(s, 1, SIGINT);
	assert_int_equal(wait_for(s, SBX_DONE, &n), SBX_DONE);
	assert_non_null(strstr(n.out, "caught"));
	sbx_session_free(s);
}

static void
hostile(const char *text)
{
	struct sbx_session *s = stand();
	struct seen n = {0};

	start_driver(s, 1, text);
	assert_int_equal(wait_for(s, SBX_EXIT, &n), SBX_EXIT);
	assert_int_equal(n.exit_status, SIGKILL);
	assert_string_equal(n.limit, "driver protocol");
	command(s, 1, "echo alive", &n);
	assert_string_equal(n.out, "alive\n");
	sbx_session_free(s);
}

static void
test_hostile_records(void **state)
{
	(void)state;
	hostile("printf 'X\\0' >&201; sleep 100");
	hostile("printf 'D0\\t/\\0' >&201; sleep 100");
	hostile("printf 'R\\0R\\0' >&201; sleep 100");
	hostile("printf 'R++\\0' >&201; sleep 100");
	hostile("head -c 20000 /dev/zero | tr '\\0' R >&201; sleep 100");
	hostile("cat /dev/urandom >&201; sleep 100");
}

/* A driver that answers with tokens gets one with each code, and the step's number. */
static void
test_tokens(void **state)
{
	static const char head[] = "printf 'R+\\0' >&201; read -r n s t <&200; ";
	static const char *const bad[] = {
	    "printf 'D0\\t/\\0' >&201; sleep 100",
	    "printf 'D0123456789abcdef 0\\t/\\0' >&201; sleep 100",
	    "printf 'D%s 0\\t/\\0' ${t%?}x >&201; sleep 100",
	    "printf 'xD%s 0\\t/\\0' $t >&201; sleep 100",
	    "printf 'D%s' $t >&201; printf ' 0\\t/\\0D%s 0\\t/\\0' $t >&201; sleep 100",
	};
	const size_t nbad = sizeof(bad) / sizeof(bad[0]);
	struct sbx_session *s = stand();

	(void)state;
	for (size_t i = 0; i <= nbad; i++) {
		bool good = i == nbad;
		struct seen n = {0};
		char text[512];

		snprintf(text, sizeof(text), "%s%s", head,
			 good ? "printf 'D%s %d\\t%s\\0' $t $s /$n >&201; sleep 100"
			      : bad[i]);
		start_driver(s, 1, text);
		assert_int_equal(wait_for(s, SBX_STARTED, &n), SBX_STARTED);
		assert_true(sbx_job_step(s, 1, 41));
		assert_true(sbx_job_run(s, 1, "code", 4));
		if (good) {
			assert_int_equal(wait_for(s, SBX_DONE, &n), SBX_DONE);
			assert_int_equal(n.status, 41);
			assert_string_equal(n.cwd, "/4");
		} else {
			assert_int_equal(wait_for(s, SBX_EXIT, &n), SBX_EXIT);
			assert_string_equal(n.limit, "driver protocol");
		}
	}
	sbx_session_free(s);
}

static void
test_tree_dies(void **state)
{
	struct sbx_session *s = stand();
	struct seen n = {0};
	const char *const code =
	    "for i in $(seq 100); do (trap '' TERM INT HUP; setsid sleep "
	    "1000 & ) ; done; echo up; sleep 1000";
	const char *const argv[] = {"sh", "-c", code, NULL};
	struct sbx_job_spec spec = {.argv = argv};
	int64_t t;

	(void)state;
	assert_true(sbx_job_start(s, 1, &spec));
	while (n.nout == 0)
		wait_for(s, SBX_OUTPUT, &n);
	t = now_us();
	sbx_job_kill(s, 1);
	assert_int_equal(wait_for(s, SBX_EXIT, &n), SBX_EXIT);
	print_message("# tree of 100 gone after %lld us\n", (long long)(now_us() - t));
	assert_int_equal(n.exit_status, SIGKILL);
	sbx_session_free(s);
}

static void
test_memory(void **state)
{
	struct sbx_policy p;
	struct sbx_session *s;
	struct seen n;

	(void)state;
	if (refused)
		skip();
	sbx_policy_default(&p);
	p.workspace = workspace;
	p.limits.memory = 64 * SBX_MIB;
	s = stand_with(&p);
	command(s, 1, "exec python3 -c \"x = bytearray(150000000)\nwhile True: pass\"", &n);
	assert_string_equal(n.limit, "memory");
	/* Below a thread, which has its own list of children. */
	command(
	    s, 1,
	    "exec python3 -c \"import threading as t, subprocess as s\n"
	    "t.Thread(target=lambda: s.run(['python3', '-c', 'x = bytearray(150000000)\\n"
	    "while 1: pass'])).start()\"",
	    &n);
	assert_string_equal(n.limit, "memory");
	/* Mapped shared, it is no file. */
	command(s, 1,
		"exec python3 -c \"import mmap; m = mmap.mmap(-1, 150000000)\n"
		"for i in range(0, len(m), 4096): m[i] = 1\n"
		"while True: pass\"",
		&n);
	assert_string_equal(n.limit, "memory");
	/* Shared after a fork, it counts once. */
	command(s, 1,
		"exec python3 -c \"import os, time; x = bytearray(40000000)\n"
		"for i in range(4):\n if not os.fork(): time.sleep(.3); os._exit(0)\n"
		"for i in range(4): os.wait()\"",
		&n);
	assert_string_equal(n.limit, "");
	assert_int_equal(n.exit_status, 0);
	sbx_session_free(s);
}

/* A thread that goes on when its step has ended. */
static void
test_memory_between_steps(void **state)
{
	static const char python[] = "import os, threading, time\n"
				     "os.write(201, b'R\\0')\n"
				     "def eat():\n"
				     "    while not steps: time.sleep(.01)\n"
				     "    x = bytearray(150000000)\n"
				     "    while True: time.sleep(1)\n"
				     "steps = []\n"
				     "threading.Thread(target=eat, daemon=True).start()\n"
				     "os.read(200, 100)\n"
				     "os.write(201, b'D0\\t/\\0')\n"
				     "steps.append(1)\n"
				     "os.read(200, 100)\n";
	const char *const argv[] = {"python3", SBX_SCRIPT_DIR "/d.py", NULL};
	struct sbx_job_spec spec = {.argv = argv,
				    .script_name = "d.py",
				    .script = python,
				    .script_len = sizeof(python) - 1,
				    .driver = true};
	struct sbx_policy p;
	struct sbx_session *s;
	struct seen n = {0};

	(void)state;
	if (refused)
		skip();
	sbx_policy_default(&p);
	p.workspace = workspace;
	p.limits.memory = 64 * SBX_MIB;
	s = stand_with(&p);
	assert_true(sbx_job_start(s, 1, &spec));
	assert_int_equal(wait_for(s, SBX_STARTED, &n), SBX_STARTED);
	step(s, 1, "x", &n);
	assert_int_equal(wait_for(s, SBX_EXIT, &n), SBX_EXIT);
	assert_string_equal(n.limit, "memory");
	sbx_session_free(s);
}

/* Reads until SBX_NOTHING, not longer; the bytes of output. */
static size_t
one_round(struct sbx_session *s)
{
	struct pollfd p = {.fd = sbx_session_fd(s), .events = POLLIN};
	struct sbx_event ev;
	size_t sum = 0;

	poll(&p, 1, PATIENCE_MS);
	while (sbx_session_read(s, &ev) != SBX_NOTHING)
		sum += ev.type == SBX_OUTPUT ? ev.len : 0;
	return sum;
}

/* Full pipes of 1 MiB in both streams, always. */
static const char flood[] = "import fcntl, os\n"
			    "for f in (1, 2):\n"
			    "    fcntl.fcntl(f, 1031, 1 << 20)\n"
			    "for f in (1, 2, 1, 2):\n"
			    "    if not os.fork():\n"
			    "        while True: os.write(f, bytes(1 << 20))\n"
			    "os.wait()\n";

static void
test_flood(void **state)
{
	const char *const argv[] = {"python3", "-c", flood, NULL};
	struct sbx_job_spec spec = {.argv = argv};
	struct sbx_session *s = stand();
	struct seen n;

	(void)state;
	assert_true(sbx_job_start(s, 1, &spec));
	assert_true(sbx_job_start(s, 2, &spec));
	for (int i = 0; i < 100; i++)
		assert_in_range(one_round(s), 0, 256 * SBX_KIB);
	/* A third one is heard all the same. */
	memset(&n, 0, sizeof(n));
	start_driver(s, 3, driver);
	assert_int_equal(wait_for(s, SBX_STARTED, &n), SBX_STARTED);
	step(s, 3, "echo x\n", &n);
	sbx_session_free(s);
}

/* A step whose processes wait for the terminal in this way is told of, and no longer once they
 * have what they wait for; who waits for something else is not. */
static void
waits(struct sbx_session *s, const char *code, int master)
{
	struct sbx_event ev = {.type = SBX_NOTHING};
	int64_t end = now_us() + PATIENCE_MS * 1000;
	struct seen n = {0};

	assert_true(sbx_job_run(s, 1, code, strlen(code)));
	while (!(ev.type == SBX_WAITS && ev.status == 1)) {
		struct pollfd p = {.fd = sbx_session_fd(s), .events = POLLIN};

		if (sbx_session_read(s, &ev) == SBX_NOTHING)
			poll(&p, 1, 100);
		assert_true(ev.type == SBX_NOTHING || ev.type == SBX_WAITS);
		if (now_us() > end)
			fail_msg("nobody waits: %s", code);
	}
	assert_int_equal(write(master, "answer\n", 7), 7);
	assert_int_equal(wait_for(s, SBX_DONE, &n), SBX_DONE);
	assert_string_equal(n.out, "answer\n");
}

static void
test_terminal(void **state)
{
	static const char *const codes[] = {
	    "read x; echo $x",
	    "read x </dev/tty; echo $x",
	    "setsid -w head -1",
	    "python3 -c 'import select\nselect.select([0],[],[]); print(input())'",
	    "python3 -c 'import select\np=select.poll(); p.register(0,1); p.poll(); "
	    "print(input())'",
	    "python3 -c 'import select\np=select.epoll(); p.register(0,1); p.poll(); "
	    "print(input())'",
	    "python3 -c 'import threading\nthreading.Thread(target=lambda: "
	    "print(input())).start()'",
	};
	const char *const argv[] = {"bash", SBX_SCRIPT_DIR "/d.sh", NULL};
	struct sbx_job_spec spec = {.argv = argv,
				    .script_name = "d.sh",
				    .script = driver,
				    .script_len = sizeof(driver) - 1,
				    .driver = true,
				    .terminal = SBX_TERMINAL_INPUT};
	struct sbx_session *s = stand();
	struct seen n = {0};
	struct termios mode;
	int master;

	(void)state;
	assert_true(sbx_job_start(s, 1, &spec));
	assert_int_equal(wait_for(s, SBX_STARTED, &n), SBX_STARTED);
	master = sbx_job_take_terminal(s, 1);
	assert_true(master >= 0);
	assert_int_equal(sbx_job_take_terminal(s, 1), -1);
	assert_int_equal(tcgetattr(master, &mode), 0);
	mode.c_lflag &= ~(tcflag_t)ECHO;
	assert_int_equal(tcsetattr(master, TCSANOW, &mode), 0);
	/* One look is no proof, and who waits for a pipe does not wait for the terminal. */
	step(s, 1, "test -t 0 && ! test -t 1 && sleep 0.7 | cat && echo there", &n);
	assert_string_equal(n.out, "there\n");
	assert_int_equal(n.waits, 0);
	for (size_t i = 0; i < SBX_LEN(codes); i++)
		waits(s, codes[i], master);
	close(master);
	sbx_session_free(s);
}

static void
test_terminal_for_all(void **state)
{
	const char *const argv[] = {"sh", "-c", "test -t 1 && test -t 2 && tty", NULL};
	struct sbx_job_spec spec = {.argv = argv, .terminal = SBX_TERMINAL_ALL};
	struct sbx_session *s = stand();
	struct seen n = {0};

	(void)state;
	assert_true(sbx_job_start(s, 1, &spec));
	assert_int_equal(wait_for(s, SBX_EXIT, &n), SBX_EXIT);
	assert_int_equal(n.exit_status, 0);
	assert_int_equal(n.nout, 0);
	sbx_session_free(s);
}

/* What code fills is not where drivers are put. */
static void
test_full_tmp(void **state)
{
	struct sbx_policy p;
	struct sbx_session *s;
	struct seen n;

	(void)state;
	if (refused)
		skip();
	sbx_policy_default(&p);
	p.workspace = workspace;
	p.limits.tmp_size = SBX_MIB;
	s = stand_with(&p);
	command(s, 1, "cat /dev/zero > /tmp/full", &n);
	assert_int_not_equal(n.exit_status, 0);
	memset(&n, 0, sizeof(n));
	start_driver(s, 1, driver);
	assert_int_equal(wait_for(s, SBX_STARTED, &n), SBX_STARTED);
	step(s, 1, "echo x > /run/sunaba/d.sh", &n);
	assert_int_not_equal(n.status, 0);
	sbx_session_free(s);
}

static void
test_many(void **state)
{
	struct sbx_session *s = stand();
	const char *const argv[] = {"true", NULL};
	struct sbx_job_spec spec = {.argv = argv};
	struct seen n = {0};

	(void)state;
	for (int job = 1; job <= SBX_JOB_MAX; job++)
		assert_true(sbx_job_start(s, job, &spec));
	assert_false(sbx_job_start(s, SBX_JOB_MAX + 1, &spec));
	while (n.exited < SBX_JOB_MAX)
		assert_int_equal(wait_for(s, SBX_EXIT, &n), SBX_EXIT);
	assert_int_equal(n.failed_job, 0);
	sbx_session_free(s);
}

static void
test_agent_gone(void **state)
{
	struct sbx_session *s = stand();
	pid_t jail = sbx_session_pid(s);
	struct seen n = {0};

	(void)state;
	kill(jail, SIGKILL);
	assert_int_equal(wait_for(s, SBX_DEAD, &n), SBX_DEAD);
	assert_false(sbx_job_kill(s, 1));
	sbx_session_free(s);
}

/* Processes of this machine that run `sleep <mark>`. */
static int
sleepers(const char *mark)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	int found = 0;

	while (proc && (e = readdir(proc))) {
		char path[300], text[64] = "";
		SBX_CLOSE int fd = -1;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		fd = open(path, O_RDONLY);
		if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 6)
			found += strcmp(text, "sleep") == 0 && strcmp(text + 6, mark) == 0;
	}
	closedir(proc);
	return found;
}

static void
wait_sleepers(const char *mark, int count)
{
	int64_t end = now_us() + PATIENCE_MS * 1000;

	while (sleepers(mark) != count) {
		if (now_us() > end)
			fail_msg("%d sleepers, not %d", sleepers(mark), count);
		poll(NULL, 0, 2);
	}
}

static void
test_agent_killed(void **state)
{
	char code[128], mark[32];
	pid_t agent;
	int64_t t;

	(void)state;
	if (refused)
		skip();
	snprintf(mark, sizeof(mark), "8641%d", getpid());
	snprintf(code, sizeof(code), "sleep %s & setsid sleep %s & sleep %s", mark, mark,
		 mark);
	agent = fork();
	if (agent == 0) {
		struct sbx_session *s = stand();
		struct seen n;

		command(s, 1, code, &n);
		_exit(0);
	}
	wait_sleepers(mark, 3);
	t = now_us();
	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);
	wait_sleepers(mark, 0);
	print_message("# nothing left %lld us after the agent's end\n",
		      (long long)(now_us() - t));
}

static int
by_size(const void *a, const void *b)
{
	int64_t d = *(const int64_t *)a - *(const int64_t *)b;

	return d < 0 ? -1 : d > 0;
}

static void
bare_true(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "/bin/true", (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

static void
time_jobs(int64_t *job, int64_t *bare, int64_t *trip, int count)
{
	const char *const argv[] = {"/bin/true", NULL};
	struct sbx_job_spec spec = {.argv = argv};
	struct sbx_session *s = stand();
	struct seen n = {0};

	start_driver(s, 2,
		     "printf 'R\\0' >&201\nwhile read -r -u 200 n; do read -r "
		     "-u 200 -N $n c; printf 'D0\\t/\\0' >&201; done");
	wait_for(s, SBX_STARTED, &n);
	for (int i = 0; i < count; i++) {
		int64_t t = now_us();

		sbx_job_start(s, 1, &spec);
		wait_for(s, SBX_EXIT, &n);
		job[i] = now_us() - t;
		t = now_us();
		bare_true();
		bare[i] = now_us() - t;
	}
	for (int i = 0; i < count; i++) {
		int64_t t = now_us();

		step(s, 2, ":", &n);
		trip[i] = now_us() - t;
	}
	sbx_session_free(s);
}

/* Figures, not verdicts: the machine may be busy. */
static void
test_times(void **state)
{
	enum { N = 30 };
	int64_t start[N], job[N], trip[N], bare[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		int64_t t = now_us();
		struct sbx_session *s = stand();

		start[i] = now_us() - t;
		sbx_session_free(s);
	}
	time_jobs(job, bare, trip, N);
	qsort(start, N, sizeof(*start), by_size);
	qsort(job, N, sizeof(*job), by_size);
	qsort(bare, N, sizeof(*bare), by_size);
	qsort(trip, N, sizeof(*trip), by_size);
	print_message(
	    "# us, p10/median: ready %lld/%lld, fork+exec %lld/%lld, job %lld/%lld, "
	    "round trip %lld/%lld\n",
	    (long long)start[N / 10], (long long)start[N / 2], (long long)bare[N / 10],
	    (long long)bare[N / 2], (long long)job[N / 10], (long long)job[N / 2],
	    (long long)trip[N / 10], (long long)trip[N / 2]);
}

static void
probe_machine(void)
{
	struct sbx_session *s;
	struct sbx_policy p;
	struct sbx_fail f;
	struct seen n = {0};

	sbx_policy_default(&p);
	p.workspace = workspace;
	if (!sbx_session_start(&s, &f) || !sbx_session_setup(s, &p, &f)) {
		refused = "start";
		return;
	}
	if (wait_for(s, SBX_READY, &n) != SBX_READY)
		refused = "set-up";
	if (refused)
		print_message("# no sandbox here: %s, errno %d, %s\n", n.fail.step,
			      n.fail.sys, n.fail.path);
	sbx_session_free(s);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_command),
	    cmocka_unit_test(test_own_mounts),
	    cmocka_unit_test(test_goes_first),
	    cmocka_unit_test(test_not_found),
	    cmocka_unit_test(test_driver),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_background),
	    cmocka_unit_test(test_signal),
	    cmocka_unit_test(test_hostile_records),
	    cmocka_unit_test(test_tokens),
	    cmocka_unit_test(test_tree_dies),
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_memory_between_steps),
	    cmocka_unit_test(test_flood),
	    cmocka_unit_test(test_terminal),
	    cmocka_unit_test(test_terminal_for_all),
	    cmocka_unit_test(test_full_tmp),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_agent_gone),
	    cmocka_unit_test(test_agent_killed),
	    cmocka_unit_test(test_times),
	};
	int failed;

	sbx_jail_main_if_asked(argc, argv);
	if (!tmp_folder(workspace))
		return 1;
	probe_machine();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(workspace);
	return failed;
}
