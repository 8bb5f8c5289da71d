/* The one error type of the agent.
 *
 * A fallible function returns enum err_kind and takes `struct err *` last. The error is filled
 * once, where the failure happened; callers may put context before it; only the top prints it.
 * Messages: lower case, no full stop, the subject in 'quotes', and what the user can do in
 * `hint`. Text from outside may stand in a message: the printer makes it safe. */
#ifndef SUNABA_BASE_ERR_H
#define SUNABA_BASE_ERR_H

#include "agent/base/util.h"

enum err_kind {
	ERR_NONE = 0,
	ERR_INTERNAL, /* a broken promise of ours, or the system's (disk full, no memory) */
	ERR_IO,	      /* reading or writing a file of the user failed */
	ERR_USAGE,    /* command line */
	ERR_CONFIG,   /* configuration file or variable */
	ERR_PARSE,    /* malformed bytes: JSON, stream, frame */
	ERR_LIMIT,    /* a stated bound was passed */
	ERR_NET,      /* the server cannot be reached, or the connection broke */
	ERR_AUTH,     /* 401, 403, no key */
	ERR_MODEL,    /* the server or the model refused or failed */
	ERR_CONTEXT,  /* the conversation does not fit the model's context window */
	ERR_TRUNCATED,	 /* the stream ended without its terminator */
	ERR_SANDBOX,	 /* the sandbox cannot be set up, or its jail died */
	ERR_GATE,	 /* a confirmation was needed and nobody could be asked */
	ERR_GOVERNOR,	 /* steps, cost or time used up */
	ERR_REPLAY,	 /* replay differs from the record */
	ERR_INTERRUPTED, /* SIGINT, or Ctrl-C on the terminal */
	ERR_TERMINATED,	 /* SIGTERM or SIGHUP */
	ERR_KINDS
};

struct err {
	enum err_kind kind;
	int sys;	/* errno, or 0 */
	char msg[1024]; /* what failed; UTF-8, may hold untrusted text */
	char hint[512]; /* what the user can do; may be empty */
};

/* Fills the error and returns `kind`; `e` may be NULL. err_sys adds ": strerror(errno)". */
enum err_kind
err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
enum err_kind
err_sys(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "text: " before the message; keeps the kind, which it returns. */
enum err_kind err_context(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_clear(struct err *e);

/* The exit code of the program for this kind; the table of design.md stands in err.c. */
int err_exit_code(enum err_kind kind);
/* A stable lower-case word for events and tests: "net", "auth", … */
const char *err_word(enum err_kind kind);

#endif
