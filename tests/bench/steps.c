/* Steps, measured from the agent's side of execute.h, beside what they are compared with. A server:
 * one command a line on standard input, one answer of numbers a line.
 *
 *	steps WORKSPACE
 *
 *	first LANGUAGE CODE   a session of its own: microseconds of its first step, and of the session
 *	step LANGUAGE CODE    a further step: microseconds, and KiB of peak memory
 *	timed MS CODE         a shell step that is stopped after so long: microseconds beyond that
 *	memory LANGUAGE CODE  KiB of our processes for one interpreter more, and of itself; -1:
 *	                      not shown to this user
 *	spawn WORD\tWORD...   a program started bare, its output read: microseconds
 *	pipe python|bash CODE the same code in an interpreter fed over a pipe with a marker: the floor
 *
 * A code's newlines are written as "\n". */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "tools/execute.h"

#define LINE_MAX_BYTES (64 * KIB)
#define MARK	       "\x01-the-end-\x01\n"

extern char **environ;

struct one {
	struct sbx_session *session;
	struct executor *x;
};

struct floor {
	int in, out; /* of the interpreter */
	pid_t pid;
};

static struct loop *loop;
static const char *workspace;
static struct one shared;
static struct floor floors[2];

static void __attribute__((noreturn)) give_up(const char *why)
{
	fprintf(stderr, "steps: %s\n", why);
	exit(1);
}

static void
open_one(struct one *o)
{
	static char spill[4096];
	struct executor_opts opts = {
	    .loop = loop, .limits = execute_limits_default, .spill_dir = spill};
	struct sbx_policy p;
	struct sbx_fail f;
	struct err e;

	snprintf(spill, sizeof(spill), "%s/../spill", workspace);
	sbx_policy_default(&p);
	p.workspace = workspace;
	if (!sbx_session_start(&o->session, &f) || !sbx_session_setup(o->session, &p, &f))
		give_up(f.step);
	opts.sandbox = o->session;
	o->x = executor_new(&opts);
	if (executor_ready(o->x, &e))
		give_up(e.msg);
}

static void
close_one(struct one *o)
{
	executor_free(o->x);
	sbx_session_free(o->session);
	*o = (struct one){0};
}

static void
live(int stream, const char *p, size_t n, void *arg)
{
	(void)stream;
	(void)p;
	*(size_t *)arg += n;
}

/* Microseconds of a step; `end`: how it must end. */
static int64_t
run(struct one *o, const char *language, const char *code, enum step_end end)
{
	struct step_result r;
	struct err e;
	size_t seen = 0;
	int64_t began = clock_us(), took;

	if (executor_run(o->x, language, code, strlen(code), live, &seen, &r, &e))
		give_up(e.msg);
	took = clock_us() - began;
	if (r.end != end || (end == STEP_DONE && r.status != 0))
		give_up(r.output && *r.output ? r.output : r.note ? r.note : "it failed");
	if (r.spill_path)
		unlink(r.spill_path);
	step_result_release(&r);
	return took;
}

static void
do_first(const char *language, const char *code)
{
	struct one o = {0};
	int64_t began = clock_us(), stood, took;

	open_one(&o);
	stood = clock_us() - began;
	took = run(&o, language, code, STEP_DONE);
	close_one(&o);
	printf("%lld %lld\n", (long long)took, (long long)(stood + took));
}

/* A field of /proc/PID/FILE in KiB, 0 when there is none. */
static long
field(pid_t pid, const char *file, const char *name)
{
	AUTO_BUF struct buf text = BUF_INIT(64 * KIB);
	AUTO_FREE char *path = mem_printf("/proc/%d/%s", (int)pid, file);
	const char *at;

	if (fs_read(path, &text, NULL))
		return 0;
	at = strstr(buf_str(&text), name);
	return at ? strtol(at + strlen(name), NULL, 10) : 0;
}

/* What is the process's own. */
static long
own(pid_t pid)
{
	return field(pid, "smaps_rollup", "Private_Clean:") +
	       field(pid, "smaps_rollup", "Private_Dirty:");
}

static void
do_step(const char *language, const char *code)
{
	int64_t took;
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "5", 1) != 1) /* the peak begins anew */
		give_up("clear_refs");
	close(fd);
	took = run(&shared, language, code, STEP_DONE);
	printf("%lld %ld\n", (long long)took, field(getpid(), "status", "VmHWM:"));
}

static void
do_timed(const char *ms, const char *code)
{
	int64_t limit = strtol(ms, NULL, 10), took;

	executor_set_wall(shared.x, limit);
	took = run(&shared, "shell", code, STEP_TIMEOUT);
	executor_set_wall(shared.x, execute_limits_default.wall_ms);
	printf("%lld\n", (long long)(took - limit * 1000));
}

static size_t
children(pid_t pid, pid_t *out, size_t max)
{
	AUTO_BUF struct buf text = BUF_INIT(4 * KIB);
	AUTO_FREE char *path = mem_printf("/proc/%d/task/%d/children", (int)pid, (int)pid);
	char *at, *end;
	size_t n = 0;

	if (fs_read(path, &text, NULL))
		return 0;
	for (at = (char *)buf_str(&text); n < max; at = end) {
		long value = strtol(at, &end, 10);

		if (end == at)
			break;
		out[n++] = (pid_t)value;
	}
	return n;
}

