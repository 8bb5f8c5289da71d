/* Ollama over its own protocol. See ollama.h for the wire.
 *
 * /api/show says what a model can do and how much it can hold; tools are decided by that and
 * not by names. num_ctx stays the same for the session. A prompt that was evaluated with far
 * fewer tokens than it has is a prompt that was cut in silence: the user is told.
 * Pinned by tests/unit/test_ollama.c and tests/unit/test_exchange.c. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/model/exchange.h"
#include "agent/model/exchange_err.h"
#include "agent/model/ollama.h"
#include "agent/model/openai.h"
#include "agent/model/providers.h"

#define OLLAMA_ASK_MS	2000
#define OLLAMA_SHOW_MAX (16 * MIB)
#define OLLAMA_NUM_CTX	16384 /* tokens, when nobody says otherwise */
#define OLLAMA_LISTED	8     /* models named in a hint */
#define BYTES_PER_TOKEN 5     /* a low estimate of tokens, for text of any language */
#define CUT_LEAST	1000  /* tokens; shorter prompts are not judged */

struct ollama_priv {
	bool known;  /* /api/show has answered */
	bool warned; /* of a silent cut */
	bool asked;  /* one exchange is over: what follows may be cached */
};

/* GET, or POST when body is given; the status, 0 when there was none. */
static int
ollama_ask(struct model *m, const char *path, const char *body, cJSON **out)
{
	AUTO_BUF struct buf reply = BUF_INIT(OLLAMA_SHOW_MAX);
	AUTO_FREE char *url = mem_printf("%s%s", m->base_url, path);
	int status;

	*out = NULL;
	if (exchange_http(m, NULL) != ERR_NONE)
		return 0;
	status = http_get(m->http, url, m->key, m->local, body, OLLAMA_ASK_MS, &reply);
	if (status)
		json_parse(buf_str(&reply), reply.len, JSON_REPAIR, out, NULL);
	return status;
}

static const char *
ollama_row_name(const cJSON *row)
{
	const char *name = json_str(row, "name");

	return name ? name : json_str(row, "model");
}

/* "llama3:8b, phi3" into the buffer; returns how many models there are, -1: no answer. */
static int
ollama_tags(struct model *m, struct buf *names)
{
	cJSON *root;
	const cJSON *row;
	int n = -1;

	if (ollama_ask(m, "/api/tags", NULL, &root) == 200) {
		n = 0;
		cJSON_ArrayForEach(row, json_array(root, "models"))
		{
			const char *name = ollama_row_name(row);

			if (name && n++ < OLLAMA_LISTED)
				buf_addf(names, "%s%s", names->len ? ", " : "", name);
		}
	}
	cJSON_Delete(root);
	return n;
}

/* No model was named: the only one there is. */
static enum err_kind
ollama_choose(struct model *m, struct err *e)
{
	AUTO_BUF struct buf names = BUF_INIT(400);
	int n = ollama_tags(m, &names);

	if (n == 1) {
		m->name = buf_take(&names);
		return ERR_NONE;
	}
	if (n < 0) {
		err_set(e, ERR_NET, "Ollama does not answer at '%s'", m->base_url);
		err_hint(e, "start it: ollama serve");
		exchange_err_redact(m, e);
		return ERR_NET;
	}
	err_set(e, ERR_CONFIG,
		n ? "Ollama has several models and none is chosen"
		  : "Ollama has no model yet");
	if (n)
		err_hint(e, "choose one with -m ollama:NAME: %s", buf_str(&names));
	else
		err_hint(e, "fetch one, for example: ollama pull llama3.2");
	return ERR_CONFIG;
}

static enum err_kind
ollama_missing(struct model *m, struct err *e)
{
	AUTO_BUF struct buf names = BUF_INIT(300);

	err_set(e, ERR_MODEL, "Ollama at '%s' has no model '%s'", m->base_url, m->name);
	ollama_tags(m, &names);
	err_hint(e, "ollama pull %.100s%s%s", m->name, names.len ? "; there are: " : "",
		 buf_str(&names));
	exchange_err_redact(m, e);
	return ERR_MODEL;
}

static void
ollama_learn_tools(struct model *m, const cJSON *show)
{
	const cJSON *list = json_array(show, "capabilities"), *row;

	if (!list)
		return;
	m->tools = MODEL_TOOLS_NO;
	cJSON_ArrayForEach(row, list)
	{
		if (cJSON_IsString(row) && strcmp(row->valuestring, "tools") == 0)
			m->tools = MODEL_TOOLS_YES;
	}
}

/* num_ctx of the model file, among lines of "name   value". */
static int64_t
ollama_file_ctx(const char *parameters)
{
	const char *at = parameters ? strstr(parameters, "num_ctx") : NULL;
	int64_t v = at ? strtoll(at + strlen("num_ctx"), NULL, 10) : 0;

	return v > 0 ? v : 0;
}

