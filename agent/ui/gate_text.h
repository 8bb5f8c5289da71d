/* The character gate: makes text from outside safe to stand on a screen.
 *
 * Control characters become visible, invisible and direction-changing characters are dropped
 * and counted. What comes out holds no C0 (but tabs where allowed), DEL or C1 character, and
 * passing it through again changes nothing. The terminal's writer sends every span and link
 * through it; layout does so before, because widths depend on it. */
#ifndef SUNABA_UI_GATE_TEXT_H
#define SUNABA_UI_GATE_TEXT_H

#include "agent/base/buf.h"

#define GATE_SEEN_MAX  8 /* different characters named in the note; more are only counted */
#define GATE_MARKS_MAX 8 /* combining marks on one base */

struct gate_count {
	size_t total; /* characters dropped or made visible */
	struct {
		uint32_t cp;
		size_t n;
	} seen[GATE_SEEN_MAX];
	size_t nseen;
};

/* `marked`: the text stands for a control character and should look different. */
typedef void gate_put(void *arg, const char *p, size_t n, bool marked);

/* Hands the safe form of p[0..n) to put(), in pieces; ill-formed bytes are repaired. `count`
 * may be NULL. */
void gate_text(const char *p, size_t n, struct gate_count *count, gate_put *put, void *arg);
/* The safe form, added to out. */
void gate_text_buf(struct buf *out, const char *p, size_t n, struct gate_count *count);
/* "3 invisible/control characters removed (U+202E×1, U+200B×2)" added to out. */
void gate_note(struct buf *out, const struct gate_count *count, bool unicode);
/* A link target fit to stand inside OSC 8: bytes outside 0x21-0x7e are percent-encoded. False
 * when the scheme is not http, https or mailto, or the result is over GATE_URL_MAX bytes. */
#define GATE_URL_MAX 2083
bool gate_url(struct buf *out, const char *p, size_t n);

#endif
