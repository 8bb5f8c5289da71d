/* OpenAI Chat Completions and the many servers that speak it. See openai.h for the wire.
 *
 * What a server does not take is learnt from its refusals, one parameter at a time, and
 * remembered. An address without "/v1" is tried as given and once more with it. Servers on this
 * machine are asked for their models and window when the model is opened; others never.
 * Pinned by tests/unit/test_openai.c and tests/unit/test_exchange.c. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/model/exchange.h"
#include "agent/model/key.h"
#include "agent/model/openai.h"
#include "agent/model/providers.h"
#include "agent/model/vendor.h"

#define OPENAI_ADAPT_MAX  4    /* refusals that are adapted to in one exchange */
#define OPENAI_ASK_MS	  1000 /* a local server's time to tell about itself */
#define OPENAI_ASK_FAR_MS 5000 /* a remote one's, asked only when no model was named */
#define OPENAI_LIST_MAX	  (4 * MIB)
#define OPENAI_LISTED	  8 /* models named in a hint */

struct openai_priv {
	struct openai_quirks quirks;
	bool base_settled; /* "/v1" was tried */
};

/* GET of base_url + path. */
static cJSON *
openai_get(struct model *m, const char *base, const char *path, int64_t ms)
{
	AUTO_BUF struct buf body = BUF_INIT(OPENAI_LIST_MAX);
	AUTO_FREE char *url = mem_printf("%s%s", base, path);
	cJSON *root = NULL;

	if (exchange_http(m, NULL) == ERR_NONE &&
	    http_get(m->http, url, m->key, m->local, NULL, ms, &body) == 200)
		json_parse(buf_str(&body), body.len, JSON_REPAIR, &root, NULL);
	return root;
}

static bool
openai_has_v1(const char *base)
{
	const char *path = strstr(base, "://");

	path = strchr(path ? path + 3 : base, '/');
	return path && strstr(path, "/v1");
}

static void
openai_use_v1(struct model *m)
{
	char *base = mem_printf("%s/v1", m->base_url);

	free(m->base_url);
	m->base_url = base;
}

/* The list of models; settles "/v1" on the way. */
static cJSON *
openai_models(struct model *m, int64_t ms)
{
	struct openai_priv *p = m->priv;
	cJSON *root = openai_get(m, m->base_url, "/models", ms);

	if (root && !json_array(root, "data")) {
		cJSON_Delete(root);
		root = NULL;
	}
	if (!root && !p->base_settled && !openai_has_v1(m->base_url)) {
		AUTO_FREE char *base = mem_printf("%s/v1", m->base_url);

		root = openai_get(m, base, "/models", ms);
		if (root)
			openai_use_v1(m);
	}
	p->base_settled = root != NULL;
	return root;
}

/* A model to begin with: the only one, else the vendor's own, else the first that can chat. */
static const char *
openai_choose(const cJSON *list, const char *wanted)
{
	const char *first = NULL;
	const cJSON *row;

	cJSON_ArrayForEach(row, list)
	{
		const char *id = json_str(row, "id");

		if (!id)
			continue;
		if (wanted && strcmp(id, wanted) == 0)
			return id;
		if (!first && !strcasestr(id, "embed") && !strcasestr(id, "rerank"))
			first = id;
	}
	return first;
}

static void
openai_set_context(struct model *m, int64_t tokens, const char *source)
{
	free(m->context_source);
	m->context_source = mem_strdup(source);
	m->context = tokens;
}

/* Older llama.cpp names the window of a slot only in /props. */
static int64_t
openai_props_context(struct model *m)
{
	size_t len = strlen(m->base_url);
	bool v1 = len > 3 && strcmp(m->base_url + len - 3, "/v1") == 0;
	AUTO_FREE char *root = mem_strndup(m->base_url, v1 ? len - 3 : len);
	cJSON *all = openai_get(m, root, "/props", OPENAI_ASK_MS);
	int64_t n = 0;

	json_int(json_object(all, "default_generation_settings"), "n_ctx", &n);
	cJSON_Delete(all);
	return n;
}

static void
openai_learn_context(struct model *m, const cJSON *list)
{
	const cJSON *row;
	int64_t n = 0;

	cJSON_ArrayForEach(row, list)
	{
		const char *id = json_str(row, "id");

		if (!id || (strcmp(id, m->name) != 0 && cJSON_GetArraySize(list) != 1))
			continue;
		if (!json_int(json_object(row, "meta"), "n_ctx", &n) &&
		    !json_int(row, "max_model_len", &n) &&
		    !json_int(row, "context_length", &n) && json_object(row, "meta"))
			n = openai_props_context(m);
	}
	if (n > 0)
		openai_set_context(m, n, "server");
}

static enum err_kind
openai_open(struct model *m, struct err *e)
{
	struct openai_priv *p = mem_alloc(sizeof(*p));
	bool ask_context = m->local && m->context <= 0;
	cJSON *root = NULL;

	(void)e;
	m->priv = p;
	m->tools = MODEL_TOOLS_UNKNOWN;
	p->quirks.completion_tokens = strstr(m->base_url, "//api.openai.com") != NULL;
	if (!m->name || ask_context)
		root = openai_models(m, m->local ? OPENAI_ASK_MS : OPENAI_ASK_FAR_MS);
	if (!m->name) {
		const char *id = openai_choose(json_array(root, "data"),
					       m->vendor ? m->vendor->model : NULL);

		m->name = mem_strdup(id				     ? id
				     : m->vendor && m->vendor->model ? m->vendor->model
								     : "default");
	}
	if (ask_context)
		openai_learn_context(m, json_array(root, "data"));
	cJSON_Delete(root);
	if (m->context <= 0) {
		int64_t known = vendor_context(m->name);

		openai_set_context(m, known ? known : m->local ? 8192 : 128000, "default");
	}
	return ERR_NONE;
}