static void
ollama_learn_context(struct model *m, const cJSON *show)
{
	const cJSON *info = json_object(show, "model_info");
	const char *arch = json_str(info, "general.architecture");
	AUTO_FREE char *key = mem_printf("%s.context_length", arch ? arch : "");
	int64_t most = 0, want = m->context,
		file = ollama_file_ctx(json_str(show, "parameters"));

	json_int(info, key, &most);
	if (want <= 0)
		want = file ? file : OLLAMA_NUM_CTX;
	if (most > 0 && want > most)
		want = most;
	if (m->context <= 0 || want != m->context) {
		free(m->context_source);
		m->context_source = mem_strdup(most > 0 ? "server" : "default");
	}
	m->context = want;
}

/* Asks what the model is. A server that does not answer is no error yet: it may be started. */
static enum err_kind
ollama_learn(struct model *m, struct err *e)
{
	struct ollama_priv *p = m->priv;
	AUTO_BUF struct buf body = BUF_INIT(64 * KIB);
	struct json_writer w = JSON_WRITER(&body);
	struct server_error se;
	bool missing;
	cJSON *show;
	int status;

	json_open(&w, '{');
	json_kv_str(&w, "model", m->name);
	json_close(&w, '}');
	status = ollama_ask(m, "/api/show", buf_str(&body), &show);
	if (status == 200) {
		p->known = true;
		ollama_learn_tools(m, show);
		ollama_learn_context(m, show);
	}
	missing = status == 404 && server_error_json(show, &se) && se.no_model;
	cJSON_Delete(show);
	return missing ? ollama_missing(m, e) : ERR_NONE;
}

static enum err_kind
ollama_open(struct model *m, struct err *e)
{
	enum err_kind k = ERR_NONE;

	m->priv = mem_alloc(sizeof(struct ollama_priv));
	m->tools = MODEL_TOOLS_UNKNOWN;
	if (!m->name)
		k = ollama_choose(m, e);
	if (k == ERR_NONE)
		k = ollama_learn(m, e);
	if (m->context <= 0) {
		m->context = OLLAMA_NUM_CTX;
		m->context_source = mem_strdup("default");
	}
	return k;
}

static void
ollama_check_cut(struct model *m, const struct reply *r, size_t body_len,
		 const struct model_sink *sink)
{
	struct ollama_priv *p = m->priv;
	int64_t least = (int64_t)(body_len / BYTES_PER_TOKEN), got = r->usage.input;

	if (p->warned || least < CUT_LEAST || got <= 0 || got * 2 >= least ||
	    (p->asked && least < m->context))
		return;
	p->warned = true;
	sink_notice(sink,
		    "the server read only %lld of about %lld tokens: the start of the "
		    "conversation was cut (window %lld)",
		    (long long)got, (long long)least, (long long)m->context);
}

static enum err_kind
ollama_try(struct model *m, const struct model_request *req, struct exchange *x,
	   struct err *e)
{
	AUTO_BUF struct buf body = BUF_INIT(REQUEST_MAX);
	AUTO_FREE char *url = mem_printf("%s/api/chat", m->base_url);
	enum err_kind k = ollama_request(m->name, m->context, req, &body, e);

	if (k != ERR_NONE)
		return k;
	x->url = url;
	x->body = buf_str(&body);
	x->body_len = body.len;
	k = exchange_run(m, x, e);
	if (k == ERR_NONE)
		ollama_check_cut(m, x->reply, body.len, x->sink);
	x->url = x->body = NULL;
	return k;
}

static enum err_kind
ollama_chat(struct model *m, const struct model_request *given,
	    const struct model_sink *sink, struct model_reply *out, struct err *e)
{
	struct ollama_priv *p = m->priv;
	struct model_request req = *given;
	struct reply reply;
	struct ollama_stream stream = {.reply = &reply};
	struct exchange x = {
	    .dialect = &ollama_dialect,
	    .dialect_arg = &stream,
	    .restart = ollama_restart,
	    .reply = &reply,
	    .sink = sink,
	};
	enum err_kind k = p->known ? ERR_NONE : ollama_learn(m, e);

	if (k != ERR_NONE)
		return k;
	if (m->tools == MODEL_TOOLS_NO)
		req.ntools = 0;
	stream.said = &x.said;
	reply_init(&reply, given, sink);
	k = ollama_try(m, &req, &x, e);
	if (k == ERR_MODEL && x.said.no_tools && req.ntools && !reply.shown) {
		m->tools = MODEL_TOOLS_NO;
		req.ntools = 0;
		sink_notice(sink, "'%s' has no tools: code comes as fenced blocks",
			    m->name);
		err_clear(e);
		k = ollama_try(m, &req, &x, e);
	}
	if (k == ERR_NONE)
		p->asked = true;
	if (k == ERR_MODEL && x.status == 404)
		ollama_missing(m, e);
	reply_take(&reply, k == ERR_NONE, out);
	return k;
}

static void
ollama_close(struct model *m)
{
	free(m->priv);
	m->priv = NULL;
}

const struct provider provider_ollama = {
    .name = "ollama",
    .label = "Ollama",
    .open = ollama_open,
    .chat = ollama_chat,
    .close = ollama_close,
};
