/* Interpreters and their background. See joblist.h.
 *
 * Which interpreters there are the agent knows itself. Their processes are found in /proc: the
 * jail's own processes stand between the session and each interpreter, which is the one that was
 * started with the name of its driver. Code can dress up as something else there, at its own
 * cost: what is shown may be wrong, what is killed is never outside of the jail.
 *
 * Pinned by tests/e2e/test_background.py. */
#include <string.h>

#include "agent/base/mem.h"
#include "tools/joblist.h"
#include "tools/shown.h"
#include "tools/step.h"

#define LAST_MAX 120 /* bytes of the last line */

/* The last line that is not empty; the buffer is not changed. */
static char *
last_line(const struct buf *b)
{
	struct buf out = BUF_INIT(8 * KIB);
	size_t end = b->len, start;

	while (end > 0 && strchr("\r\n ", b->data[end - 1]))
		end--;
	for (start = end; start > 0 && b->data[start - 1] != '\n';)
		start--;
	shown_add(&out, b->data + start, end - start, LAST_MAX);
	return buf_take(&out);
}

static const struct process *
parent_of(const struct process_list *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (l->at[k].pid == l->at[i].parent)
			return &l->at[k];
	return NULL;
}

/* A process of code right below one of the jail's. */
static bool
is_top(const struct process_list *l, size_t i)
{
	const struct process *up = parent_of(l, i);

	return !l->at[i].ours && up && up->ours;
}

static size_t
find_interpreter(const struct process_list *l, const struct kernel *k)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_top(l, i) && strstr(l->at[i].command, k->script_name))
			return i;
	return SIZE_MAX;
}

static size_t
index_of(const struct process_list *l, const struct process *p)
{
	return (size_t)(p - l->at);
}

static void
row_sum(const struct process_list *l, size_t top, struct job_row *r)
{
	for (size_t i = top; i < l->n; i++) {
		if (l->at[i].ours || !process_is_below(l, i, top))
			continue;
		r->count++;
		r->cpu_ms += l->at[i].cpu_ms;
		r->memory += l->at[i].memory;
	}
}

/* What the interpreter started and what it left to the jail to look after. */
static void
list_background(struct job_list *out, const struct kernel *k, size_t interpreter,
		size_t reaper)
{
	const struct process_list *l = &out->all;

	for (size_t i = reaper; i < l->n && out->n < JOB_ROWS_MAX; i++) {
		bool below = l->at[i].parent == l->at[interpreter].pid ||
			     l->at[i].parent == l->at[reaper].pid;

		if (i == interpreter || l->at[i].ours || !below)
			continue;
		out->row[out->n] = (struct job_row){.kernel = k, .at = i};
		row_sum(l, i, &out->row[out->n++]);
	}
}

static void
list_interpreter(struct job_list *out, const struct job *job)
{
	const struct process_list *l = &out->all;
	size_t at = find_interpreter(l, job->kernel);
	struct job_row *r = &out->row[out->n++];

	*r = (struct job_row){.kernel = job->kernel,
			      .at = at,
			      .interpreter = true,
			      .busy = job->state == JOB_BUSY,
			      .stray = job->stray.len + job->stray_filed,
			      .stray_lost = job->stray_lost};
	if (job->stray.len > 0)
		r->last = last_line(&job->stray);
	if (at == SIZE_MAX)
		return;
	row_sum(l, index_of(l, parent_of(l, at)), r);
	list_background(out, job->kernel, at, index_of(l, parent_of(l, at)));
}

void
executor_list(struct executor *x, struct job_list *out)
{
	pid_t top = sbx_session_pid(x->o.sandbox);

	*out = (struct job_list){.n = 0};
	jobs_read(&x->jobs);
	if (top > 0)
		processes_below(top, &out->all);
	for (size_t i = 0; i < JOBS_MAX && out->n < JOB_ROWS_MAX; i++) {
		const struct job *job = &x->jobs.job[i];

		if (job->kernel && (job->state != JOB_NONE || job->stray.len > 0))
			list_interpreter(out, job);
	}
}

void
job_list_release(struct job_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->row[i].last);
	process_list_release(&l->all);
	*l = (struct job_list){.n = 0};
}
