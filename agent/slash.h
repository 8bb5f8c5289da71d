/* Commands of a session: lines that start with `/` (or `%`). One row each. */
#ifndef SUNABA_SLASH_H
#define SUNABA_SLASH_H

#include "agent/app.h"

enum slash_end {
	SLASH_DONE, /* back to the prompt */
	SLASH_QUIT,
	SLASH_RETRY, /* ask the model again */
	SLASH_EDIT,  /* put the last message of the user back into the prompt */
};

struct slash_row {
	const char *name; /* without the slash */
	const char *args; /* "[MODE]", or "" */
	const char *help;
	enum slash_end (*run)(struct app *a, const char *arg);
};
extern const struct slash_row slash_table[];
extern const size_t slash_count;

/* Runs a line without its leading character. Unknown: says so, with the nearest. */
enum slash_end slash_run(struct app *a, const char *line);

#endif
