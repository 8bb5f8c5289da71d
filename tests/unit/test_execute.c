/* Steps in the real sandbox: tools/execute.c, tools/jobs.c, tools/result.c and the drivers.
 * Numbers S1 … S15 are the rows of the steps' specification, W12 … W23 those of bad weather.
 * Skipped where the sandbox cannot be set up; a language that is not installed is passed over. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/execute.h"
#include "tests/unit/tmp.h"

#define PATIENCE_MS 60000 /* for what must come; a busy machine takes its time */

static struct loop *loop;
static struct sbx_session *session;
static struct executor *x;
static char folder[TMP_PATH], spill[TMP_PATH + 16];
static const char *why_not; /* the sandbox cannot be set up */
static struct step_result r;
static size_t live_bytes;
static int seconds_told;

static void
on_second(int64_t elapsed, int64_t limit, void *arg)
{
	(void)arg;
	assert_true(elapsed > 0 && limit > 0);
	seconds_told++;
}

static void
session_open(struct execute_limits limits)
{
	static char text[1536];
	struct sbx_policy p;
	struct sbx_fail f;
	struct err e;
	char hint[512];
	struct executor_opts o = {
	    .loop = loop, .limits = limits, .spill_dir = spill, .on_second = on_second};

	sbx_policy_default(&p);
	p.workspace = folder;
	if (!sbx_session_start(&session, &f) || !sbx_session_setup(session, &p, &f)) {
		sbx_fail_text(&f, text, sizeof(text), hint, sizeof(hint));
		why_not = text;
		return;
	}
	o.sandbox = session;
	x = executor_new(&o);
	if (executor_ready(x, &e)) {
		snprintf(text, sizeof(text), "%s", e.msg);
		why_not = text;
	}
}

static void
session_close(void)
{
	executor_free(x);
	sbx_session_free(session);
	x = NULL;
	session = NULL;
}

static int
set_up(void **state)
{
	(void)state;
	if (!tmp_folder(folder) || loop_new(&loop, NULL))
		return -1;
	snprintf(spill, sizeof(spill), "%s.spill", folder);
	session_open(execute_limits_default);
	if (why_not)
		print_message("# SKIP all: %s\n", why_not);
	return 0;
}

/* The whole folder, one level deep: that is all the tests make. */
static void
remove_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		AUTO_FREE char *name = mem_printf("%s/%s", path, entry->d_name);

		unlink(name);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static int
tear_down(void **state)
{
	(void)state;
	session_close();
	step_result_release(&r);
	loop_free(loop);
	remove_folder(folder);
	remove_folder(spill);
	return 0;
}

static void
count_live(int stream, const char *p, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	assert_true(stream == 1 || stream == 2);
	live_bytes += n;
}

static void
run_n(const char *language, const char *code, size_t n)
{
	struct err e = {.kind = ERR_NONE};

	if (why_not)
		skip();
	step_result_release(&r);
	live_bytes = 0;
	if (executor_run(x, language, code, n, count_live, NULL, &r, &e))
		fail_msg("%s: %s", code, e.msg);
}

static void
run(const char *language, const char *code)
{
	run_n(language, code, strlen(code));
}

static bool
have(const char *language)
{
	return kernel_installed(kernel_find(language));
}

#define CHECK(language, code, wanted_end, wanted_status, wanted)                           \
	do {                                                                               \
		run(language, code);                                                       \
		if (r.end != (wanted_end) || r.status != (wanted_status) ||                \
		    strcmp(r.output ? r.output : "", wanted) != 0)                         \
			fail_msg("%s: end %d status %d note '%s' output\n%s", code, r.end, \
				 r.status, r.note ? r.note : "",                           \
				 r.output ? r.output : "");                                \
	} while (0)

static void
test_s1_s8_state(void **state)
{
	(void)state;
	CHECK("shell", "a=1; f() { cat <<'X'\n`$a`\n\nX\n}", STEP_DONE, 0, "");
	CHECK("bash", "f; echo $a", STEP_DONE, 0, "`$a`\n\n1\n");
	CHECK("python", "a = '''x\n\ny'''\ndef f():\n    return a\n", STEP_DONE, 0, "");
	CHECK("python", "f()", STEP_DONE, 0, "'x\\n\\ny'\n");
	if (!have("javascript"))
		return;
	CHECK("javascript", "let a = 1; const b = 2", STEP_DONE, 0, "");
	CHECK("js", "let a = 5; a + b", STEP_DONE, 0, "7\n");
}

