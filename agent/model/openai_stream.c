/* Streams of the Chat Completions wire, as its many speakers really send them. See openai.h.
 *
 * Differences that are taken in: thinking under three names and as content parts; content null,
 * "" or absent; choices empty in first and last chunks; calls numbered in odd ways (reply.c);
 * arguments as an object; usage in x_groq or on the finish chunk; errors in a reply of status
 * 200. Presence of calls is the truth, whatever finish_reason says.
 * Pinned by tests/unit/test_openai.c on recorded streams of real providers. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/model/openai.h"

#define EXCERPT_BYTES 120 /* of bad JSON in a message */

void
openai_excerpt(const char *p, size_t n, char *out, size_t cap)
{
	struct buf b = BUF_INIT(cap);
	size_t k = 0;

	n = MIN_OF(n, MIN_OF((size_t)EXCERPT_BYTES, (cap - 1) / 3));
	utf8_repair(&b, p, n);
	for (size_t i = 0; i < b.len && k + 1 < cap; i++)
		out[k++] = (unsigned char)b.data[i] < ' ' ? ' ' : b.data[i];
	out[k] = '\0';
	buf_release(&b);
}

enum err_kind
openai_said(const struct server_error *said, struct err *e)
{
	return err_set(e, said->context ? ERR_CONTEXT : ERR_MODEL, "the server failed: %s",
		       said->msg[0] ? said->msg : "no further words");
}

static void
openai_usage(const cJSON *root, struct reply *r)
{
	const cJSON *u = json_object(root, "usage");

	if (!u)
		u = json_object(json_object(root, "x_groq"), "usage");
	if (!u)
		return;
	json_int(u, "prompt_tokens", &r->usage.input);
	json_int(u, "completion_tokens", &r->usage.output);
	json_int(json_object(u, "prompt_tokens_details"), "cached_tokens",
		 &r->usage.cached);
	json_int(u, "prompt_cache_hit_tokens", &r->usage.cached);
	json_int(json_object(u, "completion_tokens_details"), "reasoning_tokens",
		 &r->usage.reasoning);
}

static enum err_kind
openai_string(const cJSON *o, const char *key,
	      enum err_kind (*put)(struct reply *, const char *, size_t, struct err *),
	      struct reply *r, struct err *e)
{
	const char *s = json_str(o, key);

	return s ? put(r, s, strlen(s), e) : ERR_NONE;
}

/* Content as an array of parts: {"type":"text"} and Mistral's {"type":"thinking"}. */
static enum err_kind
openai_parts(const cJSON *parts, bool thinking, struct reply *r, struct err *e)
{
	enum err_kind k = ERR_NONE;
	const cJSON *part;

	cJSON_ArrayForEach(part, parts)
	{
		const cJSON *inner = json_array(part, "thinking");

		if (inner)
			k = openai_parts(inner, true, r, e);
		else if (json_str(part, "thinking"))
			k = openai_string(part, "thinking", reply_reasoning, r, e);
		else
			k = openai_string(part, "text",
					  thinking ? reply_reasoning : reply_text, r, e);
		if (k != ERR_NONE)
			break;
	}
	return k;
}

/* Thinking comes under one of three names; some send two of them with the same text. */
static enum err_kind
openai_thinking(const cJSON *d, struct reply *r, struct err *e)
{
	if (json_str(d, "reasoning_content"))
		return openai_string(d, "reasoning_content", reply_reasoning, r, e);
	if (json_str(d, "reasoning"))
		return openai_string(d, "reasoning", reply_reasoning, r, e);
	return openai_parts(json_array(d, "reasoning_details"), true, r, e);
}

static enum err_kind
openai_call(const cJSON *c, int64_t at, struct reply *r, struct err *e)
{
	const cJSON *fn = json_object(c, "function"), *args = json_get(fn, "arguments");
	int64_t index = at;
	struct reply_call *call;
	enum err_kind k;

	json_int(c, "index", &index);
	k = reply_call(r, index, json_str(c, "id"), json_str(fn, "name"), &call, e);
	if (k != ERR_NONE)
		return k;
	if (cJSON_IsString(args) && args->valuestring)
		return reply_args(r, call, args->valuestring, strlen(args->valuestring), e);
	if (cJSON_IsObject(args)) {
		char *text = cJSON_PrintUnformatted(args);

		if (!text)
			mem_die("out of memory");
		k = reply_args(r, call, text, strlen(text), e);
		cJSON_free(text);
	}
	return k;
}

