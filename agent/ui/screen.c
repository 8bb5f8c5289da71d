/* The sink that shows a session. See screen.h.
 *
 * Three kinds of text pass here: the answer (Markdown, streamed into md.c or sent on as its
 * source), step output (folded into lines, shown up to a bound; the whole is in the spill
 * file), and the program's own notes. All of it leaves through term.c. Pinned by tests/e2e. */
#include <string.h>
#include <sys/timerfd.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/ui/answer.h"
#include "agent/ui/confirm.h"
#include "agent/ui/line.h"
#include "agent/ui/screen_int.h"

#define SCREEN_FRAME_MS 50	  /* between two drawings of the unfinished end */
#define SCREEN_HELD_MAX (8 * MIB) /* of an answer held back by final_only */

void
screen_arm(int fd, int64_t first_ms, int64_t every_ms)
{
	struct itimerspec spec = {
	    .it_value = {.tv_sec = first_ms / 1000, .tv_nsec = first_ms % 1000 * 1000000},
	    .it_interval = {.tv_sec = every_ms / 1000,
			    .tv_nsec = every_ms % 1000 * 1000000}};

	if (fd >= 0)
		timerfd_settime(fd, 0, &spec, NULL);
}

static void
screen_arm_frame(struct screen *s, int64_t ms)
{
	s->frame_armed = true;
	screen_arm(s->frame_fd, MAX_OF(ms, 1), 0);
}

/* Draws what is there now; what the writer holds back for its pace follows on time. */
static void
screen_draw(struct screen *s)
{
	int due;

	if (s->md)
		md_refresh(s->md);
	term_flush(s->o.term, NULL);
	s->frame_ms = clock_ms();
	due = term_due_ms(s->o.term);
	if (due >= 0)
		screen_arm_frame(s, due);
}

/* Draws now, or as soon as the last drawing is SCREEN_FRAME_MS ago. */
void
screen_draw_soon(struct screen *s)
{
	int64_t wait = s->frame_ms + SCREEN_FRAME_MS - clock_ms();

	if (wait <= 0 || s->frame_fd < 0)
		screen_draw(s);
	else if (
	    !s->frame_armed) /* once a frame, not once a delta: that would cost a call each */
		screen_arm_frame(s, wait);
}

/* "thinking… 3 s · writing code, 1.2 KiB" below the tail. */
void
screen_status(struct screen *s)
{
	AUTO_BUF struct buf text = BUF_INIT(KIB);
	int64_t seconds = (clock_ms() - s->busy_ms) / 1000;
	const char *detail = *s->at.typed ? s->at.typed : s->detail;
	const char *what = s->at.waits ? "waiting for the terminal (Ctrl-T)" : s->busy;
	const char *rest = s->live ? live_unfinished(s->live) : "";

	if (!s->busy) {
		term_status(s->o.term, NULL);
		term_flush(s->o.term, NULL);
		return;
	}
	buf_addf(&text, "%s…", what);
	if (seconds > 0)
		buf_addf(&text, " %lld s", (long long)seconds);
	buf_addf(&text, "%s%s%s%s", *detail ? " · " : "", detail, *rest ? " · " : "", rest);
	term_status(s->o.term, buf_str(&text));
	screen_draw_soon(s);
}

void
screen_activity(struct screen *s, const char *what)
{
	s->busy = what;
	s->busy_ms = clock_ms();
	s->detail[0] = '\0';
	screen_status(s);
}

static void
screen_on_tick(int fd, short revents, void *arg)
{
	struct screen *s = arg;
	uint64_t ticks;

	(void)revents;
	if (read(fd, &ticks, sizeof(ticks)) == sizeof(ticks) && s->busy)
		screen_status(s);
	if (loop_take_resize(s->o.loop))
		screen_resized(s);
}

static void
screen_on_frame(int fd, short revents, void *arg)
{
	struct screen *s = arg;
	uint64_t ticks;

	(void)revents;
	s->frame_armed = false;
	if (read(fd, &ticks, sizeof(ticks)) == sizeof(ticks))
		screen_draw(s);
}

struct screen *
screen_new(const struct screen_opts *o)
{
	struct screen *s = mem_alloc(sizeof(*s));

	s->o = *o;
	s->tick_fd = s->frame_fd = s->at.timer_fd = -1;
	buf_init(&s->held, SCREEN_HELD_MAX);
	return s;
}

void
screen_free(struct screen *s)
{
	if (!s)
		return;
	screen_busy(s, false);
	md_free(s->md);
	live_free(s->live);
	buf_release(&s->held);
	free(s);
}

void
screen_resized(struct screen *s)
{
	term_resized(s->o.term);
	if (s->md)
		md_resize(s->md, term_width(s->o.term));
	attach_resized(s);
}

/* A timer that the loop watches. -1 when there is none to be had: then the status stands still
 * and drawings come with the next text, nothing else is lost. */
int
screen_timer(struct screen *s, loop_fn *fn)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		loop_watch(s->o.loop, fd, POLLIN, fn, s);
	return fd;
}

void
screen_timer_end(struct screen *s, int *fd)
{
	if (*fd < 0)
		return;
	loop_unwatch(s->o.loop, *fd);
	close(*fd);
	*fd = -1;
}

