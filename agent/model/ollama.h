/* Ollama's own wire: requests and streams of /api/chat. Pure; provider_ollama.c does the talking. */
#ifndef SUNABA_MODEL_OLLAMA_H
#define SUNABA_MODEL_OLLAMA_H

#include "agent/model/reply.h"
#include "agent/model/wire.h"

/* num_ctx: tokens; the same for the whole session, since a change loads the model anew. */
enum err_kind
ollama_request(const char *model, int64_t num_ctx, const struct model_request *req,
	       struct buf *out, struct err *e);

struct ollama_stream {
	struct reply *reply;
	struct server_error *said; /* filled when a line was an error */
	bool done;
	size_t lines;
	int64_t ncalls;
};

extern const struct dialect ollama_dialect; /* arg: struct ollama_stream */
void ollama_restart(void *stream);

#endif
