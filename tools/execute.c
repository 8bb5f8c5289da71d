/* Running steps. Contract in execute.h.
 *
 * A step is a small machine turned by the loop: code is sent, output flows into the collector,
 * and its end is the job's state (idle again, or gone). Whatever wants it to stop (the clock, the
 * user, too much output) goes the same way: SIGINT, after a grace the kill, after another one
 * the interpreter is given up, so that no step can wait for ever.
 *
 * Pinned by tests/unit/test_execute.c. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/collect.h"
#include "tools/execute.h"
#include "tools/jobs.h"

#define READY_MS  5000	    /* until the jail must stand */
#define START_MS  10000	    /* until an interpreter must be ready for code */
#define AGAIN_MS  1000	    /* from SIGINT to another: one may be lost while code starts */
#define GRACE_MS  2000	    /* from the first SIGINT to the kill */
#define KILL_MS	  3000	    /* from the kill to giving the interpreter up */
#define SECOND_MS 1000	    /* between two calls of on_second */
#define CODE_MAX  (4 * MIB) /* bytes of one step's code */

const struct execute_limits execute_limits_default = {.wall_ms = 120 * 1000,
						      .keep_bytes = MIB,
						      .show_bytes = 16 * KIB,
						      .spill_bytes = 256 * MIB};

struct executor {
	struct executor_opts o;
	struct jobs jobs;
	short watching; /* poll events asked for */
};

enum step_why { WHY_NOT, WHY_TIME, WHY_USER, WHY_OUTPUT };
enum step_stage { STAGE_RUNS, STAGE_ASKED, STAGE_ASKED_AGAIN, STAGE_KILLED };

struct step {
	struct executor *x;
	struct job *job;
	struct collect out;
	step_output_fn *live;
	void *arg;
	int64_t start, limit, second; /* ms; limit 0: none; the next call of on_second */
	enum step_why why;	      /* it is to stop */
	enum step_stage stage;
	int64_t stage_end; /* ms, when the next stage comes */
};

static void
executor_io(int fd, short revents, void *arg)
{
	struct executor *x = arg;

	(void)revents;
	jobs_read(&x->jobs);
	if (x->jobs.dead)
		loop_unwatch(x->o.loop, fd);
}

/* Asks for writability only while something waits to be written. */
static void
executor_watch(struct executor *x)
{
	struct sbx_session *s = x->o.sandbox;
	short want = (short)(POLLIN | (sbx_session_wants_write(s) ? POLLOUT : 0));

	if (x->jobs.dead || want == x->watching)
		return;
	x->watching = want;
	loop_watch(x->o.loop, sbx_session_fd(s), want, executor_io, x);
}

struct executor *
executor_new(const struct executor_opts *o)
{
	struct executor *x = mem_alloc(sizeof(*x));

	x->o = *o;
	jobs_init(&x->jobs, o->sandbox);
	executor_watch(x);
	return x;
}

void
executor_free(struct executor *x)
{
	if (!x)
		return;
	jobs_release(&x->jobs);
	loop_unwatch(x->o.loop, sbx_session_fd(x->o.sandbox));
	free(x);
}

void
executor_restart(struct executor *x, const char *language)
{
	const struct kernel *k = language ? kernel_find(language) : NULL;

	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *job = &x->jobs.job[i];

		if (job->state != JOB_NONE && (!language || job->kernel == k))
			jobs_abandon(&x->jobs, job);
	}
}

static enum err_kind
executor_fail(const struct executor *x, struct err *e)
{
	char msg[1024], hint[512];

	if (!x->jobs.failed) {
		err_set(e, ERR_SANDBOX, "the sandbox is gone");
		err_hint(e, "its first process was killed; start again");
		return ERR_SANDBOX;
	}
	sbx_fail_text(&x->jobs.fail, msg, sizeof(msg), hint, sizeof(hint));
	err_set(e, ERR_SANDBOX, "%s", msg);
	err_hint(e, "%s", hint);
	return ERR_SANDBOX;
}

