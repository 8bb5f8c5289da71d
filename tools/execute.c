/* Running steps. Contract in execute.h.
 *
 * What cannot be run is refused before the sandbox is asked. An interpreter that is not there
 * is started and given an empty step, which tells its folder; then the code is sent, step.c
 * turns the loop, and what came of it is put into the result.
 *
 * Pinned by tests/unit/test_execute.c. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/step.h"

#define READY_MS 20000	   /* until the jail must stand */
#define START_MS 30000	   /* until an interpreter must be ready for code */
#define STOP_MS	 1000	   /* until the jail must have ended by itself */
#define CODE_MAX (4 * MIB) /* bytes of one step's code */

const struct execute_limits execute_limits_default = {.wall_ms = 120 * 1000,
						      .keep_bytes = MIB,
						      .show_bytes = 16 * KIB,
						      .spill_bytes = 256 * MIB,
						      .spills_bytes = 1024 * MIB};

/* Told to the user now and to the model with the result; once until then. */
void
executor_say(const struct sbx_notice *n, void *arg)
{
	struct executor *x = arg;
	AUTO_FREE char *line = explain_line(n);
	size_t len = strlen(line);

	for (const char *at = buf_str(&x->told); (at = strstr(at, line)); at += len)
		if (at[len] == '\n' && (at == x->told.data || at[-1] == '\n'))
			return;
	if (!buf_addf(&x->told, "%s\n", line))
		return;
	explain_named(n, &x->named);
	if (x->o.on_notice)
		x->o.on_notice(line, x->o.arg);
}

static void
executor_notice(const struct sbx_notice *n, void *arg)
{
	struct executor *x = arg;

	if (sbx_notice_idle(n))
		x->idle = *n;
	else
		executor_say(n, x);
}

/* What is filed between steps goes into the next one's own file. */
static void
executor_jobs(struct executor *x, struct sbx_session *sandbox)
{
	jobs_init(&x->jobs, sandbox, x->o.loop);
	x->jobs.stray_dir = x->o.spill_dir;
	x->jobs.stray_max =
	    MIN_OF((size_t)JOBS_STRAY_FILE_MAX, x->o.limits.spill_bytes / 2);
}

struct executor *
executor_new(const struct executor_opts *o)
{
	struct executor *x = mem_alloc(sizeof(*x));

	x->o = *o;
	x->spills.max = o->limits.spills_bytes;
	if (o->policy && o->policy->workspace)
		x->changes = changes_new();
	executor_jobs(x, o->sandbox);
	buf_init(&x->told, EXPLAIN_LINES_MAX);
	buf_init(&x->named, EXPLAIN_LINES_MAX);
	x->jobs.notice = executor_notice;
	x->jobs.notice_arg = x;
	executor_watch(x);
	return x;
}

/* What code left behind is told before the jail goes. */
static void
executor_stop(struct executor *x)
{
	int64_t end = clock_ms() + STOP_MS, left;

	if (!x->jobs.ready || x->jobs.dead || !sbx_session_stop(x->o.sandbox))
		return;
	while (!x->jobs.dead && (left = end - clock_ms()) > 0) {
		struct pollfd p = {.fd = sbx_session_fd(x->o.sandbox), .events = POLLIN};

		if (poll(&p, 1, (int)left) > 0)
			jobs_read(&x->jobs);
	}
}

void
executor_free(struct executor *x)
{
	if (!x)
		return;
	jobs_release(&x->jobs);
	executor_stop(x);
	spills_release(&x->spills);
	changes_free(x->changes);
	loop_unwatch(x->o.loop, sbx_session_fd(x->o.sandbox));
	buf_release(&x->told);
	buf_release(&x->named);
	free(x);
}

void
executor_part(struct executor *x)
{
	changes_free(x->changes);
	loop_unwatch(x->o.loop, sbx_session_fd(x->o.sandbox));
	buf_release(&x->told);
	buf_release(&x->named);
	free(x);
}

