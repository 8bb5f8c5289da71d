/* Frames of a jail that lies: sandbox/event.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/rights.h"
#include "sandbox/session.h"
#include "sandbox/tty.h"
#include "tools/jobs.h"

#define DONE "\0\0\0\0\0\0\0\0000\t/"

/* A session whose jail is the test: its frames are written to *far, its descriptors to *rights. */
static struct sbx_session *
begin(int *far, int *rights)
{
	struct sbx_session *s = calloc(1, sizeof(*s));
	int frames[2], pair[2];

	assert_non_null(s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, frames), 0);
	assert_true(rights_pair(pair));
	s->fd = frames[0];
	s->rights = pair[0];
	s->pid = -1;
	s->stage[0] = s->stage[1] = -1;
	s->setup_sent = s->stands = true;
	for (size_t i = 0; i < SBX_LEN(s->terminal); i++)
		s->terminal[i] = -1;
	*far = frames[1];
	*rights = pair[1];
	return s;
}

static void
end(struct sbx_session *s, int far, int rights)
{
	sbx_session_free(s);
	close(far);
	close(rights);
}

static void
says(int far, enum frame_type type, int job, const void *p, size_t n)
{
	unsigned char head[FRAME_HEAD];

	frame_head(head, type, 0, (uint16_t)job, (uint32_t)n);
	assert_int_equal(write(far, head, sizeof(head)), sizeof(head));
	if (n)
		assert_int_equal(write(far, p, n), (ssize_t)n);
}

static void
gets(struct sbx_session *s, enum sbx_event_type type)
{
	struct sbx_event ev;

	assert_int_equal(sbx_session_read(s, &ev), type);
}

static void
start(struct sbx_session *s)
{
	const char *const argv[] = {"sh", NULL};
	struct sbx_job_spec spec = {.argv = argv, .driver = true};

	assert_true(sbx_job_start(s, 1, &spec));
}

static void
test_started_once(void **state)
{
	int far, rights;
	struct sbx_session *s = begin(&far, &rights);

	(void)state;
	start(s);
	says(far, FRAME_STARTED, 1, NULL, 0);
	says(far, FRAME_STARTED, 1, NULL, 0);
	gets(s, SBX_STARTED);
	gets(s, SBX_DEAD);
	end(s, far, rights);
}

/* As many ends as codes were sent, and none before the start. */
static void
test_done_of_a_run(void **state)
{
	int far, rights;
	struct sbx_session *s = begin(&far, &rights);

	(void)state;
	start(s);
	says(far, FRAME_STARTED, 1, NULL, 0);
	gets(s, SBX_STARTED);
	assert_true(sbx_job_run(s, 1, "x", 1));
	says(far, FRAME_DONE, 1, DONE, sizeof(DONE));
	says(far, FRAME_DONE, 1, DONE, sizeof(DONE));
	gets(s, SBX_DONE);
	gets(s, SBX_DEAD);
	end(s, far, rights);

	s = begin(&far, &rights);
	start(s);
	assert_true(sbx_job_run(s, 1, "x", 1));
	says(far, FRAME_DONE, 1, DONE, sizeof(DONE));
	gets(s, SBX_DEAD);
	end(s, far, rights);
}

static size_t
open_files(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
send_terminal(int rights)
{
	struct sbx_fail f;
	int master, slave;

	assert_true(tty_pair(&master, &slave, &f));
	assert_true(rights_send(rights, RIGHTS_TERMINAL, 1, master));
	close(master);
	close(slave);
}

/* One terminal a job, whatever is sent: none is left open or watched. */
static void
test_terminals(void **state)
{
	const struct kernel *k = kernel_find("shell");
	size_t before = open_files();
	struct jobs j;
	struct loop *l;
	struct err e;
	int far, rights;
	struct sbx_session *s = begin(&far, &rights);

	(void)state;
	assert_int_equal(loop_new(&l, &e), ERR_NONE);
	jobs_init(&j, s, l);
	assert_true(jobs_start(&j, jobs_of(&j, k)));
	for (int i = 0; i < 3; i++) {
		send_terminal(rights);
		says(far, FRAME_STARTED, 1, NULL, 0);
	}
	jobs_read(&j);
	assert_true(j.dead);
	jobs_release(&j);
	loop_wait(l, 0);
	loop_free(l);
	end(s, far, rights);
	assert_int_equal(open_files(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_started_once),
	    cmocka_unit_test(test_done_of_a_run),
	    cmocka_unit_test(test_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
