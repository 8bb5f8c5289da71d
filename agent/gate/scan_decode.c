/* Base64 and hexadecimal text: decoded, and taken only when it is text.
 *
 * Either alphabet of RFC 4648, padding or none. A run may begin inside a group (a path before
 * it, a cut line), so each of the four alignments is tried on its first bytes; digests, keys and
 * pictures fail there. UTF-16LE, as PowerShell's -EncodedCommand takes it, loses its zeroes.
 * Pinned by tests/unit/test_scan.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/gate/scan_int.h"

#define DECODE_FIRST	    6  /* bytes that tell most random runs */
#define DECODE_PROBE	    12 /* bytes that must be text before the rest is decoded */
#define DECODE_TEXT_PERCENT 92 /* of the whole */

/* The digits of both alphabets, one more than their value; 0: none. */
static const unsigned char decode_digits[256] = {
    ['A'] = 1,	['B'] = 2,  ['C'] = 3,	['D'] = 4,  ['E'] = 5,	['F'] = 6,  ['G'] = 7,
    ['H'] = 8,	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
    ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
    ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
    ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
    ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
    ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
    ['-'] = 63, ['/'] = 64, ['_'] = 64,
};

static int
decode_digit(char c)
{
	return decode_digits[(unsigned char)c] - 1;
}

static size_t
decode_base64(const char *p, size_t n, char *out, size_t room)
{
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t o = 0;

	for (size_t i = 0; i < n && o < room; i++) {
		int d = decode_digit(p[i]);

		if (d < 0)
			break;
		acc = acc << 6 | (uint32_t)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[o++] = (char)(acc >> bits);
		}
	}
	return o;
}

static int
decode_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t
decode_hex(const char *p, size_t n, char *out, size_t room)
{
	size_t o = 0;

	for (size_t i = 0; i + 1 < n && o < room; i += 2) {
		int hi = decode_hex_digit(p[i]), lo = decode_hex_digit(p[i + 1]);

		if (hi < 0 || lo < 0)
			break;
		out[o++] = (char)(hi << 4 | lo);
	}
	return o;
}

/* Removes the zeroes of UTF-16LE; returns the new length. */
static size_t
decode_narrow(char *p, size_t n)
{
	size_t o = 0;

	for (size_t i = 1; i < n; i += 2)
		if (p[i] != '\0')
			return n;
	for (size_t i = 0; i < n; i += 2)
		p[o++] = p[i];
	return o;
}

/* Share of bytes that text is made of, in percent: printable ASCII, and letters of scripts that
 * people write in, which random bytes seldom make. A character cut at the end is no fault. */
static size_t
decode_textual(const char *p, size_t n)
{
	size_t good = 0, i = 0;

	while (i < n) {
		unsigned char c = (unsigned char)p[i];
		uint32_t cp;
		size_t step = utf8_decode(p + i, n - i, &cp);

		if (c < 0x80)
			good +=
			    (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t' || c == '\r';
		else if (cp == UINT32_MAX)
			good += n - i <= utf8_tail(p, n) ? step : 0;
		else
			good += cp >= 0xC0 && cp < 0x20000 ? step : 0;
		i += step;
	}
	return n == 0 ? 0 : good * 100 / n;
}

/* Certainly less than all of it text: a control, or no character's first byte. */
static bool
decode_no_text(const char *p, size_t n)
{
	unsigned char first = (unsigned char)p[0];

	if (n > 4 && ((first >= 0x80 && first < 0xC2) || first > 0xF4))
		return true;
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)p[i] < 0x20 && p[i] != '\n' && p[i] != '\t' &&
		     p[i] != '\r') ||
		    p[i] == 0x7F)
			return true;
	return false;
}

typedef size_t decode_fn(const char *, size_t, char *, size_t);

static size_t
decode_try(decode_fn *fn, const char *p, size_t n, char *out)
{
	size_t len = decode_narrow(out, fn(p, n, out, DECODE_FIRST));

	if (decode_no_text(out, len) || decode_textual(out, len) < 100)
		return 0;
	len = decode_narrow(out, fn(p, n, out, 2 * DECODE_PROBE));
	if (decode_textual(out, MIN_OF(len, DECODE_PROBE)) < 100)
		return 0;
	len = decode_narrow(out, fn(p, n, out, n));
	return decode_textual(out, len) >= DECODE_TEXT_PERCENT ? len : 0;
}

/* Certainly no text, by the bytes that the first eight digits of base64 stand for, the low 48 bits of
 * `all`, in UTF-8 or UTF-16LE. */
static bool
decode_refuse(uint64_t all)
{
	unsigned before, c, next;

	if ((all >> 32 & 0xFF) == 0)
		return false; /* UTF-16LE */
	before = 0;
	for (unsigned shift = 40; shift > 0; shift -= 8, before = c) {
		c = all >> shift & 0xFF;
		next = all >> (shift - 8) & 0xFF;
		if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7F ||
		    (c >= 0x80 && c < 0xC0 && before < 0x80) ||
		    (c >= 0xC0 && (next & 0xC0) != 0x80))
			return true;
	}
	return false;
}

size_t
scan_decode(const char *p, size_t n, char *out)
{
	size_t hex = 0, len;
	uint64_t eight = 0; /* digits up to p[skip + 7] */

	while (hex < n && decode_hex_digit(p[hex]) >= 0)
		hex++;
	if (hex == n)
		return (len = decode_try(decode_hex, p, n, out)) > 0
			   ? len
			   : decode_try(decode_hex, p + 1, n - 1, out);
	for (size_t i = 0; n >= 8 && i < 7; i++)
		eight = eight << 6 | (unsigned)decode_digit(p[i]);
	for (size_t skip = 0; skip < 4 && skip < n; skip++) {
		if (n - skip >= 8) {
			eight = eight << 6 | (unsigned)decode_digit(p[skip + 7]);
			if (decode_refuse(eight))
				continue;
		}
		if ((len = decode_try(decode_base64, p + skip, n - skip, out)) > 0)
			return len;
	}
	return 0;
}
