/* What every wire format builds its reply with: text, thinking, calls and counts gathered from
 * deltas, handed to the sink as they come.
 *
 * Bounds: REPLY_TEXT_MAX bytes of text and of thinking each, REPLY_ARGS_MAX bytes of arguments,
 * REPLY_CALLS_MAX calls; past one the functions return ERR_LIMIT. */
#ifndef SUNABA_MODEL_REPLY_H
#define SUNABA_MODEL_REPLY_H

#include "agent/model/provider.h"
#include "agent/model/think.h"

#define REPLY_TEXT_MAX	(16 * MIB)
#define REPLY_ARGS_MAX	(8 * MIB)
#define REPLY_CALLS_MAX 64

struct reply_call {
	char *id, *name; /* NULL until known */
	int64_t index;	 /* as the server numbers them; -1: it does not */
	struct buf args;
	bool guessed; /* told from the one before by its name alone */
};

struct reply {
	struct buf text, reasoning;
	struct reply_call calls[REPLY_CALLS_MAX];
	size_t ncalls;
	enum finish finish;
	struct usage usage;
	char *model;
	bool shown; /* text or thinking went to the sink */
	struct think think;
	size_t first_call; /* number for the first id that we make */
	const struct model_sink *sink;
};

/* `req` may be NULL; its calls are counted so that made ids stay unique in the conversation. */
void
reply_init(struct reply *r, const struct model_request *req, const struct model_sink *sink);
void reply_release(struct reply *r);
/* Forgets everything gathered: before another attempt. */
void reply_reset(struct reply *r);

/* Text in which <think> may stand; valid UTF-8. */
enum err_kind reply_text(struct reply *r, const char *p, size_t n, struct err *e);
enum err_kind reply_reasoning(struct reply *r, const char *p, size_t n, struct err *e);
/* The call this delta belongs to: by index, else by id, else the last one; a name behind
 * complete arguments begins another. Empty or NULL id and name change nothing. ERR_LIMIT: too
 * many. */
enum err_kind reply_call(struct reply *r, int64_t index, const char *id, const char *name,
			 struct reply_call **out, struct err *e);
enum err_kind
reply_args(struct reply *r, struct reply_call *c, const char *p, size_t n, struct err *e);
/* The stream's end: held text goes out. */
void reply_end(struct reply *r);
/* Moves everything to *out; without calls when `whole` is false. A call without a name, and on
 * FINISH_LENGTH the last call (out->call_cut), is dropped; ids are made to differ. r is empty
 * then. */
void reply_take(struct reply *r, bool whole, struct model_reply *out);

/* The sink, through which NULL slots are no special case. */
void sink_notice(const struct model_sink *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void sink_countdown(const struct model_sink *s, int64_t remaining_ms, const char *why);

#endif
