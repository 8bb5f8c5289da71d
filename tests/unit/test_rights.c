/* Descriptors beside the frames: sandbox/rights.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/rights.h"

static void
test_one_descriptor(void **state)
{
	enum rights_kind kind;
	uint32_t number;
	int pair[2], p[2], fd;
	char c;

	(void)state;
	assert_true(rights_pair(pair));
	assert_int_equal(rights_recv(pair[0], &kind, &number, &fd), 0);
	assert_int_equal(pipe(p), 0);
	assert_true(rights_send(pair[1], RIGHTS_LISTEN, 3128, p[0]));
	assert_int_equal(rights_recv(pair[0], &kind, &number, &fd), 1);
	assert_int_equal(kind, RIGHTS_LISTEN);
	assert_int_equal(number, 3128);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_int_equal(read(fd, &c, 1), 1);
	close(fd);
	close(p[0]);
	close(p[1]);
	close(pair[1]);
	assert_int_equal(rights_recv(pair[0], &kind, &number, &fd), -1);
	close(pair[0]);
}

/* What the far end made up is dropped, and its descriptors are closed. */
static void
test_hostile(void **state)
{
	enum rights_kind kind;
	uint32_t number;
	int pair[2], fd;

	(void)state;
	assert_true(rights_pair(pair));
	assert_int_equal(send(pair[1], "short", 5, 0), 5);
	assert_int_equal(send(pair[1], "longer than a packet", 20, 0), 20);
	assert_int_equal(send(pair[1], "12345678", 8, 0), 8);
	assert_true(rights_send(pair[1], (enum rights_kind)99, 0, pair[1]));
	assert_int_equal(rights_recv(pair[0], &kind, &number, &fd), 0);
	assert_int_equal(fd, -1);
	assert_true(rights_send(pair[1], RIGHTS_SHOW, 7, pair[1]));
	assert_int_equal(rights_recv(pair[0], &kind, &number, &fd), 1);
	assert_int_equal(number, 7);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_descriptor),
	    cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
