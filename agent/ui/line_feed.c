/* Bytes from the terminal to the line editor, with pastes taken out whole.
 *
 * readline ends a paste at the first ESC[201~, so that a paste which holds one goes on as keys,
 * Enter included. Here a paste ends at an ESC[201~ behind which the terminal stays quiet for
 * 30 ms: what is inside stays text. An Enter that comes right after it, or with more bytes
 * behind it, is a newline of the text as well (line_keys.c).
 * Pinned by tests/term/test_line.py. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/ui/line_int.h"
#include "agent/ui/line_text.h"

#define PASTE_BEGIN "\033[200~"
#define PASTE_END   "\033[201~"
#define PASTE_MARK  6 /* bytes of each */

static void
feed_ready(int fd UNUSED, short revents UNUSED, void *arg)
{
	struct line *n = arg;

	n->ready = true;
}

void
line_feed_watch(struct line *n, bool on)
{
	n->ready = false;
	if (on)
		loop_watch(n->l, n->fd, POLLIN, feed_ready, n);
	else
		loop_unwatch(n->l, n->fd);
}

bool
line_feed_more(struct line *n, int timeout_ms)
{
	struct pollfd p = {.fd = n->fd, .events = POLLIN};
	char chunk[4096];
	ssize_t got;

	n->ready = false;
	if (n->eof || poll(&p, 1, timeout_ms) <= 0)
		return false;
	got = read(n->fd, chunk, sizeof(chunk));
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (got <= 0) {
		n->eof = true;
		return false;
	}
	got = (ssize_t)term_without_answer(n->t, chunk, (size_t)got);
	n->burst = got > 1;
	buf_add(&n->in, chunk,
		(size_t)got); /* beyond the bound: lost, as in any terminal */
	return got > 0;
}

/* How many bytes at the front are, or may become, the mark. */
static size_t
feed_mark(const struct line *n)
{
	size_t k = 0;

	while (k < n->in.len && k < PASTE_MARK && n->in.data[k] == PASTE_BEGIN[k])
		k++;
	return k == n->in.len || k == PASTE_MARK ? k : 0;
}

static bool
feed_paste_ended(const struct line *n)
{
	return n->in.len >= 2 * PASTE_MARK &&
	       memcmp(n->in.data + n->in.len - PASTE_MARK, PASTE_END, PASTE_MARK) == 0;
}

bool
line_feed_paste(struct line *n, struct buf *text)
{
	size_t k;

	while ((k = feed_mark(n)) > 0 && k < PASTE_MARK)
		if (!line_feed_more(n, LINE_SETTLE_MS))
			return false;
	if (k < PASTE_MARK)
		return false;
	/* an end without quiet behind it is part of the text; without any end, Ctrl-C helps */
	while (line_feed_more(n, feed_paste_ended(n) ? LINE_SETTLE_MS : LINE_AFTER_MS) ||
	       !feed_paste_ended(n))
		if (n->eof || n->in.full || loop_pending(n->l))
			break;
	k = feed_paste_ended(n) ? n->in.len - PASTE_MARK : n->in.len;
	line_text_paste(text, n->in.data + PASTE_MARK, k - MIN_OF(k, (size_t)PASTE_MARK));
	buf_reset(&n->in);
	n->paste_end_ms = clock_ms();
	return true;
}
