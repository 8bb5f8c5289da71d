/* One task. See turn.h.
 *
 * The loop: fit the conversation into the window, ask the model, store the reply, run each call
 * in its order, store each result, until a reply holds none. Whatever ends it early leaves a
 * conversation that every wire accepts: each call has its result, partial text is a reply.
 * Asking lives in request.c, so that this file is about steps.
 * Pinned by tests/unit/test_turn.c and tests/e2e. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/core/approve.h"
#include "agent/core/aside.h"
#include "agent/core/call.h"
#include "agent/core/governor.h"
#include "agent/core/request.h"
#include "agent/core/turn.h"

#define TURN_RESULT_MAX (256 * KIB) /* bytes of one result as the model gets it */

struct turn {
	struct session *s;
	struct governor g;
};

/* Stores a result in conversation and transcript. */
static enum err_kind
turn_add_answer(struct session *s, const char *tool, const char *call_id, const char *text,
		size_t n, struct err *e)
{
	struct msg *m = msg_addn(&s->msgs, MSG_TOOL, text, n);

	m->label = LABEL_UNTRUSTED;
	m->source = mem_strdup(tool);
	m->name = mem_strdup(tool);
	m->call_id = mem_strdup(call_id);
	return transcript_msg(s->transcript, m, NULL, e);
}

static enum err_kind
turn_add_result(struct session *s, const char *call_id, const char *text, size_t n,
		struct err *e)
{
	return turn_add_answer(s, "execute", call_id, text, n, e);
}

static void
turn_live(int stream, const char *p, size_t n, void *arg)
{
	struct session *s = arg;

	if (s->sink.step_output)
		s->sink.step_output(s->sink.arg, stream, p, n);
}

/* Runs a step that was decided on; `text` gets the result as the model shall read it. */
static enum err_kind
turn_execute(struct session *s, const struct step *step, bool asked, struct step_result *r,
	     struct buf *text, struct err *e)
{
	enum err_kind kind;

	s->steps++;
	if (s->sink.step_begin)
		s->sink.step_begin(s->sink.arg, step, asked);
	executor_number(s->executor, step->number);
	kind = executor_run(s->executor, step->kernel->name, step->code, step->len,
			    turn_live, s, r, e);
	if (kind)
		return kind;
	kind = transcript_step(s->transcript, step, r, e);
	if (kind)
		return kind;
	if (s->model && s->model->tools != MODEL_TOOLS_NO)
		r->step = step->number;
	outputs_add(&s->outputs, step->number, r);
	step_result_text(r, step->kernel, text);
	if (s->sink.step_end)
		s->sink.step_end(s->sink.arg, step, r);
	return ERR_NONE;
}

static void
turn_refusal_text(const struct decision *d, struct buf *text)
{
	buf_adds(text, "Not run: the user declined this step.");
	if (d->reason && *d->reason)
		buf_addf(text, " The user's words: %s", d->reason);
	else
		buf_adds(text, " Ask what to do instead, or propose another way.");
}

/* The user's time to decide is no reason to take the question away. */
static enum err_kind
turn_approve(struct turn *t, struct step *step, struct decision *d, bool *asked,
	     struct err *e)
{
	enum err_kind kind;

	t->g.hold = true;
	kind = approve_step(t->s, step, d, asked, e);
	t->g.hold = false;
	if (kind || !t->g.over)
		return kind;
	approve_release(d);
	return governor_check(&t->g, false, e);
}

/* Runs one step of the model: asks, executes, stores the result. *stop: nothing further of this
 * reply is to be run. */
static enum err_kind
turn_step(struct turn *t, const struct call *a, bool *stop, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(TURN_RESULT_MAX);
	struct session *s = t->s;
	struct step_result r = {0};
	struct decision d;
	struct step step;
	bool asked;
	enum err_kind kind;

	approve_prepare(s, &step, kernel_find(a->language), a->code, a->len, false);
	step.call_id = a->call_id;
	kind = turn_approve(t, &step, &d, &asked, e);
	if (kind)
		return kind;
	if (d.kind == DECIDE_RUN) {
		kind = turn_execute(s, &step, asked, &r, &text, e);
		if (!kind)
			kind = turn_add_result(s, a->call_id, buf_str(&text), text.len, e);
		if (!kind && r.end == STEP_INTERRUPTED)
			kind = err_set(e, ERR_INTERRUPTED, "interrupted");
		if (!kind)
			kind = governor_step(&t->g, &step, &r, e);
		step_result_release(&r);
	} else if (d.kind == DECIDE_NO) {
		*stop = true;
		turn_refusal_text(&d, &text);
		kind = turn_add_result(s, a->call_id, buf_str(&text), text.len, e);
		if (!kind && !asked)
			kind = governor_problem(&t->g, e);
	} else if (d.kind == DECIDE_STOP) {
		kind = err_set(e, ERR_INTERRUPTED, "stopped by the user");
	} else {
		kind = err_set(e, ERR_GATE,
			       "step %u (%s) needs a confirmation and nobody can be asked",
			       step.number, step.kernel->name);
		err_hint(e, "run it in a terminal, or let it run without asking: -y");
	}
	approve_release(&d);
	return kind;
}