enum err_kind
executor_ready(struct executor *x, struct err *e)
{
	int64_t end = clock_ms() + READY_MS, left;

	jobs_read(&x->jobs);
	while (!x->jobs.ready && !x->jobs.failed && !x->jobs.dead) {
		left = end - clock_ms();
		if (left <= 0)
			return err_set(e, ERR_SANDBOX, "the sandbox does not answer");
		executor_watch(x);
		loop_wait(x->o.loop, (int)left);
		if (loop_terminated(x->o.loop))
			return err_set(e, ERR_TERMINATED, "terminated");
		if (loop_take_interrupts(x->o.loop) > 0)
			return err_set(e, ERR_INTERRUPTED, "interrupted");
	}
	if (x->jobs.failed || x->jobs.dead)
		return executor_fail(x, e);
	return ERR_NONE;
}

/* ---- a step under way ---- */

static void
step_stop(struct step *s, enum step_why why)
{
	if (s->stage != STAGE_RUNS)
		return;
	s->why = why;
	s->stage = STAGE_ASKED;
	s->stage_end = clock_ms() + AGAIN_MS;
	jobs_signal(&s->x->jobs, s->job, SIGINT);
}

static void
step_ask_again(struct step *s, int64_t now)
{
	s->stage = STAGE_ASKED_AGAIN;
	s->stage_end = now + GRACE_MS - AGAIN_MS;
	jobs_signal(&s->x->jobs, s->job, SIGINT);
}

static void
step_kill(struct step *s, int64_t now)
{
	s->stage = STAGE_KILLED;
	s->stage_end = now + KILL_MS;
	jobs_kill(&s->x->jobs, s->job);
}

static void
step_next_stage(struct step *s, int64_t now)
{
	if (s->stage == STAGE_ASKED)
		step_ask_again(s, now);
	else if (s->stage == STAGE_ASKED_AGAIN)
		step_kill(s, now);
	else
		jobs_abandon(&s->x->jobs, s->job);
}

static void
step_output(int stream, const char *p, size_t n, void *arg)
{
	struct step *s = arg;

	collect_add(&s->out, p, n);
	if (s->live)
		s->live(stream, p, n, s->arg);
	if (collect_full(&s->out))
		step_stop(s, WHY_OUTPUT);
}

static void
step_clock(struct step *s, int64_t now)
{
	const struct executor_opts *o = &s->x->o;

	if (s->stage == STAGE_RUNS && s->limit && now >= s->start + s->limit)
		step_stop(s, WHY_TIME);
	if (s->stage != STAGE_RUNS && now >= s->stage_end)
		step_next_stage(s, now);
	while (o->on_second && now >= s->second) {
		o->on_second(s->second - s->start, s->limit, o->arg);
		s->second += SECOND_MS;
	}
}

static void
step_signals(struct step *s)
{
	struct loop *l = s->x->o.loop;
	int n = loop_take_interrupts(l);

	if (loop_terminated(l)) {
		s->why = WHY_USER;
		jobs_abandon(&s->x->jobs, s->job);
		return;
	}
	if (n > 0 && s->stage == STAGE_RUNS) {
		step_stop(s, WHY_USER);
		n--;
	}
	if (n > 0 && s->stage != STAGE_KILLED)
		step_kill(s, clock_ms());
}

static int
step_patience(const struct step *s, int64_t now)
{
	int64_t until = INT64_MAX;

	if (s->stage != STAGE_RUNS)
		until = s->stage_end;
	else if (s->limit)
		until = s->start + s->limit;
	if (s->x->o.on_second)
		until = MIN_OF(until, s->second);
	if (until == INT64_MAX)
		return -1;
	return (int)MAX_OF(MIN_OF(until - now, (int64_t)INT32_MAX), (int64_t)0);
}

/* Turns the loop until the job leaves `state`. */
static void
step_wait(struct step *s, enum job_state state)
{
	while (s->job->state == state) {
		executor_watch(s->x);
		loop_wait(s->x->o.loop, step_patience(s, clock_ms()));
		step_signals(s);
		if (s->job->state == state)
			step_clock(s, clock_ms());
	}
}

