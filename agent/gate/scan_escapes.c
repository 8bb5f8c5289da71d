/* Characters written by their numbers: HTML entities, percent, \uXXXX, \xXX, octal.
 *
 * Decoded out of the input or in place, twice at the most (%2569 is %69 is i). Only what was
 * written so although a plain ASCII letter would do counts as encoded: JSON writes Japanese in \u,
 * URLs in percent.
 * A backslash before n, r or t is a break between words. Pinned by tests/unit/test_scan.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/gate/scan_int.h"

/* What is read: c->text itself, or a line of the input, of which `room` bytes may be read. */
struct escape_in {
	const char *p;
	size_t n, room;
	bool self;
};

static int
escape_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `digits` of base 8 or 16; false when they are not there. */
static bool
escape_number(const char *p, size_t n, size_t digits, int base, uint32_t *v)
{
	*v = 0;
	if (n < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		int d = escape_digit(p[i]);

		if (d < 0 || d >= base)
			return false;
		*v = *v * (uint32_t)base + (uint32_t)d;
	}
	return true;
}

/* "&#105;" "&#x69;" (the semicolon may lack) and the five names. */
static size_t
escape_entity(const char *p, size_t n, uint32_t *cp)
{
	static const struct {
		char name[6], len, is;
	} named[] = {{"lt;", 3, '<'},	{"gt;", 3, '>'},    {"amp;", 4, '&'},
		     {"quot;", 5, '"'}, {"apos;", 5, '\''}, {"nbsp;", 5, ' '}};
	bool hex;
	size_t i;

	for (size_t k = 0; n > 1 && k < ARRAY_LEN(named); k++) {
		size_t len = (size_t)named[k].len;

		if (p[1] == named[k].name[0] && n > len &&
		    memcmp(p + 1, named[k].name, len) == 0) {
			*cp = (uint32_t)named[k].is;
			return len + 1;
		}
	}
	if (n < 4 || p[1] != '#')
		return 0;
	hex = (p[2] | 0x20) == 'x';
	*cp = 0;
	for (i = hex ? 3 : 2; i < n && i < 12; i++) {
		int d = escape_digit(p[i]);

		if (d < 0 || (!hex && d > 9))
			break;
		*cp = *cp * (hex ? 16 : 10) + (uint32_t)d;
	}
	if (i == (hex ? 3u : 2u))
		return 0;
	return i < n && p[i] == ';' ? i + 1 : i;
}

static size_t
escape_u16(const char *p, size_t n, uint32_t *cp)
{
	uint32_t low;

	if (!escape_number(p + 2, n - 2, 4, 16, cp))
		return 0;
	if (*cp >= 0xD800 && *cp < 0xDC00 && n >= 12 && p[6] == '\\' && p[7] == 'u' &&
	    escape_number(p + 8, n - 8, 4, 16, &low) && low >= 0xDC00 && low < 0xE000) {
		*cp = 0x10000 + ((*cp - 0xD800) << 10) + (low - 0xDC00);
		return 12;
	}
	return 6;
}

static size_t
escape_backslash(const char *p, size_t n, uint32_t *cp)
{
	if (n < 2)
		return 0;
	switch (p[1]) {
	case 'n':
		*cp = '\n';
		return 2;
	case 'r':
	case 't':
		*cp = ' ';
		return 2;
	case '"':
	case '\'':
	case '\\':
	case '/':
		*cp = (uint32_t)p[1];
		return 2;
	case 'x':
		return escape_number(p + 2, n - 2, 2, 16, cp) ? 4 : 0;
	case 'u':
		if (n >= 5 && p[2] == '{' && escape_number(p + 3, n - 3, 2, 16, cp) &&
		    p[5] == '}')
			return 6;
		return escape_u16(p, n, cp);
	case 'U':
		return escape_number(p + 2, n - 2, 8, 16, cp) ? 10 : 0;
	default:
		return escape_number(p + 1, n - 1, 3, 8, cp) && *cp < 256 ? 4 : 0;
	}
}

/* Bytes of the escape at p[0], 0: none. *byte: the number is a byte, not a code point. */
static size_t
escape_at(const char *p, size_t n, uint32_t *cp, bool *byte)
{
	size_t len;

	*byte = false;
	if (*p == '&')
		return escape_entity(p, n, cp);
	if (*p == '%') {
		*byte = true;
		return escape_number(p + 1, n - 1, 2, 16, cp) && *cp >= 0x20 ? 3 : 0;
	}
	len = escape_backslash(p, n, cp);
	*byte = len == 4; /* \xXX and \NNN */
	return len;
}

bool
scan_escape_is(const char *p, size_t n)
{
	uint32_t cp;
	bool byte;

	return escape_at(p, n, &cp, &byte) > 0;
}

/* Writes the character of an escape at `from` that is already `how`. */
static inline void
escape_put(struct scan_clean *c, size_t *o, uint32_t from, unsigned how, uint32_t cp,
	   bool byte)
{
	char utf8[4] = {(char)cp};
	size_t n = 1;

	if (cp < 0x80) {
		if (cp < 0x20 && cp != '\n' && cp != '\t')
			utf8[0] = ' ';
		if ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z')
			how |= SCAN_ENCODED;
	} else {
		c->beyond = true;
		if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
			utf8[0] = ' ';
		else if (!byte)
			n = utf8_encode(cp, utf8);
	}
	c->altered = c->altered || how;
	for (size_t k = 0; k < n; k++, (*o)++) {
		c->text[*o] = utf8[k];
		c->from[*o] = from;
		c->how[*o] = (uint8_t)how;
	}
}

