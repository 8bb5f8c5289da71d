/* Pictures on the terminal: what it can draw, and writing what draws one. Contract in term.h.
 *
 * The terminal is asked once, when the first picture is due, and only where its environment says
 * that it may know the question. The answer comes in at the keyboard: for at most ASK_MS it is
 * read there, and what was typed meanwhile is kept for the next prompt.
 * Pinned by tests/e2e/test_pictures.py and tests/unit/test_canvas.c. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "agent/base/clock.h"
#include "agent/ui/term_int.h"
#include "agent/ui/width.h"

#define ASK_MS	   100
#define LATE_MS	   3000 /* over a slow line the answer may come when nobody waits any more */
#define ANSWER_MAX ((size_t)4096) /* bytes, what was typed among them */

static const char *
canvas_getenv(const char *name)
{
	return getenv(name);
}

static bool
canvas_may_ask(void)
{
	const char *probe = getenv("SUNABA_PROBE"), *ci = getenv("CI");

	return !(probe && strcmp(probe, "0") == 0) && !(ci && *ci);
}

/* Reads until the last answer or the end of the time. */
static void
canvas_listen(int fd, struct canvas_answer *a, struct buf *rest)
{
	AUTO_BUF struct buf in = BUF_INIT(ANSWER_MAX);
	int64_t end = clock_ms() + ASK_MS, left;
	char bytes[256];

	while (!a->whole && (left = end - clock_ms()) > 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			break;
		n = p.revents & POLLIN ? read(fd, bytes, sizeof(bytes)) : 0;
		if (p.revents && n <= 0)
			break;
		if (n > 0 && !buf_add(&in, bytes, (size_t)n))
			break;
		buf_reset(rest);
		canvas_read_answer(buf_str(&in), in.len, a, rest);
	}
}

static void
canvas_ask(struct term *t, struct canvas_answer *a)
{
	AUTO_BUF struct buf rest = BUF_INIT(ANSWER_MAX);

	term_suspend(t);
	if (canvas_may_ask() && term_modes(t, true)) {
		term_sink_write(&t->out, canvas_query, strlen(canvas_query));
		canvas_listen(term_key_fd(t), a, &rest);
		t->answer_ms = a->whole ? 0 : clock_ms() + LATE_MS;
		/* Whoever did not understand may have printed it. */
		term_sink_write(&t->out, "\r\033[K", 4);
		term_modes(t, false);
		buf_add(&t->keys, rest.data, MIN_OF(rest.len, TERM_KEYS_MAX - t->keys.len));
	}
	term_resume(t);
}

size_t
term_without_answer(struct term *t, char *p, size_t n)
{
	AUTO_BUF struct buf rest = BUF_INIT(n);
	struct canvas_answer a;

	if (!t->answer_ms || !memchr(p, '\033', n))
		return n;
	if (clock_ms() > t->answer_ms) {
		t->answer_ms = 0;
		return n;
	}
	canvas_read_answer(p, n, &a, &rest);
	if (a.whole)
		t->answer_ms = 0;
	if (rest.len)
		memcpy(p, rest.data, rest.len);
	return rest.len;
}

static void
canvas_cell(struct term *t, const struct canvas_answer *a, struct canvas *c)
{
	struct winsize ws = {0};

	c->cell_width = a->cell_width;
	c->cell_height = a->cell_height;
	if (!c->cell_width && ioctl(t->out.fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col &&
	    ws.ws_row) {
		c->cell_width = ws.ws_xpixel / ws.ws_col;
		c->cell_height = ws.ws_ypixel / ws.ws_row;
	}
	if (!canvas_cell_fine(c->cell_width) || !canvas_cell_fine(c->cell_height)) {
		c->cell_width = CANVAS_CELL_WIDTH;
		c->cell_height = CANVAS_CELL_HEIGHT;
	}
}

const struct canvas *
term_canvas(struct term *t)
{
	struct canvas *c = &t->canvas;
	struct canvas_answer a = {0};

	if (t->canvas_known || !t->out.tty || t->o.raw)
		return c; /* CANVAS_NONE */
	t->canvas_known = true;
	/* Blocks are as wide as two where ambiguous characters are. */
	c->ascii = !t->unicode || width_conf.ambiguous == 2;
	c->colors = t->out.face.color ? canvas_colors_of_env(canvas_getenv) : CANVAS_MONO;
	c->kind =
	    t->live && t->out.face.color ? canvas_of_env(canvas_getenv) : CANVAS_SYMBOLS;
	if (c->kind == CANVAS_ASK) {
		canvas_ask(t, &a);
		c->kind = a.kitty ? CANVAS_KITTY : a.sixel ? CANVAS_SIXEL : CANVAS_SYMBOLS;
	}
	canvas_cell(t, &a, c);
	if (c->kind == CANVAS_SYMBOLS) {
		c->cell_width = CANVAS_CELL_WIDTH;
		c->cell_height = CANVAS_CELL_HEIGHT;
	}
	return c;
}

bool
term_picture(struct term *t, const char *p, size_t n)
{
	struct buf *b = t->live ? &t->commit : &t->out.pending;

	if (!t->out.tty || n > CANVAS_BYTES_MAX || !canvas_bytes_fine(t->canvas.kind, p, n))
		return false;
	if (!t->out.face.color && memchr(p, '\033', n))
		return false;
	term_source_end(t);
	buf_add(b, p, n);
	buf_addc(b, '\n');
	term_flush(t, NULL);
	return true;
}
