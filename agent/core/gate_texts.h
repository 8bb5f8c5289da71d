/* The conversation as the linker wants it: who said what; for gate*.c only. */
#ifndef SUNABA_CORE_GATE_TEXTS_H
#define SUNABA_CORE_GATE_TEXTS_H

#include "agent/base/json.h"
#include "agent/core/gate.h"
#include "agent/gate/link.h"

/* Texts of all sides, in the order of the conversation; borrowed from the session. */
struct gate_texts {
	struct link_text *tools, *users, *models;
	size_t *msg; /* of tools[i] */
	size_t ntools, nusers, nmodels;
	cJSON **args; /* of calls, owners of texts */
	size_t nargs;
};

/* What tools said. */
void gate_texts_tools(const struct session *s, struct gate_texts *t);
/* What the user and the model said. */
void gate_texts_others(const struct session *s, struct gate_texts *t);
void gate_texts_release(struct gate_texts *t);
/* The index of what was read; NULL without a memory. */
struct link_cache *gate_memory_links(const struct session *s);

#endif
