/* From what the user asked for to a model that can be talked to.
 *
 * Precedence: flag > profile > environment > config > detection. Names are `provider:model` or
 * `provider/model`, split only where the left side is a known provider, so that `llama3:8b` and
 * `qwen/qwen3-32b` survive; bare names go by alias, prefix table, then local Ollama tags. */
#ifndef SUNABA_MODEL_MODELS_H
#define SUNABA_MODEL_MODELS_H

#include "agent/model/provider.h"

/* What the option table knows. Strings borrowed; NULL: not given. */
struct model_want {
	const char *model;    /* -m, SUNABA_MODEL, config `model` */
	const char *api_base; /* --api-base */
	const char *api_key; /* config `api_key`; "env:NAME" and "cmd:…" are indirections */
	const char *api_key_from; /* where that was set, for messages: "config.yaml:3" */
	bool api_key_first; /* it beats the vendor's own variables; the config file's not */
	int64_t context;    /* --context, 0: ask the server */
	const char *record; /* reserved for --record; NULL */
};

/* A model that was found without being asked for, or one row of `sunaba models`. */
struct model_found {
	char *spec;   /* "ollama:llama3:8b" */
	char *where;  /* "http://127.0.0.1:11434" */
	char *detail; /* "4.7 GB, tools", or "" */
};
struct model_found_list {
	struct model_found *at;
	size_t n;
};
void model_found_release(struct model_found_list *l);

/* Resolves and opens. ERR_CONFIG: no model wanted and none found (hint says how to get one);
 * ERR_USAGE: unknown provider (with the nearest); ERR_AUTH: key missing, naming its variable. */
enum err_kind model_open(const struct model_want *want, struct loop *loop,
			 struct model **out, struct err *e);
/* Servers on this machine (loopback only, parallel, 300 ms) and their models. */
enum err_kind model_detect(struct loop *loop, struct model_found_list *out, struct err *e);
/* Models that can be used now: keys in the environment, servers found, config. */
enum err_kind model_list(const struct model_want *want, struct loop *loop,
			 struct model_found_list *out, struct err *e);
/* Loads libcurl on a thread of its own, so that it is there when first used. */
void model_preload(void);
/* It is still being loaded: exit handlers must not run beside it, so leave with _exit(). */
bool model_preload_busy(void);

/* Pure: splits `spec`. provider and model are the caller's; provider NULL: none named. */
void model_split(const char *spec, char **provider, char **model);

#endif