static void
test_s2_ends(void **state)
{
	(void)state;
	CHECK("shell", "keep=1; exit 3", STEP_EXITED, 3, "");
	assert_true(r.state_lost);
	CHECK("shell", "echo [$keep]", STEP_DONE, 0, "[]\n");
	assert_true(r.fresh && !r.state_lost);
	CHECK("shell", "echo again", STEP_DONE, 0, "again\n");
	assert_false(r.fresh);
	CHECK("shell", "set -e; false", STEP_EXITED, 1, "");
	run("shell", "echo 'unclosed");
	assert_int_equal(r.status, 2);
	CHECK("shell", "kill -9 $$", STEP_EXITED, 128 + SIGKILL, "");
	assert_int_equal(r.signal, SIGKILL);
	CHECK("python", "import os; os._exit(1)", STEP_EXITED, 1, "");
	CHECK("python", "import sys; x = 1; sys.exit(2)", STEP_DONE, 2, "");
	CHECK("python", "x", STEP_DONE, 0, "1\n");
	if (have("javascript"))
		CHECK("javascript", "process.exit(1)", STEP_EXITED, 1, "");
}

static void
test_s3_w14_input(void **state)
{
	(void)state;
	CHECK("shell", "cat; read v; echo \"[$v]\"", STEP_DONE, 0, "[]\n");
	run("python", "input()");
	assert_int_equal(r.status, 1);
	assert_non_null(strstr(r.output, "EOFError"));
	if (have("javascript"))
		CHECK("javascript", "require('fs').readFileSync(0, 'utf8')", STEP_DONE, 0,
		      "''\n");
}

static void
test_s4_markers(void **state)
{
	(void)state;
	CHECK("shell", "printf 'D0\\t/\\0R\\0'; echo; echo 5; echo D0", STEP_DONE, 0,
	      "D0\t/R\n5\nD0\n");
	/* What is written to the driver's descriptors never reaches them. */
	run("shell", "printf 'D0\\t/\\0' >&201; sh -c 'printf x >&201'; echo end");
	assert_int_equal(r.end, STEP_DONE);
	assert_non_null(strstr(r.output, "end\n"));
}

static void
test_s9_w13_bytes(void **state)
{
	AUTO_FREE char *text = NULL;

	(void)state;
	CHECK("shell", "echo 日本語 😀; printf '\\xe9\\xff\\n'", STEP_DONE, 0,
	      "日本語 😀\n\xEF\xBF\xBD\xEF\xBF\xBD\n");
	CHECK("python", "print('日本語😀'); '\\ud800'", STEP_DONE, 0,
	      "日本語😀\n'\\ud800'\n");
	CHECK("shell", "d=$(printf 'x\\xff日'); mkdir \"$d\"; cd \"$d\"", STEP_DONE, 0, "");
	assert_non_null(r.cwd);
	assert_true(utf8_valid(r.cwd, strlen(r.cwd)));
	CHECK("shell", "cd ..; rmdir \"$d\"", STEP_DONE, 0, "");
	run("shell", "head -c 200000 /dev/urandom");
	assert_int_equal(r.status, 0);
	assert_true(utf8_valid(r.output, strlen(r.output)));
	text = mem_strdup(r.spill_path);
	unlink(text);
}

static void
test_s13_languages(void **state)
{
	(void)state;
	run("cobol", "x");
	assert_int_equal(r.end, STEP_NOT_RUN);
	assert_non_null(strstr(r.note, "'cobol'"));
	assert_non_null(strstr(r.note, "shell, python"));
	run_n("shell", "a\0b", 3);
	assert_int_equal(r.end, STEP_NOT_RUN);
	run_n("shell", "", 0);
	assert_int_equal(r.end, STEP_DONE);
}

