/* Ollama's own wire. Stand-in. */
#include "agent/model/providers.h"

static enum err_kind
ollama_chat(struct model *m, const struct model_request *req, const struct model_sink *sink,
	    struct model_reply *out, struct err *e)
{
	(void)m, (void)req, (void)sink, (void)out;
	return err_set(e, ERR_USAGE,
		       "the provider 'ollama' is not built yet in this version");
}

const struct provider provider_ollama = {
    .name = "ollama", .label = "Ollama", .chat = ollama_chat};
