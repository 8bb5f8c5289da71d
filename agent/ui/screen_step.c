/* Steps on the screen: their code, output and end. See screen.h. Pinned by tests/e2e. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/screen_int.h"

/* A blank row before what begins anew, where somebody looks at it. */
void
screen_gap(struct screen *s)
{
	if (s->answered && term_err_tty(s->o.term))
		term_line(s->o.term, TERM_SIDE, STYLE_PLAIN, "");
}

/* Whether steps are shown: in a script that asked for quiet they are progress. */
static bool
screen_shows_steps(const struct screen *s)
{
	return !s->o.final_only || s->o.interactive;
}

void
screen_step_begin(void *arg, const struct step *step, bool asked)
{
	struct screen *s = arg;

	s->step = step->number;
	if (!screen_shows_steps(s))
		return;
	if (!asked)
		screen_gap(s);
	if (!asked)
		live_code(s->o.term, step);
	live_free(s->live);
	s->live = live_new(s->o.term);
	screen_activity(s, "running");
	term_flush(s->o.term, NULL);
}

static void
screen_live(const char *p, size_t n, void *arg)
{
	live_feed(arg, p, n);
}

void
screen_step_output(void *arg, int stream, const char *p, size_t n)
{
	struct screen *s = arg;

	if (attach_output(s, stream, p, n) || !s->live)
		return;
	if (stream == EXECUTE_TERMINAL)
		terminal_text_feed(&s->at.text, p, n, screen_live, s->live);
	else
		live_feed(s->live, p, n);
	screen_status(s);
}

void
screen_step_terminal(void *arg, enum step_terminal what)
{
	attach_terminal(arg, what);
}

void
screen_step_second(void *arg, int64_t elapsed_ms, int64_t limit_ms)
{
	struct screen *s = arg;

	s->detail[0] = '\0';
	if (limit_ms > 0 && elapsed_ms * 2 >= limit_ms)
		snprintf(s->detail, sizeof(s->detail), "%lld s left",
			 (long long)((limit_ms - elapsed_ms) / 1000));
	screen_status(s);
}

void
screen_step_end(void *arg, const struct step *step, const struct step_result *r)
{
	static const char *const words[] = {[STEP_DONE] = "exit",
					    [STEP_EXITED] = "ended, exit",
					    [STEP_TIMEOUT] = "time is up, exit",
					    [STEP_INTERRUPTED] = "interrupted, exit",
					    [STEP_NOT_RUN] = "not run, exit"};
	struct screen *s = arg;
	bool fine = r->end == STEP_DONE && r->status == 0;

	(void)step;
	if (!s->live)
		return;
	live_end(s->live, r);
	live_free(TAKE(s->live));
	if (!fine)
		term_linef(s->o.term, TERM_SIDE, STYLE_WARN, "[%s %d · %.1f s]",
			   words[r->end], r->status, (double)r->wall_ms / 1000.0);
	if (r->note)
		term_linef(s->o.term, TERM_SIDE, STYLE_NOTICE, "[%s]", r->note);
	s->o.files(r->changes, s->o.files_arg);
	screen_activity(s, "thinking");
	term_flush(s->o.term, NULL);
}
