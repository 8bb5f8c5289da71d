/* Who runs model servers: one row each. Several speak the same wire format. */
#ifndef SUNABA_MODEL_VENDOR_H
#define SUNABA_MODEL_VENDOR_H

#include "agent/base/util.h"

struct vendor {
	const char *name;     /* "groq", as in -m groq:MODEL */
	const char *provider; /* wire format: "openai"; NULL: not built yet */
	const char *base;     /* default address */
	const char *base_var[2];
	const char *key_var[2]; /* first that is set wins */
	const char *model;	/* default; NULL: ask the server */
	const char *start;	/* command that starts a local server */
	bool local;		/* needs no key */
	bool automatic;		/* a set key is reason enough to choose it unasked */
};

const struct vendor *vendor_find(const char *name);
const struct vendor *vendor_at(size_t i); /* NULL behind the last */
/* The row of a model's family: "gpt-4o" is openai's; NULL when the name says nothing. */
const struct vendor *vendor_of_model(const char *model);
/* How to start what should listen there; NULL when unknown. */
const char *vendor_start_command(const struct vendor *v, const char *base_url);
/* The known name nearest to a mistyped one, or NULL. */
const char *vendor_nearest(const char *name);
/* Tokens that a known family's window holds, or 0. */
int64_t vendor_context(const char *model);

#endif