static void
test_s14_result(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(64 * KIB);

	(void)state;
	run("shell", "cd /usr; echo x >&2; (exit 7)");
	assert_int_equal(r.status, 7);
	assert_string_equal(r.cwd, "/usr");
	assert_int_equal(live_bytes, 2);
	step_result_text(&r, kernel_find("shell"), &out);
	assert_memory_equal(buf_str(&out), "[exit 7 · ", 11);
	assert_non_null(strstr(buf_str(&out), " · cwd /usr]\nx\n"));
	run("shell", "cd - >/dev/null; i=0; while ((i++ < 100000)); do :; done");
	assert_true(r.cpu_ms >= 10 && r.cpu_ms <= r.wall_ms + 200);
	run("shell", "true");
	assert_null(r.cwd);
	run("python",
	    "import os; os.mkdir('/tmp/g'); os.chdir('/tmp/g'); os.rmdir('/tmp/g')");
	buf_reset(&out);
	step_result_text(&r, kernel_find("python"), &out);
	assert_non_null(strstr(buf_str(&out), " · cwd was removed]"));
	run("shell", "exit 4");
	buf_reset(&out);
	step_result_text(&r, kernel_find("shell"), &out);
	assert_non_null(strstr(buf_str(&out), "[shell ended with exit 4"));
	assert_non_null(strstr(buf_str(&out), "state lost]"));
	run("cobol", "");
	buf_reset(&out);
	step_result_text(&r, NULL, &out);
	assert_memory_equal(buf_str(&out), "[not run]\nno language is called 'cobol'", 39);
}

static void
test_s15_w16_folding(void **state)
{
	(void)state;
	CHECK("shell",
	      "printf '1%%\\r2%%\\r3%%\\n\\e[31mred\\e[0m ab\\bc\\n\\e]52;c;eA==\\a'",
	      STEP_DONE, 0, "3%\nred ac\n");
	assert_int_equal(r.total_bytes, live_bytes);
}

/* Peak memory in KiB; grows never back. */
static long
peak_kib(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return ru.ru_maxrss;
}

static void
check_spilled(size_t total)
{
	struct stat st;

	assert_int_equal(r.total_bytes, total);
	assert_int_equal(live_bytes, total);
	assert_non_null(r.spill_path);
	assert_int_equal(stat(r.spill_path, &st), 0);
	assert_int_equal(st.st_size, total);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(unlink(r.spill_path), 0);
	assert_true(strlen(r.output) <= 16 * KIB + 64);
}

static void
test_s7_w12_much(void **state)
{
	long before;

	(void)state;
	run("shell", "true");
	before = peak_kib();
	run("shell", "seq 1 200000");
	check_spilled(1288895);
	assert_memory_equal(r.output, "1\n2\n3\n", 6);
	assert_non_null(strstr(r.output, "\n199999\n200000\n"));
	assert_in_range(r.omitted_bytes, 1288895 - 20 * KIB, 1288895);
	run("shell", "head -c 3000000 /dev/zero | tr '\\0' x");
	check_spilled(3000000);
	run("shell", "yes 0123456789 | head -c 50000000");
	check_spilled(50000000);
	/* Sanitizers keep freed memory back. */
	if (!getenv("SUNABA_ASAN"))
		assert_true(peak_kib() - before < 20 * 1024);
}

static void
test_s6_w15_background(void **state)
{
	int64_t start = clock_ms();

	(void)state;
	CHECK("shell",
	      "sleep 300 & (setsid sleep 301 &) ; nohup sleep 302 >/dev/null 2>&1 & "
	      "echo here",
	      STEP_DONE, 0, "here\n");
	assert_true(clock_ms() - start < PATIENCE_MS);
	run("shell", "exit");
	run("shell", "for p in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$p; echo; done | "
		     "grep -c '^sleep 30[012]'");
	assert_string_equal(r.output, "0\n");
}

static void
test_w23_short_commands(void **state)
{
	char code[64], want[64];

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(code, sizeof(code), i % 2 ? "/bin/echo %d" : "echo %d", i);
		snprintf(want, sizeof(want), "%d\n", i);
		CHECK("shell", code, STEP_DONE, 0, want);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(code, sizeof(code), "print(%d)", i);
		snprintf(want, sizeof(want), "%d\n", i);
		CHECK("python", code, STEP_DONE, 0, want);
	}
}

/* Output that comes between steps is told with the next one. */
static void
test_between(void **state)
{
	AUTO_BUF struct buf seen = BUF_INIT(KIB);
	int64_t end = clock_ms() + PATIENCE_MS;

	(void)state;
	CHECK("shell", "(until [ -e go ]; do sleep 0.01; done; echo late) & :", STEP_DONE,
	      0, "");
	run("shell", ": >go");
	buf_adds(&seen, r.output);
	while (clock_ms() < end && !strstr(buf_str(&seen), "late")) {
		loop_wait(loop, 20);
		run("shell", ":");
		buf_adds(&seen, r.output);
	}
	assert_string_equal(buf_str(&seen), "late\n");
	run("shell", "rm go");
}

