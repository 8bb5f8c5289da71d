/* The user in front of a step's terminal. See screen.h.
 *
 * When the step waits for input he is told, and Ctrl-T, or /attach typed as a line, gives his
 * terminal to it; Ctrl-] takes it back. Keys go to the program as they are. Ctrl-C is its own
 * too, and counts as an interrupt when the step ends soon; typed once more it goes the way of
 * every Ctrl-C. Nothing that is typed is kept here.
 *
 * Pinned by tests/e2e/test_attach.py. */
#include <string.h>
#include <termios.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/ui/ask.h"
#include "agent/ui/screen_int.h"

#define KEY_ATTACH    '\x14' /* Ctrl-T */
#define KEY_DETACH    '\x1d' /* Ctrl-] */
#define KEY_STOP      '\x03' /* Ctrl-C */
#define WORD_ATTACH   "/attach"
#define STOP_AGAIN_MS 2000 /* in which a second Ctrl-C is for us */
#define RESIZE_MS     100  /* between looks whether the size has changed */
#define PIPE_TAIL_MAX 4096 /* bytes of an unfinished line that attaching shows */

static bool
attach_japanese(const struct screen *s)
{
	return term_unicode(s->o.term) && ask_japanese();
}

/* ---- sizes ---- */

/* Programs draw their screen anew when its size changes. */
static void
attach_size(struct screen *s, bool redraw)
{
	struct winsize size = {0}, other;

	if (!term_winsize(s->o.term, &size))
		return;
	other = size;
	other.ws_row = (unsigned short)(size.ws_row > 1 ? size.ws_row - 1 : 2);
	if (redraw)
		executor_set_size(s->at.executor, &other);
	executor_set_size(s->at.executor, &size);
}

static void
attach_on_timer(int fd, short revents, void *arg)
{
	struct screen *s = arg;
	uint64_t ticks;

	(void)revents;
	if (read(fd, &ticks, sizeof(ticks)) == sizeof(ticks) && loop_take_resize(s->o.loop))
		screen_resized(s);
}

void
attach_resized(struct screen *s)
{
	if (s->at.open)
		attach_size(s, s->at.on && term_attach_lost(s->o.term));
}

/* ---- keys ---- */

static void
attach_end(struct screen *s)
{
	if (!s->at.on)
		return;
	s->at.on = false;
	screen_timer_end(s, &s->at.timer_fd);
	executor_hold(s->at.executor, false);
	term_detach(s->o.term);
}

/* Ctrl-C means its program's end there, and it is not just another key. */
static bool
attach_stops(int fd, const char *p, size_t n)
{
	struct termios mode;

	return memchr(p, KEY_STOP, n) && tcgetattr(fd, &mode) == 0 &&
	       (mode.c_lflag & ISIG) && mode.c_cc[VINTR] == KEY_STOP;
}

static void
attach_note_stop(struct screen *s)
{
	int64_t now = clock_ms();

	executor_typed_stop(s->at.executor);
	if (s->at.stop_ms && now - s->at.stop_ms < STOP_AGAIN_MS)
		loop_interrupt(s->o.loop);
	s->at.stop_ms = now;
}

static void
attach_type(struct screen *s, const char *p, size_t n)
{
	int fd = executor_terminal(s->at.executor);
	struct termios mode;

	if (n == 0 || fd < 0)
		return;
	for (size_t i = 0; i < n && attach_stops(fd, p + i, n - i); i++)
		if (p[i] == KEY_STOP)
			attach_note_stop(s);
	s->at.secret = tcgetattr(fd, &mode) == 0 && !(mode.c_lflag & ECHO);
	if (!executor_type(s->at.executor, p, n))
		term_attach_say(s->o.term, "[the program does not read: keys were lost]");
}

static void
attach_typed(const char *p, size_t n, void *arg)
{
	struct screen *s = arg;
	const char *end = memchr(p, KEY_DETACH, n);

	attach_type(s, p, end ? (size_t)(end - p) : n);
	if (!end)
		return;
	attach_end(s);
	term_linef(s->o.term, TERM_SIDE, STYLE_WARN,
		   attach_japanese(s)
		       ? "[切断しました。ステップ %u は続いています: Ctrl-T で再び接続]"
		       : "[detached; step %u goes on: Ctrl-T attaches again]",
		   s->step);
	screen_status(s);
	term_flush(s->o.term, NULL);
}

static void
attach_begin(struct screen *s)
{
	AUTO_FREE char *say = NULL;

	if (s->at.on || !s->at.open)
		return;
	if (!term_attach(s->o.term, s->o.loop, attach_typed, s)) {
		term_line(s->o.term, TERM_SIDE, STYLE_WARN,
			  "the terminal is not ours to give away");
		return;
	}
	say = mem_printf(attach_japanese(s) ? "[ステップ %u に接続: Ctrl-] で切断]"
					    : "[attached to step %u: Ctrl-] detaches]",
			 s->step);
	s->at.on = true;
	s->at.said = false;
	s->at.typed[0] = '\0';
	s->at.stop_ms = 0;
	executor_hold(s->at.executor, true);
	s->at.timer_fd = screen_timer(s, attach_on_timer);
	screen_arm(s->at.timer_fd, RESIZE_MS, RESIZE_MS);
	term_attach_say(s->o.term, say);
	term_attach_begin(s->o.term);
	attach_size(s, term_attach_lost(s->o.term));
}

