/* Ollama's own wire. See ollama.h.
 *
 * Source: docs/api.md of Ollama 0.12 (2026-05). `/v1` of the same server ignores num_ctx, so
 * the native form is used. "truncate": false makes a too long conversation an error instead of
 * a silent loss; servers that do not know it ignore it. Calls come whole, their arguments as an
 * object, often without an id. Pinned by tests/unit/test_ollama.c. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/model/ollama.h"
#include "agent/model/openai.h"
#include "agent/model/rawjson.h"

/* Arguments must be an object here; anything else is wrapped, so that nothing is lost. */
static void
ollama_put_args(struct json_writer *w, const char *args)
{
	cJSON *tree = NULL;

	json_key(w, "arguments");
	if (json_parse(args, strlen(args), JSON_STRICT, &tree, NULL) == ERR_NONE &&
	    cJSON_IsObject(tree)) {
		json_put_raw(w, args);
	} else {
		json_open(w, '{');
		json_kv_str(w, "invalid", args);
		json_close(w, '}');
	}
	cJSON_Delete(tree);
}

static void
ollama_put_message(struct json_writer *w, const struct msg *m)
{
	json_open(w, '{');
	json_kv_str(w, "role", msg_role_word(m->role));
	json_kv_str(w, "content", m->text);
	if (m->reasoning && m->ncalls)
		json_kv_str(w, "thinking", m->reasoning);
	if (m->ncalls) {
		json_key(w, "tool_calls");
		json_open(w, '[');
	}
	for (size_t i = 0; i < m->ncalls; i++) {
		json_open(w, '{');
		json_kv_str(w, "id", m->calls[i].id);
		json_key(w, "function");
		json_open(w, '{');
		json_kv_str(w, "name", m->calls[i].name);
		ollama_put_args(w, m->calls[i].args);
		json_close(w, '}');
		json_close(w, '}');
	}
	if (m->ncalls)
		json_close(w, ']');
	if (m->role == MSG_TOOL) {
		json_kv_str(w, "tool_name", m->name);
		json_kv_str(w, "tool_call_id", m->call_id);
	}
	json_close(w, '}');
}

enum err_kind
ollama_request(const char *model, int64_t num_ctx, const struct model_request *req,
	       struct buf *out, struct err *e)
{
	struct json_writer w = JSON_WRITER(out);

	json_open(&w, '{');
	json_kv_str(&w, "model", model);
	json_kv_bool(&w, "stream", true);
	json_kv_bool(&w, "truncate", false);
	json_kv_bool(&w, "shift", false);
	json_key(&w, "options");
	json_open(&w, '{');
	json_kv_int(&w, "num_ctx", num_ctx);
	if (req->temperature >= 0)
		json_kv_num(&w, "temperature", req->temperature);
	if (req->max_output > 0)
		json_kv_int(&w, "num_predict", req->max_output);
	json_close(&w, '}');
	return openai_put_rest(&w, req, ollama_put_message, e);
}

/* Calls of one line. The arguments are cut out of the line, not printed from the tree. */
static enum err_kind
ollama_calls(struct ollama_stream *s, const cJSON *message, struct slice line,
	     struct err *e)
{
	struct slice calls = raw_member(raw_member(line, "message"), "tool_calls");
	enum err_kind k = ERR_NONE;
	const cJSON *row;
	size_t i = 0;

	cJSON_ArrayForEach(row, json_array(message, "tool_calls"))
	{
		const cJSON *fn = json_object(row, "function"),
			    *args = json_get(fn, "arguments");
		struct slice raw =
		    raw_member(raw_member(raw_item(calls, i++), "function"), "arguments");
		struct reply_call *c;

		k = reply_call(s->reply, s->ncalls++, json_str(row, "id"),
			       json_str(fn, "name"), &c, e);
		if (k == ERR_NONE && cJSON_IsObject(args) && raw.p)
			k = reply_args(s->reply, c, raw.p, raw.n, e);
		else if (k == ERR_NONE && cJSON_IsString(args))
			k = reply_args(s->reply, c, args->valuestring,
				       strlen(args->valuestring), e);
		if (k != ERR_NONE)
			break;
	}
	return k;
}

static void
ollama_done_line(struct ollama_stream *s, const cJSON *root)
{
	const char *why = json_str(root, "done_reason");

	s->done = true;
	if (why && strcmp(why, "length") == 0)
		s->reply->finish = FINISH_LENGTH;
	json_int(root, "prompt_eval_count", &s->reply->usage.input);
	json_int(root, "eval_count", &s->reply->usage.output);
}

static enum err_kind
ollama_object(struct ollama_stream *s, const cJSON *root, struct slice line, struct err *e)
{
	const cJSON *message = json_object(root, "message");
	const char *text = json_str(message, "content");
	const char *thinking = json_str(message, "thinking");
	const char *model = json_str(root, "model");
	enum err_kind k = ERR_NONE;

	if (server_error_json(root, s->said))
		return openai_said(s->said, e);
	if (model && *model && !s->reply->model)
		s->reply->model = mem_strdup(model);
	if (thinking)
		k = reply_reasoning(s->reply, thinking, strlen(thinking), e);
	if (text && k == ERR_NONE)
		k = reply_text(s->reply, text, strlen(text), e);
	if (k == ERR_NONE)
		k = ollama_calls(s, message, line, e);
	if (k == ERR_NONE && json_bool(root, "done", false))
		ollama_done_line(s, root);
	return k;
}

static enum err_kind
ollama_whole(void *arg, const char *p, size_t n, struct err *e)
{
	struct ollama_stream *s = arg;
	cJSON *root = NULL;
	char part[256];
	enum err_kind k;

	s->lines++;
	if (json_parse(p, n, JSON_REPAIR, &root, NULL) != ERR_NONE) {
		openai_excerpt(p, n, part, sizeof(part));
		return err_set(e, ERR_MODEL, "the server sent malformed JSON: '%s'", part);
	}
	k = ollama_object(s, root, (struct slice){p, n}, e);
	cJSON_Delete(root);
	return k;
}

static enum err_kind
ollama_event(void *arg, const char *p, size_t n, bool error, struct err *e)
{
	(void)error;
	return ollama_whole(arg, p, n, e);
}

static enum err_kind
ollama_end(void *arg, struct err *e)
{
	struct ollama_stream *s = arg;

	if (s->done)
		return ERR_NONE;
	return err_set(e, ERR_TRUNCATED, "%s",
		       s->lines ? "the stream ended in the middle of the answer"
				: "the server sent an empty answer");
}

static bool
ollama_done(const void *arg)
{
	return ((const struct ollama_stream *)arg)->done;
}

void
ollama_restart(void *arg)
{
	struct ollama_stream *s = arg;

	*s = (struct ollama_stream){.reply = s->reply, .said = s->said};
}

const struct dialect ollama_dialect = {
    .event = ollama_event,
    .whole = ollama_whole,
    .end = ollama_end,
    .done = ollama_done,
};