/* Agent, the jail's process and its pid 1. */
static long
ours(const struct one *o, pid_t *first)
{
	if (children(sbx_session_pid(o->session), first, 1) != 1)
		give_up("no pid 1");
	return own(getpid()) + own(sbx_session_pid(o->session)) + own(*first);
}

static void
do_memory(const char *language, const char *code)
{
	struct one o = {0};
	pid_t first, reaper[8], program;
	long before, after;
	size_t n;

	open_one(&o);
	run(&o, "html", "", STEP_DONE); /* what the first step of all takes */
	before = ours(&o, &first);
	run(&o, language, code, STEP_DONE);
	run(&o, language, code, STEP_DONE);
	after = ours(&o, &first);
	n = children(first, reaper, 8);
	if (own(first) == 0) { /* only root may look */
		printf("-1 -1\n");
		close_one(&o);
		return;
	}
	if (n < 2 || children(reaper[n - 1], &program, 1) != 1)
		give_up("no interpreter");
	printf("%ld %ld\n", after - before + own(reaper[n - 1]), own(program));
	close_one(&o);
}

/* The caller reads `out`. */
static pid_t
start(char *const argv[], int *in, int *out)
{
	posix_spawn_file_actions_t acts;
	int down[2], up[2];
	pid_t pid;

	if (pipe2(down, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
		give_up("pipe");
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, down[0], 0);
	posix_spawn_file_actions_adddup2(&acts, up[1], 1);
	if (posix_spawnp(&pid, argv[0], &acts, NULL, argv, environ))
		give_up(argv[0]);
	posix_spawn_file_actions_destroy(&acts);
	close(down[0]);
	close(up[1]);
	*in = down[1];
	*out = up[0];
	return pid;
}

static void
do_spawn(char *words)
{
	char *argv[16] = {words}, data[64 * 1024];
	int in, out, status, n = 1;
	int64_t began;
	pid_t pid;

	for (char *tab = words; n < 15 && (tab = strchr(tab, '\t')); argv[n++] = tab)
		*tab++ = '\0';
	began = clock_us();
	pid = start(argv, &in, &out);
	close(in);
	while (read(out, data, sizeof(data)) > 0)
		;
	close(out);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		give_up(argv[0]);
	printf("%lld\n", (long long)(clock_us() - began));
}

static void
floor_start(struct floor *f, bool python)
{
	static const char feed[] = "import sys\n"
				   "for line in sys.stdin:\n"
				   "    exec(line)\n"
				   "    print('\\x01-the-end-\\x01', flush=True)\n";
	char *const bash[] = {(char *)"bash", (char *)"--norc", NULL};
	char *const py[] = {(char *)"python3", (char *)"-I", (char *)"-c", (char *)feed,
			    NULL};

	f->pid = start(python ? py : bash, &f->in, &f->out);
}

static void
do_pipe(const char *which, const char *code)
{
	bool python = strcmp(which, "python") == 0;
	struct floor *f = &floors[python];
	char data[64 * 1024], tail[2 * sizeof(MARK)] = "";
	AUTO_FREE char *line = NULL;
	int64_t began;

	if (!f->pid)
		floor_start(f, python);
	line = python ? mem_printf("%s\n", code)
		      : mem_printf("%s\necho $'\\x01-the-end-\\x01'\n", code);
	began = clock_us();
	if (write(f->in, line, strlen(line)) < 0)
		give_up("pipe");
	while (!strstr(tail, MARK)) {
		ssize_t n = read(f->out, data, sizeof(data));
		size_t m = sizeof(MARK) - 1;

		if (n <= 0)
			give_up("the floor ended");
		if ((size_t)n < m) { /* the mark in parts */
			memmove(tail, tail + n, sizeof(tail) - 1 - (size_t)n);
			memcpy(tail + sizeof(tail) - 1 - n, data, (size_t)n);
			continue;
		}
		memcpy(tail, data + (size_t)n - m, m);
		tail[m] = '\0';
	}
	printf("%lld %ld\n", (long long)(clock_us() - began), own(f->pid));
}

/* "\n" becomes a newline. */
static void
unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] == 'n') {
			*to++ = '\n';
			from++;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

static void
serve(char *line)
{
	char *what = line, *name, *code;

	line[strcspn(line, "\n")] = '\0';
	name = line + strcspn(line, " ");
	*name++ = '\0';
	if (strcmp(what, "spawn") == 0) {
		do_spawn(name);
		return;
	}
	code = name + strcspn(name, " ");
	if (*code)
		*code++ = '\0';
	unescape(code);
	if (strcmp(what, "first") == 0)
		do_first(name, code);
	else if (strcmp(what, "step") == 0)
		do_step(name, code);
	else if (strcmp(what, "timed") == 0)
		do_timed(name, code);
	else if (strcmp(what, "memory") == 0)
		do_memory(name, code);
	else if (strcmp(what, "pipe") == 0)
		do_pipe(name, code);
	else
		give_up(what);
}

int
main(int argc, char **argv)
{
	static char line[LINE_MAX_BYTES];
	struct err e;

	sbx_jail_main_if_asked(argc, argv);
	if (argc != 2)
		return 2;
	workspace = argv[1];
	if (loop_new(&loop, &e))
		give_up(e.msg);
	open_one(&shared);
	while (fgets(line, sizeof(line) - 1, stdin)) {
		serve(line);
		fflush(stdout);
	}
	close_one(&shared);
	for (int i = 0; i < 2; i++)
		if (floors[i].pid)
			kill(floors[i].pid, SIGKILL);
	return 0;
}
