/* The user's editor on a text that exists only in memory. */
#ifndef SUNABA_UI_EDITOR_H
#define SUNABA_UI_EDITOR_H

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/ui/term.h"

/* Opens $VISUAL, $EDITOR or vi on a private temporary file with these bytes, waits, and puts
 * what was saved into *out (its bound is the text's). `suffix` (".py") may be "". The terminal
 * is the editor's meanwhile. ERR_IO when the file cannot be made or read, ERR_USAGE when the
 * editor cannot be started or fails; the file is gone in any case. */
enum err_kind editor_run(struct term *t, const char *p, size_t n, const char *suffix,
			 struct buf *out, struct err *e);

#endif
