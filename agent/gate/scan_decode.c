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

static int
decode_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
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

typedef size_t decode_fn(const char *, size_t, char *, size_t);

static size_t
decode_try(decode_fn *fn, const char *p, size_t n, char *out)
{
	size_t len = decode_narrow(out, fn(p, n, out, DECODE_FIRST));

	if (decode_textual(out, len) < 100)
		return 0;
	len = decode_narrow(out, fn(p, n, out, 2 * DECODE_PROBE));
	if (decode_textual(out, MIN_OF(len, DECODE_PROBE)) < 100)
		return 0;
	len = decode_narrow(out, fn(p, n, out, n));
	return decode_textual(out, len) >= DECODE_TEXT_PERCENT ? len : 0;
}

size_t
scan_decode(const char *p, size_t n, char *out)
{
	size_t hex = 0, len;

	while (hex < n && decode_hex_digit(p[hex]) >= 0)
		hex++;
	if (hex == n)
		return (len = decode_try(decode_hex, p, n, out)) > 0
			   ? len
			   : decode_try(decode_hex, p + 1, n - 1, out);
	for (size_t skip = 0; skip < 4 && skip < n; skip++)
		if ((len = decode_try(decode_base64, p + skip, n - skip, out)) > 0)
			return len;
	return 0;
}
