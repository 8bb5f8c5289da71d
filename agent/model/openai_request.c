/* Requests of the Chat Completions wire. See openai.h.
 *
 * Source: OpenAI API reference, "Create chat completion" (2026-05). Arguments of calls go back
 * as the very string that came. Pinned by tests/unit/test_openai.c. */
#include "agent/base/json.h"
#include "agent/model/flatten.h"
#include "agent/model/openai.h"

static void
openai_put_tools(struct json_writer *w, const struct model_request *req)
{
	if (!req->ntools)
		return;
	json_key(w, "tools");
	json_open(w, '[');
	for (size_t i = 0; i < req->ntools; i++) {
		json_open(w, '{');
		json_kv_str(w, "type", "function");
		json_key(w, "function");
		json_open(w, '{');
		json_kv_str(w, "name", req->tools[i].name);
		json_kv_str(w, "description", req->tools[i].description);
		json_key(w, "parameters");
		json_put_raw(w, req->tools[i].schema);
		json_close(w, '}');
		json_close(w, '}');
	}
	json_close(w, ']');
}

enum err_kind
openai_put_rest(struct json_writer *w, const struct model_request *req, openai_put_fn *put,
		struct err *e)
{
	struct msg_list flat;

	flatten(req, &flat);
	json_key(w, "messages");
	json_open(w, '[');
	for (size_t i = 0; i < flat.n; i++)
		put(w, &flat.at[i]);
	json_close(w, ']');
	msg_list_release(&flat);
	openai_put_tools(w, req);
	json_close(w, '}');
	if (w->out->full)
		return err_set(e, ERR_LIMIT, "the request is larger than %zu MiB",
			       w->out->max / MIB);
	return ERR_NONE;
}

static void
openai_put_calls(struct json_writer *w, const struct msg *m)
{
	json_key(w, "tool_calls");
	json_open(w, '[');
	for (size_t i = 0; i < m->ncalls; i++) {
		json_open(w, '{');
		json_kv_str(w, "id", m->calls[i].id);
		json_kv_str(w, "type", "function");
		json_key(w, "function");
		json_open(w, '{');
		json_kv_str(w, "name", m->calls[i].name);
		json_kv_str(w, "arguments", m->calls[i].args);
		json_close(w, '}');
		json_close(w, '}');
	}
	json_close(w, ']');
}

void
openai_put_message(struct json_writer *w, const struct msg *m)
{
	json_open(w, '{');
	json_kv_str(w, "role", msg_role_word(m->role));
	json_kv_str(w, "content", m->ncalls && !m->text[0] ? NULL : m->text);
	if (m->ncalls)
		openai_put_calls(w, m);
	if (m->role == MSG_TOOL)
		json_kv_str(w, "tool_call_id", m->call_id);
	json_close(w, '}');
}

enum err_kind
openai_request(const char *model, const struct openai_quirks *q,
	       const struct model_request *req, struct buf *out, struct err *e)
{
	struct json_writer w = JSON_WRITER(out);

	json_open(&w, '{');
	json_kv_str(&w, "model", model);
	json_kv_bool(&w, "stream", true);
	if (!q->no_stream_options) {
		json_key(&w, "stream_options");
		json_put_raw(&w, "{\"include_usage\":true}");
	}
	if (req->temperature >= 0 && !q->no_temperature)
		json_kv_num(&w, "temperature", req->temperature);
	if (req->max_output > 0 && !q->no_max)
		json_kv_int(&w,
			    q->completion_tokens ? "max_completion_tokens" : "max_tokens",
			    req->max_output);
	return openai_put_rest(&w, req, openai_put_message, e);
}
