/* The one writer to the terminal. See term.h.
 *
 * Rows are rendered to bytes when they come and written by term_flush(): through frames where a
 * tail can be drawn (term_frame.c), else straight to their descriptor (term_sink.c). When
 * standard output is a terminal, answer and side rows share it and keep their order.
 * Pinned by tests/unit/test_term.c and tests/term/test_render.py. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <signal.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/gate/escape.h"
#include "agent/ui/term_int.h"
#include "agent/ui/width.h"

static void
sink_init(struct term_sink *s, int fd)
{
	*s = (struct term_sink){.fd = fd, .tty = fd >= 0 && isatty(fd)};
	buf_init(&s->pending, TERM_PENDING_MAX);
}

struct term *
term_new(const struct term_opts *o)
{
	struct term *t = mem_alloc(sizeof(*t));

	t->o = *o;
	signal(SIGPIPE, SIG_IGN); /* a reader that goes away shows as EPIPE */
	sink_init(&t->out, STDOUT_FILENO);
	sink_init(&t->err, STDERR_FILENO);
	sink_init(&t->ask, open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
	buf_init(&t->commit, TERM_PENDING_MAX);
	buf_init(&t->tail, TERM_PENDING_MAX);
	buf_init(&t->drawn, TERM_PENDING_MAX);
	buf_init(&t->status, ROW_MAX * 2);
	buf_init(&t->frame, TERM_PENDING_MAX * 3);
	buf_init(&t->keys, TERM_KEYS_MAX);
	t->pace_ms = TERM_FRAME_MS;
	t->last_frame_ms = -TERM_FRAME_MS;
	term_probe_env(t);
	term_probe_size(t);
	term_keys_arm(t);
	mem_set_die_hook(term_restore);
	return t;
}

void
term_free(struct term *t)
{
	if (!t)
		return;
	term_detach(t);
	term_attach_forget(t);
	term_typeahead(t, NULL, false);
	term_tail(t, NULL, 0);
	term_status(t, NULL);
	term_source_end(t);
	t->suspended = false;
	term_flush(t, NULL);
	term_keys_disarm();
	mem_set_die_hook(NULL);
	if (t->ask.fd >= 0)
		close(t->ask.fd);
	buf_release(&t->out.pending);
	buf_release(&t->err.pending);
	buf_release(&t->ask.pending);
	buf_release(&t->commit);
	buf_release(&t->tail);
	buf_release(&t->drawn);
	buf_release(&t->status);
	buf_release(&t->frame);
	buf_release(&t->keys);
	free(t);
}

bool
term_out_tty(const struct term *t)
{
	return t->out.tty;
}

bool
term_err_tty(const struct term *t)
{
	return t->err.tty;
}

bool
term_can_ask(const struct term *t)
{
	int fd = term_key_fd(t);

	return fd >= 0 && tcgetpgrp(fd) == getpgrp();
}

bool
term_esc(const struct term *t)
{
	return t->live;
}

bool
term_color(const struct term *t)
{
	return t->out.face.color;
}

bool
term_links(const struct term *t)
{
	return t->out.face.links;
}

bool
term_unicode(const struct term *t)
{
	return t->unicode;
}

int
term_width(const struct term *t)
{
	return t->width;
}

int
term_height(const struct term *t)
{
	return t->height;
}

void
term_lost(struct term *t)
{
	t->moved = true;
	t->changed = true;
}

void
term_resized(struct term *t)
{
	int width = t->width, height = t->height;

	term_probe_size(t);
	if (width != t->width || height != t->height)
		term_lost(t);
}

static struct term_sink *
sink_for(struct term *t, enum term_to to)
{
	if (to == TERM_ANSWER || t->out.tty)
		return &t->out;
	if (to == TERM_ASK && !t->err.tty && t->ask.fd >= 0)
		return &t->ask;
	return &t->err;
}

void
term_row(struct term *t, enum term_to to, const struct row *r)
{
	struct term_sink *s = sink_for(t, to);
	struct buf *b = s == &t->out && t->live ? &t->commit : &s->pending;

	if (s == &t->out)
		term_source_end(t);
	else if (!t->live && !t->attached)
		term_sink_flush(&t->out);
	term_render(b, r, &s->face, 0);
	buf_addc(b, '\n');
	if (b->len < TERM_WRITE_AT || t->attached)
		return;
	if (b == &t->commit)
		term_frame(t, true);
	else
		term_sink_flush(s);
}

