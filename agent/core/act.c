/* Running a step. See act.h. Pinned by tests/unit/test_approve.c and tests/e2e. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/core/act.h"
#include "agent/core/gate.h"

#define ACT_SOURCE_MAX 80 /* bytes of a step's first line, to name it by */

char *
act_source(const struct step *step)
{
	size_t n = 0;

	while (n < step->len && n < ACT_SOURCE_MAX && step->code[n] != '\n')
		n++;
	n -= utf8_tail(step->code, n);
	return mem_printf("step %u, %s: %.*s%s", step->number, step->kernel->name, (int)n,
			  step->code, n < step->len ? " …" : "");
}

static void
act_live(int stream, const char *p, size_t n, void *arg)
{
	struct session *s = arg;

	if (s->sink.step_output)
		s->sink.step_output(s->sink.arg, stream, p, n);
}

enum err_kind
act_run(struct session *s, struct step *step, bool asked, struct step_result *r,
	struct buf *text, struct err *e)
{
	enum err_kind kind;

	if (!step->cleared)
		return err_set(e, ERR_INTERNAL, "a step that nobody let pass is not run");
	s->steps++;
	if (s->sink.step_begin)
		s->sink.step_begin(s->sink.arg, step, asked);
	executor_number(s->executor, step->number);
	kind = executor_run(s->executor, step->kernel->name, step->code, step->len,
			    act_live, s, r, e);
	if (kind)
		return kind;
	step->label =
	    gate_label(s); /* now: the policy may have been widened while it ran */
	kind = transcript_step(s->transcript, step, r, e);
	if (kind)
		return kind;
	if (s->model && s->model->tools != MODEL_TOOLS_NO)
		r->step = step->number;
	outputs_add(&s->outputs, step->number, r);
	outputs_set_mark(&s->outputs, step->number, step->label);
	r->head = step_result_text(r, step->kernel, text);
	if (s->sink.step_end)
		s->sink.step_end(s->sink.arg, step, r);
	return ERR_NONE;
}
