/* A step's program on the user's screen. Contract in term.h.
 *
 * While a program is attached the writer's own rows wait; bytes of the program go out as they
 * come, through one filter for each of its streams. The terminal is raw, so every key is the
 * program's; a guard puts it back should this process be killed. What the program has on its
 * screen is remembered as the bytes that drew it, from the last line's end or the taking of the
 * whole screen on, so that attaching shows it at once.
 *
 * Pinned by tests/e2e/test_attach.py. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "agent/base/mem.h"
#include "agent/ui/term_int.h"
#include "agent/ui/vt.h"
#include "sandbox/guard.h"

#define AGAIN_MAX  (256 * KIB) /* bytes that draw the screen again; more: the program must */
#define TYPED_READ 1024	       /* bytes at once */

struct term_program {
	struct vt vt[TERM_STREAMS];
	struct buf again;
	bool lost; /* too much was drawn to be remembered */
};

struct term_attached {
	struct loop *loop;
	term_typed_fn *fn;
	void *arg;
	struct guard guard;
};

static struct term_sink *
attach_sink(struct term *t)
{
	return t->out.tty ? &t->out : &t->err;
}

bool
term_can_attach(const struct term *t)
{
	return isatty(STDIN_FILENO) && (t->out.tty || t->err.tty) &&
	       tcgetpgrp(STDIN_FILENO) == getpgrp();
}

bool
term_attached(const struct term *t)
{
	return t->attached != NULL;
}

bool
term_winsize(const struct term *t, struct winsize *size)
{
	return ioctl(t->out.tty ? t->out.fd : t->err.fd, TIOCGWINSZ, size) == 0 &&
	       size->ws_col > 0;
}

static struct term_program *
attach_program(struct term *t)
{
	struct term_program *p = t->program;

	if (p)
		return p;
	t->program = p = mem_alloc(sizeof(*p));
	buf_init(&p->again, AGAIN_MAX);
	for (size_t i = 0; i < TERM_STREAMS; i++)
		vt_init(&p->vt[i], !attach_sink(t)->face.move);
	return p;
}

void
term_attach_forget(struct term *t)
{
	if (!t->program)
		return;
	buf_release(&t->program->again);
	free(TAKE(t->program));
}

/* A pipe's newline takes the cursor down only: the terminal is raw. */
static void
attach_lines(struct buf *out, const struct buf *in)
{
	const char *p = in->data, *end = p + in->len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		buf_add(out, p, (size_t)((nl ? nl : end) - p));
		if (nl)
			buf_adds(out, "\r\n");
		p = nl ? nl + 1 : end;
	}
}

/* What draws the screen again: a full screen whole, else the line that is not at its end. */
static void
attach_remember(struct term_program *p, bool was_full, bool full, const struct buf *out)
{
	const char *nl;

	if (out->len == 0)
		return;
	if (was_full && !full) {
		buf_reset(&p->again);
		p->lost = false;
		return;
	}
	if (!buf_add(&p->again, out->data, out->len)) {
		buf_reset(&p->again);
		p->lost = full;
	}
	if (full || p->again.len == 0)
		return;
	nl = memrchr(p->again.data, '\n', p->again.len);
	if (nl)
		buf_consume(&p->again, (size_t)(nl + 1 - p->again.data));
}

void
term_attach_put(struct term *t, int stream, const char *p, size_t n)
{
	struct term_program *prog = attach_program(t);
	struct vt *v = &prog->vt[stream - 1];
	bool was_full = v->modes & VT_FULL, column;
	AUTO_BUF struct buf passed = BUF_INIT(16 * n + KIB), lines = BUF_INIT(32 * n + KIB);
	const struct buf *out = &passed;

	vt_feed(v, p, n, &passed);
	if (stream != TERM_STREAMS) {
		attach_lines(&lines, &passed);
		out = &lines;
	}
	column = v->column;
	for (size_t i = 0; i < TERM_STREAMS; i++)
		prog->vt[i].column = column;
	attach_remember(prog, was_full, v->modes & VT_FULL, out);
	if (t->attached && out->len)
		term_sink_write(attach_sink(t), out->data, out->len);
}

bool
term_attach_lost(struct term *t)
{
	bool lost = t->program && t->program->lost;

	return term_raw_stopped() || lost;
}

void
term_attach_say(struct term *t, const char *text)
{
	AUTO_BUF struct buf b = BUF_INIT(4 * KIB);
	struct row r;

	for (size_t i = 0; t->program && i < TERM_STREAMS; i++)
		if (t->program->vt[i].modes & VT_FULL)
			return;
	row_init(&r);
	row_adds(&r, STYLE_NOTICE, text);
	term_render(&b, &r, &attach_sink(t)->face, 0);
	buf_adds(&b, "\r\n");
	row_release(&r);
	term_sink_write(attach_sink(t), b.data, b.len);
}

static void
attach_typed(int fd, short revents UNUSED, void *arg)
{
	struct term *t = arg;
	struct term_attached *a = t->attached;
	char in[TYPED_READ];
	ssize_t n = read(fd, in, sizeof(in));

	if (n > 0)
		a->fn(in, (size_t)n, a->arg);
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		loop_unwatch(a->loop, fd); /* hung up: SIGHUP ends the program */
	explicit_bzero(in, sizeof(in));
}

/* The screen as the program has it. */
static void
attach_show(struct term *t)
{
	struct term_program *p = attach_program(t);
	AUTO_BUF struct buf b = BUF_INIT(AGAIN_MAX + 4 * KIB);

	if (p->lost || p->again.len == 0)
		for (size_t i = 0; i < TERM_STREAMS; i++)
			vt_enter(&p->vt[i], &b);
	buf_add(&b, p->again.data, p->again.len);
	if (b.len)
		term_sink_write(attach_sink(t), b.data, b.len);
}

bool
term_attach(struct term *t, struct loop *l, term_typed_fn *fn, void *arg)
{
	struct termios before, raw;
	struct term_attached *a;

	if (t->attached)
		return true;
	term_suspend(t);
	if (!term_raw_enter(t, &before, &raw)) {
		term_resume(t);
		return false;
	}
	t->attached = a = mem_alloc(sizeof(*a));
	*a = (struct term_attached){.loop = l, .fn = fn, .arg = arg};
	guard_post(&a->guard, STDIN_FILENO, &before, &raw, attach_sink(t)->fd,
		   attach_sink(t)->face.move ? vt_undo : NULL);
	loop_watch(l, STDIN_FILENO, POLLIN, attach_typed, t);
	return true;
}

void
term_attach_begin(struct term *t)
{
	attach_show(t);
}

void
term_detach(struct term *t)
{
	struct term_attached *a = TAKE(t->attached);
	AUTO_BUF struct buf b = BUF_INIT(4 * KIB);
	struct vt all;

	if (!a)
		return;
	loop_unwatch(a->loop, STDIN_FILENO);
	vt_init(&all, !attach_sink(t)->face.move);
	for (size_t i = 0; t->program && i < TERM_STREAMS; i++) {
		all.modes |= t->program->vt[i].modes;
		all.column |= t->program->vt[i].column;
	}
	vt_leave(&all, &b);
	if (b.len)
		term_sink_write(attach_sink(t), b.data, b.len);
	term_raw_leave();
	guard_dismiss(&a->guard);
	free(a);
	term_resume(t);
}
