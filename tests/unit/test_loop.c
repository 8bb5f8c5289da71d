/* The waiting place: watches, time-outs, signals counted and taken, and no spinning. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/clock.h"
#include "agent/base/loop.h"

static struct loop *loop;
static int pipes[2];
static int served;

static int
set_up(void **state)
{
	(void)state;
	served = 0;
	return pipe(pipes) || loop_new(&loop, NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	close(pipes[0]);
	close(pipes[1]);
	loop_free(loop);
	loop_free(NULL);
	return 0;
}

static void
drain(int fd, short revents, void *arg)
{
	char bytes[16];

	assert_true(revents & POLLIN);
	assert_ptr_equal(arg, &served);
	assert_true(read(fd, bytes, sizeof(bytes)) > 0);
	served++;
}

static void
drop_itself(int fd, short revents, void *arg)
{
	(void)revents;
	(void)arg;
	served++;
	loop_unwatch(loop, fd);
}

static void
poke(void)
{
	assert_int_equal(write(pipes[1], "x", 1), 1);
}

static void
test_watch(void **state)
{
	(void)state;
	loop_watch(loop, pipes[0], POLLIN, drain, &served);
	assert_int_equal(loop_wait(loop, 0), LOOP_TIMEOUT);
	poke();
	assert_int_equal(loop_wait(loop, -1), LOOP_IO);
	assert_int_equal(served, 1);
	assert_int_equal(loop_wait(loop, 0), LOOP_TIMEOUT);
	loop_watch(loop, pipes[0], POLLIN, drop_itself, NULL); /* in the old one's place */
	poke();
	assert_int_equal(loop_wait(loop, 1000), LOOP_IO);
	assert_int_equal(loop_wait(loop, 0), LOOP_TIMEOUT);
	assert_int_equal(served, 2);
}

static void
replace_other(int fd, short revents, void *arg)
{
	int other = *(int *)arg;

	(void)revents;
	loop_unwatch(loop, fd);
	loop_unwatch(loop, other);
	loop_watch(loop, other, POLLIN, drain, &served); /* as if the number came back */
	served += 10;
}

static void
test_stale_event_of_a_reused_descriptor(void **state)
{
	int second[2];

	(void)state;
	assert_int_equal(pipe(second), 0);
	loop_watch(loop, pipes[0], POLLIN, replace_other, &second[0]);
	loop_watch(loop, second[0], POLLIN, replace_other, &pipes[0]);
	poke();
	assert_int_equal(write(second[1], "x", 1), 1);
	assert_int_equal(loop_wait(loop, 1000), LOOP_IO);
	assert_int_equal(served, 10);
	assert_int_equal(loop_wait(loop, 1000), LOOP_IO);
	assert_int_equal(served, 11);
	loop_unwatch(loop, second[0]);
	close(second[0]);
	close(second[1]);
}

static void
test_timeout(void **state)
{
	int64_t start = clock_ms();

	(void)state;
	assert_int_equal(loop_wait(loop, 30), LOOP_TIMEOUT);
	assert_true(clock_ms() - start >= 30);
}

static void
test_interrupts_are_counted(void **state)
{
	(void)state;
	raise(SIGINT);
	raise(SIGINT);
	assert_true(loop_pending(loop));
	assert_int_equal(loop_wait(loop, 10000), LOOP_SIGNAL);
	assert_int_equal(loop_take_interrupts(loop), 2);
	assert_false(loop_pending(loop));
	assert_int_equal(loop_take_interrupts(loop), 0);
	assert_int_equal(loop_wait(loop, 0), LOOP_TIMEOUT);
	loop_interrupt(loop);
	assert_int_equal(loop_wait(loop, 10000), LOOP_SIGNAL);
	assert_int_equal(loop_take_interrupts(loop), 1);
}

