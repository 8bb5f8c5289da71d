/* Processes below one, and their end: tools/process.c. */
#include "tests/unit/cm.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "tools/process.h"

/* A child with a child of its own; `stubborn`: neither minds SIGTERM. */
static pid_t
family(bool stubborn)
{
	int p[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		if (stubborn)
			signal(SIGTERM, SIG_IGN);
		if (fork() == 0 && write(p[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(p[0], &byte, 1), 1);
	close(p[0]);
	close(p[1]);
	return pid;
}

static size_t
find(const struct process_list *l, pid_t pid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].pid == pid)
			return i;
	fail_msg("%d is not in the list", pid);
	return 0;
}

static void
ends(bool stubborn)
{
	pid_t other = family(false), pid = family(stubborn);
	struct process_list l;
	size_t at;

	processes_below(getpid(), &l);
	at = find(&l, pid);
	assert_int_equal(l.n, 4);
	assert_true(process_is_below(&l, at, at));
	assert_false(process_is_below(&l, find(&l, other), at));
	assert_non_null(strstr(l.at[at].command, "test_process"));
	assert_true(process_end(&l, at));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_end(&l, at));
	assert_true(process_end(&l, find(&l, other)));
	assert_int_equal(waitpid(other, NULL, 0), other);
	process_list_release(&l);
}

static void
by_sigterm(void **state)
{
	(void)state;
	ends(false);
}

static void
by_sigkill(void **state)
{
	int64_t start = clock_ms();

	(void)state;
	ends(true);
	assert_true(clock_ms() - start >= PROCESS_PATIENCE_MS);
}

/* A number that was given out again is another process. */
static void
another_of_the_same_number(void **state)
{
	pid_t pid = family(false);
	struct process_list l;
	size_t at;

	(void)state;
	processes_below(getpid(), &l);
	at = find(&l, pid);
	l.at[at].start--;
	assert_false(process_end(&l, at));
	l.at[at].start++;
	assert_true(process_end(&l, at));
	waitpid(pid, NULL, 0);
	process_list_release(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_sigterm),
	    cmocka_unit_test(by_sigkill),
	    cmocka_unit_test(another_of_the_same_number),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