void
executor_move(struct executor *x, struct sbx_session *sandbox)
{
	struct jobs old = x->jobs;

	jobs_release(&x->jobs);
	loop_unwatch(x->o.loop, sbx_session_fd(x->o.sandbox));
	x->o.sandbox = sandbox;
	x->watching = 0;
	executor_jobs(x, sandbox);
	x->jobs.want = old.want;
	x->jobs.size = old.size;
	x->jobs.notice = old.notice;
	x->jobs.notice_arg = old.notice_arg;
	executor_watch(x);
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

void
executor_set_wall(struct executor *x, int64_t wall_ms)
{
	x->o.limits.wall_ms = wall_ms;
}

void
executor_number(struct executor *x, unsigned number)
{
	x->number = number;
}

bool
executor_tell(struct executor *x, const struct sbx_notice *n)
{
	if (x->jobs.notice)
		x->jobs.notice(n, x->jobs.notice_arg);
	return x->jobs.notice != NULL;
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

/* ---- results ---- */

static void
not_run(struct step_result *r, char *note)
{
	*r = (struct step_result){.end = STEP_NOT_RUN, .status = 127, .note = note};
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
		kernels_add_installed(&b, "nothing");
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

/* ---- running ---- */

/* Its own last words, else how it went. */
static char *
start_note(const struct step *s, size_t had)
{
	const struct job *job = s->job;
	AUTO_BUF struct buf why = BUF_INIT(2 * KIB);
	char msg[1024], hint[512];

	if (job->fail.step[0]) {
		sbx_fail_text(&job->fail, msg, sizeof(msg), hint, sizeof(hint));
		buf_adds(&why, msg);
	} else if (job->stray.len > had) {
		buf_add(&why, job->stray.data + had, MIN_OF(job->stray.len - had, KIB));
	} else if (s->why == WHY_TIME) {
		buf_addf(&why, "it was not ready within %d s", START_MS / 1000);
	} else if (WIFSIGNALED(job->wait_status)) {
		buf_addf(&why, "it was killed by signal %d (SIG%s)",
			 WTERMSIG(job->wait_status),
			 sigabbrev_np(WTERMSIG(job->wait_status)) ?: "?");
	} else {
		buf_addf(&why, "it ended with exit %d", WEXITSTATUS(job->wait_status));
	}
	return mem_printf("%s could not be started: %s", job->kernel->name, buf_str(&why));
}

/* Brings the interpreter to where it takes code. An empty step then tells its folder. False
 * with the result filled when it does not come up. */
static bool
step_ensure(struct step *s, struct step_result *r)
{
	struct job *job = s->job;
	size_t had = job->stray.len; /* of an interpreter before this one */

	if (job->state == JOB_IDLE) {
		r->fresh = job->untold;
		return true;
	}
	r->fresh = job->lost;
	step_begin(s, START_MS, false);
	if (jobs_start(&s->x->jobs, job))
		step_wait(s, JOB_STARTING);
	if (job->state == JOB_IDLE && jobs_run(&s->x->jobs, job, "", 0))
		step_wait(s, JOB_BUSY);
	if (job->state == JOB_IDLE && s->stage == STAGE_RUNS)
		return true;
	if (job->state != JOB_NONE)
		jobs_abandon(&s->x->jobs, job);
	job->lost = r->fresh;
	not_run(r, s->why == WHY_USER ? NULL : start_note(s, had));
	buf_truncate(&job->stray, MIN_OF(had, job->stray.len));
	if (s->why == WHY_USER) {
		r->end = STEP_INTERRUPTED;
		r->status = 128 + SIGINT;
	}
	return false;
}

static void
step_run(struct step *s, const char *code, size_t n, struct step_result *r)
{
	const struct executor_opts *o = &s->x->o;
	struct job *job = s->job;
	AUTO_FREE char *cwd = NULL;
	bool terminal;
	uint64_t cpu;

	if (!step_ensure(s, r))
		return;
	terminal = !s->ours && job->terminal.fd >= 0 && o->on_terminal;
	cwd = mem_strdup(job->cwd);
	cpu = job->cpu_us;
	job->untold = s->ours && r->fresh;
	if (!s->ours) {
		step_take_stray(s);
		step_files_before(s);
	}
	step_begin(s, s->x->o.limits.wall_ms, !s->ours);
	s->x->jobs.output = step_output;
	s->x->jobs.arg = s;
	job->step = s->x->number;
	s->x->number = 0;
	if (terminal)
		o->on_terminal(STEP_TERMINAL, o->arg);
	if (jobs_run(&s->x->jobs, job, code, n))
		step_wait(s, JOB_BUSY);
	executor_hold(s->x, false);
	if (terminal)
		o->on_terminal(STEP_TERMINAL_OVER, o->arg);
	s->x->jobs.output = NULL;
	step_fill_result(s, r, cwd, cpu);
}

/* Everything but who is asking is filled in. */
static enum err_kind
executor_step(struct step *s, const struct kernel *k, const char *code, size_t n,
	      struct step_result *out, struct err *e)
{
	struct executor *x = s->x;
	enum err_kind kind = executor_ready(x, e);

	if (kind)
		return kind;
	x->busy = true;
	x->step = s->ours ? NULL : s;
	s->job = jobs_of(&x->jobs, k);
	buf_init(&s->err, EXPLAIN_TEXT_MAX);
	collect_init(&s->out, MIN_OF(x->o.limits.show_bytes, x->o.limits.keep_bytes),
		     x->o.spill_dir, x->o.limits.spill_bytes);
	step_run(s, code, n, out);
	collect_release(&s->out);
	buf_release(&s->err);
	x->busy = false;
	x->step = NULL;
	if (!x->jobs.dead)
		return ERR_NONE;
	step_result_release(out);
	return executor_fail(x, e);
}

static enum err_kind
executor_any(struct step *s, const char *language, const char *code, size_t n,
	     struct step_result *out, struct err *e)
{
	const struct kernel *k = kernel_find(language);
	char *refused = refuse(language, k, code, n);

	*out = (struct step_result){.end = STEP_DONE};
	if (!refused)
		return executor_step(s, k, code, n, out, e);
	not_run(out, refused);
	return ERR_NONE;
}

enum err_kind
executor_run(struct executor *x, const char *language, const char *code, size_t n,
	     step_output_fn *live, void *arg, struct step_result *out, struct err *e)
{
	struct step s = {.x = x, .live = live, .arg = arg};

	return executor_any(&s, language, code, n, out, e);
}

enum err_kind
executor_ask(struct executor *x, const char *language, const char *code,
	     struct step_result *out, struct err *e)
{
	struct step s = {.x = x, .ours = true};

	return executor_any(&s, language, code, strlen(code), out, e);
}
