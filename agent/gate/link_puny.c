/* Host names of other scripts in the one form that goes over the wire.
 *
 * A label beyond ASCII becomes "xn--" and its Punycode (RFC 3492), so that the name and its
 * encoded form compare equal. No mapping beyond the case of ASCII: a name that needs more than
 * that is another name here. Pinned by tests/unit/test_link_more.c (the RFC's own samples). */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/gate/link_int.h"

#define PUNY_LABEL_MAX 63 /* characters */

enum { PUNY_BASE = 36, PUNY_TMIN = 1, PUNY_TMAX = 26, PUNY_SKEW = 38, PUNY_DAMP = 700 };

static char
puny_digit(uint32_t d)
{
	return (char)(d < 26 ? 'a' + d : '0' + (d - 26));
}

static uint32_t
puny_adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / PUNY_DAMP : delta / 2;
	delta += delta / count;
	for (; delta > ((PUNY_BASE - PUNY_TMIN) * PUNY_TMAX) / 2; k += PUNY_BASE)
		delta /= PUNY_BASE - PUNY_TMIN;
	return k + (PUNY_BASE - PUNY_TMIN + 1) * delta / (delta + PUNY_SKEW);
}

static void
puny_number(struct buf *out, uint32_t q, uint32_t bias)
{
	for (uint32_t k = PUNY_BASE;; k += PUNY_BASE) {
		uint32_t t = k <= bias		     ? PUNY_TMIN
			     : k >= bias + PUNY_TMAX ? PUNY_TMAX
						     : k - bias;

		if (q < t)
			break;
		buf_addc(out, puny_digit(t + (q - t) % (PUNY_BASE - t)));
		q = (q - t) / (PUNY_BASE - t);
	}
	buf_addc(out, puny_digit(q));
}

/* The characters cp[0..n) behind "xn--". */
static void
puny_encode(struct buf *out, const uint32_t *cp, size_t n)
{
	uint32_t next = 0x80, delta = 0, bias = 72, done = 0, plain;

	for (size_t i = 0; i < n; i++)
		if (cp[i] < 0x80) {
			buf_addc(out, (char)cp[i]);
			done++;
		}
	plain = done;
	if (plain > 0)
		buf_addc(out, '-');
	while (done < n) {
		uint32_t least = UINT32_MAX;

		for (size_t i = 0; i < n; i++)
			if (cp[i] >= next)
				least = MIN_OF(least, cp[i]);
		/* 63 characters below 0x110000: no overflow. */
		delta += (least - next) * (done + 1);
		next = least;
		for (size_t i = 0; i < n; i++) {
			delta += cp[i] < next;
			if (cp[i] != next)
				continue;
			puny_number(out, delta, bias);
			bias = puny_adapt(delta, done + 1, done == plain);
			delta = 0;
			done++;
		}
		delta++;
		next++;
	}
}

static void
puny_label(struct buf *out, const char *p, size_t n)
{
	uint32_t cp[PUNY_LABEL_MAX];
	size_t count = 0, i = 0;
	bool wide = false;

	while (i < n && count < PUNY_LABEL_MAX) {
		size_t step = utf8_decode(p + i, n - i, &cp[count]);

		if (cp[count] == UINT32_MAX)
			break;
		wide = wide || cp[count] >= 0x80;
		count++;
		i += step;
	}
	if (!wide || i < n) {
		buf_add(out, p, n);
		return;
	}
	buf_adds(out, "xn--");
	puny_encode(out, cp, count);
}

void
link_puny(struct buf *out, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		const char *dot = memchr(p + i, '.', n - i);
		size_t len = dot ? (size_t)(dot - p) - i : n - i;

		puny_label(out, p + i, len);
		if (dot)
			buf_addc(out, '.');
		i += len + 1;
	}
}
