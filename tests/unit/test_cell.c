/* A cell: what a locked process can still do, and what kills it. */
#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/sandbox.h"

#define UNUSED	   __attribute__((unused))
#define NAME	   "test-cell"
#define MEMORY	   (256u << 20)
#define NO_SECCOMP 77

static void
act_copy(void)
{
	char bytes[64];
	ssize_t n = read(0, bytes, sizeof(bytes));

	if (n < 0 || write(1, bytes, (size_t)n) != n)
		_exit(1);
}

/* Nothing but this is in the environment or among the descriptors. */
static void
act_bare(void)
{
	char bytes[2];

	if (environ && *environ)
		_exit(1);
	bytes[0] = fcntl(3, F_GETFD) < 0 && fcntl(100, F_GETFD) < 0 ? '.' : 'd';
	if (write(1, bytes, 1) != 1)
		_exit(1);
}

static void
act_open(void)
{
	_exit(open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM ? 0 : 1);
}

static void
act_socket(void)
{
	_exit(socket(AF_INET, SOCK_STREAM, 0) < 0 ? 1 : 0);
}

static void
act_fork(void)
{
	_exit(fork() < 0 ? 1 : 0);
}

static void
act_exec(void)
{
	execl("/bin/true", "true", NULL);
	_exit(1);
}

static void
act_execute_memory(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	_exit(1);
}

static void
act_kill(void)
{
	kill(getppid(), SIGTERM);
	_exit(1);
}

static void UNUSED
act_memory(void)
{
	static const size_t most = MEMORY;
	char *p = malloc(most / 2);

	if (!p || mremap(p, 4096, most, MREMAP_MAYMOVE) == NULL)
		_exit(1);
	_exit(malloc(most) ? 1 : 0);
}

static const struct act {
	const char *name;
	void (*run)(void);
	bool unlocked; /* before the lock */
	int signal;    /* that ends it, or 0 */
} acts[] = {
    {"copy", act_copy, false, 0},
    {"bare", act_bare, true, 0},
    {"open", act_open, false, 0},
    {"socket", act_socket, false, SIGSYS},
    {"fork", act_fork, false, SIGSYS},
    {"exec", act_exec, false, SIGSYS},
    {"mmap", act_execute_memory, false, SIGSYS},
    {"kill", act_kill, false, SIGSYS},
#ifndef __SANITIZE_ADDRESS__ /* its own memory has no bound */
    {"memory", act_memory, false, 0},
#endif
};

static void
act_if_asked(int argc, char **argv)
{
	struct sbx_fail f;

	if (argc != 2 || strcmp(argv[0], NAME) != 0)
		return;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (strcmp(acts[i].name, argv[1]) != 0)
			continue;
		if (!acts[i].unlocked && !sbx_cell_lock(MEMORY, 2, &f))
			_exit(NO_SECCOMP);
		acts[i].run();
		_exit(0);
	}
	_exit(2);
}

static int
run_cell(const char *what, int in, char *got, size_t max)
{
	const char *argv[] = {NAME, what, NULL};
	struct sbx_fail f = {0};
	int out = -1, status;
	ssize_t n;
	pid_t pid;

	assert_true(sbx_cell_start(argv, in, &out, &pid, &f));
	n = read(out, got, max - 1);
	got[n > 0 ? n : 0] = '\0';
	close(out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
all_acts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		int pipes[2], status;
		char got[64];

		assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
		assert_int_equal(write(pipes[1], "words", 5), 5);
		close(pipes[1]);
		status = run_cell(acts[i].name, pipes[0], got, sizeof(got));
		close(pipes[0]);
		if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SECCOMP)
			skip();
		if (acts[i].signal)
			assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0,
					 acts[i].signal);
		else
			assert_int_equal(status, 0);
		if (strcmp(acts[i].name, "copy") == 0)
			assert_string_equal(got, "words");
		if (strcmp(acts[i].name, "bare") == 0)
			assert_string_equal(got, ".");
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_acts),
	};

	act_if_asked(argc, argv);
	return cmocka_run_group_tests_name("cell", tests, NULL, NULL);
}