/* One delta, or the message of a reply that was not streamed (`whole`). */
static enum err_kind
openai_delta(const cJSON *d, bool whole, struct reply *r, struct err *e)
{
	enum err_kind k = openai_thinking(d, r, e);
	const cJSON *content = json_get(d, "content"), *call;
	int64_t at = 0;

	if (k == ERR_NONE && cJSON_IsArray(content))
		k = openai_parts(content, false, r, e);
	else if (k == ERR_NONE)
		k = openai_string(d, "content", reply_text, r, e);
	if (k == ERR_NONE)
		k = openai_string(d, "refusal", reply_text, r, e);
	cJSON_ArrayForEach(call, json_array(d, "tool_calls"))
	{
		if (k != ERR_NONE)
			break;
		k = openai_call(call, whole ? at : -1, r, e);
		at++;
	}
	return k;
}

static enum err_kind
openai_finish(struct openai_stream *s, const char *why, struct err *e)
{
	if (!why || !*why)
		return ERR_NONE;
	s->finished = true;
	if (strcmp(why, "length") == 0)
		s->reply->finish = FINISH_LENGTH;
	else if (strcmp(why, "content_filter") == 0)
		s->reply->finish = FINISH_FILTER;
	else if (strcmp(why, "error") == 0)
		return err_set(e, ERR_MODEL, "the server ended the answer with an error");
	return ERR_NONE;
}

static enum err_kind
openai_object(struct openai_stream *s, const cJSON *root, bool whole, struct err *e)
{
	const cJSON *choice = cJSON_GetArrayItem(json_array(root, "choices"), 0);
	const char *model = json_str(root, "model");
	enum err_kind k;

	if (server_error_json(root, s->said))
		return openai_said(s->said, e);
	if (model && *model && !s->reply->model)
		s->reply->model = mem_strdup(model);
	openai_usage(root, s->reply);
	if (!choice)
		return ERR_NONE;
	openai_usage(choice, s->reply);
	k = openai_delta(json_object(choice, whole ? "message" : "delta"), whole, s->reply,
			 e);
	if (k != ERR_NONE)
		return k;
	return openai_finish(s, json_str(choice, "finish_reason"), e);
}

static enum err_kind
openai_bad_json(const char *p, size_t n, struct err *e)
{
	char part[EXCERPT_BYTES * 3 + 1];

	openai_excerpt(p, n, part, sizeof(part));
	return err_set(e, ERR_MODEL, "the server sent malformed JSON: '%s'", part);
}

static enum err_kind
openai_event(void *arg, const char *p, size_t n, bool error, struct err *e)
{
	struct openai_stream *s = arg;
	const cJSON *choice;
	cJSON *root = NULL;
	enum err_kind k;

	while (n && strchr(" \t\r\n", p[n - 1]))
		n--;
	if (n == 0)
		return ERR_NONE;
	if (n == 6 && memcmp(p, "[DONE]", 6) == 0) {
		s->done = true;
		return ERR_NONE;
	}
	s->events++;
	if (error) {
		server_error_parse(p, n, s->said);
		return openai_said(s->said, e);
	}
	if (json_parse(p, n, JSON_REPAIR, &root, NULL) != ERR_NONE)
		return openai_bad_json(p, n, e);
	choice = cJSON_GetArrayItem(json_array(root, "choices"), 0);
	k = openai_object(s, root,
			  json_object(choice, "message") && !json_get(choice, "delta"), e);
	cJSON_Delete(root);
	return k;
}

static enum err_kind
openai_whole(void *arg, const char *p, size_t n, struct err *e)
{
	struct openai_stream *s = arg;
	cJSON *root = NULL;
	enum err_kind k;

	s->events++;
	if (json_parse(p, n, JSON_REPAIR, &root, NULL) != ERR_NONE)
		return openai_bad_json(p, n, e);
	k = openai_object(s, root, true, e);
	if (k == ERR_NONE && json_array(root, "choices"))
		s->done = true;
	cJSON_Delete(root);
	return k;
}

static enum err_kind
openai_end(void *arg, struct err *e)
{
	struct openai_stream *s = arg;

	if (!s->done && !s->finished)
		return err_set(e, ERR_TRUNCATED, "%s",
			       s->events ? "the stream ended in the middle of the answer"
					 : "the server sent an empty answer");
	if (s->reply->text.len == 0 && s->reply->reasoning.len == 0 &&
	    s->reply->ncalls == 0 && !s->finished)
		return err_set(e, ERR_TRUNCATED, "the server sent an empty answer");
	return ERR_NONE;
}

static bool
openai_done(const void *arg)
{
	return ((const struct openai_stream *)arg)->done;
}

void
openai_restart(void *arg)
{
	struct openai_stream *s = arg;

	*s = (struct openai_stream){.reply = s->reply, .said = s->said};
}

const struct dialect openai_dialect = {
    .event = openai_event,
    .whole = openai_whole,
    .end = openai_end,
    .done = openai_done,
};
