/* Colours of programs' output: what SGR sequences say, as a state. Pure.
 *
 * Kept are the attributes and the 16 colours of the terminal's palette; 256 and true colours become
 * the nearest of these. What would hide text (conceal, a colour on itself, black on nothing)
 * is not kept, nor is blinking. */
#ifndef SUNABA_TOOLS_SGR_H
#define SUNABA_TOOLS_SGR_H

#include "agent/base/util.h"

enum sgr_attr {
	SGR_BOLD = 1 << 0,
	SGR_DIM = 1 << 1,
	SGR_ITALIC = 1 << 2,
	SGR_UNDERLINE = 1 << 3,
	SGR_STRIKE = 1 << 4,
	SGR_REVERSE = 1 << 5,
};

/* Colours: 0 is the terminal's own, 1 to 16 its palette. */
struct sgr {
	uint8_t attrs, fg, bg;
};

/* Takes in the parameters of one sequence: what stands between "CSI" and "m". Others than digits
 * and separators: nothing is changed. */
void sgr_apply(struct sgr *s, const char *params, size_t n);
/* What is to be shown: without what would hide text. */
struct sgr sgr_visible(struct sgr s);

/* A state among text, as SGR_MARK bytes that are never part of UTF-8: the first is SGR_LEAD, the
 * others look like continuation bytes. */
#define SGR_MARK 4
#define SGR_LEAD 0xFE
void sgr_mark(struct sgr s, char out[SGR_MARK]);
/* False when p[0..n) does not begin with a whole mark. */
bool sgr_read(const char *p, size_t n, struct sgr *out);

#endif
