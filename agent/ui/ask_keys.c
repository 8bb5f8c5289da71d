/* Keys for a question. See ask_keys.h.
 *
 * The kernel's queue is flushed when the question is drawn, and for a while after: what was
 * typed before a reader can have read is no answer. A byte counts as a key only if no other
 * follows within 30 ms, which tells keys from pastes and escape sequences; bracketed paste is
 * on as well, so that even a pasted single letter is a burst.
 * Pinned by tests/term/test_ask.py. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <termios.h>

#include "agent/base/clock.h"
#include "agent/ui/ask_keys.h"

#define KEY_EOF 0x04 /* Ctrl-D */

static void
keys_ready(int fd UNUSED, short revents UNUSED, void *arg)
{
	struct ask_keys *k = arg;

	k->ready = true;
}

bool
ask_keys_open(struct ask_keys *k, struct term *t, struct loop *l)
{
	memset(k, 0, sizeof(*k));
	k->t = t;
	k->l = l;
	if (!term_can_ask(t))
		return false;
	term_typeahead(t, l, false);
	if (!term_key_mode(t, true))
		return false;
	k->fd = term_key_fd(t);
	loop_watch(l, k->fd, POLLIN, keys_ready, k);
	return true;
}

void
ask_keys_close(struct ask_keys *k)
{
	loop_unwatch(k->l, k->fd);
	tcflush(k->fd, TCIFLUSH);
	term_key_mode(k->t, false);
}

/* Waits for the frame that the terminal holds back, so that "drawn" is true. */
static void
keys_draw(struct ask_keys *k)
{
	int due;

	term_flush(k->t, NULL);
	while ((due = term_due_ms(k->t)) >= 0) {
		poll(NULL, 0, due);
		term_flush(k->t, NULL);
	}
}

void
ask_keys_quiet(struct ask_keys *k)
{
	keys_draw(k);
	tcflush(k->fd, TCIFLUSH);
	k->ready = false;
	k->quiet_until = clock_ms() + ASK_QUIET_MS;
}

/* More bytes, as they belong together; false when the terminal hung up. Those beyond the bound are lost,
 * which is fine: a burst is no answer. */
static bool
keys_gather(struct ask_keys *k)
{
	struct pollfd p = {.fd = k->fd, .events = POLLIN};
	char rest[256];

	k->n = 0;
	do {
		ssize_t got = read(k->fd, rest, sizeof(rest));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		for (ssize_t i = 0; i < got && k->n < ASK_BURST_MAX; i++)
			k->bytes[k->n++] = rest[i];
	} while (poll(&p, 1, ASK_SETTLE_MS) > 0);
	return true;
}

static bool
keys_are_early(struct ask_keys *k)
{
	int64_t now = clock_ms();

	if (now >= k->quiet_until)
		return false;
	k->quiet_until = MAX_OF(k->quiet_until, now + ASK_AGAIN_MS);
	return true;
}

static bool
keys_resized(struct ask_keys *k)
{
	if (!loop_take_resize(k->l))
		return false;
	do
		loop_wait(k->l, ASK_DRAG_MS);
	while (!loop_pending(k->l) && loop_take_resize(k->l));
	term_key_mode(k->t, true); /* a shell may have changed the modes */
	return true;
}

enum ask_event
ask_keys_next(struct ask_keys *k)
{
	for (;;) {
		bool early;

		keys_draw(k);
		loop_wait(k->l, -1);
		if (loop_pending(k->l))
			return ASK_INTERRUPT;
		if (keys_resized(k))
			return ASK_RESIZE;
		if (!k->ready)
			continue;
		k->ready = false;
		early = keys_are_early(k);
		if (!keys_gather(k))
			return ASK_GONE;
		if (keys_resized(
			k)) /* stopped while it was read: the screen was another's */
			return ASK_RESIZE;
		if (early || k->n == 0)
			continue;
		if (k->n == 1)
			return k->bytes[0] == KEY_EOF ? ASK_EOF : ASK_KEY;
		return ASK_BURST;
	}
}