/* Answers a call of `output`: it needs no question, for the model was owed those lines. One that
 * names nothing that is there counts with the calls that cannot be run. */
static enum err_kind
turn_page(struct turn *t, const struct call *a, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(OUTPUT_BYTES_MAX + KIB);
	struct session *s = t->s;
	enum err_kind kind = governor_check(&t->g, true, e);
	bool found;

	if (kind)
		return kind;
	found = output_page(&s->outputs, &a->ask, &text);
	session_notice(s, NOTICE_INFO,
		       "the model reads the output of step %lld from line %lld",
		       (long long)a->ask.step, (long long)a->ask.from);
	kind = turn_add_answer(s, "output", a->call_id, buf_str(&text), text.len, e);
	if (kind)
		return kind;
	return found ? governor_page(&t->g, &a->ask, e) : governor_problem(&t->g, e);
}

/* One entry of a reply: run, or answered with its problem, or passed over. */
static enum err_kind
turn_entry(struct turn *t, struct call *a, bool *stop, struct err *e)
{
	static const char passed_over[] =
	    "Not run: an earlier step of this reply was not run.";
	enum err_kind kind;

	if (*stop)
		return turn_add_result(t->s, a->call_id, passed_over, strlen(passed_over),
				       e);
	if (a->problem) {
		session_notice(t->s, NOTICE_WARN, "%s", a->problem);
		kind = turn_add_result(t->s, a->call_id, a->problem, strlen(a->problem), e);
		return kind ? kind : governor_problem(&t->g, e);
	}
	if (a->pages)
		return turn_page(t, a, e);
	if (a->mended.code)
		session_notice(t->s, NOTICE_INFO,
			       "the model wrapped its code; the step is what was meant");
	kind = governor_check(&t->g, true, e);
	return kind ? kind : turn_step(t, a, stop, e);
}

/* After an early end, gives each call that has no result one, so that the next request is valid
 * on every wire. `e` is the reason and stays. */
static void
turn_close_calls(struct session *s, size_t reply, size_t from)
{
	static const char text[] = "Not run: the user interrupted, or the task ended here.";
	size_t ncalls = s->msgs.at[reply].ncalls;

	for (size_t i = from; i < ncalls; i++) {
		const char *id = s->msgs.at[reply].calls[i].id;
		size_t k = reply + 1;

		while (k < s->msgs.n &&
		       !(s->msgs.at[k].call_id && strcmp(s->msgs.at[k].call_id, id) == 0))
			k++;
		if (k == s->msgs.n)
			turn_add_result(s, id, text, strlen(text), NULL);
	}
}

/* Runs the calls of the reply at index `reply`. *ran: there was something to do. */
static enum err_kind
turn_calls(struct turn *t, size_t reply, bool *ran, struct err *e)
{
	struct session *s = t->s;
	size_t n = s->msgs.at[reply].ncalls;
	enum err_kind kind = ERR_NONE;
	bool stop = false;

	*ran = n > 0;
	for (size_t i = 0; i < n && !kind; i++) {
		/* msgs may move while results are added: read the call anew each time */
		struct call a = call_read(&s->msgs.at[reply].calls[i]);

		kind = turn_entry(t, &a, &stop, e);
		if (kind)
			turn_close_calls(s, reply, i);
		call_release(&a);
	}
	return kind;
}

/* The same for a model without tools: each block with a language is a step. */
static enum err_kind
turn_fences(struct turn *t, size_t reply, bool *ran, struct err *e)
{
	AUTO_FREE char *text = mem_strdup(t->s->msgs.at[reply].text);
	struct fence_list list;
	enum err_kind kind = ERR_NONE;
	bool stop = false;

	*ran = false;
	fence_find(text, strlen(text), &list);
	for (size_t i = 0; i < list.n && !kind; i++) {
		struct call a;

		if (!call_in_fence(&list.at[i]))
			continue;
		*ran = true;
		a = call_read_fence(&list.at[i]);
		kind = turn_entry(t, &a, &stop, e);
		call_release(&a);
	}
	fence_release(&list);
	return kind;
}

/* A last reply without a word: an error when nothing at all came of the task. */
static enum err_kind
turn_check_empty(const struct turn *t, struct err *e)
{
	const struct msg *m = &t->s->msgs.at[t->s->msgs.n - 1];

	if (m->role != MSG_ASSISTANT || m->text[strspn(m->text, " \t\r\n")])
		return ERR_NONE;
	if (t->g.steps > 0) {
		session_notice(t->s, NOTICE_WARN, "the model ended without an answer");
		return ERR_NONE;
	}
	err_set(e, ERR_MODEL, "the model's reply is empty%s",
		m->reasoning ? ": it only thought" : "");
	err_hint(e, "try again, or take another model");
	return ERR_MODEL;
}

