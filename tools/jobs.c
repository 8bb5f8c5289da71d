/* The session's interpreters. See jobs.h.
 *
 * Events are matched to a language by the job's number. A number is used again only after its
 * EXIT, so that nothing that an abandoned interpreter still sends is taken for another's.
 *
 * Pinned by tests/unit/test_execute.c. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "tools/jobs.h"

#define WATCHES_OTHER 16 /* of the session, keys, clocks, the network */

_Static_assert(JOBS_MAX + WATCHES_OTHER <= LOOP_WATCH_MAX,
	       "each job's terminal is watched");

void
jobs_init(struct jobs *j, struct sbx_session *session, struct loop *l)
{
	*j = (struct jobs){
	    .session = session, .loop = l, .ready = sbx_session_stands(session)};
}

void
jobs_release(struct jobs *j)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *job = &j->job[i];

		if (job->state != JOB_NONE)
			jobs_abandon(j, job);
		free(TAKE(job->cwd));
		buf_release(&job->stray);
		if (job->kernel && job->stray_fd >= 0)
			close(TAKE_FD(job->stray_fd));
	}
}

struct job *
jobs_of(struct jobs *j, const struct kernel *k)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (!j->job[i].kernel)
			j->job[i] = (struct job){.kernel = k,
						 .stray = BUF_INIT(JOBS_STRAY_MAX),
						 .stray_fd = -1,
						 .terminal = {.fd = -1},
						 .all = j};
		if (j->job[i].kernel == k)
			return &j->job[i];
	}
	mem_die("internal error: more languages than jobs");
}

static struct job *
jobs_by_number(struct jobs *j, int number)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (j->job[i].state != JOB_NONE && j->job[i].number == number)
			return &j->job[i];
	return NULL;
}

static void
job_gone(struct job *job)
{
	terminal_end(&job->terminal);
	job->waits = false;
	job->state = JOB_NONE;
	job->lost = true;
	job->untold = false;
	free(TAKE(job->cwd));
}