/* Much of it waits in a file; another language's step says that it is there, once. */
static void
test_between_much(void **state)
{
	int64_t end = clock_ms() + PATIENCE_MS;
	size_t total = 0;

	(void)state;
	CHECK("shell", "(until [ -e /tmp/go ]; do :; done; seq 1 200000; : >/tmp/said) & :",
	      STEP_DONE, 0, "");
	/* One step, for the first one to end behind the first output tells of it. */
	run("python", "import os\nopen('/tmp/go', 'w').close()\n"
		      "while not os.path.exists('/tmp/said'): pass");
	while (clock_ms() < end && !(r.note && strstr(r.note, "shell has output"))) {
		loop_wait(loop, 20);
		run("python", "1");
	}
	assert_non_null(r.note);
	run("python", "2");
	assert_null(r.note);
	for (; clock_ms() < end && total < 1288895; total += r.total_bytes) {
		loop_wait(loop, 20);
		run("shell", ":");
		if (r.spill_path)
			unlink(r.spill_path);
	}
	assert_int_equal(total, 1288895);
	run("shell", "rm /tmp/go /tmp/said");
}

/* Ctrl-C for each of the first outputs. */
static void
press_on_first_output(int stream, const char *p, size_t n, void *arg)
{
	(void)stream;
	(void)p;
	(void)n;
	if (*(int *)arg > 0)
		loop_interrupt(loop);
	*(int *)arg -= 1;
}

static void
run_pressed(const char *language, const char *code, int presses)
{
	struct err e;

	if (why_not)
		skip();
	step_result_release(&r);
	assert_int_equal(executor_run(x, language, code, strlen(code),
				      press_on_first_output, &presses, &r, &e),
			 ERR_NONE);
	assert_false(loop_pending(loop));
}

static void
test_s5_interrupt(void **state)
{
	int64_t start = clock_ms();

	(void)state;
	run("shell", "a=1");
	run_pressed("shell", "echo; sleep 60; echo after", 1);
	assert_int_equal(r.end, STEP_INTERRUPTED);
	assert_false(r.state_lost);
	CHECK("shell", "echo $a", STEP_DONE, 0, "1\n");
	run("python", "a = 1");
	run_pressed("python", "print()\nwhile True: pass", 1);
	assert_int_equal(r.end, STEP_INTERRUPTED);
	CHECK("python", "a", STEP_DONE, 0, "1\n");
	/* Deaf to SIGINT: the second one kills. */
	run_pressed("shell",
		    "trap '' INT; echo 1; echo 2; while :; do sleep 0.01; echo; done", 2);
	assert_int_equal(r.end, STEP_INTERRUPTED);
	assert_true(r.state_lost);
	assert_int_equal(r.signal, SIGKILL);
	CHECK("shell", "echo $a", STEP_DONE, 0, "\n");
	assert_true(r.fresh);
	if (have("javascript")) {
		run_pressed("javascript", "console.log(); while (true) {}", 1);
		assert_int_equal(r.end, STEP_INTERRUPTED);
	}
	assert_true(clock_ms() - start < PATIENCE_MS);
}

static void
press_twice(int stream, const char *p, size_t n, void *arg)
{
	press_on_first_output(stream, p, n, arg);
	press_on_first_output(stream, p, n, arg);
}

/* Code that ends by itself while its interpreter is being killed: the result tells the loss. */
static void
test_s2_killed_at_the_end(void **state)
{
	struct err e;

	(void)state;
	for (int i = 0; i < 5; i++) {
		int presses = 2;

		run("shell", "a=1");
		step_result_release(&r);
		assert_int_equal(
		    executor_run(x, "shell", "echo", 4, press_twice, &presses, &r, &e),
		    ERR_NONE);
		assert_true(r.state_lost);
		CHECK("shell", "echo $a", STEP_DONE, 0, "\n");
		assert_true(r.fresh);
	}
}

/* Code of our own takes nothing that a step is owed: a loss, and output from the background. */
static void
test_ask(void **state)
{
	static const char late[] =
	    "(until [ -e /tmp/go ]; do :; done; echo late; : >/tmp/said) & true";
	struct err e;

	(void)state;
	run("shell", "exit");
	step_result_release(&r);
	assert_int_equal(executor_ask(x, "shell", "echo ours", &r, &e), ERR_NONE);
	assert_string_equal(r.output, "ours\n");
	CHECK("shell", late, STEP_DONE, 0, "");
	assert_true(r.fresh);
	CHECK("python",
	      "import os\nopen('/tmp/go', 'w').close()\n"
	      "while not os.path.exists('/tmp/said'): pass",
	      STEP_DONE, 0, "");
	step_result_release(&r);
	assert_int_equal(executor_ask(x, "shell", "rm /tmp/go /tmp/said", &r, &e),
			 ERR_NONE);
	CHECK("shell", "echo now", STEP_DONE, 0, "late\nnow\n");
	assert_false(r.fresh);
}