void
screen_busy(struct screen *s, bool busy)
{
	if (busy == (s->tick_fd >= 0))
		return;
	if (busy) {
		s->tick_fd = screen_timer(s, screen_on_tick);
		s->frame_fd = screen_timer(s, screen_on_frame);
		s->frame_armed = false;
		screen_arm(s->tick_fd, 1000, 1000);
		term_typeahead(s->o.term, s->o.loop, true);
		screen_activity(s, "thinking");
		return;
	}
	screen_activity(s, NULL);
	term_typeahead(s->o.term, s->o.loop, false);
	screen_timer_end(s, &s->tick_fd);
	screen_timer_end(s, &s->frame_fd);
}

static bool
screen_lays_out(const struct screen *s)
{
	return !s->o.final_only && (term_out_tty(s->o.term) || s->o.render);
}

static void
screen_reply_begin(void *arg)
{
	struct screen *s = arg;

	if (screen_lays_out(s)) {
		if (s->answered)
			term_line(s->o.term, TERM_ANSWER, STYLE_PLAIN, "");
		md_free(s->md);
		s->md = answer_new(s->o.term, term_out_tty(s->o.term));
	} else if (s->answered && !s->o.final_only) {
		term_source(s->o.term, "\n", 1);
	}
	buf_reset(&s->held);
	s->answered = true;
}

static void
screen_source(struct screen *s, const char *p, size_t n)
{
	term_source(s->o.term, p, n);
	s->line_open = p[n - 1] != '\n';
	term_flush(s->o.term, NULL);
}

static void
screen_text(void *arg, const char *p, size_t n)
{
	struct screen *s = arg;

	if (n == 0)
		return;
	if (s->o.final_only) {
		buf_add(&s->held, p, n);
		return;
	}
	if (!s->md) {
		screen_source(s, p, n);
		return;
	}
	md_feed(s->md, p, n);
	screen_draw_soon(s);
}

static void
screen_reasoning(void *arg, const char *p, size_t n)
{
	struct screen *s = arg;

	(void)p;
	if (n)
		screen_status(s);
}

static void
screen_call_progress(void *arg, const char *name, size_t bytes)
{
	struct screen *s = arg;

	(void)name;
	snprintf(s->detail, sizeof(s->detail), "writing code, %zu bytes", bytes);
}

static void
screen_reply_end(void *arg, bool final, bool aborted)
{
	struct screen *s = arg;

	if (s->o.final_only && final && s->held.len)
		screen_source(s, s->held.data, s->held.len);
	if (s->md) {
		md_finish(s->md);
		md_free(TAKE(s->md));
		term_tail(s->o.term, NULL, 0);
	} else if (s->line_open) {
		screen_source(s, "\n", 1);
	}
	if (aborted && term_out_tty(s->o.term))
		term_line(s->o.term, TERM_SIDE, STYLE_DIM, "[broken off]");
	term_flush(s->o.term, NULL);
}

void
screen_set_line(struct screen *s, struct line *l)
{
	s->line = l;
}

static void
screen_notice(void *arg, enum notice_level level, const char *text)
{
	static const enum style_name styles[] = {STYLE_NOTICE, STYLE_WARN, STYLE_ERROR};
	struct screen *s = arg;
	AUTO_FREE char *line = mem_printf("sunaba: %s", text);

	if (s->line)
		line_notice(s->line, styles[level], line);
	else
		term_line(s->o.term, TERM_SIDE, styles[level], line);
	term_flush(s->o.term, NULL);
}

static void
screen_countdown(void *arg, int64_t remaining_ms, const char *why)
{
	struct screen *s = arg;

	s->detail[0] = '\0';
	if (remaining_ms > 0)
		snprintf(s->detail, sizeof(s->detail), "%.40s, %lld s", why,
			 (long long)((remaining_ms + 999) / 1000));
	screen_status(s);
}

static void
screen_usage(void *arg, const struct usage *u, double cost)
{
	struct screen *s = arg;

	if (!s->o.verbose || u->output < 0)
		return;
	if (cost >= 0)
		term_linef(s->o.term, TERM_SIDE, STYLE_DIM,
			   "[%lld tokens in, %lld out, $%.4f so far]", (long long)u->input,
			   (long long)u->output, cost);
	else
		term_linef(s->o.term, TERM_SIDE, STYLE_DIM, "[%lld tokens in, %lld out]",
			   (long long)u->input, (long long)u->output);
}

static enum err_kind
screen_ask(void *arg, const struct step *step, struct decision *out, struct err *e)
{
	struct screen *s = arg;
	bool ticking = s->tick_fd >= 0;
	enum err_kind kind;

	screen_busy(s, false);
	screen_gap(s);
	kind = confirm_step(s->o.term, s->o.loop, step, out, e);
	if (ticking)
		screen_busy(s, true);
	return kind;
}

struct sink
screen_sink(struct screen *s)
{
	return (struct sink){.arg = s,
			     .reply_begin = screen_reply_begin,
			     .text = screen_text,
			     .reasoning = screen_reasoning,
			     .call_progress = screen_call_progress,
			     .reply_end = screen_reply_end,
			     .step_begin = screen_step_begin,
			     .step_output = screen_step_output,
			     .step_second = screen_step_second,
			     .step_terminal = screen_step_terminal,
			     .step_end = screen_step_end,
			     .ask = s->o.can_ask ? screen_ask : NULL,
			     .notice = screen_notice,
			     .countdown = screen_countdown,
			     .usage = screen_usage};
}