static void
step_begin(struct step *s, int64_t limit)
{
	s->start = clock_ms();
	s->second = s->start + SECOND_MS;
	s->limit = limit;
}

/* ---- results ---- */

static void
not_run(struct step_result *r, char *note)
{
	*r = (struct step_result){.end = STEP_NOT_RUN, .status = 127, .note = note};
}

/* "shell, python": what could be run instead. */
static void
add_available(struct buf *b)
{
	const struct kernel *k;
	bool any = false;

	for (size_t i = 0; (k = kernel_at(i)); i++) {
		if (!kernel_installed(k))
			continue;
		buf_addf(b, "%s%s", any ? ", " : "", k->name);
		any = true;
	}
	buf_adds(b, any ? "" : "nothing");
}

/* A note when this cannot be run at all, or NULL. */
static char *
refuse(const char *language, const struct kernel *k, const char *code, size_t n)
{
	struct buf b = BUF_INIT(4 * KIB);

	if (k && kernel_installed(k) && n <= CODE_MAX && !memchr(code, 0, n))
		return NULL;
	if (!k || !kernel_installed(k)) {
		if (k)
			buf_addf(&b,
				 "%s is not installed here (the user can install the "
				 "package %s); available: ",
				 k->name, k->debian);
		else
			buf_addf(&b,
				 "no language is called '%.40s'; available: ", language);
		add_available(&b);
	} else if (n > CODE_MAX) {
		buf_addf(&b,
			 "the code is %zu bytes long, more than the %zu of a step; write "
			 "it to a file in parts",
			 n, (size_t)CODE_MAX);
	} else {
		buf_adds(&b, "the code holds a NUL byte");
	}
	return buf_take(&b);
}

static void
result_note(const struct step *s, struct step_result *r)
{
	struct buf b = BUF_INIT(2 * KIB);

	if (s->why == WHY_OUTPUT)
		buf_addf(&b, "stopped: more than %zu MiB of output\n",
			 s->x->o.limits.spill_bytes / MIB);
	if (s->why == WHY_TIME)
		buf_addf(&b,
			 "it ran longer than %.0f s; run long work in the background with "
			 "its output in a file, or in smaller parts\n",
			 (double)s->limit / 1000);
	if (r->state_lost && s->job->limit)
		buf_addf(&b, "killed by the limit of %s\n", s->job->limit);
	if (r->state_lost)
		buf_addf(
		    &b,
		    "the %s interpreter is gone with its variables and working folder; "
		    "the next step starts a fresh one\n",
		    s->job->kernel->name);
	if (r->fresh)
		buf_adds(&b, "variables, imports and working folder of earlier steps were "
			     "lost\n");
	if (s->out.spill_error.kind)
		buf_addf(&b, "the whole output could not be kept: %s\n",
			 s->out.spill_error.msg);
	if (b.len > 0) {
		buf_truncate(&b, b.len - 1);
		r->note = buf_take(&b);
	}
	buf_release(&b);
}

static void
result_end(const struct step *s, struct step_result *r)
{
	const struct job *job = s->job;

	r->state_lost = job->state == JOB_NONE;
	if (!r->state_lost) {
		r->status = job->status;
	} else if (s->stage == STAGE_KILLED || WIFSIGNALED(job->wait_status)) {
		r->signal = s->stage == STAGE_KILLED ? SIGKILL : WTERMSIG(job->wait_status);
		r->status = 128 + r->signal;
	} else {
		r->status = WEXITSTATUS(job->wait_status);
	}
	if (s->why == WHY_TIME)
		r->end = STEP_TIMEOUT;
	else if (s->why == WHY_USER)
		r->end = STEP_INTERRUPTED;
	else
		r->end = r->state_lost ? STEP_EXITED : STEP_DONE;
}

