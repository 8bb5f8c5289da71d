/* What came of a step, put into its result: how it ended, what was hit, what was refused, what to
 * do. Contract in step.h. Pinned by tests/unit/test_execute.c. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/step.h"

/* Says which of the kept outputs went for this one. */
static void
result_note_spills(const struct step *s, struct buf *b)
{
	struct spills *all = &s->x->spills;
	size_t gone = s->out.path ? spills_add(all, s->out.path, s->out.spilled) : 0;

	if (gone > 0)
		buf_addf(b,
			 "kept outputs of a session may take %zu MiB: the files of the "
			 "oldest %zu are removed\n",
			 all->max / MIB, gone);
}

/* What of the language is gone, or was before this step. */
static void
result_note_lost(const struct kernel *k, const struct step_result *r, struct buf *b)
{
	const char *all = k->holds ? k->holds : "processes";

	if (r->fresh)
		buf_addf(b, "a fresh %s interpreter: the %s of earlier steps are lost\n",
			 k->name, all);
	if (r->state_lost)
		buf_addf(b,
			 "the %s interpreter is gone with its %s; the next %s step starts "
			 "a fresh one\n",
			 k->name, all, k->name);
}

/* Output of other languages' background, once: they may have no step for long. */
static void
result_note_others(const struct step *s, struct buf *b)
{
	struct jobs *j = &s->x->jobs;

	for (size_t i = 0; i < JOBS_MAX && j->job[i].kernel; i++) {
		struct job *job = &j->job[i];

		if (job == s->job || job->stray.len == 0 || job->stray_told)
			continue;
		job->stray_told = true;
		buf_addf(b,
			 "%s has output from its background, %zu bytes so far: its next "
			 "step shows it\n",
			 job->kernel->name, job->stray.len + job->stray_filed);
	}
}

static void
result_note(const struct step *s, struct step_result *r)
{
	struct buf b = BUF_INIT(2 * KIB);
	const char *off;

	if (s->why == WHY_OUTPUT)
		buf_addf(&b, "stopped: more than %zu MiB of output\n",
			 s->x->o.limits.spill_bytes / MIB);
	if (s->why == WHY_TIME)
		buf_addf(&b,
			 "it ran longer than %.4g s; run long work in the background with "
			 "its output in a file, or in smaller parts\n",
			 (double)s->limit / 1000);
	if (r->state_lost && s->job->limit && strcmp(s->job->limit, "driver protocol") == 0)
		buf_adds(&b, "killed: the code wrote to a descriptor that its interpreter "
			     "is driven through\n");
	else if (r->state_lost && s->job->limit)
		buf_addf(&b, "killed by the sandbox: %s\n", s->job->limit);
	result_note_lost(s->job->kernel, r, &b);
	if (s->stray > 0)
		buf_addf(&b,
			 "the first %zu bytes of output came from the background since the "
			 "last step\n",
			 s->stray);
	if (s->stray_lost > 0)
		buf_addf(&b, "%zu bytes more from there were not kept\n", s->stray_lost);
	if (s->out.spill_error.kind)
		buf_addf(&b, "the whole output could not be kept: %s\n",
			 s->out.spill_error.msg);
	if (!s->ours)
		result_note_others(s, &b);
	result_note_spills(s, &b);
	if (s->x->changes && (off = changes_note(s->x->changes)))
		buf_addf(&b, "%s\n", off);
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
	else if (s->why == WHY_USER || (r->status != 0 && step_was_stopped(s)))
		r->end = STEP_INTERRUPTED;
	else
		r->end = r->state_lost ? STEP_EXITED : STEP_DONE;
}

/* The jail has told of this path itself, which it saw: absolute, or from the workspace on. */
static bool
result_told(struct executor *x, const char *what)
{
	static const char head[] = "sandbox: ";
	size_t n = strlen(what);

	for (const char *at = buf_str(&x->told); (at = strstr(at, head));) {
		const char *path = at + sizeof(head) - 1, *end = strstr(path, " is ");
		size_t len = end ? (size_t)(end - path) : SIZE_MAX;

		if (len <= n && memcmp(what + n - len, path, len) == 0 &&
		    (len == n || what[n - len - 1] == '/'))
			return true;
		at = path;
	}
	return false;
}

static void
result_say(const struct sbx_notice *n, void *arg)
{
	struct executor *x = arg;

	if (n->sys != EROFS || !result_told(x, n->what))
		executor_say(n, x);
}

/* What the jail told meanwhile, and what can be said about the errors of a step that failed. */
static void
result_explain(struct step *s, struct step_result *r, const char *cwd)
{
	struct executor *x = s->x;
	const struct explain_step step = {x->o.policy, cwd, r->status != 0};

	if (x->idle.kind && r->status != 0)
		executor_say(&x->idle, x);
	x->idle.kind = 0;
	if (step.policy)
		explain_errors(buf_str(&s->err), s->err.len, &step, result_say, x);
	if (step.policy && r->state_lost && s->job->limit &&
	    strcmp(s->job->limit, "driver protocol") != 0)
		explain_limit(s->job->limit, &step.policy->limits, executor_say, x);
	/* Of a shell's command, or the interpreter itself. */
	if (step.policy && r->status == 128 + SIGXFSZ)
		explain_limit("file size", &step.policy->limits, executor_say, x);
	if (x->told.len > 0 && !s->ours) {
		buf_truncate(&x->told, x->told.len - 1);
		r->notices = buf_take(&x->told);
		buf_truncate(&x->named, MAX_OF(x->named.len, (size_t)1) - 1);
		r->named = buf_take(&x->named);
	}
}

void
step_fill_result(struct step *s, struct step_result *r, const char *cwd_before,
		 uint64_t cpu_before)
{
	const struct job *job = s->job;

	result_end(s, r);
	r->wall_ms = clock_ms() - s->start + s->stood;
	if (job->cpu_us > cpu_before)
		r->cpu_ms = (int64_t)((job->cpu_us - cpu_before) / 1000);
	step_take_output(s, r);
	if (!s->ours)
		step_files_after(s, r);
	if (job->cwd && cwd_before && strcmp(job->cwd, cwd_before) != 0) {
		struct buf b = BUF_INIT(3 * SBX_RECORD_MAX);

		utf8_repair(&b, job->cwd, strlen(job->cwd));
		r->cwd = buf_take(&b);
	}
	result_note(s, r);
	r->spill_path = TAKE(s->out.path);
	result_explain(s, r, cwd_before);
}
