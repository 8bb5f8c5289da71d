/* A job's pipes, seen from pid 1: output up, code down, the driver's records.
 *
 * What the driver writes is hostile. A step's end (DONE) and the job's (EXIT) are sent after the
 * output that was in the pipes at that moment, counted by FIONREAD; they never wait for the
 * pipes to close, which a background child could put off forever.
 *
 * Pinned by tests/unit/test_session.c. */
#include "sandbox/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "sandbox/spawn.h"
#include "sandbox/usage.h"

#define OUTPUT_STEP (64 * SBX_KIB) /* bytes read from a pipe at once */
#define US_PER_S    1000000u

void
up_frame(struct queue *up, enum frame_type type, uint8_t detail, int job,
	 const void *payload, size_t n)
{
	unsigned char head[FRAME_HEAD];

	frame_head(head, type, detail, (uint16_t)job, (uint32_t)n);
	queue_add(up, head, sizeof(head));
	queue_add(up, payload, n);
}

void
up_fail(struct queue *up, int job, const struct sbx_fail *f)
{
	char text[sizeof(*f) + 32];
	int n = snprintf(text, sizeof(text), "%s%c%d%c%s", f->step, 0, f->sys, 0, f->path);

	up_frame(up, FRAME_FAIL, 0, job, text, (size_t)n + 1);
}

void
up_notice(struct queue *up, int job, const struct sbx_notice *n)
{
	char text[sizeof(*n) + 32];
	int len =
	    snprintf(text, sizeof(text), "%d%c%s%c%s", n->sys, 0, n->what, 0, n->detail);

	up_frame(up, FRAME_NOTICE, (uint8_t)n->kind, job, text, (size_t)len + 1);
}

struct teller {
	const struct job *job;
	struct queue *up;
};

static void
tell(const struct sbx_notice *n, void *arg)
{
	const struct teller *t = arg;

	up_notice(t->up, t->job->id, n);
}

void
job_serve_calls(struct job *j, const struct setup *s, struct queue *up)
{
	struct teller t = {j, up};

	notify_serve(&j->calls, s, tell, &t);
}

void
job_tell_limit(struct job *j, const char *what, uint64_t value, struct queue *up)
{
	struct sbx_notice n = {.kind = SBX_NOTE_LIMIT};
	struct teller t = {j, up};

	snprintf(n.what, sizeof(n.what), "%s", what);
	snprintf(n.detail, sizeof(n.detail), "%llu", (unsigned long long)value);
	notify_tell(&j->calls, &n, tell, &t);
}

bool
job_pump_output(struct job *j, int stream, struct queue *up)
{
	size_t want = OUTPUT_STEP;
	unsigned char *p;
	ssize_t n;

	if (j->out[stream] < 0)
		return j->drain[stream] = 0, false;
	if (j->owes != OWES_NOTHING && j->drain[stream] < want)
		want = j->drain[stream];
	if (!want)
		return false;
	/* Read in place, behind the head that is filled in afterwards. */
	p = queue_room(up, FRAME_HEAD + want);
	n = read(j->out[stream], p + FRAME_HEAD, want);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		/* Somebody else read what was counted: nothing is there to wait for. */
		if (errno == EAGAIN)
			j->drain[stream] = 0;
		return false;
	}
	if (n <= 0) {
		sbx_shut(&j->out[stream]);
		j->drain[stream] = 0;
		return false;
	}
	frame_head(p, FRAME_OUT, (uint8_t)(stream + 1), (uint16_t)j->id, (uint32_t)n);
	queue_added(up, FRAME_HEAD + (size_t)n);
	if (j->owes != OWES_NOTHING)
		j->drain[stream] -= (size_t)n;
	return true;
}

static void
owe(struct job *j, enum job_owes what)
{
	j->owes = what;
	for (int i = 0; i < 2; i++) {
		int there = 0;

		if (j->out[i] >= 0 && ioctl(j->out[i], FIONREAD, &there) == 0 && there > 0)
			j->drain[i] = (size_t)there;
		else
			j->drain[i] = 0;
	}
}

/* "D<status>\t<cwd>": digits, perhaps a sign, and an absolute folder. */
static bool
done_fits(const char *record)
{
	const char *p = record + 1;
	size_t digits;

	p += *p == '-';
	digits = strspn(p, "0123456789");
	return digits > 0 && digits <= 10 && p[digits] == '\t';
}

/* The record of a step's end without its token, which code cannot know; NULL: none of ours. */
static const char *
done_check(const struct job *j, const char *record)
{
	if (record[0] != 'D' || !j->ready || !j->running)
		return NULL;
	if (j->tokens) {
		if (strncmp(record + 1, j->token, JOB_TOKEN) != 0 ||
		    record[1 + JOB_TOKEN] != ' ')
			return NULL;
		record += JOB_TOKEN + 1;
	}
	return done_fits(record) ? record + 1 : NULL;
}