/* Learns from a refusal. true: the request is worth another try. */
static bool
openai_adapt(struct model *m, struct model_request *req, const struct exchange *x)
{
	struct openai_priv *p = m->priv;
	const struct server_error *s = &x->said;
	const char *about = s->param[0] ? s->param : s->msg;

	if ((x->status == 404 || x->status == 405) && !s->no_model && !p->base_settled &&
	    !openai_has_v1(m->base_url)) {
		p->base_settled = true;
		openai_use_v1(m);
		return true;
	}
	if (x->status != 400 && x->status != 422 && x->status != 500)
		return false;
	if (s->no_tools && req->ntools) {
		m->tools = MODEL_TOOLS_NO;
		req->ntools = 0;
		sink_notice(x->sink, "'%s' has no tools: code comes as fenced blocks",
			    m->name);
		return true;
	}
	if (strstr(about, "stream_options") && !p->quirks.no_stream_options)
		return p->quirks.no_stream_options = true;
	if (strstr(about, "temperature") && req->temperature >= 0 &&
	    !p->quirks.no_temperature)
		return p->quirks.no_temperature = true;
	if (strstr(about, "max_completion_tokens") && p->quirks.completion_tokens) {
		p->quirks.completion_tokens = false;
		return true;
	}
	if (strstr(about, "max_tokens") && req->max_output && !p->quirks.completion_tokens)
		return p->quirks.completion_tokens = true;
	return false;
}

static void
openai_hint_models(struct model *m, struct err *e)
{
	cJSON *root = openai_models(m, OPENAI_ASK_FAR_MS);
	AUTO_BUF struct buf b = BUF_INIT(sizeof(e->hint));
	const cJSON *row;
	int n = 0;

	cJSON_ArrayForEach(row, json_array(root, "data"))
	{
		const char *id = json_str(row, "id");

		if (!id || n++ == OPENAI_LISTED)
			break;
		buf_addf(&b, "%s%s", b.len ? ", " : "the server has: ", id);
	}
	if (b.len)
		err_hint(e, "%s%s", buf_str(&b), row ? ", …" : "");
	cJSON_Delete(root);
}

/* Account headers go only where OpenAI's own key goes. lines: 2 and a NULL; freed by the caller. */
static void
openai_account(const struct model *m, char *lines[3])
{
	const char *org = key_env("OPENAI_ORG_ID"), *project = key_env("OPENAI_PROJECT_ID");
	size_t n = 0;

	if (!m->key_source || strcmp(m->key_source, "OPENAI_API_KEY") != 0)
		return;
	if (!org)
		org = key_env("OPENAI_ORGANIZATION");
	if (org && !strpbrk(org, "\r\n"))
		lines[n++] = mem_printf("OpenAI-Organization: %s", org);
	if (project && !strpbrk(project, "\r\n"))
		lines[n++] = mem_printf("OpenAI-Project: %s", project);
}

static enum err_kind
openai_try(struct model *m, const struct model_request *req, struct exchange *x,
	   struct err *e)
{
	struct openai_priv *p = m->priv;
	AUTO_BUF struct buf body = BUF_INIT(REQUEST_MAX);
	AUTO_FREE char *url = mem_printf("%s/chat/completions", m->base_url);
	char *account[3] = {NULL, NULL, NULL};
	enum err_kind k = openai_request(m->name, &p->quirks, req, &body, e);

	if (k != ERR_NONE)
		return k;
	openai_account(m, account);
	x->headers = (const char *const *)account;
	x->url = url;
	x->body = buf_str(&body);
	x->body_len = body.len;
	k = exchange_run(m, x, e);
	x->url = x->body = NULL;
	x->headers = NULL;
	free(account[0]);
	free(account[1]);
	return k;
}

static enum err_kind
openai_chat(struct model *m, const struct model_request *given,
	    const struct model_sink *sink, struct model_reply *out, struct err *e)
{
	struct openai_priv *p = m->priv;
	struct model_request req = *given;
	struct reply reply;
	struct openai_stream stream = {.reply = &reply};
	struct exchange x = {
	    .dialect = &openai_dialect,
	    .dialect_arg = &stream,
	    .restart = openai_restart,
	    .reply = &reply,
	    .sink = sink,
	};
	enum err_kind k = ERR_NONE;

	if (m->tools == MODEL_TOOLS_NO)
		req.ntools = 0;
	stream.said = &x.said;
	reply_init(&reply, given, sink);
	for (int i = 0; i <= OPENAI_ADAPT_MAX; i++) {
		err_clear(e);
		k = openai_try(m, &req, &x, e);
		if (k == ERR_NONE || reply.shown || !openai_adapt(m, &req, &x))
			break;
	}
	if (k == ERR_NONE) {
		p->base_settled = true;
		if (m->tools == MODEL_TOOLS_UNKNOWN && reply.ncalls)
			m->tools = MODEL_TOOLS_YES;
	}
	if (k == ERR_MODEL && x.status == 404)
		openai_hint_models(m, e);
	reply_take(&reply, k == ERR_NONE, out);
	return k;
}

static void
openai_close(struct model *m)
{
	free(m->priv);
	m->priv = NULL;
}

const struct provider provider_openai = {
    .name = "openai",
    .label = "OpenAI and compatible servers",
    .remote_key = true,
    .open = openai_open,
    .chat = openai_chat,
    .close = openai_close,
};
