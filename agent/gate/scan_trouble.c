/* Lines that cannot be read as they stand: finds them, as fast as bytes can be looked at.
 *
 * Controls, escapes and what is beyond ASCII are looked for sixteen or thirty-two bytes at a
 * time; Han, kana and Hangul are passed over. Pinned by tests/unit/test_scan.c, for speed by
 * tests/bench/scan.c. */
#include <string.h>

#include "agent/gate/scan_int.h"
#include "agent/gate/scan_window.h"

typedef unsigned char trouble_vec __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t trouble_pair __attribute__((vector_size(16)));

/* Bytes that trouble_at() looks at; trouble_any() finds them in a vector. */
static const bool trouble_odd[256] = {
    [0 ... '\b'] = true, ['\v' ... 0x1F] = true, ['&'] = true,
    ['%'] = true,	 ['\\'] = true,		 [0x80 ... 0xFF] = true,
};

bool
scan_east_plain(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	if (n < 3 || p[0] < 0xE3 || p[0] > 0xED || (p[1] & 0xC0) != 0x80 ||
	    (p[2] & 0xC0) != 0x80)
		return false;
	if (p[0] == 0xE3)
		return p[1] == 0x80
			   ? p[2] >= 0x81 && p[2] <= 0x8F
			   : !(p[1] == 0x83 && p[2] == 0xBB) &&	  /* the middle dot */
				 !(p[1] == 0x85 && p[2] == 0xA4); /* a filler */
	return !(p[0] == 0xED && p[1] > 0x9F) &&		  /* surrogates */
	       !(p[0] == 0xEA && p[1] == 0x9C);			  /* small capitals */
}

static bool
trouble_is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* No escape, but one may be there once other trouble is taken out of the line. */
#define TROUBLE_BROKEN 8u

static unsigned
trouble_escape(const char *p, size_t n)
{
	char next = n > 1 ? p[1] : '\0';
	bool broken;

	/* By far the most. */
	if (*p == '\\' && (next == 'n' || next == '"'))
		return SCAN_ESCAPES;
	if (scan_escape_is(p, n))
		return SCAN_ESCAPES;
	if (*p == '%')
		broken = trouble_is_hex(next) && n > 2 && trouble_is_hex(p[2]);
	else
		broken =
		    next && strchr(*p == '&' ? "#lgaqn" : "nrtxuU\"'\\/01234567", next);
	return broken ? TROUBLE_BROKEN : 0;
}

static unsigned
trouble_at(const char *p, size_t n, size_t i)
{
	unsigned char c = (unsigned char)p[i];
	char next = i + 1 < n ? p[i + 1] : '\0';

	if (c >= 0x80)
		return SCAN_WIDE;
	if (c == '&' || c == '%' || c == '\\')
		return trouble_escape(p + i, n - i);
	if (c == '\r')
		return i + 1 < n && next != '\n' ? SCAN_CONTROLS : 0;
	return c < 0x20 && c != '\t' && c != '\n' ? SCAN_CONTROLS : 0;
}

#ifdef SCAN_WIDE_TARGET
SCAN_WIDE_TARGET static size_t
trouble_skip_wide(const char *p, size_t i, size_t n)
{
	return scan_odd_wide(p, i, n);
}
#endif

/* Bytes of a vector that may be trouble are 255, the others 0. */
static bool
trouble_any(const char *p)
{
	trouble_vec v = *(const trouble_vec *)p;
	trouble_vec odd =
	    (trouble_vec)((v >= 0x80) | (v == '&') | (v == '%') | (v == '\\') |
			  ((v < 0x20) & (v != '\t') & (v != '\n')));
	trouble_pair pair = (trouble_pair)odd;

	return (pair[0] | pair[1]) != 0;
}

/* The first byte from i on that may be trouble, or n. */
static size_t
trouble_look(const char *p, size_t i, size_t n, bool wide)
{
#ifdef SCAN_WIDE_TARGET
	if (wide)
		i = trouble_skip_wide(p, i, n);
#endif
	while (i + sizeof(trouble_vec) <= n && !trouble_odd[(unsigned char)p[i]] &&
	       !trouble_any(p + i))
		i += sizeof(trouble_vec);
	while (i < n && !trouble_odd[(unsigned char)p[i]])
		i++;
	return i;
}

/* The first trouble from i on, or n; *what is its kind. */
static size_t
trouble_next(const char *p, size_t i, size_t n, bool wide, unsigned *what)
{
	*what = 0;
	while ((i = trouble_look(p, i, n, wide)) < n) {
		while (scan_east_plain(p + i, n - i))
			i += 3;
		if (i < n && trouble_odd[(unsigned char)p[i]]) {
			*what |= trouble_at(p, n, i);
			if (*what & ~TROUBLE_BROKEN)
				break;
			i++;
		}
	}
	return i;
}

/* No other trouble than escapes is in the vector at p. */
static bool
trouble_no_other(const char *p)
{
	trouble_vec v = *(const trouble_vec *)p;
	trouble_pair pair = (trouble_pair)((v >= 0x80) | ((v < 0x20) & (v != '\t')));

	return (pair[0] | pair[1]) == 0;
}

/* The first byte from i on that may be other trouble than an escape, or n. */
static size_t
trouble_beside_escapes(const char *p, size_t i, size_t n)
{
	const size_t step = sizeof(trouble_vec);

	while (i + step <= n && trouble_no_other(p + i))
		i += step;
	/* The last ones together with some before. */
	if (i + step > n && n >= step && trouble_no_other(p + n - step))
		return n;
	while (i < n && (unsigned char)p[i] < 0x80 &&
	       ((unsigned char)p[i] >= 0x20 || p[i] == '\t'))
		i++;
	return i;
}

unsigned
scan_trouble(const char *p, size_t n, size_t from, bool wide)
{
	unsigned found = 0, what;

	for (size_t i = from; (i = trouble_next(p, i, n, wide, &what)) < n;) {
		found |= what;
		i++;
		if (found & SCAN_ESCAPES)
			i = trouble_beside_escapes(p, i, n);
	}
	found |= what;
	if ((found & TROUBLE_BROKEN) && (found & (SCAN_CONTROLS | SCAN_WIDE)))
		found |= SCAN_ESCAPES;
	return found & ~TROUBLE_BROKEN;
}

size_t
scan_trouble_find(const char *p, size_t n, bool wide, bool *broken)
{
	unsigned what;
	size_t i = trouble_next(p, 0, n, wide, &what);

	*broken = what & TROUBLE_BROKEN;
	return i;
}