static bool
take_record(struct job *j, const char *record, struct queue *up)
{
	const char *done = done_check(j, record);
	struct usage u;

	if ((strcmp(record, "R") == 0 || strcmp(record, "R+") == 0) && !j->ready) {
		j->ready = true;
		j->tokens = record[1] == '+';
		up_frame(up, FRAME_STARTED, 0, j->id, NULL, 0);
		return true;
	}
	if (!done)
		return false;
	j->running--;
	usage_of_tree(j->reaper, &u);
	j->cpu_us = u.cpu_us;
	j->crowd = u.processes > JOB_IDLE_PROCESSES;
	free(j->done);
	j->done = strdup(done);
	owe(j, OWES_DONE);
	return true;
}

bool
job_pump_state(struct job *j, struct queue *up)
{
	char *end;
	ssize_t n;

	if (j->state < 0 || j->owes != OWES_NOTHING)
		return false;
	end = memchr(j->record, 0, j->record_len);
	if (!end) {
		n = read(j->state, j->record + j->record_len,
			 sizeof(j->record) - j->record_len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (n <= 0) {
			sbx_shut(&j->state);
			return false;
		}
		j->record_len += (size_t)n;
		end = memchr(j->record, 0, j->record_len);
	}
	if (end && take_record(j, j->record, up)) {
		size_t used = (size_t)(end - j->record) + 1;

		memmove(j->record, j->record + used, j->record_len - used);
		j->record_len -= used;
		return true;
	}
	if (end || j->record_len == sizeof(j->record)) {
		job_kill(j, KILLED_PROTOCOL);
		sbx_shut(&j->state);
		return false;
	}
	return true;
}

/* Random: what code writes to the driver's descriptor is not taken for the driver's word. */
static void
new_token(struct job *j)
{
	uint64_t r = 0;

	if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
		job_kill(j, 0);
	snprintf(j->token, sizeof(j->token), "%0*" PRIx64, JOB_TOKEN, r);
}

void
job_code(struct job *j, const void *code, uint32_t n)
{
	char head[64];
	int len;

	if (!j->running)
		new_token(j);
	j->running++;
	if (j->tokens)
		len = snprintf(head, sizeof(head), "%u %" PRIu64 " %s\n", n, j->step,
			       j->token);
	else
		len = snprintf(head, sizeof(head), "%u\n", n);
	j->step = 0;
	queue_add(&j->to_driver, head, (size_t)len);
	queue_add(&j->to_driver, code, n);
}

void
job_feed(struct job *j)
{
	while (j->code >= 0 && queue_len(&j->to_driver)) {
		ssize_t n =
		    write(j->code, queue_head(&j->to_driver), queue_len(&j->to_driver));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			sbx_shut(&j->code);
			queue_free(&j->to_driver);
			return;
		}
		queue_drop(&j->to_driver, (size_t)n);
	}
}

bool
job_pump_report(struct job *j, struct queue *up)
{
	struct report r;
	ssize_t n;

	if (j->report < 0)
		return false;
	n = read(j->report, &r, sizeof(r));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n != (ssize_t)sizeof(r)) {
		sbx_shut(&j->report);
		return false;
	}
	if (r.kind == REPORT_ENDING) {
		notify_close(&j->calls);
		return true;
	}
	if (r.kind != REPORT_EXIT) {
		up_fail(up, j->id, &r.fail);
		return true;
	}
	j->status = r.status;
	j->told = true;
	j->over = r.over;
	if (r.over)
		j->cpu_us = r.cpu_us;
	return true;
}

/* False when it is not there to be awaited. */
static bool
await_reaper(struct job *j, struct queue *up)
{
	struct rusage ru = {0};
	int status = 0;

	if (wait4(j->reaper, &status, 0, &ru) != j->reaper)
		return false;
	sbx_shut(&j->pidfd);
	j->cpu_us = (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * US_PER_S +
		    (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	while (job_pump_report(j, up))
		;
	if (!j->told)
		j->status = status;
	return true;
}

void
job_collect(struct job *j, struct queue *up)
{
	if (j->over || await_reaper(j, up))
		owe(j, OWES_EXIT);
}

static void
send_done(struct job *j, struct queue *up)
{
	size_t n = strlen(j->done) + 1;
	unsigned char *p = sbx_grow(NULL, 8 + n);

	wire_store64(p, j->cpu_us);
	memcpy(p + 8, j->done, n);
	up_frame(up, FRAME_DONE, 0, j->id, p, 8 + n);
	free(p);
}

bool
job_settle(struct job *j, struct queue *up)
{
	unsigned char p[16] = {0};

	if (j->owes == OWES_NOTHING || j->drain[0] || j->drain[1])
		return false;
	if (j->owes == OWES_DONE) {
		send_done(j, up);
		j->owes = OWES_NOTHING;
		return false;
	}
	wire_store64(p, (uint64_t)(uint32_t)j->status | (uint64_t)j->flags << 32);
	wire_store64(p + 8, j->cpu_us);
	up_frame(up, FRAME_EXIT, 0, j->id, p, sizeof(p));
	return true;
}