/* The file has no name: it goes with its descriptor. */
static bool
job_file(const struct jobs *j, struct job *job, const char *p, size_t n)
{
	if (!j->stray_dir || job->stray_lost || n > j->stray_max - job->stray_filed)
		return false;
	if (job->stray_fd < 0 && !fs_mkdirs(j->stray_dir, 0700, NULL))
		job->stray_fd = open(j->stray_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (job->stray_fd < 0 || fs_write_all(job->stray_fd, p, n, NULL))
		return false;
	job->stray_filed += n;
	return true;
}

/* The first bytes are kept: the next step says how many did not find room. */
static void
job_stray(const struct jobs *j, struct job *job, const char *p, size_t n)
{
	size_t room = job->stray_filed ? 0 : JOBS_STRAY_MAX - job->stray.len;
	size_t kept = MIN_OF(n, room);

	buf_add(&job->stray, p, kept);
	if (n > kept && !job_file(j, job, p + kept, n - kept))
		job->stray_lost += n - kept;
}

void
jobs_take_stray(struct job *job, jobs_output_fn *to, void *arg)
{
	AUTO_FREE char *part = job->stray_filed ? mem_alloc(JOBS_STRAY_MAX) : NULL;

	if (job->stray.len > 0)
		to(1, job->stray.data, job->stray.len, arg);
	for (size_t at = 0; at < job->stray_filed;) {
		size_t want = MIN_OF((size_t)JOBS_STRAY_MAX, job->stray_filed - at);
		ssize_t n = pread(job->stray_fd, part, want, (off_t)at);

		if (n <= 0) {
			job->stray_lost += job->stray_filed - at;
			break;
		}
		to(1, part, (size_t)n, arg);
		at += (size_t)n;
	}
	buf_reset(&job->stray);
	job->stray_filed = 0;
	job->stray_told = false;
	if (job->stray_fd >= 0)
		close(TAKE_FD(job->stray_fd));
}

static void
job_output(struct job *job, int stream, const char *p, size_t n)
{
	struct jobs *j = job->all;

	/* Came before it: the program answers what was typed. */
	if (stream != TERMINAL_STREAM && job->terminal.typed)
		terminal_drain(&job->terminal);
	if (job->state == JOB_BUSY && j->output)
		j->output(stream, p, n, j->arg);
	else
		job_stray(j, job, p, n);
}

static void
job_terminal_output(const char *p, size_t n, void *arg)
{
	job_output(arg, TERMINAL_STREAM, p, n);
}

static void
job_started(struct jobs *j, struct job *job)
{
	job->state = JOB_IDLE;
	terminal_begin(&job->terminal, sbx_job_take_terminal(j->session, job->number),
		       j->loop, job_terminal_output, job);
	terminal_size(&job->terminal, &j->size);
}

static void
job_done(struct job *job, const struct sbx_event *ev)
{
	terminal_drain(&job->terminal);
	terminal_reset(&job->terminal);
	job->waits = false;
	job->state = JOB_IDLE;
	job->status = ev->status;
	job->cpu_us = ev->cpu_us;
	free(job->cwd);
	job->cwd = mem_strdup(ev->cwd);
}

static void
job_event(struct jobs *j, struct job *job, const struct sbx_event *ev)
{
	switch (ev->type) {
	case SBX_STARTED:
		job_started(j, job);
		break;
	case SBX_OUTPUT:
		job_output(job, ev->stream, ev->data, ev->len);
		break;
	case SBX_WAITS:
		job->waits = ev->status && job->state == JOB_BUSY;
		break;
	case SBX_DONE:
		job_done(job, ev);
		break;
	case SBX_EXIT:
		job->wait_status = ev->status;
		job->limit = ev->limit;
		job->cpu_us = ev->cpu_us;
		job_gone(job);
		break;
	case SBX_FAILED:
		job->fail = ev->fail;
		break;
	case SBX_NOTHING:
	case SBX_READY:
	case SBX_NOTICE:
	case SBX_DEAD:
		break;
	}
}

static void
jobs_event(struct jobs *j, const struct sbx_event *ev)
{
	struct job *job = ev->job > 0 ? jobs_by_number(j, ev->job) : NULL;

	if (ev->type == SBX_READY)
		j->ready = true;
	if (ev->type == SBX_FAILED && ev->job == 0) {
		j->failed = true;
		j->fail = ev->fail;
	}
	if (ev->type == SBX_NOTICE && ev->notice->kind == SBX_NOTE_SHOWN)
		j->shown = *ev->notice;
	else if (ev->type == SBX_NOTICE && j->notice)
		j->notice(ev->notice, j->notice_arg);
	if (job)
		job_event(j, job, ev);
	if (ev->type == SBX_EXIT && ev->job > 0 && ev->job <= SBX_JOB_MAX)
		j->taken[ev->job] = false;
}

static void
jobs_die(struct jobs *j)
{
	j->dead = true;
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (j->job[i].state != JOB_NONE)
			job_gone(&j->job[i]);
}

void
jobs_read(struct jobs *j)
{
	struct sbx_event ev;

	while (!j->dead && sbx_session_read(j->session, &ev) != SBX_NOTHING) {
		if (ev.type == SBX_DEAD)
			jobs_die(j);
		else
			jobs_event(j, &ev);
	}
}

bool
jobs_start(struct jobs *j, struct job *job)
{
	const struct kernel *k = job->kernel;
	struct sbx_job_spec spec = {.argv = k->argv,
				    .script_name = k->script_name,
				    .script = k->driver,
				    .script_len = (size_t)(k->driver_end - k->driver),
				    .driver = true,
				    .terminal = j->want};
	char term[TERMINAL_NAME_MAX];
	const char *const env[] = {terminal_name(term), NULL};
	int number = 1;

	if (j->want != SBX_TERMINAL_NONE)
		spec.env = env;

	while (number <= SBX_JOB_MAX && j->taken[number])
		number++;
	if (j->dead || number > SBX_JOB_MAX || !sbx_job_start(j->session, number, &spec))
		return false;
	j->taken[number] = true;
	job->number = number;
	job->state = JOB_STARTING;
	job->fail = (struct sbx_fail){.step = ""};
	job->limit = NULL;
	job->wait_status = 0;
	job->cpu_us = 0;
	return true;
}

bool
jobs_run(struct jobs *j, struct job *job, const char *code, size_t n)
{
	if (j->dead || (job->step && !sbx_job_step(j->session, job->number, job->step)) ||
	    !sbx_job_run(j->session, job->number, code, n))
		return false;
	job->step = 0;
	job->state = JOB_BUSY;
	return true;
}

void
jobs_watch_terminals(struct jobs *j, bool on)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (j->job[i].state != JOB_NONE)
			terminal_watch(&j->job[i].terminal, on);
}

void
jobs_size(struct jobs *j, const struct winsize *size)
{
	j->size = *size;
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (j->job[i].state != JOB_NONE)
			terminal_size(&j->job[i].terminal, size);
}

void
jobs_signal(struct jobs *j, struct job *job, int signo)
{
	if (job->state != JOB_NONE)
		sbx_job_signal(j->session, job->number, signo);
}

void
jobs_kill(struct jobs *j, struct job *job)
{
	if (job->state != JOB_NONE)
		sbx_job_kill(j->session, job->number);
}

void
jobs_abandon(struct jobs *j, struct job *job)
{
	jobs_kill(j, job);
	if (job->state != JOB_NONE)
		job_gone(job);
	job->wait_status = SIGKILL;
	job->number = 0;
}
