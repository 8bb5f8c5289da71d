/* UTF-8: decoding, validation and repair of untrusted bytes.
 *
 * Ill-formed input is replaced by U+FFFD once per maximal subpart (Unicode 15, section 3.9,
 * the same as the WHATWG decoder), so that no byte that is part of a valid sequence is lost. */
#ifndef SUNABA_BASE_UTF8_H
#define SUNABA_BASE_UTF8_H

#include "agent/base/buf.h"

#define UTF8_REPLACEMENT 0xFFFDu

/* Decodes one code point of p[0..n), n > 0. Returns the bytes it takes (1 to 4) and sets *cp;
 * for ill-formed bytes *cp is UINT32_MAX and the length that of the maximal subpart. */
size_t utf8_decode(const char *p, size_t n, uint32_t *cp);
/* Encodes cp (a scalar value) into out[4]; returns the bytes written. */
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(const char *p, size_t n);
/* How many bytes at the end of p[0..n) may be the start of a sequence not yet whole (0 to 3). */
size_t utf8_tail(const char *p, size_t n);
/* Adds p[0..n) repaired; returns false when the buffer's bound was met. */
bool utf8_repair(struct buf *out, const char *p, size_t n);

/* Repair across chunks: bytes of a sequence cut by a chunk's end wait for the next. */
struct utf8_stream {
	char held[4];
	size_t nheld;
};
bool utf8_stream_feed(struct utf8_stream *s, struct buf *out, const char *p, size_t n);
bool utf8_stream_end(struct utf8_stream *s, struct buf *out);

#endif
