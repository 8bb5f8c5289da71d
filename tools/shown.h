/* Names and words from code, for a line that goes to the terminal or to the model. Pure. */
#ifndef SUNABA_TOOLS_SHOWN_H
#define SUNABA_TOOLS_SHOWN_H

#include "agent/base/buf.h"

/* Adds p[0..n): control and format characters and what hides or turns text become \u{…}, bytes
 * that are no UTF-8 \x…, a backslash and a quote get a backslash before them. What is longer than
 * `most` bytes ends in "…". */
void shown_add(struct buf *out, const char *p, size_t n, size_t most);

#endif