/* Bytes of the line p[0..n) that fit on the screen, up to a place where it may be broken. */
static size_t
line_piece(const struct term *t, enum term_to to, const char *p, size_t n)
{
	AUTO_FREE char *breaks = NULL;
	size_t fit, i;
	int used, cols = term_width(t);
	bool tty = to == TERM_ANSWER ? term_out_tty(t) : term_err_tty(t);

	if (!tty || n <= (size_t)cols || !utf8_valid(p, n))
		return n;
	fit = width_fit(p, n, cols, &used);
	if (fit == 0 || fit >= n)
		return n;
	breaks = mem_alloc(n);
	width_breaks(p, n, breaks);
	for (i = fit; i > 0 && !breaks[i]; i--)
		;
	return i > 0 ? i : fit;
}

void
term_line(struct term *t, enum term_to to, enum style_name style, const char *text)
{
	size_t n;
	struct row r;

	if (t->o.quiet && to == TERM_SIDE && (style == STYLE_DIM || style == STYLE_NOTICE))
		return;
	row_init(&r);
	do {
		n = line_piece(t, to, text, strcspn(text, "\n"));
		row_reset(&r);
		row_add(&r, style_of(style), text, n);
		term_row(t, to, &r);
		text += n;
	} while (*text && (*text != '\n' || *++text));
	row_release(&r);
}

void
term_linef(struct term *t, enum term_to to, enum style_name s, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	term_line(t, to, s, text);
}

void
term_error(struct term *t, const struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(sizeof(e->msg) * ESCAPE_GROWTH);

	/* Names in it come from outside; shown as others are, nothing in them is dropped. */
	escape_text(&text, e->msg, strlen(e->msg), term_unicode(t) ? 0 : ESCAPE_ASCII);
	term_linef(t, TERM_SIDE, STYLE_ERROR, "sunaba: %s", buf_str(&text));
	if (e->hint[0])
		term_linef(t, TERM_SIDE, STYLE_PLAIN, "  %s", e->hint);
}

void
term_tail(struct term *t, const struct row *rows, size_t n)
{
	if (t->live)
		term_set_tail(t, rows, n);
}

void
term_status(struct term *t, const char *text)
{
	struct buf b = BUF_INIT(ROW_MAX * 2);
	struct row r;

	if (!t->live || (t->o.quiet && text))
		return;
	if (text) {
		row_init(&r);
		row_adds(&r, STYLE_DIM, text);
		term_render(&b, &r, &t->out.face, t->width - 1);
		buf_addc(&b, '\n');
		row_release(&r);
	}
	if (b.len != t->status.len || (b.len && memcmp(b.data, t->status.data, b.len) != 0))
		t->changed = true;
	buf_release(&t->status);
	t->status = b;
}

static void
flush_all(struct term *t, bool force)
{
	if (t->attached)
		return;
	term_frame(t, force);
	term_sink_flush(&t->out);
	term_sink_flush(&t->err);
	term_sink_flush(&t->ask);
}

enum err_kind
term_flush(struct term *t, struct err *e)
{
	/* Taking the tail away never waits: something else is about to use the screen. */
	flush_all(t, t->tail.len == 0 && t->status.len == 0);
	if (!t->out.failed)
		return ERR_NONE;
	errno = t->out.failed;
	return err_sys(e, ERR_IO, "cannot write to standard output");
}

void
term_set_pace(struct term *t, int ms)
{
	t->pace_ms = MAX_OF(ms, 0);
}

bool
term_ready(const struct term *t)
{
	return t->live && (t->commit.len || clock_ms() - t->last_frame_ms >= t->pace_ms);
}

int
term_due_ms(const struct term *t)
{
	int64_t left;

	if (!t->live || (!t->changed && t->commit.len == 0))
		return -1;
	left = t->last_frame_ms + t->pace_ms - clock_ms();
	return t->commit.len || left < 0 ? 0 : (int)left;
}

/* The tail leaves the screen, but is remembered. */
void
term_suspend(struct term *t)
{
	if (t->suspended)
		return;
	t->resume_loop = t->keys_loop;
	term_typeahead(t, NULL, false);
	t->suspended = true;
	t->changed = true;
	flush_all(t, true);
}

void
term_resume(struct term *t)
{
	if (!t->suspended)
		return;
	t->suspended = false;
	t->changed = t->tail.len || t->status.len;
	term_resized(t);
	if (t->resume_loop)
		term_typeahead(t, t->resume_loop, true);
	t->resume_loop = NULL;
}