typedef unsigned char escape_vec __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t escape_pair __attribute__((vector_size(16)));

static bool
escape_first(char c)
{
	return c == '&' || c == '%' || c == '\\';
}

/* Bytes up to the next one that may begin an escape. */
static size_t
escape_next(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + sizeof(escape_vec) <= n; i += sizeof(escape_vec)) {
		escape_vec v = *(const escape_vec *)(p + i);
		escape_pair odd = (escape_pair)((v == '&') | (v == '%') | (v == '\\'));

		if (odd[0] | odd[1])
			break;
	}
	while (i < n && !escape_first(p[i]))
		i++;
	return i;
}

/* Bytes of the input that are copied and looked at in one step. */
#define ESCAPE_STEP 16

#ifdef __SSE2__
/* The same as the byte after byte below; the bytes that may begin an escape, a bit each. */
static unsigned
escape_copy_step(struct scan_clean *c, size_t o, const char *p, size_t i)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(p + i)), odd, four;

	_mm_storeu_si128((__m128i *)(c->text + o), v);
	four = _mm_add_epi32(_mm_set1_epi32((int)i), _mm_setr_epi32(0, 1, 2, 3));
	for (size_t k = 0; k < ESCAPE_STEP; k += 4) {
		_mm_storeu_si128((__m128i *)(c->from + o + k), four);
		four = _mm_add_epi32(four, _mm_set1_epi32(4));
	}
	odd = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('&')),
			   _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('%')),
					_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
	return (unsigned)_mm_movemask_epi8(odd);
}
#endif

/* Copies what stands at p[i], and more up to the next byte that may begin an escape, to c from o on;
 * returns how many. `how` is 0 there already. */
static size_t
escape_copy(struct scan_clean *c, size_t o, const struct escape_in *in, size_t i)
{
	size_t start = i;

#ifdef __SSE2__
	for (unsigned but = 1; in->n > i && in->room - i >= ESCAPE_STEP; but = 0) {
		unsigned odd = escape_copy_step(c, o + (i - start), in->p, i) & ~but;

		if (odd)
			return MIN_OF(i + (size_t)__builtin_ctz(odd), in->n) - start;
		i += ESCAPE_STEP;
	}
	if (i >= in->n)
		return in->n - start;
#endif
	for (; i < in->n && (i == start || !escape_first(in->p[i])); i++) {
		c->text[o + (i - start)] = in->p[i];
		c->from[o + (i - start)] = (uint32_t)i;
	}
	return i - start;
}

static void
escape_move(struct scan_clean *c, size_t o, size_t i, size_t n)
{
	if (o == i)
		return;
	memmove(c->text + o, c->text + i, n);
	memmove(c->from + o, c->from + i, n * sizeof(*c->from));
	memmove(c->how + o, c->how + i, n);
}

/* True when `cp`, which came out of an escape behind `before`, may be part of another one; p[0..n)
 * is what comes next. */
static bool
escape_part(char before, uint32_t cp, const char *p, size_t n)
{
	if (escape_first(before) ||
	    (cp < 0x80 && (escape_digit((char)cp) >= 0 || cp == '#')))
		return true;
	if (cp >= 0x80 || !escape_first((char)cp) || n == 0)
		return (cp | 0x20) >= 'a' && (cp | 0x20) <= 'z';
	if (escape_first(*p))
		return true; /* that may stand for anything */
	if (cp == '&')
		return *p == '#' || strchr("lgaqn", *p);
	return cp == '\\' || escape_digit(*p) >= 0;
}

/* One round; true when what came out may be an escape again. */
static bool
escape_round(struct scan_clean *c, const struct escape_in *in)
{
	size_t o = 0, i = 0;
	bool first = false, part = false;

	while (i < in->n) {
		const char *p = in->p + i;
		uint32_t cp;
		bool byte;
		size_t len = 0;

		if (escape_first(*p))
			len = escape_at(p, in->n - i, &cp, &byte);
		if (len > 0) {
			first = first || (cp < 0x80 && escape_first((char)cp));
			part = part || escape_part(o > 0 ? c->text[o - 1] : 0, cp, p + len,
						   in->n - i - len);
			if (in->self)
				escape_put(c, &o, c->from[i], c->how[i], cp, byte);
			else
				escape_put(c, &o, (uint32_t)i, 0, cp, byte);
			i += len;
			continue;
		}
		if (in->self) {
			len = 1 + escape_next(p + 1, in->n - i - 1);
			escape_move(c, o, i, len);
		} else {
			len = escape_copy(c, o, in, i);
		}
		o += len;
		i += len;
	}
	c->len = o;
	return first && part;
}

void
scan_norm_escapes(struct scan_clean *c)
{
	if (escape_round(c, &(struct escape_in){c->text, c->len, c->len, true}))
		escape_round(c, &(struct escape_in){c->text, c->len, c->len, true});
}

void
scan_norm_escapes_of(struct scan_clean *c, const char *p, size_t n, size_t room)
{
	memset(c->how, 0, n);
	if (escape_round(c, &(struct escape_in){p, n, room, false}))
		escape_round(c, &(struct escape_in){c->text, c->len, c->len, true});
}