/* The end of a task: what was pending is taken, the reason told. */
static enum err_kind
turn_end(struct turn *t, enum err_kind kind, struct err *e)
{
	struct session *s = t->s;

	if (loop_take_interrupts(s->loop) > 0 && !kind)
		kind = err_set(e, ERR_INTERRUPTED, "interrupted");
	if (kind == ERR_INTERRUPTED && t->g.over)
		kind = governor_check(&t->g, false, e);
	if (loop_terminated(s->loop))
		kind = err_set(e, ERR_TERMINATED, "terminated");
	if (kind)
		transcript_note(s->transcript,
				kind == ERR_INTERRUPTED ? "interrupted" : "error",
				e ? e->msg : "", NULL);
	return kind;
}

static enum err_kind
turn_loop(struct session *s, struct err *e)
{
	struct turn t = {.s = s};
	enum err_kind kind;
	bool ran = true;

	governor_begin(&t.g, s);
	do {
		kind = governor_check(&t.g, false, e);
		if (!kind)
			kind = request_run(s, e);
		if (kind)
			break;
		governor_reply(&t.g);
		if (s->conf.approve == APPROVE_NEVER &&
		    s->msgs.at[s->msgs.n - 1].ncalls == 0)
			ran = false;
		else if (s->model->tools == MODEL_TOOLS_NO)
			kind = turn_fences(&t, s->msgs.n - 1, &ran, e);
		else
			kind = turn_calls(&t, s->msgs.n - 1, &ran, e);
	} while (!kind && ran);
	if (!kind)
		kind = turn_check_empty(&t, e);
	governor_end(&t.g);
	return turn_end(&t, kind, e);
}

enum err_kind
turn_run(struct session *s, const char *text, size_t n, struct err *e)
{
	AUTO_FREE char *news = TAKE(s->news);
	AUTO_BUF struct buf whole =
	    BUF_INIT(n + s->aside.len + (news ? strlen(news) : 0) + 64);
	enum err_kind kind = session_begin(s, e);
	struct msg *m;
	size_t aside;

	if (kind)
		return kind;
	if (news)
		buf_adds(&whole, news);
	buf_add(&whole, s->aside.data, s->aside.len);
	buf_reset(&s->aside);
	if (whole.len)
		buf_addc(&whole, '\n');
	aside = whole.len;
	buf_add(&whole, text, n);
	m = msg_addn(&s->msgs, MSG_USER, buf_str(&whole), whole.len);
	m->label = LABEL_USER;
	m->aside = aside;
	kind = transcript_msg(s->transcript, m, NULL, e);
	return kind ? kind : turn_loop(s, e);
}

enum err_kind
turn_again(struct session *s, struct err *e)
{
	if (!session_last_user(s))
		return err_set(e, ERR_USAGE, "there is no task to try again");
	return turn_loop(s, e);
}

/* Keeps what the user ran himself for his next message; the oldest goes where it is too much. */
static enum err_kind
turn_add_aside(struct session *s, const struct kernel *k, const char *code, size_t n,
	       const struct buf *result, struct err *e)
{
	AUTO_BUF struct buf b = BUF_INIT(ASIDE_STEP_MAX);
	size_t code_n = MIN_OF(n, ASIDE_STEP_MAX / 4),
	       result_n = MIN_OF(result->len, ASIDE_STEP_MAX / 2);

	buf_addf(&b, "I ran this %s code myself:\n", k->name);
	buf_add(&b, code, code_n - utf8_tail(code, code_n));
	buf_adds(&b, "\nIts result: ");
	buf_add(&b, result->data, result_n - utf8_tail(result->data, result_n));
	buf_addc(&b, '\n');
	aside_add(&s->aside, buf_str(&b), b.len);
	return transcript_note(s->transcript, "aside", buf_str(&b), e);
}

enum err_kind
turn_user_code(struct session *s, const struct kernel *k, const char *code, size_t n,
	       int *status, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(TURN_RESULT_MAX);
	struct step_result r = {0};
	struct decision d;
	struct step step;
	bool asked;
	enum err_kind kind = session_begin(s, e);

	if (kind)
		return kind;
	approve_prepare(s, &step, k, code, n, true);
	kind = approve_step(s, &step, &d, &asked, e);
	if (kind)
		return kind;
	approve_release(&d);
	kind = turn_execute(s, &step, true, &r, &text, e);
	if (kind) {
		step_result_release(&r);
		return kind;
	}
	if (status)
		*status = r.status;
	step_result_release(&r);
	return turn_add_aside(s, k, code, n, &text, e);
}