static void
test_interrupt_between_waits(void **state)
{
	(void)state;
	raise(SIGINT);
	loop_wait(loop, 10000);
	raise(SIGINT); /* the second wakes at once too */
	assert_int_equal(loop_wait(loop, 10000), LOOP_SIGNAL);
	assert_int_equal(loop_take_interrupts(loop), 2);
}

/* Nobody takes the interrupt: the wait goes on in steps, and the time-out is still told. */
static void
test_no_spin(void **state)
{
	int64_t start;
	int rounds = 0, woke = 0;

	(void)state;
	raise(SIGINT);
	assert_int_equal(loop_wait(loop, 10000), LOOP_SIGNAL);
	for (start = clock_ms(); clock_ms() - start < 120; rounds++)
		assert_true(loop_wait(loop, 10000) & LOOP_SIGNAL);
	assert_in_range(rounds, 0, 4);
	for (rounds = 0; !(woke & LOOP_TIMEOUT); rounds++)
		woke = loop_wait(loop, 20);
	assert_int_equal(rounds, 1);
	assert_int_equal(woke, LOOP_TIMEOUT | LOOP_SIGNAL);
	/* Input is served at once all the same. */
	loop_watch(loop, pipes[0], POLLIN, drain, &served);
	poke();
	assert_int_equal(loop_wait(loop, 10000), LOOP_IO | LOOP_SIGNAL);
	loop_take_interrupts(loop);
}

static void
test_termination_stays(void **state)
{
	(void)state;
	assert_int_equal(loop_terminated(loop), 0);
	raise(SIGHUP);
	assert_int_equal(loop_wait(loop, 10000), LOOP_SIGNAL);
	assert_int_equal(loop_terminated(loop), SIGHUP);
	raise(SIGTERM);
	assert_int_equal(loop_terminated(loop), SIGTERM);
	assert_true(loop_pending(loop));
}

static void
test_resize(void **state)
{
	(void)state;
	raise(SIGWINCH);
	assert_int_equal(loop_wait(loop, 10000), LOOP_SIGNAL);
	assert_true(loop_take_resize(loop));
	assert_false(loop_take_resize(loop));
	assert_false(loop_pending(loop));
}

static int
lazy_poll(struct pollfd *fds, nfds_t n, int timeout_ms, void *arg)
{
	(void)timeout_ms;
	(*(int *)arg)++;
	return poll(fds, n, 0); /* early */
}

static void
test_other_poll(void **state)
{
	int calls = 0;

	(void)state;
	loop_set_poll(loop, lazy_poll, &calls);
	assert_int_equal(loop_wait(loop, 10000), 0); /* early is no time-out */
	assert_int_equal(loop_wait(loop, 0), LOOP_TIMEOUT);
	loop_watch(loop, pipes[0], POLLIN, drain, &served);
	poke();
	assert_int_equal(loop_wait(loop, 10000), LOOP_IO);
	assert_int_equal(calls, 3);
	loop_set_poll(loop, NULL, NULL);
	assert_int_equal(loop_wait(loop, 0), LOOP_TIMEOUT);
	assert_int_equal(calls, 3);
}

/* Every language's terminal, and what else a session watches meanwhile. */
static void
test_many(void **state)
{
	int fds[32];

	(void)state;
	poke();
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dup(pipes[0]);
		assert_true(fds[i] >= 0);
		loop_watch(loop, fds[i], POLLIN, drop_itself, NULL);
	}
	assert_int_equal(loop_wait(loop, 1000), LOOP_IO);
	assert_int_equal(served, ARRAY_LEN(fds));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

int
main(void)
{
#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    LOOP_TEST(test_watch),
	    LOOP_TEST(test_stale_event_of_a_reused_descriptor),
	    LOOP_TEST(test_timeout),
	    LOOP_TEST(test_interrupts_are_counted),
	    LOOP_TEST(test_interrupt_between_waits),
	    LOOP_TEST(test_no_spin),
	    LOOP_TEST(test_termination_stays),
	    LOOP_TEST(test_resize),
	    LOOP_TEST(test_other_poll),
	    LOOP_TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
