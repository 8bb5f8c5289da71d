/* The machine of a step under way. Contract in step.h.
 *
 * Its end is the job's state (idle again, or gone), which the jail's events set; the clock and
 * the user's signals are looked at after each turn of the loop.
 *
 * Pinned by tests/unit/test_execute.c. */
#include <signal.h>

#include "agent/base/clock.h"
#include "tools/step.h"

#define AGAIN_MS  1000 /* from SIGINT to another: one may be lost while code starts */
#define GRACE_MS  2000 /* from the first SIGINT to the kill */
#define KILL_MS	  3000 /* from the kill to giving the interpreter up */
#define SECOND_MS 1000 /* between two calls of on_second */

static void
executor_io(int fd, short revents, void *arg)
{
	struct executor *x = arg;

	(void)revents;
	jobs_read(&x->jobs);
	if (x->jobs.dead)
		loop_unwatch(x->o.loop, fd);
}

void
executor_watch(struct executor *x)
{
	struct sbx_session *s = x->o.sandbox;
	short want = (short)(POLLIN | (sbx_session_wants_write(s) ? POLLOUT : 0));

	if (x->jobs.dead || want == x->watching)
		return;
	x->watching = want;
	loop_watch(x->o.loop, sbx_session_fd(s), want, executor_io, x);
}

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
step_keep_error(struct step *s, const char *p, size_t n)
{
	size_t keep = MIN_OF(n, (size_t)EXPLAIN_TEXT_MAX);

	if (s->err.len + keep > EXPLAIN_TEXT_MAX)
		buf_consume(&s->err, s->err.len + keep - EXPLAIN_TEXT_MAX);
	buf_add(&s->err, p + n - keep, keep);
}

static void
step_text(const char *p, size_t n, void *arg)
{
	struct step *s = arg;

	collect_add(&s->out, p, n);
}

void
step_output(int stream, const char *p, size_t n, void *arg)
{
	struct step *s = arg;

	if (stream == TERMINAL_STREAM)
		terminal_text_feed(&s->text, p, n, step_text, s);
	else
		collect_add(&s->out, p, n);
	if (stream != 1)
		step_keep_error(s, p, n);
	if (s->live)
		s->live(stream, p, n, s->arg);
	if (collect_full(&s->out))
		step_stop(s, WHY_OUTPUT);
}

static void
step_clock(struct step *s, int64_t now)
{
	const struct executor_opts *o = &s->x->o;

	if (s->stage != STAGE_RUNS && now >= s->stage_end)
		step_next_stage(s, now);
	if (s->held)
		return;
	if (s->stage == STAGE_RUNS && s->limit && now >= s->start + s->limit)
		step_stop(s, WHY_TIME);
	while (now >= s->second) {
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
	else if (s->held)
		return -1;
	else if (s->limit)
		until = s->start + s->limit;
	until = MIN_OF(until, s->second);
	if (until == INT64_MAX)
		return -1;
	return (int)MAX_OF(MIN_OF(until - now, (int64_t)INT32_MAX), (int64_t)0);
}

static void
step_shift_clock(struct step *s, int64_t ms)
{
	s->start += ms;
	s->stood += ms;
	if (s->second != INT64_MAX)
		s->second += ms;
}

static void
step_tell_waits(struct step *s)
{
	const struct executor_opts *o = &s->x->o;

	if (s->waits == s->job->waits)
		return;
	s->waits = s->job->waits;
	if (o->on_terminal && !s->ours)
		o->on_terminal(s->waits ? STEP_WAITS : STEP_WAITS_NOT, o->arg);
}

/* What the user takes to answer is not the step's time. */
static void
step_attend(struct step *s)
{
	struct executor *x = s->x;
	int64_t before = clock_ms();

	if (!x->attend.needed || s->stage != STAGE_RUNS || loop_pending(x->o.loop) ||
	    !x->attend.needed(x->attend.arg))
		return;
	loop_unwatch(x->o.loop, sbx_session_fd(x->o.sandbox));
	x->watching = 0;
	jobs_watch_terminals(&x->jobs, false);
	x->attend.attend(x->attend.arg);
	jobs_watch_terminals(&x->jobs, true);
	/* Unless the clock stood before and stands still: that is counted at its end. */
	if (!s->held || s->held >= before)
		step_shift_clock(s, clock_ms() - before);
}

/* Code that ends while its interpreter is being killed does not save that: the result must tell. */
static bool
step_goes_on(const struct step *s, enum job_state state)
{
	return s->job->state == state ||
	       (s->stage == STAGE_KILLED && s->job->state != JOB_NONE);
}

void
step_wait(struct step *s, enum job_state state)
{
	while (step_goes_on(s, state)) {
		executor_watch(s->x);
		loop_wait(s->x->o.loop, step_patience(s, clock_ms()));
		step_attend(s);
		step_signals(s);
		step_tell_waits(s);
		if (step_goes_on(s, state))
			step_clock(s, clock_ms());
	}
}

void
step_begin(struct step *s, int64_t limit_ms, bool told)
{
	s->start = clock_ms();
	s->limit = limit_ms;
	s->second = told && s->x->o.on_second ? s->start + SECOND_MS : INT64_MAX;
}

bool
step_was_stopped(const struct step *s)
{
	return s->stopped && clock_ms() < s->stopped + GRACE_MS;
}

void
executor_set_terminal(struct executor *x, enum sbx_terminal what)
{
	x->jobs.want = what;
}

void
executor_set_size(struct executor *x, const struct winsize *size)
{
	jobs_size(&x->jobs, size);
}

int
executor_terminal(const struct executor *x)
{
	return x->step ? x->step->job->terminal.fd : -1;
}

bool
executor_type(struct executor *x, const char *p, size_t n)
{
	return x->step && terminal_type(&x->step->job->terminal, p, n);
}

void
executor_hold(struct executor *x, bool on)
{
	struct step *s = x->step;
	int64_t now = clock_ms();

	if (!s || on == (s->held != 0))
		return;
	if (!on)
		step_shift_clock(s, now - s->held);
	s->held = on ? now : 0;
}

void
executor_typed_stop(struct executor *x)
{
	if (x->step)
		x->step->stopped = clock_ms();
}

void
executor_set_attend(struct executor *x, const struct executor_attend *a)
{
	x->attend = *a;
}

bool
executor_busy(const struct executor *x)
{
	return x->busy;
}
