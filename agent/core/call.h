/* What a reply asks for: a call of a tool (`execute`, `output`), or a fenced block. Pure. */
#ifndef SUNABA_CORE_CALL_H
#define SUNABA_CORE_CALL_H

#include "agent/base/json.h"
#include "agent/core/fence.h"
#include "agent/core/mend.h"
#include "agent/model/msg.h"
#include "tools/output.h"

#define CALL_CODE_MAX (512 * KIB) /* bytes of code that a user can be asked about */

struct call {
	const char *call_id;  /* NULL: fenced block */
	const char *language; /* as the model wrote it; NULL: the call is malformed */
	const char *code;
	size_t len;
	char *problem;		 /* why it cannot be run, for the model to mend; or NULL */
	cJSON *args;		 /* owner of language and code */
	struct mend_call mended; /* or this: the code was wrapped, see mend.h */
	bool text;  /* it stands in the reply's text, which may only quote it */
	bool pages; /* a call of the tool `output`: `ask`, and no code */
	struct output_ask ask;
};

/* Reads a call's arguments; what cannot be run gets a `problem`. */
struct call call_read(const struct msg_call *c);
/* Sets `problem` when the language is unknown or not installed, naming what there is. */
void call_check_language(struct call *a);
/* Whether a block of a reply is meant to be run, rather than an example or a diagram. */
bool call_in_fence(const struct fence *f);
/* Such a block as a call; one whose end never came has a `problem`. Borrows from `f`. */
struct call call_read_fence(const struct fence *f);
void call_release(struct call *a);

#endif
