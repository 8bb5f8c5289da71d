/* Bytes to descriptors: buffered, written in one piece, failures remembered.
 *
 * A reader that goes away (EPIPE) is nobody's mistake, so what follows is dropped quietly; any
 * other failure (a full disk) is kept until term_flush() reports it. Answer text that goes to a
 * pipe or file as Markdown source is made safe here: control characters and ill-formed bytes
 * become \xNN, everything else stays byte for byte, and a cut sequence waits for its rest.
 * Pinned by tests/unit/test_term.c. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/ui/term_int.h"

/* One write(2) unless the system takes less. */
void
term_sink_write(struct term_sink *s, const char *p, size_t n)
{
	struct pollfd pfd = {.fd = s->fd, .events = POLLOUT};
	ssize_t k;

	while (n > 0 && !s->gone && !s->failed) {
		k = write(s->fd, p, n);
		if (k >= 0) {
			p += k;
			n -= (size_t)k;
		} else if (errno == EAGAIN) {
			poll(&pfd, 1, -1);
		} else if (errno == EPIPE) {
			s->gone = true;
		} else if (errno != EINTR) {
			s->failed = errno;
		}
	}
}

void
term_sink_flush(struct term_sink *s)
{
	if (s->pending.len)
		term_sink_write(s, s->pending.data, s->pending.len);
	buf_reset(&s->pending);
}

/* C0 without tab and newline, DEL, C1, ill-formed: as \xNN. A CR is judged by what follows. */
static bool
source_shows(uint32_t cp)
{
	return cp == UINT32_MAX || (cp < 0x20 && cp != '\t' && cp != '\n') ||
	       (cp >= 0x7f && cp <= 0x9f);
}

static void
source_piece(struct buf *out, const char *p, size_t n, uint32_t cp)
{
	size_t i;

	if (!source_shows(cp)) {
		buf_add(out, p, n);
	} else if (n == 2 && cp != UINT32_MAX) { /* C1: the character, not its two bytes */
		buf_addf(out, "\\x%02X", (unsigned)cp);
	} else {
		for (i = 0; i < n; i++)
			buf_addf(out, "\\x%02X", (unsigned char)p[i]);
	}
}

/* Safe form of p[0..n); with `last` false the end may wait. Returns the bytes used. */
static size_t
source_safe(struct buf *out, const char *p, size_t n, bool last)
{
	size_t i = 0, k, end = last ? n : n - utf8_tail(p, n);
	uint32_t cp;

	while (i < end) {
		if (p[i] == '\r' && i + 1 == n && !last)
			break;
		k = utf8_decode(p + i, n - i, &cp);
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
			cp = '\n';
		source_piece(out, p + i, k, cp);
		i += k;
	}
	return i;
}

static void
source_feed(struct term *t, const char *p, size_t n, bool last)
{
	struct buf joined = BUF_INIT(TERM_PENDING_MAX);
	size_t used;

	buf_add(&joined, t->held, t->nheld);
	buf_add(&joined, p, n);
	used = joined.len ? source_safe(&t->out.pending, joined.data, joined.len, last) : 0;
	t->nheld = joined.len - used;
	if (t->nheld)
		memcpy(t->held, joined.data + used, t->nheld);
	buf_release(&joined);
}

void
term_source(struct term *t, const char *p, size_t n)
{
	size_t k;

	term_sink_flush(&t->err); /* both may end in one file: keep the order */
	for (; n > 0; p += k, n -= k) {
		k = MIN_OF(n, TERM_WRITE_AT);
		if (t->o.raw)
			buf_add(&t->out.pending, p, k);
		else
			source_feed(t, p, k, false);
		term_sink_flush(&t->out);
	}
}

void
term_source_end(struct term *t)
{
	if (t->nheld)
		source_feed(t, "", 0, true);
}
