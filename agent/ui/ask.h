/* Questions to the user, answered by keys on the controlling terminal and by nothing else.
 *
 * The confirmation shows the exact bytes that would run, through escape.h, never shortened, and
 * takes one lone key: bytes typed before it was drawn or in its first 400 ms, pasted bytes and
 * several bytes at once are not an answer; Enter and end of file mean no. Where something in
 * the code is hidden or deceives, one key is not enough: "yes" must be typed. */
#ifndef SUNABA_UI_ASK_H
#define SUNABA_UI_ASK_H

#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/base/sha256.h"
#include "agent/ui/term.h"

#define ASK_CODE_MAX (1 * MIB)	    /* bytes of code that can be shown */
#define ASK_LINE_MAX ((size_t)4096) /* bytes of a line that is asked for */

enum ask_answer {
	ASK_YES,
	ASK_NO,	    /* `reason` may say why, for the model */
	ASK_EDIT,   /* yes, but to the bytes in `edited` */
	ASK_ALWAYS, /* yes, and do not ask again in this session */
	ASK_STOP, /* end the task; also a terminal that hung up, and Ctrl-C and SIGTERM, which
		     stay counted in the loop */
	ASK_NOBODY, /* there is no terminal to ask on; nothing was shown */
};

/* Words shown above the code; any bytes. */
struct ask_note {
	const char *text;
	size_t len;
	bool warn;
	bool danger; /* more than a warning */
	bool quoted; /* not the program's words: behind a bar of their own */
};

struct ask_step {
	const char *language;
	const char *code;   /* any bytes */
	size_t len;	    /* ASK_CODE_MAX at most */
	const char *reason; /* why the model wants it; NULL: not known */
	int number;	    /* of the step; 0: not shown */
	const struct ask_note *notes;
	size_t nnotes;
	bool gate;	/* asked because of a tool's words: the keys are c, i, e, s */
	bool no_always; /* the policy does not allow "always" here */
};

struct ask_result {
	enum ask_answer answer;
	char *reason; /* UTF-8, NULL when none was given */
	char *edited; /* for ASK_EDIT; NUL behind */
	size_t edited_len;
	unsigned char sha256[SHA256_SIZE]; /* of the bytes that were shown last */
};
void ask_result_release(struct ask_result *r);

/* Asks. Returns ERR_NONE with the answer; ERR_LIMIT when the code is too large to be shown,
 * ERR_GATE when its bytes changed while it was: then the answer is ASK_NO. Type-ahead is off
 * afterwards, and what was typed is thrown away, but the keys kept for the prompt stay. */
enum err_kind ask_step(struct term *t, struct loop *l, const struct ask_step *q,
		       struct ask_result *out, struct err *e);

/* One of a few keys. `label` is shown as "[k] label". */
struct ask_choice {
	char key; /* lower-case ASCII letter */
	const char *label;
};
/* Shows the question (escaped, one line each) and waits for one of the keys, under the same
 * rules. *chosen is the index; `fallback` for Enter and end of file. ERR_GATE when nobody can
 * be asked, ERR_INTERRUPTED on Ctrl-C or SIGTERM. */
enum err_kind ask_key(struct term *t, struct loop *l, const char *question,
		      const struct ask_choice *choices, size_t n, size_t fallback,
		      size_t *chosen, struct err *e);
/* One line of text, UTF-8, without the newline; empty when only Enter was pressed. Errors as
 * ask_key(); ERR_IO at end of file. */
enum err_kind ask_line(struct term *t, struct loop *l, const char *question,
		       struct buf *out, struct err *e);

/* The locale of the user's messages is Japanese. */
bool ask_japanese(void);

#endif
