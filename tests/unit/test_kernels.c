/* The languages' table and their drivers, without a sandbox: this program plays pid 1 of the
 * jail. A language that is not installed is skipped. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/base/buf.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "sandbox/bare.h"
#include "sandbox/sandbox.h"
#include "tools/kernels/kernels.h"
#include "tests/unit/tmp.h"

#define PATIENCE_MS 60000
#define TOKEN	    "0123456789abcdef" /* answers the code that it came with */

struct played {
	pid_t pid;
	int code, state, out;
	struct buf records, output;
	char folder[TMP_PATH]; /* holds the driver, and its temporary files */
	bool
	    interrupt; /* SIGINT now and then: one may come before the code it is to stop */
};

static void
test_table(void **state)
{
	(void)state;
	assert_string_equal(kernel_find("BASH")->name, "shell");
	assert_string_equal(kernel_find("shell")->name, "shell");
	assert_string_equal(kernel_find("Python3")->name, "python");
	assert_string_equal(kernel_find("js")->name, "javascript");
	assert_string_equal(kernel_find("R")->name, "r");
	assert_string_equal(kernel_find("rb")->name, "ruby");
	assert_string_equal(kernel_find("pl")->name, "perl");
	assert_string_equal(kernel_find("gcc")->name, "c");
	assert_string_equal(kernel_find("SQLite")->name, "sql");
	assert_string_equal(kernel_find("html")->name, "html");
	assert_null(kernel_find("cobol"));
	assert_null(kernel_find(""));
	for (size_t i = 0; kernel_at(i); i++) {
		const struct kernel *k = kernel_at(i);

		assert_ptr_equal(kernel_find(k->name), k);
		assert_true(k->driver_end > k->driver);
		assert_true(strlen(k->about) < 90);
	}
}

/* The driver's path in the jail, replaced by that of our copy. */
static char *
placed(const char *arg, const char *folder)
{
	const char *at = strstr(arg, SBX_SCRIPT_DIR);

	if (!at)
		return mem_strdup(arg);
	return mem_printf("%.*s%s%s", (int)(at - arg), arg, folder,
			  at + strlen(SBX_SCRIPT_DIR));
}

static void
play_child(const struct kernel *k, const char *folder, int code, int state, int out)
{
	char *argv[16] = {NULL};
	int null = open("/dev/null", O_RDONLY);

	/* A test that fails must not leave an interpreter without a jail behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; k->argv[i] && i < 15; i++)
		argv[i] = placed(k->argv[i], folder);
	setenv("TMPDIR", folder, 1);
	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	dup2(code, SBX_FD_CODE);
	dup2(state, SBX_FD_STATUS);
	signal(SIGPIPE, SIG_DFL);
	/* Ignored in what a shell starts with &; and what bash inherits ignored it cannot trap. */
	signal(SIGINT, SIG_DFL);
	execvp(argv[0], argv);
	_exit(127);
}

static void
play_write_driver(struct played *p, const struct kernel *k)
{
	AUTO_FREE char *path = NULL;

	assert_true(tmp_folder(p->folder));
	path = mem_printf("%s/%s", p->folder, k->script_name);
	assert_int_equal(
	    fs_write(path, k->driver, (size_t)(k->driver_end - k->driver), 0600, NULL),
	    ERR_NONE);
}

/* Takes in what comes until a record is whole, or the state's end of file. */
static bool
play_wait(struct played *p)
{
	int64_t end = clock_ms() + PATIENCE_MS;
	char part[65536];

	for (;;) {
		struct pollfd fds[2] = {{.fd = p->out, .events = POLLIN},
					{.fd = p->state, .events = POLLIN}};
		bool whole = p->records.len && memchr(p->records.data, 0, p->records.len);
		ssize_t n;

		assert_true(clock_ms() < end);
		if (poll(fds, 2, whole ? 0 : 500) == 0 && p->interrupt && !whole)
			kill(-p->pid, SIGINT);
		while ((n = read(p->out, part, sizeof(part))) > 0)
			buf_add(&p->output, part, (size_t)n);
		/* Output that came before the record is in its pipe by now. */
		if (whole)
			return true;
		n = read(p->state, part, sizeof(part));
		if (n > 0)
			buf_add(&p->records, part, (size_t)n);
		else if (n == 0)
			return false;
	}
}

