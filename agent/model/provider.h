/* What every provider of models looks like: one vtable, one file per wire format.
 *
 * A provider is found by name in provider_table. model_open() resolves what the user asked for
 * (flag, profile, environment, config, detection; see models.h) into a struct model; one
 * model_chat() is one exchange: it turns the loop until the reply is whole, hands deltas to the
 * sink as they come, retries what may be retried (announced through the sink), and never hands
 * out half a tool call. */
#ifndef SUNABA_MODEL_PROVIDER_H
#define SUNABA_MODEL_PROVIDER_H

#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/model/msg.h"

struct tool_def {
	const char *name, *description;
	const char *schema; /* JSON text of the parameters' JSON Schema */
};

struct usage {
	int64_t input, output, cached, reasoning; /* tokens; -1 unknown */
	bool priced;				  /* the next is known: */
	double cost;				  /* USD */
};

#define USAGE_UNKNOWN                                                    \
	{                                                                \
		.input = -1, .output = -1, .cached = -1, .reasoning = -1 \
	}

enum finish {
	FINISH_STOP,   /* also when there are calls */
	FINISH_LENGTH, /* output limit: a call in it is cut and was dropped */
	FINISH_FILTER, /* the server withheld the rest */
};

struct model_request {
	const struct msg_list *messages; /* the first may be MSG_SYSTEM */
	const struct tool_def *tools;
	size_t ntools; /* 0: no tools are offered (fenced blocks instead) */
	const struct spotlight *spotlight; /* marks around what tools said; NULL: none */
	double temperature;		   /* negative: the server's default */
	int64_t max_output;		   /* tokens; 0: the server's default */
};

struct model_reply {
	char *text;	 /* UTF-8, never NULL */
	char *reasoning; /* or NULL */
	struct msg_call *calls;
	size_t ncalls;
	bool call_cut; /* a call behind these was cut by the output limit, and is dropped */
	enum finish finish;
	struct usage usage;
	char *model; /* that answered, as the server says; or NULL */
};
void model_reply_release(struct model_reply *r);

/* What the exchange tells while it goes on. Any slot may be NULL. Text is repaired UTF-8 but
 * otherwise untrusted. */
struct model_sink {
	void *arg;
	void (*text)(void *arg, const char *p, size_t n);
	void (*reasoning)(void *arg, const char *p, size_t n);
	/* Arguments of a call are being received: name and bytes so far; for progress only. */
	void (*call_progress)(void *arg, const char *name, size_t bytes);
	/* One finished sentence for the user: "server busy, trying again in 2 s (1 of 2)". */
	void (*notice)(void *arg, const char *text);
	/* A wait asked for by the server: remaining ms, once a second; 0 ends it. */
	void (*countdown)(void *arg, int64_t remaining_ms, const char *why);
};

struct model;

enum model_tools {
	MODEL_TOOLS_YES,
	MODEL_TOOLS_NO,	     /* known to have none: code comes as fenced blocks */
	MODEL_TOOLS_UNKNOWN, /* offer them; a refusal by the server switches to NO */
};

struct provider {
	const char *name;  /* "openai" */
	const char *label; /* "OpenAI and compatible servers" */
	bool remote_key;   /* needs a key unless the base URL is the user's own */
	/* Called once by model_open with everything resolved. May block on the network at most
	 * for a local capability question, with the loop turning. NULL: nothing to do. */
	enum err_kind (*open)(struct model *m, struct err *e);
	/* One exchange; see model_chat. */
	enum err_kind (*chat)(struct model *m, const struct model_request *req,
			      const struct model_sink *sink, struct model_reply *out,
			      struct err *e);
	void (*close)(struct model *m); /* frees m->priv; may be NULL */
};

/* A resolved model. Made by models.c; providers read it and own `priv`. */
struct model {
	const struct provider *provider;
	const struct vendor *vendor; /* who runs the server: see vendor.h */
	char *name;		     /* as sent to the server */
	char *base_url;		     /* without trailing slash; NULL for script and demo */
	char *key;		     /* or NULL; never printed */
	char *key_source;	     /* "OPENAI_API_KEY": for messages */
	bool local; /* loopback or unix address: generous clocks, no proxy */
	enum model_tools tools;
	int64_t context;      /* tokens the window holds */
	char *context_source; /* "config", "server", "default" */
	struct loop *loop;
	struct http *http;			    /* made when first needed */
	int64_t connect_ms, first_byte_ms, idle_ms; /* clocks */
	void *priv;
};

const struct provider *provider_find(const char *name);
const struct provider *provider_at(size_t i); /* NULL behind the last */

/* One exchange. ERR_NONE: *out is whole and the caller's. ERR_TRUNCATED: the stream broke after
 * something was shown; *out holds the text so far and no calls. ERR_CONTEXT: too long.
 * ERR_INTERRUPTED: a SIGINT is pending in the loop (not taken); *out holds the text so far.
 * Others: *out is empty. */
enum err_kind
model_chat(struct model *m, const struct model_request *req, const struct model_sink *sink,
	   struct model_reply *out, struct err *e);
void model_free(struct model *m);

#endif