static void
result_fill(struct step *s, struct step_result *r, const char *cwd_before,
	    uint64_t cpu_before)
{
	const struct job *job = s->job;

	result_end(s, r);
	r->wall_ms = clock_ms() - s->start;
	if (job->cpu_us > cpu_before)
		r->cpu_ms = (int64_t)((job->cpu_us - cpu_before) / 1000);
	r->output = collect_end(&s->out, &r->omitted_bytes);
	r->total_bytes = s->out.total_bytes;
	r->spill_path = TAKE(s->out.path);
	if (job->cwd && cwd_before && strcmp(job->cwd, cwd_before) != 0) {
		struct buf b = BUF_INIT(3 * SBX_RECORD_MAX);

		utf8_repair(&b, job->cwd, strlen(job->cwd));
		r->cwd = buf_take(&b);
	}
	result_note(s, r);
}

/* ---- running ---- */

static char *
start_note(const struct job *job, const struct buf *said)
{
	char msg[1024], hint[512];

	if (job->fail.step[0]) {
		sbx_fail_text(&job->fail, msg, sizeof(msg), hint, sizeof(hint));
		return mem_printf("%s could not be started: %s", job->kernel->name, msg);
	}
	return mem_printf("%s could not be started: %.*s", job->kernel->name,
			  (int)MIN_OF(said->len, KIB), said->len ? said->data : "");
}

/* Brings the interpreter to where it takes code. An empty step then tells its folder. False
 * with the result filled when it does not come up. */
static bool
step_ensure(struct step *s, struct step_result *r)
{
	struct job *job = s->job;

	if (job->state == JOB_IDLE)
		return true;
	r->fresh = job->lost;
	buf_reset(&job->stray);
	step_begin(s, START_MS);
	if (jobs_start(&s->x->jobs, job))
		step_wait(s, JOB_STARTING);
	if (job->state == JOB_IDLE && jobs_run(&s->x->jobs, job, "", 0))
		step_wait(s, JOB_BUSY);
	if (job->state == JOB_IDLE && s->stage == STAGE_RUNS)
		return true;
	if (job->state != JOB_NONE)
		jobs_abandon(&s->x->jobs, job);
	job->lost = r->fresh;
	not_run(r, start_note(job, &job->stray));
	if (s->why == WHY_USER)
		r->end = STEP_INTERRUPTED;
	return false;
}

static void
step_run(struct step *s, const char *code, size_t n, struct step_result *r)
{
	struct job *job = s->job;
	AUTO_FREE char *cwd = NULL;
	uint64_t cpu;

	if (!step_ensure(s, r))
		return;
	cwd = mem_strdup(job->cwd);
	cpu = job->cpu_us;
	if (job->stray.len > 0)
		step_output(1, job->stray.data, job->stray.len, s);
	buf_reset(&job->stray);
	step_begin(s, s->x->o.limits.wall_ms);
	s->x->jobs.output = step_output;
	s->x->jobs.arg = s;
	if (jobs_run(&s->x->jobs, job, code, n))
		step_wait(s, JOB_BUSY);
	s->x->jobs.output = NULL;
	result_fill(s, r, cwd, cpu);
}

enum err_kind
executor_run(struct executor *x, const char *language, const char *code, size_t n,
	     step_output_fn *live, void *arg, struct step_result *out, struct err *e)
{
	const struct kernel *k = kernel_find(language);
	char *refused = refuse(language, k, code, n);
	struct step s = {.x = x, .live = live, .arg = arg};
	enum err_kind kind;

	*out = (struct step_result){.end = STEP_DONE};
	if (refused) {
		not_run(out, refused);
		return ERR_NONE;
	}
	kind = executor_ready(x, e);
	if (kind)
		return kind;
	s.job = jobs_of(&x->jobs, k);
	collect_init(&s.out, MIN_OF(x->o.limits.show_bytes, x->o.limits.keep_bytes),
		     x->o.spill_dir, x->o.limits.spill_bytes);
	step_run(&s, code, n, out);
	collect_release(&s.out);
	if (x->jobs.dead) {
		step_result_release(out);
		return executor_fail(x, e);
	}
	return ERR_NONE;
}
