/* The OpenAI Chat Completions wire: requests and streams. Pure; provider_openai.c does the talking. */
#ifndef SUNABA_MODEL_OPENAI_H
#define SUNABA_MODEL_OPENAI_H

#include "agent/base/json.h"
#include "agent/model/reply.h"
#include "agent/model/wire.h"

#define REQUEST_MAX (256 * MIB) /* bytes of a request's body */

/* What a server turned out not to take; learnt from its refusals, kept for the session. */
struct openai_quirks {
	bool no_stream_options, no_temperature;
	bool
	    completion_tokens; /* the output limit is max_completion_tokens, not max_tokens */
	bool no_max;
};

/* Writes the request's body. ERR_LIMIT past REQUEST_MAX. */
enum err_kind
openai_request(const char *model, const struct openai_quirks *q,
	       const struct model_request *req, struct buf *out, struct err *e);
/* One message of a flattened conversation. */
void openai_put_message(struct json_writer *w, const struct msg *m);
/* The rest of a request's object as both OpenAI and Ollama take it, to its end: the flattened
 * messages, each written by `put`, and the tools. ERR_LIMIT past the writer's bound. */
typedef void openai_put_fn(struct json_writer *w, const struct msg *m);
enum err_kind openai_put_rest(struct json_writer *w, const struct model_request *req,
			      openai_put_fn *put, struct err *e);

struct openai_stream {
	struct reply *reply;
	struct server_error *said; /* filled when an event was an error */
	bool done;		   /* [DONE] */
	bool finished;		   /* a finish_reason was seen */
	size_t events;
};

extern const struct dialect openai_dialect; /* arg: struct openai_stream */
void openai_restart(void *stream);
/* An excerpt of bytes from a server for a message: printable, short. */
void openai_excerpt(const char *p, size_t n, char *out, size_t cap);
/* ERR_MODEL (ERR_CONTEXT) for an error that came inside a good reply. */
enum err_kind openai_said(const struct server_error *said, struct err *e);

#endif
