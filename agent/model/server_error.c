/* Error bodies of model servers. See server_error.h.
 *
 * Shapes: {"error":{message,type,param,code}} (OpenAI, llama.cpp), {"error":"text"} (Ollama),
 * {"object":"error",message,code} (older vLLM), {"message"}, {"detail"} (FastAPI), any of them in
 * an array, HTML of a proxy. Kinds are told by code or type first; words are the fallback.
 * Pinned by tests/unit/test_openai.c. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/model/server_error.h"

static void
error_copy(char *out, size_t cap, const char *s, size_t n)
{
	size_t k = 0;
	bool gap = false;

	for (size_t i = 0; i < n && k + 1 < cap; i++) {
		if ((unsigned char)s[i] <= ' ') {
			gap = k > 0;
			continue;
		}
		if (gap && k + 2 < cap)
			out[k++] = ' ';
		gap = false;
		out[k++] = s[i];
	}
	while (k && k + 1 >= cap && ((unsigned char)out[k - 1] & 0x80))
		k--; /* not half a character */
	out[k] = '\0';
}

static void
error_field(const cJSON *o, const char *key, char *out, size_t cap)
{
	const cJSON *v = json_get(o, key);

	if (cJSON_IsString(v) && v->valuestring)
		error_copy(out, cap, v->valuestring, strlen(v->valuestring));
	else if (cJSON_IsNumber(v))
		snprintf(out, cap, "%.0f", v->valuedouble);
}

static void
error_message(const cJSON *o, struct server_error *out)
{
	static const char *const keys[] = {"message", "error", "detail", "msg"};

	for (size_t i = 0; i < ARRAY_LEN(keys) && !out->msg[0]; i++) {
		const cJSON *v = json_get(o, keys[i]);

		if (cJSON_IsArray(v))
			v = cJSON_GetArrayItem(v, 0);
		if (cJSON_IsObject(v))
			error_message(v, out);
		else if (cJSON_IsString(v) && v->valuestring)
			error_copy(out->msg, sizeof(out->msg), v->valuestring,
				   strlen(v->valuestring));
	}
}

static bool
error_says(const struct server_error *se, const char *const words[])
{
	for (size_t i = 0; words[i]; i++)
		if (strcasestr(se->msg, words[i]))
			return true;
	return false;
}

static void
error_classify(struct server_error *se)
{
	static const char *const context[] = {"maximum context length",
					      "prompt is too long",
					      "longer than the context",
					      "context size",
					      "Trying to keep the first",
					      "context window",
					      "exceeds the maximum number of tokens",
					      NULL};
	static const char *const tools[] = {
	    "does not support tools",  "does not support function", "tool choice requires",
	    "tools are not supported", "does not support tool",	    NULL};
	static const char *const quota[] = {"exceeded your current quota",
					    "insufficient balance", NULL};

	se->context = strcmp(se->code, "context_length_exceeded") == 0 ||
		      strcmp(se->type, "exceed_context_size_error") == 0 ||
		      error_says(se, context);
	se->quota = strcmp(se->code, "insufficient_quota") == 0 ||
		    strcmp(se->type, "insufficient_quota") == 0 || error_says(se, quota);
	se->no_tools = error_says(se, tools);
	se->no_model = strcmp(se->code, "model_not_found") == 0 ||
		       (strcasestr(se->msg, "model") && (strcasestr(se->msg, "not found") ||
							 strcasestr(se->msg, "not exist")));
	if (!se->status &&
	    (strstr(se->type, "server_error") || strstr(se->type, "overloaded") ||
	     strcmp(se->type, "api_error") == 0))
		se->status = 500;
	if (!se->status && strstr(se->type, "rate_limit"))
		se->status = 429;
	se->filtered = strcmp(se->code, "content_filter") == 0;
}

bool
server_error_json(const cJSON *root, struct server_error *out)
{
	const cJSON *err, *o;
	int64_t n;

	*out = (struct server_error){.prompt_tokens = -1, .window = -1};
	if (cJSON_IsArray(root))
		root = cJSON_GetArrayItem(root, 0);
	err = json_get(root, "error");
	if (!err || cJSON_IsNull(err) || cJSON_IsFalse(err)) {
		const char *object = json_str(root, "object");

		if (!object || strcmp(object, "error") != 0)
			return false;
		err = NULL;
	}
	o = cJSON_IsObject(err) ? err : root;
	error_message(o, out);
	error_field(o, "type", out->type, sizeof(out->type));
	error_field(o, "code", out->code, sizeof(out->code));
	error_field(o, "param", out->param, sizeof(out->param));
	if (json_int(o, "code", &n) && n >= 400 && n < 600)
		out->status = (int)n;
	if (json_int(o, "n_prompt_tokens", &n))
		out->prompt_tokens = n;
	if (json_int(o, "n_ctx", &n))
		out->window = n;
	error_classify(out);
	return true;
}

/* The words of an HTML or plain body: the first line with text outside of tags. */
static void
error_plain(const char *p, size_t n, struct server_error *out)
{
	const char *end = p + n, *h = memmem(p, n, "<title", 6);

	if (!h)
		h = memmem(p, n, "<h1", 3);
	if (h)
		p = h;
	while (p < end && !out->msg[0]) {
		const char *lt;

		if (*p == '<') {
			const char *gt = memchr(p, '>', (size_t)(end - p));

			p = gt ? gt + 1 : end;
			continue;
		}
		lt = memchr(p, '<', (size_t)(end - p));
		lt = lt ? lt : end;
		if (!h) {
			const char *nl = memchr(p, '\n', (size_t)(lt - p));

			lt = nl ? nl : lt;
		}
		error_copy(out->msg, sizeof(out->msg), p, (size_t)(lt - p));
		p = lt + (lt < end && *lt == '\n');
	}
}

void
server_error_parse(const char *p, size_t n, struct server_error *out)
{
	cJSON *root = NULL;

	*out = (struct server_error){.prompt_tokens = -1, .window = -1};
	if (json_parse(p, n, JSON_REPAIR, &root, NULL) != ERR_NONE) {
		error_plain(p, n, out);
		error_classify(out);
		return;
	}
	if (!server_error_json(root, out)) {
		error_message(cJSON_IsArray(root) ? cJSON_GetArrayItem(root, 0) : root,
			      out);
		error_classify(out);
	}
	cJSON_Delete(root);
}
