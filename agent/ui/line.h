/* The prompt: a line editor on a terminal, plain lines elsewhere.
 *
 * On a terminal it is readline, driven through the loop, so that steps and timers are served
 * while the user thinks. Alt-Enter and Ctrl-J begin a new line, as does Enter inside an entry
 * that opened with """; pasted text is inserted and never submits itself. readline keeps global
 * state: one struct line at a time. */
#ifndef SUNABA_UI_LINE_H
#define SUNABA_UI_LINE_H

#include "agent/base/loop.h"
#include "agent/ui/term.h"

#define LINE_MAX_BYTES (1 * MIB) /* of an entry, typed or pasted */

struct line_command {
	const char *name; /* without the slash */
	const char *args; /* "NAME", may be NULL */
	const char *help; /* a few words */
};

struct line_opts {
	const char *history; /* path; NULL: none is kept. The folder must be there */
	const struct line_command *commands; /* completed at the start of an entry; copied,
					      but not their texts */
	size_t ncommands;
	bool danger; /* the prompt stands in the colour of errors */
	const char
	    *below_command; /* its relative paths are completed below `below`, not where
				      we are; or NULL. Both borrowed for good */
	const char *below;
};

enum line_end {
	LINE_TEXT,   /* *out is the entry, UTF-8, without the quotes of a """ block */
	LINE_EOF,    /* Ctrl-D on an empty line, end of file, terminal gone */
	LINE_CANCEL, /* Ctrl-C: what was typed is gone */
	LINE_QUIT,   /* a second Ctrl-C within a second, SIGTERM or SIGHUP */
};

struct line;
struct line *line_new(struct term *t, struct loop *l, const struct line_opts *o);
void line_free(struct line *n); /* NULL is fine */

/* Reads one entry. `prompt` is shown (its last line is the prompt, lines above are printed
 * first); `prefill` (may be NULL) and what was typed ahead stand in the line already. Entries
 * go to the history, except those that begin with a space. Takes the interrupts it answers. */
enum line_end
line_read(struct line *n, const char *prompt, const char *prefill, struct buf *out);
/* Shows a line above the prompt, wherever the cursor is; also when no prompt is shown. */
void line_notice(struct line *n, enum style_name s, const char *text);

#endif
