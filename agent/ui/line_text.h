/* What happens to entered text, without a terminal. Pure. */
#ifndef SUNABA_UI_LINE_TEXT_H
#define SUNABA_UI_LINE_TEXT_H

#include "agent/base/buf.h"

/* An entry that began with a """ block or with a code block, and has not closed it. */
bool line_text_open(const char *p, size_t n);
/* The entry without the quotes of its block, if it is one. */
void line_text_unwrap(struct buf *out, const char *p, size_t n);
/* Pasted bytes as text: UTF-8 repaired, CR and CRLF to LF, NUL dropped. C1 controls, which
 * readline would hand to the terminal as they are, become U+FFFD. */
void line_text_paste(struct buf *out, const char *p, size_t n);
/* Keys typed while nobody read them, as text: erase keys erase, escape sequences and other
 * control keys are dropped, newlines at the end too. */
void line_text_ahead(struct buf *out, const char *p, size_t n);
/* U+0080 to U+009F begins at p[0]. */
bool line_text_c1(const char *p, size_t n);
/* How many hidden characters there are (control, bidirectional, invisible), the first in *cp. */
size_t line_text_hidden(const char *p, size_t n, uint32_t *cp);
void line_text_strip(struct buf *out, const char *p, size_t n);
/* Where the cursor goes: `up` or down one logical line from byte `at`, in the same column as
 * far as there is one. false: it is the first or last line. */
bool line_text_move(const char *p, size_t n, size_t at, bool up, size_t *to);

#endif
