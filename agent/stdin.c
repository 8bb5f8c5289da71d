/* Standard input as the task, or as data for it. See stdin.h.
 *
 * Under ssh, cron and editors standard input is often a pipe that nobody writes to and nobody
 * closes; a program that waits for its end waits for ever. Pinned by tests W7 and W8. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "agent/base/clock.h"
#include "agent/stdin.h"

#define STDIN_GRACE_MS 2000 /* to the first byte, when there is a task already */
#define STDIN_IDLE_MS  5000 /* between bytes */
#define STDIN_SAY_MS   2000 /* without a task: when to say what is waited for */

struct stdin_reader {
	struct buf *out;
	int64_t last_ms; /* when the last byte came, or the start */
	bool end;
	int error;
};

static void
stdin_on_ready(int fd, short revents, void *arg)
{
	struct stdin_reader *r = arg;
	char chunk[16384];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	(void)revents;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0)
		r->error = errno;
	if (n <= 0) {
		r->end = true;
		return;
	}
	r->last_ms = clock_ms();
	if (!buf_add(r->out, chunk, (size_t)n))
		r->end = true;
}

/* true while it is worth waiting on. */
static bool
stdin_wait(struct loop *l, struct term *t, bool have_task, struct stdin_reader *r,
	   bool *said)
{
	int64_t idle = clock_ms() - r->last_ms;
	int64_t grace = r->out->len ? STDIN_IDLE_MS : STDIN_GRACE_MS;

	if (have_task && idle >= grace) {
		term_linef(t, TERM_SIDE, STYLE_NOTICE,
			   "standard input stays open without %sdata: going on %s it",
			   r->out->len ? "further " : "",
			   r->out->len ? "with what came of" : "without");
		term_flush(t, NULL);
		return false;
	}
	if (!have_task && !*said && idle >= STDIN_SAY_MS) {
		*said = true;
		term_line(t, TERM_SIDE, STYLE_NOTICE,
			  "waiting for the task on standard input (Ctrl-D ends it)");
		term_flush(t, NULL);
	}
	loop_wait(l, 100);
	return true;
}

enum err_kind
stdin_read(struct loop *l, struct term *t, bool have_task, struct buf *out, struct err *e)
{
	struct stdin_reader r = {.out = out, .last_ms = clock_ms()};
	struct stat st;
	bool said = false, going = true;

	if (fstat(STDIN_FILENO, &st) < 0 || S_ISDIR(st.st_mode))
		return ERR_NONE; /* closed, or nothing that can be read */
	loop_watch(l, STDIN_FILENO, POLLIN, stdin_on_ready, &r);
	while (going && !r.end && !loop_pending(l))
		going = stdin_wait(l, t, have_task, &r, &said);
	loop_unwatch(l, STDIN_FILENO);
	if (loop_terminated(l))
		return err_set(e, ERR_TERMINATED, "terminated");
	if (loop_take_interrupts(l))
		return err_set(e, ERR_INTERRUPTED, "interrupted");
	if (out->full) {
		err_set(e, ERR_USAGE, "standard input is larger than %zu KiB",
			STDIN_MAX / KIB);
		err_hint(
		    e, "put it into a file in the workspace and name the file in the task");
		return ERR_USAGE;
	}
	if (r.error) {
		errno = r.error;
		return err_sys(e, ERR_IO, "cannot read standard input");
	}
	return ERR_NONE;
}