/* Where the keys that attach end in what was typed ahead, and where they begin; 0: nowhere. */
static size_t
attach_key(const struct buf *keys, size_t *from)
{
	const char *p = keys->data, *end = p + keys->len, *nl;
	const char *key = memchr(p, KEY_ATTACH, keys->len);
	size_t n = sizeof(WORD_ATTACH) - 1;

	if (key) {
		*from = (size_t)(key - p);
		return *from + 1;
	}
	for (; (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1)
		if ((size_t)(nl - p) == n && memcmp(p, WORD_ATTACH, n) == 0) {
			*from = (size_t)(p - keys->data);
			return (size_t)(nl + 1 - keys->data);
		}
	return 0;
}

/* Nothing is echoed while a step runs; what may become the command is shown. */
static void
attach_show_typed(struct screen *s, const struct buf *keys)
{
	const char *nl = memrchr(keys->data, '\n', keys->len);
	const char *p = nl ? nl + 1 : keys->data;
	size_t n = (size_t)(keys->data + keys->len - p);

	s->at.typed[0] = '\0';
	if (n > 0 && n < sizeof(WORD_ATTACH) && memcmp(p, WORD_ATTACH, n) == 0)
		snprintf(s->at.typed, sizeof(s->at.typed), "%.*s", (int)n, p);
	screen_status(s);
}

/* What is typed behind the keys that attach is for the program already. */
static void
attach_on_keys(struct buf *keys, void *arg)
{
	struct screen *s = arg;
	AUTO_BUF struct buf rest = BUF_INIT(TERMINAL_KEYS_MAX);
	size_t from = 0, to = s->at.open && !s->at.on ? attach_key(keys, &from) : 0;

	if (!to) {
		attach_show_typed(s, keys);
		return;
	}
	buf_add(&rest, keys->data + to, keys->len - to);
	buf_truncate(keys, from);
	attach_begin(s);
	if (s->at.on && rest.len)
		attach_typed(rest.data, rest.len, s);
	if (rest.len)
		explicit_bzero(rest.data, rest.len);
}

/* ---- the step ---- */

static void
attach_tell(struct screen *s)
{
	s->at.said = true;
	if (s->live)
		live_partial(s->live);
	term_linef(s->o.term, TERM_SIDE, STYLE_WARN,
		   attach_japanese(s)
		       ? "ステップ %u は端末の入力を待っています: Ctrl-T か /attach "
			 "で接続、Ctrl-] で切断"
		       : "step %u waits for the terminal: Ctrl-T or /attach to attach, "
			 "Ctrl-] to detach",
		   s->step);
	screen_status(s);
	term_flush(s->o.term, NULL);
}

static void
attach_over(struct screen *s)
{
	if (!s->at.open)
		return;
	/* A password that came too late must not stand at the prompt. */
	if (s->at.on && s->at.secret)
		tcflush(STDIN_FILENO, TCIFLUSH);
	attach_end(s);
	term_on_keys(s->o.term, NULL, NULL);
	term_attach_forget(s->o.term);
	s->at.text = (struct terminal_text){.full = false};
	s->at.typed[0] = '\0';
	s->at.open = s->at.waits = s->at.secret = s->at.said = false;
}

void
attach_terminal(struct screen *s, enum step_terminal what)
{
	if (!s->at.executor)
		return;
	if (what == STEP_TERMINAL) {
		s->at.open = true;
		term_attach_forget(s->o.term);
		attach_size(s, false);
		term_on_keys(s->o.term, attach_on_keys, s);
		if (s->at.always)
			attach_begin(s);
		return;
	}
	if (what == STEP_TERMINAL_OVER) {
		attach_over(s);
		return;
	}
	s->at.waits = what == STEP_WAITS;
	if (s->at.on)
		return;
	if (s->at.waits && !s->at.said)
		attach_tell(s);
	else
		screen_status(s);
}

bool
attach_output(struct screen *s, int stream, const char *p, size_t n)
{
	const char *nl;

	if (!s->at.open)
		return false;
	/* What a pipe said before its last line nobody will see again. */
	if (!s->at.on && stream != EXECUTE_TERMINAL) {
		nl = memrchr(p, '\n', n);
		if (n > PIPE_TAIL_MAX && (!nl || p + n - nl > PIPE_TAIL_MAX))
			nl = p + n - PIPE_TAIL_MAX;
		if (nl) {
			n -= (size_t)(nl - p);
			p = nl;
		}
	}
	term_attach_put(s->o.term, stream, p, n);
	return s->at.on;
}

/* ---- from outside ---- */

void
screen_set_executor(struct screen *s, struct executor *x, bool always)
{
	s->at.executor = x;
	s->at.always = always;
	attach_size(s, false);
}

bool
screen_attaches(const struct screen *s)
{
	return s->at.executor && s->at.always;
}

bool
screen_detach(struct screen *s)
{
	bool was = s->at.on;

	attach_end(s);
	return was;
}

void
screen_attach(struct screen *s)
{
	attach_begin(s);
}
