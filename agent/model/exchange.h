/* One exchange with a server over HTTP: sends, reads the stream through a dialect, and sends
 * again where that is right. What every HTTP provider's chat is made of. */
#ifndef SUNABA_MODEL_EXCHANGE_H
#define SUNABA_MODEL_EXCHANGE_H

#include "agent/model/http.h"
#include "agent/model/reply.h"
#include "agent/model/wire.h"

struct exchange {
	const char *url, *body;
	size_t body_len;
	const char *const *headers; /* ends with NULL; may be NULL itself */
	const struct dialect *dialect;
	void *dialect_arg;
	void (*restart)(void *dialect_arg); /* before each attempt */
	struct reply *reply;
	const struct model_sink *sink;
	/* Told to the caller on failure, for adapting and better words: */
	int status;		  /* of the last reply, 0 when none came */
	struct server_error said; /* when the server refused or failed */
};

/* ERR_NONE: the stream was whole. Else as model_chat; text gathered so far is in x->reply. */
enum err_kind exchange_run(struct model *m, struct exchange *x, struct err *e);
/* m->http, made now if need be. */
enum err_kind exchange_http(struct model *m, struct err *e);

#endif