static void
reopen(struct execute_limits limits)
{
	if (why_not)
		skip();
	session_close();
	session_open(limits);
	assert_null(why_not);
}

static void
test_limits(void **state)
{
	struct execute_limits limits = execute_limits_default;

	(void)state;
	limits.wall_ms = 1000; /* in which "a=1" must have been reached */
	limits.spill_bytes = 2 * MIB;
	reopen(limits);
	run("shell", "a=1; sleep 60; echo after");
	assert_int_equal(r.end, STEP_TIMEOUT);
	assert_false(r.state_lost);
	assert_string_equal(r.output, "");
	CHECK("shell", "echo $a", STEP_DONE, 0, "1\n");
	run("shell", "yes");
	assert_non_null(r.spill_path);
	assert_int_equal(unlink(r.spill_path), 0);
	assert_non_null(strstr(r.note, "more than 2 MiB"));
	assert_false(r.state_lost);
	seconds_told = 0;
	run("python", "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
		      "while True: time.sleep(1)");
	assert_int_equal(r.end, STEP_TIMEOUT);
	assert_true(r.state_lost);
	assert_true(seconds_told >= 1);
	assert_int_equal(r.signal, SIGKILL);
	executor_restart(x, "shell");
	CHECK("shell", "echo [$a]", STEP_DONE, 0, "[]\n");
	assert_true(r.fresh);
	reopen(execute_limits_default);
}

/* Kept outputs of a session together: the oldest go, and that is said. */
static void
test_spills(void **state)
{
	struct execute_limits limits = execute_limits_default;
	char *path[4];

	(void)state;
	limits.spills_bytes = 3 * MIB;
	reopen(limits);
	for (size_t i = 0; i < ARRAY_LEN(path); i++) {
		run("shell", "head -c 1048576 /dev/zero | tr '\\0' a");
		assert_non_null(r.spill_path);
		path[i] = TAKE(r.spill_path);
		assert_true(i < 3 ? !r.note
				  : strstr(r.note, "oldest 1 are removed") != NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(path); i++) {
		assert_int_equal(unlink(path[i]), i == 0 ? -1 : 0);
		free(path[i]);
	}
	/* one that is larger than all may be stays as the only one */
	limits.spills_bytes = 1;
	reopen(limits);
	run("shell", "head -c 65536 /dev/zero | tr '\\0' a");
	assert_int_equal(unlink(r.spill_path), 0);
	assert_null(r.note);
	reopen(execute_limits_default);
}

/* A jail that is gone is an error, not a hang. */
static void
test_dead(void **state)
{
	struct err e = {.kind = ERR_NONE};

	(void)state;
	reopen(execute_limits_default);
	run("shell", "true");
	step_result_release(&r);
	kill(sbx_session_pid(session), SIGKILL);
	assert_int_equal(executor_run(x, "shell", "sleep 60", 8, NULL, NULL, &r, &e),
			 ERR_SANDBOX);
	assert_true(e.msg[0] && e.hint[0]);
	assert_int_equal(executor_run(x, "python", "1", 1, NULL, NULL, &r, &e),
			 ERR_SANDBOX);
	reopen(execute_limits_default);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_s1_s8_state),
	    cmocka_unit_test(test_s2_ends),
	    cmocka_unit_test(test_s3_w14_input),
	    cmocka_unit_test(test_s4_markers),
	    cmocka_unit_test(test_s9_w13_bytes),
	    cmocka_unit_test(test_s13_languages),
	    cmocka_unit_test(test_s14_result),
	    cmocka_unit_test(test_s15_w16_folding),
	    cmocka_unit_test(test_s7_w12_much),
	    cmocka_unit_test(test_s6_w15_background),
	    cmocka_unit_test(test_w23_short_commands),
	    cmocka_unit_test(test_between),
	    cmocka_unit_test(test_between_much),
	    cmocka_unit_test(test_s5_interrupt),
	    cmocka_unit_test(test_s2_killed_at_the_end),
	    cmocka_unit_test(test_ask),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_spills),
	    cmocka_unit_test(test_dead),
	};

	sbx_jail_main_if_asked(argc, argv);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
