/* Growable byte buffer with a mandatory upper bound. See buf.h.
 * Pinned by tests/unit/test_base.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buf.h"
#include "agent/base/mem.h"

/* Room for `more` bytes and a NUL; false at the bound. Doubles, so n additions cost O(n). */
static bool
buf_reserve(struct buf *b, size_t more)
{
	size_t want, twice;

	if (more > b->max || b->len > b->max - more) {
		b->full = true;
		return false;
	}
	want = b->len + more + 1;
	if (want <= b->cap)
		return true;
	twice = b->cap > b->max / 2 ? b->max : b->cap * 2;
	b->cap = MAX_OF(MAX_OF(want, twice), (size_t)64);
	b->data = mem_realloc(b->data, b->cap);
	return true;
}

void
buf_init(struct buf *b, size_t max)
{
	*b = BUF_INIT(max);
}

void
buf_release(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT(b->max);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->full = false;
}

bool
buf_add(struct buf *b, const void *p, size_t n)
{
	if (!buf_reserve(b, n))
		return false;
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	return true;
}

bool
buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

bool
buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

bool
buf_addf(struct buf *b, const char *fmt, ...)
{
	AUTO_FREE char *s = NULL;
	char room[256]; /* enough for most, without a trip to the heap */
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room, sizeof(room), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(room))
		return buf_add(b, room, (size_t)n);
	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	return buf_adds(b, s);
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

void
buf_truncate(struct buf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
}

const char *
buf_str(struct buf *b)
{
	if (!b->data) {
		b->data = mem_alloc(64);
		b->cap = 64;
	}
	b->data[b->len] = '\0';
	return b->data;
}

char *
buf_take(struct buf *b)
{
	char *s;

	buf_str(b);
	s = b->data;
	*b = BUF_INIT(b->max);
	return s;
}
