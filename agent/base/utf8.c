/* UTF-8 decoding, validation and repair. See utf8.h. Table 3-7 of the Unicode standard gives
 * the bounds of the second byte. Pinned by tests/unit/test_utf8.c and tests/fuzz/fuzz_utf8.c. */
#include <string.h>

#include "agent/base/utf8.h"

/* Length that a lead byte promises, and the bounds of the second byte; 0 for no lead byte. */
static size_t
utf8_lead(unsigned char c, unsigned char *lo, unsigned char *hi)
{
	*lo = 0x80;
	*hi = 0xBF;
	if (c >= 0xC2 && c <= 0xDF)
		return 2;
	if (c >= 0xE0 && c <= 0xEF) {
		if (c == 0xE0)
			*lo = 0xA0;
		if (c == 0xED)
			*hi = 0x9F;
		return 3;
	}
	if (c >= 0xF0 && c <= 0xF4) {
		if (c == 0xF0)
			*lo = 0x90;
		if (c == 0xF4)
			*hi = 0x8F;
		return 4;
	}
	return 0;
}

/* Well-formed bytes from p[0], at most the sequence; *need is the whole sequence's length. */
static size_t
utf8_prefix(const unsigned char *p, size_t n, size_t *need)
{
	unsigned char lo, hi;
	size_t i;

	*need = utf8_lead(p[0], &lo, &hi);
	if (*need == 0)
		return 1;
	for (i = 1; i < *need && i < n; i++) {
		if (p[i] < lo || p[i] > hi)
			break;
		lo = 0x80;
		hi = 0xBF;
	}
	return i;
}

size_t
utf8_decode(const char *s, size_t n, uint32_t *cp)
{
	static const unsigned char lead_mask[5] = {0, 0, 0x1F, 0x0F, 0x07};
	const unsigned char *p = (const unsigned char *)s;
	size_t need, got, i;

	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	got = utf8_prefix(p, n, &need);
	if (got != need) {
		*cp = UINT32_MAX;
		return got;
	}
	*cp = p[0] & lead_mask[need];
	for (i = 1; i < need; i++)
		*cp = (*cp << 6) | (p[i] & 0x3Fu);
	return need;
}

size_t
utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | (cp >> 6));
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | (cp >> 12));
		out[1] = (char)(0x80 | ((cp >> 6) & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | (cp >> 18));
	out[1] = (char)(0x80 | ((cp >> 12) & 0x3F));
	out[2] = (char)(0x80 | ((cp >> 6) & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

/* Bytes of p[0..n) before the first that is not ASCII; eight at a time. */
static size_t
utf8_ascii_run(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t w;

	for (; i + sizeof(w) <= n; i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		if (w & 0x8080808080808080u)
			break;
	}
	while (i < n && (unsigned char)p[i] < 0x80)
		i++;
	return i;
}

bool
utf8_valid(const char *p, size_t n)
{
	uint32_t cp;
	size_t i = 0;

	if (n == 0)
		return true; /* p may be NULL */
	while ((i += utf8_ascii_run(p + i, n - i)) < n) {
		i += utf8_decode(p + i, n - i, &cp);
		if (cp == UINT32_MAX)
			return false;
	}
	return true;
}

size_t
utf8_tail(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t back, need;

	for (back = 1; back <= 3 && back <= n; back++) {
		if (p[n - back] < 0x80)
			return 0;
		if (p[n - back] >= 0xC0) {
			size_t got = utf8_prefix(p + n - back, back, &need);

			return got == back && got < need ? back : 0;
		}
	}
	return 0;
}

bool
utf8_repair(struct buf *out, const char *p, size_t n)
{
	size_t start = 0, i = 0, step;
	uint32_t cp;

	if (n == 0)
		return true; /* p may be NULL */
	while ((i += utf8_ascii_run(p + i, n - i)) < n) {
		step = utf8_decode(p + i, n - i, &cp);
		if (cp == UINT32_MAX) {
			if (!buf_add(out, p + start, i - start) ||
			    !buf_add(out, "\xEF\xBF\xBD", 3))
				return false;
			start = i + step;
		}
		i += step;
	}
	return buf_add(out, p + start, n - start);
}

bool
utf8_stream_feed(struct utf8_stream *s, struct buf *out, const char *p, size_t n)
{
	size_t tail;

	while (s->nheld > 0 && n > 0) {
		char seq[4];
		size_t done;

		s->held[s->nheld++] = *p++;
		n--;
		tail = utf8_tail(s->held, s->nheld);
		if (tail == s->nheld)
			continue; /* still a beginning */
		/* The state is right before the addition, which may be refused. */
		done = s->nheld - tail;
		memcpy(seq, s->held, done);
		memmove(s->held, s->held + done, tail);
		s->nheld = tail;
		if (!utf8_repair(out, seq, done))
			return false;
	}
	if (n == 0)
		return true;
	tail = utf8_tail(p, n);
	if (!utf8_repair(out, p, n - tail))
		return false;
	if (tail) {
		memcpy(s->held, p + n - tail, tail);
		s->nheld = tail;
	}
	return true;
}

bool
utf8_stream_end(struct utf8_stream *s, struct buf *out)
{
	bool ok = utf8_repair(out, s->held, s->nheld);

	s->nheld = 0;
	return ok;
}
