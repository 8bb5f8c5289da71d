/* The table of providers, and the promises of model_chat. See provider.h. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/model/http.h"
#include "agent/model/provider.h"
#include "agent/model/providers.h"

static const struct provider *const provider_table[] = {
    &provider_openai,
    &provider_ollama,
    &provider_script,
    &provider_demo,
};

const struct provider *
provider_at(size_t i)
{
	return i < ARRAY_LEN(provider_table) ? provider_table[i] : NULL;
}

const struct provider *
provider_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(provider_table); i++)
		if (strcmp(provider_table[i]->name, name) == 0)
			return provider_table[i];
	return NULL;
}

/* Keeps what the header promises whatever a provider left behind. */
static void
model_settle(struct model_reply *out, enum err_kind k)
{
	bool partial = k == ERR_TRUNCATED || k == ERR_INTERRUPTED || k == ERR_TERMINATED;

	if (k != ERR_NONE && !partial) {
		model_reply_release(out);
		out->usage = (struct usage)USAGE_UNKNOWN;
	}
	for (size_t i = 0; k != ERR_NONE && i < out->ncalls; i++) {
		free(out->calls[i].id);
		free(out->calls[i].name);
		free(out->calls[i].args);
	}
	if (k != ERR_NONE) {
		free(out->calls);
		out->calls = NULL;
		out->ncalls = 0;
	}
	if (!out->text)
		out->text = mem_strdup("");
}

enum err_kind
model_chat(struct model *m, const struct model_request *req, const struct model_sink *sink,
	   struct model_reply *out, struct err *e)
{
	struct err own = {0};
	enum err_kind k;

	*out = (struct model_reply){.usage = USAGE_UNKNOWN};
	k = m->provider->chat(m, req, sink, out, e ? e : &own);
	model_settle(out, k);
	return k;
}

void
model_free(struct model *m)
{
	if (!m)
		return;
	if (m->provider && m->provider->close)
		m->provider->close(m);
	http_free(m->http);
	if (m->key)
		explicit_bzero(m->key, strlen(m->key));
	free(m->key);
	free(m->key_source);
	free(m->name);
	free(m->base_url);
	free(m->context_source);
	free(m);
}
