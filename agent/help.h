/* Texts made from the tables: --help, help topics, the manual. */
#ifndef SUNABA_HELP_H
#define SUNABA_HELP_H

#include "agent/base/buf.h"
#include "agent/base/opt.h"

#define HELP_COLUMNS 80

struct exit_row {
	const char *code; /* "0", "130, 143" */
	const char *meaning;
};
extern const struct exit_row exit_table[];
extern const size_t exit_count;

/* Fills @OPTIONS@, @COMMANDS@, @ENVIRONMENT@, @CONFIG@, @EXIT@ and @VERSION@ of a roff template.
 * ERR_PARSE for an unknown @WORD@ on a line of its own. */
enum err_kind help_man(const char *text, size_t n, struct buf *out, struct err *e);

#endif
