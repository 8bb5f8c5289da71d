/* Calls that weak models write as text, and code that is wrapped in a call. Pure.
 *
 * Read are functions.execute({...}), execute({...}), {"name": "execute", "arguments": {...}} also
 * with "parameters" or inside "function", <tool_call> tags, [TOOL_CALLS] lists, blocks of JSON, and
 * {"language": ..., "code": ...} alone. Raw line breaks inside their strings are taken as meant.
 * Only what names a language of the table is a call. */
#ifndef SUNABA_CORE_MEND_H
#define SUNABA_CORE_MEND_H

#include <stdbool.h>
#include <stddef.h>

#define MEND_CALLS_MAX 16	     /* calls of one text; one with more is left alone */
#define MEND_TEXT_MAX  (1024 * 1024) /* bytes of a text that is looked into */

struct mend_call {
	char *language, *code;
};
void mend_call_release(struct mend_call *c);

struct mend {
	struct mend_call at[MEND_CALLS_MAX];
	size_t n;
	size_t before; /* bytes of the text in front of the first call */
	size_t behind; /* where the text goes on behind the last one */
};
void mend_release(struct mend *m);

/* Finds the calls that a reply's text ends in. Behind functions.execute(…) more prose may follow;
 * the bare pair must be all there is. False: it holds none, and *out is empty. */
bool mend_text(const char *text, size_t n, struct mend *out);
/* Code that is a call itself, stands in a fence, or ends in a line `execute` which it has nowhere
 * else. False: it is as it should be, and *out is empty. */
bool mend_code(const char *language, const char *code, size_t n, struct mend_call *out);

#endif
