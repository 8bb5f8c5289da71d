/* Frames: committed rows above a live tail that may be redrawn.
 *
 * What should be on the screen from the tail's first row on is the list "rows to commit, then
 * tail, then status". It is compared with what is drawn there; the cursor goes up to the first
 * row that differs, never further, clears from there and writes the rest. Rows that only became
 * final stay untouched, and a last row that only grew is continued at the cursor, so text that
 * streams costs hardly more bytes than it has. One frame is one write(2), between "synchronised
 * update" marks, with the cursor hidden and automatic wrap off: where the terminal's idea of a
 * width differs from ours, the error cannot spill into another row.
 * Pinned by tests/unit/test_term.c and tests/term/test_render.py. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/ui/term_int.h"

static const char frame_begin[] = "\033[?2026h\033[?25l\033[?7l";
static const char frame_end[] = "\033[?7h\033[?25h\033[?2026l";

static size_t
row_len(const struct buf *b, size_t at)
{
	const char *nl = memchr(b->data + at, '\n', b->len - at);

	return nl ? (size_t)(nl - (b->data + at)) : b->len - at;
}

static size_t
count_rows(const struct buf *b, size_t from)
{
	size_t n = 0, i;

	for (i = from; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static size_t
last_row(const struct buf *b)
{
	const char *nl = b->len > 1 ? memrchr(b->data, '\n', b->len - 1) : NULL;

	return nl ? (size_t)(nl + 1 - b->data) : 0;
}

/* Where the rows of a and b differ first; *rows counts the equal ones. */
static size_t
same_rows(const struct buf *a, const struct buf *b, size_t *rows)
{
	size_t at = 0, n;

	*rows = 0;
	while (at < a->len && at < b->len) {
		n = row_len(a, at);
		if (n != row_len(b, at) || memcmp(a->data + at, b->data + at, n) != 0)
			break;
		at += n + 1;
		++*rows;
	}
	return at;
}

/* Rows from `at` on, each but the last of a frame with a tail ended by CR LF. Wrap is on for
 * committed rows only: long code lines keep their copy whole. */
static void
put_rows(struct term *t, const struct buf *want, size_t at, bool bare)
{
	bool wrap = bare;
	size_t n;

	for (; at < want->len; at += n + 1) {
		n = row_len(want, at);
		if (!bare && wrap != (at < t->commit.len)) {
			wrap = !wrap;
			buf_adds(&t->frame, wrap ? "\033[?7h" : "\033[?7l");
		}
		buf_add(&t->frame, want->data + at, n);
		if (at + n + 1 < want->len || want->len == t->commit.len)
			buf_adds(&t->frame, "\r\n");
	}
}

/* The last drawn row is the start of the one wanted in its place: only the rest is written. */
static bool
put_growth(struct term *t, const struct buf *want, size_t at)
{
	size_t have, need;

	if (at >= t->drawn.len || at < t->commit.len)
		return false;
	have = row_len(&t->drawn, at);
	need = row_len(want, at);
	if (at + have + 1 != t->drawn.len || need <= have ||
	    memcmp(t->drawn.data + at, want->data + at, have) != 0)
		return false;
	buf_add(&t->frame, want->data + at + have, need - have);
	at += need + 1;
	if (at < want->len) {
		buf_adds(&t->frame, "\r\n");
		put_rows(t, want, at, false);
	}
	return true;
}

static void
put_changes(struct term *t, const struct buf *want)
{
	size_t same, at, up;
	bool bare = t->drawn.len == 0 && want->len == t->commit.len;

	at = same_rows(&t->drawn, want, &same);
	if (at == want->len && at == t->drawn.len && want->len > t->commit.len)
		return;
	if (!bare)
		buf_adds(&t->frame, frame_begin);
	if (!put_growth(t, want, at)) {
		if (at == want->len && at < t->drawn.len && at > t->commit.len)
			at = last_row(
			    want); /* the cursor belongs at the end of the last row */
		up = count_rows(&t->drawn, at);
		if (up > 1)
			buf_addf(&t->frame, "\033[%zuA", up - 1);
		/* Never ED in the screen's first cell: tmux keeps such a screen in its history. */
		if (up > 0)
			buf_adds(&t->frame, "\r \033[J\r");
		if (up == 0 && t->drawn.len) /* all of it stays: go on below */
			buf_adds(&t->frame, "\r\n");
		put_rows(t, want, at, bare);
	}
	if (!bare)
		buf_adds(&t->frame, frame_end);
}

static void
term_compose(struct term *t)
{
	struct buf want = BUF_INIT(TERM_PENDING_MAX * 2);

	if (t->moved && t->drawn.len) {
		/* Nobody knows where the rows went: leave them and start below. */
		buf_adds(&t->frame, "\r\n");
		buf_reset(&t->drawn);
	}
	t->moved = false;
	buf_add(&want, t->commit.data, t->commit.len);
	if (!t->suspended) {
		buf_add(&want, t->tail.data, t->tail.len);
		buf_add(&want, t->status.data, t->status.len);
	}
	put_changes(t, &want);
	buf_reset(&t->drawn);
	if (want.len > t->commit.len)
		buf_add(&t->drawn, want.data + t->commit.len, want.len - t->commit.len);
	buf_reset(&t->commit);
	buf_release(&want);
}

void
term_frame(struct term *t, bool force)
{
	int64_t now = clock_ms();

	if (!t->live || t->attached || (t->commit.len == 0 && !t->changed))
		return;
	if (!force && t->commit.len == 0 && now - t->last_frame_ms < t->pace_ms)
		return;
	term_compose(t);
	t->changed = false;
	t->last_frame_ms = now;
	if (t->frame.len)
		term_sink_write(&t->out, t->frame.data, t->frame.len);
	buf_reset(&t->frame);
}

/* How many of n rows are hidden: they go in steps, so that a growing tail is not redrawn as a
 * whole for every row. */
static size_t
hidden_rows(const struct term *t, size_t n)
{
	int most = MIN_OF(t->height - 3 - (t->status.len > 0), TERM_TAIL_ROWS);
	size_t cap = (size_t)MAX_OF(most, 2), step = MAX_OF(cap / 2, (size_t)1);

	if (n <= cap)
		return 0;
	return (n - (cap - 1) + step - 1) / step * step;
}

void
term_set_tail(struct term *t, const struct row *rows, size_t n)
{
	struct buf old = t->tail;
	size_t i = hidden_rows(t, n);
	int clip = t->width - 1;
	struct row note;

	buf_init(&t->tail, TERM_PENDING_MAX);
	if (i > 0) {
		row_init(&note);
		row_addf(&note, STYLE_DIM, "%s %zu lines above", t->unicode ? "⋮" : ":", i);
		term_render(&t->tail, &note, &t->out.face, clip);
		buf_addc(&t->tail, '\n');
		row_release(&note);
	}
	for (; i < n; i++) {
		term_render(&t->tail, &rows[i], &t->out.face, clip);
		buf_addc(&t->tail, '\n');
	}
	if (old.len != t->tail.len ||
	    (old.len && memcmp(old.data, t->tail.data, old.len) != 0))
		t->changed = true;
	buf_release(&old);
}
