/* What stands around a step's run: output from the background before it, the workspace's files
 * before and after, its output as text or as what else it is. Contract in step.h.
 *
 * Pinned by tests/unit/test_execute.c and tests/e2e/test_output.py. */
#include <fcntl.h>

#include "agent/base/mem.h"
#include "tools/step.h"

static void
step_add_text(const char *p, size_t n, void *arg)
{
	buf_add(arg, p, n);
}

/* Text before and behind binary output stays; between them stands what that is. */
static char *
step_described(const struct collect *c, const char *what, size_t front)
{
	AUTO_FREE char *last = collect_last_text(c);
	struct buf out = BUF_INIT(MAGIC_BYTES + COLLECT_LAST_MAX * 2 + KIB);
	struct fold fold;

	fold_init(&fold, step_add_text, &out);
	if (front > 0)
		fold_feed(&fold, c->sniff.data, front);
	fold_end(&fold);
	fold_release(&fold);
	buf_addf(&out, "%s\n%s", what, last ? last : "");
	return buf_take(&out);
}

void
step_take_output(struct step *s, struct step_result *r)
{
	size_t front = 0;

	r->output = collect_end(&s->out, &r->omitted_bytes);
	r->total_bytes = s->out.total_bytes;
	r->binary = collect_binary(&s->out, &front);
	if (!r->binary)
		return;
	r->omitted_bytes = r->total_bytes - front;
	free(r->output);
	r->output = step_described(&s->out, r->binary, front);
}

/* The workspace as code sees it, for a walk; -1. The caller closes it. */
static int
workspace_open(const struct executor *x)
{
	const struct sbx_policy *p = x->o.policy;
	int stage = sbx_session_stage(x->o.sandbox);

	if (stage >= 0)
		return openat(stage, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return p->workspace_readonly ? -1
				     : open(p->workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void
step_files_after(struct step *s, struct step_result *r)
{
	AUTO_CLOSE int fd = s->x->changes ? workspace_open(s->x) : -1;

	if (fd >= 0)
		r->changes = changes_after(s->x->changes, fd);
}

void
step_files_before(struct step *s)
{
	struct executor *x = s->x;
	AUTO_CLOSE int fd = x->changes ? workspace_open(x) : -1;

	if (fd >= 0)
		changes_before(x->changes, fd);
}

/* What the background said since the last step comes first. */
void
step_take_stray(struct step *s)
{
	struct job *job = s->job;

	s->stray = job->stray.len + job->stray_filed;
	jobs_take_stray(job, step_output, s);
	s->stray_lost = job->stray_lost;
	job->stray_lost = 0;
}