static bool
play_start(struct played *p, const char *language)
{
	const struct kernel *k = kernel_find(language);
	int code[2], state[2], out[2];

	if (!kernel_installed(k))
		return false;
	*p = (struct played){.records = BUF_INIT(MIB), .output = BUF_INIT(64 * MIB)};
	play_write_driver(p, k);
	assert_int_equal(
	    pipe2(code, O_CLOEXEC) | pipe2(state, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	p->pid = fork();
	if (p->pid == 0)
		play_child(k, p->folder, code[0], state[1], out[1]);
	close(code[0]);
	close(state[1]);
	close(out[1]);
	p->code = code[1];
	p->state = state[0];
	p->out = out[0];
	fcntl(p->state, F_SETFL, O_NONBLOCK);
	fcntl(p->out, F_SETFL, O_NONBLOCK);
	assert_true(play_wait(p));
	assert_string_equal(p->records.data, "R+");
	buf_reset(&p->records);
	return true;
}

static void
play_send(struct played *p, const char *code)
{
	AUTO_FREE char *head = mem_printf("%zu 0 %s\n", strlen(code), TOKEN);

	buf_reset(&p->output);
	assert_int_equal(fs_write_all(p->code, head, strlen(head), NULL), ERR_NONE);
	assert_int_equal(fs_write_all(p->code, code, strlen(code), NULL), ERR_NONE);
}

/* The step's status, or -1 when the interpreter ended. */
static int
play_status(struct played *p)
{
	int status = -1;

	if (play_wait(p)) {
		assert_memory_equal(p->records.data, "D" TOKEN " ", strlen(TOKEN) + 2);
		status = (int)strtol(p->records.data + strlen(TOKEN) + 2, NULL, 10);
		buf_consume(&p->records, strlen(p->records.data) + 1);
		assert_int_equal(p->records.len, 0);
	}
	return status;
}

static void
play_end(struct played *p)
{
	kill(-p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->code);
	close(p->state);
	close(p->out);
	litter_remove(AT_FDCWD, p->folder);
	buf_release(&p->records);
	buf_release(&p->output);
}

struct line {
	const char *code;
	int status;	  /* -1: the interpreter ends */
	const char *want; /* the whole output; NULL: not looked at */
};

static void
play(const char *language, const struct line *lines, size_t n)
{
	struct played p;

	if (!play_start(&p, language))
		skip();
	for (size_t i = 0; i < n; i++) {
		play_send(&p, lines[i].code);
		if (play_status(&p) != lines[i].status)
			fail_msg("%s: wrong status, output %s", lines[i].code,
				 buf_str(&p.output));
		if (lines[i].want && strcmp(buf_str(&p.output), lines[i].want) != 0)
			fail_msg("%s\n gave %s\n want %s", lines[i].code,
				 buf_str(&p.output), lines[i].want);
	}
	play_end(&p);
}
#define PLAY(language, lines) play(language, lines, ARRAY_LEN(lines))

static void
test_shell(void **state)
{
	static const struct line lines[] = {
	    {"cat <<'X'\na\n  b `c` $d\n\nX\ncase x in x) echo \"in\n\ncase\";; esac", 0,
	     "a\n  b `c` $d\n\nin\n\ncase\n"},
	    {"f() { echo \"f $1\"; }; v=1; declare w=2; declare -A m=([k]=3)", 0, ""},
	    {"f 2; echo $v $w ${m[k]}", 0, "f 2\n1 2 3\n"},
	    {"cd /usr", 0, ""},
	    {"pwd; cd /tmp", 0, "/usr\n"},
	    {"echo 'unclosed", 2, NULL},
	    {"false", 1, ""},
	    {"\n\nnosuch", 127, "bash: line 3: nosuch: command not found\n"},
	    {"break 9 2>/dev/null; echo after", 0, "after\n"},
	    {"read x; echo \"[$x] $?\"; cat", 0, "[] 1\n"},
	    {"printf 'D0\\t/\\0R\\0'", 0, NULL},
	    {"echo 日本語 😀 $'caf\\xe9'", 0, "日本語 😀 caf\xe9\n"},
	    {"set -x", 0, NULL},
	    {":", 0, "++++ :\n"},
	    {"set +x", 0, NULL},
	    {"set -v", 0, NULL},
	    {"echo 1\necho 2", 0, "echo 1\n1\necho 2\n2\n"},
	    {"set +v", 0, NULL},
	    {"set -eu; IFS=1; set -a; PS4=x; LC_ALL=C", 0, NULL},
	    {"echo 1111; set +eu", 0, "1111\n"},
	    {"alias eval=false; shopt -s expand_aliases; printf() { :; }; read() { :; }", 0,
	     NULL},
	    {"echo x; unalias -a; unset -f printf read", 0, "x\n"},
	    {"ls /proc/self/fd | awk '$1 == 200 || $1 == 201' | wc -l", 0, "0\n"},
	    {"exec 10>/dev/null; exec >&2", 0, NULL},
	    {"echo here", 0, "here\n"},
	    {"sleep 300 & echo started", 0, "started\n"},
	    {"set -e; false", -1, ""},
	};

	(void)state;
	PLAY("shell", lines);
}

static void
test_python(void **state)
{
	static const struct line lines[] = {
	    {"x = '''a\n\nb'''\ndef f(a):\n    \"\"\"doc\n\n    doc\"\"\"\n    return "
	     "a\n\n",
	     0, ""},
	    {"f(x)", 0, "'a\\n\\nb'\n"},
	    {"None", 0, ""},
	    {"print('日本語😀'); '\\ud800'", 0, "日本語😀\n'\\ud800'\n"},
	    {"1/0", 1,
	     "Traceback (most recent call last):\n"
	     "  File \"<python step 5>\", line 1, in <module>\n    1/0\n    ~^~\n"
	     "ZeroDivisionError: division by zero\n"},
	    {"1 +", 1, NULL},
	    {"input()", 1, NULL},
	    {"import sys; sys.exit(3)", 3, ""},
	    {"exit()", 0, ""},
	    {"f(5)", 0, "5\n"},
	    {"import os; os.write(1, b'D0\\t/\\0') and None", 0, NULL},
	    {"from multiprocessing import Pool\ndef sq(i): return i * i\n"
	     "with Pool(2) as p: print(p.map(sq, range(3)))",
	     0, "[0, 1, 4]\n"},
	    {"if os.fork() == 0: print('child')\nelse: _ = os.wait()", 0, "child\n"},
	    {"if os.fork() == 0:\n    if os.fork() == 0: print('grandchild')\n"
	     "    else: _ = os.wait()\nelse: _ = os.wait()",
	     0, "grandchild\n"},
	    {"async def a(): return 7\nawait a()", 0, "7\n"},
	    {"os.chdir('/usr'); os.getcwd()", 0, "'/usr'\n"},
	    {"sys.stdout = None", 0, ""},
	    {"sys.stdout = sys.__stdout__; print('back')", 0, "back\n"},
	    {"os._exit(4)", -1, ""},
	};

	(void)state;
	PLAY("python", lines);
}

static void
test_javascript(void **state)
{
	static const struct line lines[] = {
	    {"let x = 1; const y = 2; class C {}; function f() { return `a\n\nb` }", 0, ""},
	    {"let x = 5; const y = 3; class C {}; x + y", 0, "8\n"},
	    {"f()", 0, "'a\\n\\nb'\n"},
	    {"undefined", 0, ""},
	    {"await new Promise((r) => setTimeout(() => r('later'), 5))", 0, "'later'\n"},
	    {"import fs, {existsSync as e} from 'fs'\ne('/') && fs.existsSync('/')", 0,
	     "true\n"},
	    {"(await import('node:path')).sep + `${\"import('x')\"}`", 0,
	     "\"/import('x')\"\n"},
	    {"require('path').sep", 0, "'/'\n"},
	    {"function g() {\n  throw new Error('no')\n}\n\ng()", 1,
	     "Error: no\n    at g (step9.js:2:9)\n    at step9.js:5:1\n"},
	    {"let z = ;", 1,
	     "step10.js:1\nlet z = ;\n        ^\nSyntaxError: Unexpected token ';'\n"},
	    {"throw 5", 1, "Uncaught 5\n"},
	    {"Promise.reject(new Error('floating')); 1", 1, NULL},
	    {"setTimeout(() => { throw 6 }, 1); await new Promise(() => {})", 1,
	     "Uncaught 6\n"},
	    {"fs.readFileSync(0, 'utf8')", 0, "''\n"},
	    {"console.log('日本語😀')", 0, "日本語😀\n"},
	    {"process.chdir('/usr'); process.cwd()", 0, "'/usr'\n"},
	    {"process.exit(1)", -1, ""},
	};

	(void)state;
	PLAY("javascript", lines);
}

/* SIGINT ends the rest of the step; what was set before is still there. */
static void
check_interrupt(const char *language, const char *set, const char *busy, const char *get,
		const char *want)
{
	struct played p;
	struct pollfd fd;
	int status, again = 3;

	if (!play_start(&p, language))
		skip();
	play_send(&p, set);
	assert_int_equal(play_status(&p), 0);
	/* `busy` prints a line when it has begun. */
	play_send(&p, busy);
	fd = (struct pollfd){.fd = p.out, .events = POLLIN};
	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	kill(-p.pid, SIGINT);
	p.interrupt = true;
	assert_int_equal(play_status(&p), 130);
	p.interrupt = false;
	assert_null(strstr(buf_str(&p.output), "after"));
	/* A signal sent while the step was ending may still be on its way to the next one. */
	do
		play_send(&p, get);
	while ((status = play_status(&p)) == 130 && again-- > 0);
	assert_int_equal(status, 0);
	assert_string_equal(buf_str(&p.output), want);
	play_end(&p);
}

static void
test_interrupt_shell(void **state)
{
	static const char *const busy[] = {
	    "echo; sleep 60; echo after",
	    "echo; while :; do :; done; echo after",
	    "h() { until false; do sleep 60; echo after; done; }; echo; h; echo after",
	    "echo; v=$(sleep 60; echo after); echo after\necho after",
	    "echo; sleep 60 | cat; echo after",
	    "echo; eval 'sleep 60; echo after'; if true; then echo after; fi",
	    "echo; sleep 60 & wait; echo after",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(busy); i++)
		check_interrupt("shell", "a=1", busy[i], "echo $a", "1\n");
}

static void
test_interrupt_python(void **state)
{
	(void)state;
	check_interrupt("python", "a = 1", "print(flush=True)\nwhile True: pass", "a",
			"1\n");
	check_interrupt("python", "a = 1",
			"import time\nprint(flush=True); time.sleep(60)\nprint('after')",
			"a", "1\n");
}

static void
test_interrupt_javascript(void **state)
{
	(void)state;
	check_interrupt("javascript", "let a = 1", "console.log(); while (true) {}", "a",
			"1\n");
	check_interrupt("javascript", "let a = 1",
			"console.log(); await new Promise(() => {}); console.log('after')",
			"a", "1\n");
}

static void
test_interrupt_ruby(void **state)
{
	static const char *const busy[] = {
	    "puts; while true; end; puts 'after'",
	    "puts; sleep 60; puts 'after'",
	    "puts; system('sleep 60'); puts 'after'",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(busy); i++)
		check_interrupt("ruby", "a = 1", busy[i], "a", "1\n");
}

static void
test_interrupt_perl(void **state)
{
	static const char *const busy[] = {
	    "print qq(\n); while (1) {} print 'after'",
	    "print qq(\n); sleep 60; print 'after'",
	    "print qq(\n); system('sleep 60'); print 'after'",
	    "print qq(\n); my $x = `sleep 60`; print 'after'",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(busy); i++)
		check_interrupt("perl", "my $a = 1;", busy[i], "print $a", "1");
}

static void
test_interrupt_r(void **state)
{
	(void)state;
	check_interrupt("r", "a <- 1", "cat('\n'); repeat {}; cat('after')", "a",
			"[1] 1\n");
	check_interrupt("r", "a <- 1", "cat('\n'); try(Sys.sleep(60)); cat('after')", "a",
			"[1] 1\n");
}

static void
test_interrupt_c(void **state)
{
	(void)state;
	check_interrupt("c", "", "puts(\"\"); for (;;) ; puts(\"after\");", "puts(\"1\");",
			"1\n");
	check_interrupt("c", "", "puts(\"\"); sleep(60); puts(\"after\");", "puts(\"1\");",
			"1\n");
}

static void
test_interrupt_sql(void **state)
{
	(void)state;
	check_interrupt("sql", "CREATE TABLE t(a)",
			"SELECT 1; WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
			"FROM c) SELECT count(*) FROM c; SELECT 'after'",
			".schema", "CREATE TABLE t(a);\n");
}

/* Each step of Perl is nested in the one before: many of them must neither slow it nor break. */
static void
test_perl_nesting(void **state)
{
	struct played p;

	(void)state;
	if (!play_start(&p, "perl"))
		skip();
	play_send(&p, "my $n = 0;");
	for (int i = 0; i < 500; i++) {
		assert_int_equal(play_status(&p), 0);
		play_send(&p, "my $m = $n++;");
	}
	assert_int_equal(play_status(&p), 0);
	play_send(&p, "print $n");
	assert_int_equal(play_status(&p), 0);
	assert_string_equal(buf_str(&p.output), "500");
	play_end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_shell),
	    cmocka_unit_test(test_python),
	    cmocka_unit_test(test_javascript),
	    cmocka_unit_test(test_interrupt_shell),
	    cmocka_unit_test(test_interrupt_python),
	    cmocka_unit_test(test_interrupt_javascript),
	    cmocka_unit_test(test_interrupt_ruby),
	    cmocka_unit_test(test_interrupt_perl),
	    cmocka_unit_test(test_interrupt_r),
	    cmocka_unit_test(test_interrupt_c),
	    cmocka_unit_test(test_interrupt_sql),
	    cmocka_unit_test(test_perl_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
