/* Sessions and jobs, measured from the agent's side of sandbox.h.
 *
 *	session ROUNDS WORKSPACE TRUE SUNABA
 *
 * TRUE is a static program in the workspace; SUNABA is what the jail is executed from, as the agent
 * does. Prints lines of "NAME P10 MEDIAN" in microseconds:
 * bare (fork and exec), job (the same in a session), start (a session, until a job can be
 * asked for), kill (100 processes that ignore signals, until their tree is gone), and "memory KIB", of pid 1. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/sandbox.h"
#include "tests/bench/clock.h"

#define STARTS	10
#define KILLS	5
#define WAIT_MS 20000

static const char *workspace;
static int image;

static void
print(const char *name, long *took, int n)
{
	qsort(took, (size_t)n, sizeof(*took), by_size);
	printf("%s %ld %ld\n", name, took[n / 10], took[n / 2]);
}

static void __attribute__((noreturn)) give_up(const char *why)
{
	fprintf(stderr, "session: %s\n", why);
	exit(1);
}

/* Output is thrown away. */
static void
await(struct sbx_session *s, enum sbx_event_type what, const char *said)
{
	long end = now_us() + WAIT_MS * 1000L;

	while (now_us() < end) {
		struct pollfd p = {.fd = sbx_session_fd(s), .events = POLLIN};
		struct sbx_event ev;

		switch (sbx_session_read(s, &ev)) {
		case SBX_NOTHING:
			if (sbx_session_wants_write(s))
				p.events |= POLLOUT;
			poll(&p, 1, WAIT_MS);
			continue;
		case SBX_FAILED:
			give_up(ev.fail.step);
		case SBX_DEAD:
			give_up("the session is dead");
		case SBX_OUTPUT:
			if (said && ev.len && memchr(ev.data, *said, ev.len))
				return;
			continue;
		case SBX_READY:
		case SBX_STARTED:
		case SBX_DONE:
		case SBX_EXIT:
		case SBX_NOTICE:
		case SBX_WAITS:
		default:
			if (ev.type == what)
				return;
		}
	}
	give_up("nothing came");
}

static struct sbx_session *
start(void)
{
	struct sbx_session *s;
	struct sbx_policy p;
	struct sbx_fail f;

	sbx_policy_default(&p);
	p.workspace = workspace;
	if (!sbx_session_start_image(image, &s, &f) || !sbx_session_setup(s, &p, &f))
		give_up(f.step);
	await(s, SBX_READY, NULL);
	return s;
}

static long
bare(const char *program)
{
	long began = now_us();
	pid_t pid = fork();

	if (pid == 0) {
		execl(program, program, NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	return now_us() - began;
}

static long
job(struct sbx_session *s, const char *program)
{
	const char *argv[] = {program, NULL};
	struct sbx_job_spec spec = {.argv = argv};
	long began = now_us();

	sbx_job_start(s, 1, &spec);
	await(s, SBX_EXIT, NULL);
	return now_us() - began;
}

static void
measure_jobs(int rounds, const char *program)
{
	long *b = calloc((size_t)rounds, sizeof(*b)),
	     *j = calloc((size_t)rounds, sizeof(*j));
	struct sbx_session *s = start();

	for (int i = -5; b && j && i < rounds; i++) {
		long one = bare(program), other = job(s, program);

		if (i >= 0) {
			b[i] = one;
			j[i] = other;
		}
	}
	print("bare", b, rounds);
	print("job", j, rounds);
	sbx_session_free(s);
	free(b);
	free(j);
}

static void
measure_starts(void)
{
	long took[STARTS];

	for (int i = 0; i < STARTS; i++) {
		long began = now_us();
		struct sbx_session *s = start();

		took[i] = now_us() - began;
		sbx_session_free(s);
	}
	print("start", took, STARTS);
}

static void
measure_kills(void)
{
	const char *argv[] = {
	    "bash", "-c",
	    "trap '' TERM INT HUP; for i in {1..100}; do setsid sleep 100 & "
	    "done; echo x; wait",
	    NULL};
	struct sbx_job_spec spec = {.argv = argv};
	struct sbx_session *s = start();
	long took[KILLS];

	for (int i = 0; i < KILLS; i++) {
		long began;

		sbx_job_start(s, 1, &spec);
		await(s, SBX_OUTPUT, "x");
		began = now_us();
		sbx_job_kill(s, 1);
		await(s, SBX_EXIT, NULL);
		took[i] = now_us() - began;
	}
	print("kill", took, KILLS);
	sbx_session_free(s);
}

/* Of the one child of the session's process. */
static void
measure_memory(void)
{
	struct sbx_session *s = start();
	char path[96], text[4096];
	const char *at;
	int fd, child = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)sbx_session_pid(s),
		 (int)sbx_session_pid(s));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	close(fd);
	child = (int)strtol(text, NULL, 10);
	snprintf(path, sizeof(path), "/proc/%d/status", child);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	close(fd);
	at = strstr(text, "VmRSS:");
	printf("memory %ld\n", at ? strtol(at + 6, NULL, 10) : 0);
	sbx_session_free(s);
}

int
main(int argc, char **argv)
{
	sbx_jail_main_if_asked(argc, argv);
	if (argc != 5)
		return 2;
	image = open(argv[4], O_PATH | O_CLOEXEC);
	if (image < 0)
		give_up(argv[4]);
	workspace = argv[2];
	measure_jobs((int)strtol(argv[1], NULL, 10), argv[3]);
	measure_starts();
	measure_kills();
	measure_memory();
	return 0;
}
