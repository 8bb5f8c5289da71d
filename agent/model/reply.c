/* Gathering a reply from deltas. See reply.h.
 *
 * Servers disagree on how the parts of a call are numbered: some leave the index out, some start
 * at 1, some give two calls the same index with different ids or one id to two calls. An id that
 * differs from the known one therefore always begins a new call; where there is no id to tell by,
 * a name does that comes behind complete arguments. Results are matched by id, so no two calls
 * of a reply leave with the same one.
 * Pinned by tests/unit/test_openai.c and test_ollama.c. */
#include <stdarg.h>
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/model/reply.h"

static const struct usage usage_unknown = USAGE_UNKNOWN;

void
reply_init(struct reply *r, const struct model_request *req, const struct model_sink *sink)
{
	*r = (struct reply){
	    .text = BUF_INIT(REPLY_TEXT_MAX),
	    .reasoning = BUF_INIT(REPLY_TEXT_MAX),
	    .usage = usage_unknown,
	    .first_call = 1,
	    .sink = sink,
	};
	for (size_t i = 0; req && req->messages && i < req->messages->n; i++)
		r->first_call += req->messages->at[i].ncalls;
}

void
reply_reset(struct reply *r)
{
	const struct model_sink *sink = r->sink;
	size_t first = r->first_call;

	reply_release(r);
	reply_init(r, NULL, sink);
	r->first_call = first;
}

static void
reply_drop_call(struct reply_call *c)
{
	free(c->id);
	free(c->name);
	buf_release(&c->args);
	*c = (struct reply_call){0};
}

void
reply_release(struct reply *r)
{
	buf_release(&r->text);
	buf_release(&r->reasoning);
	for (size_t i = 0; i < r->ncalls; i++)
		reply_drop_call(&r->calls[i]);
	r->ncalls = 0;
	free(r->model);
	r->model = NULL;
}

static void
reply_piece(void *arg, bool reasoning, const char *p, size_t n)
{
	struct reply *r = arg;
	const struct model_sink *s = r->sink;

	if (!buf_add(reasoning ? &r->reasoning : &r->text, p, n))
		return;
	r->shown = true;
	if (reasoning && s && s->reasoning)
		s->reasoning(s->arg, p, n);
	else if (!reasoning && s && s->text)
		s->text(s->arg, p, n);
}

static enum err_kind
reply_check(const struct reply *r, struct err *e)
{
	if (r->text.full || r->reasoning.full)
		return err_set(e, ERR_LIMIT, "the model's answer is longer than %zu MiB",
			       REPLY_TEXT_MAX / MIB);
	return ERR_NONE;
}

enum err_kind
reply_text(struct reply *r, const char *p, size_t n, struct err *e)
{
	if (n)
		think_feed(&r->think, p, n, reply_piece, r);
	return reply_check(r, e);
}

enum err_kind
reply_reasoning(struct reply *r, const char *p, size_t n, struct err *e)
{
	if (n)
		reply_piece(r, true, p, n);
	return reply_check(r, e);
}

static struct reply_call *
reply_find(struct reply *r, int64_t index, const char *id)
{
	for (size_t i = r->ncalls; i-- > 0;) {
		struct reply_call *c = &r->calls[i];
		bool other = id && *id && c->id && strcmp(c->id, id) != 0;

		if (index >= 0 && c->index == index && !other)
			return c;
		if (index < 0 && (id && *id ? c->id && !other : true))
			return c;
	}
	return NULL;
}

/* Whether this delta, found to continue `c`, begins another call all the same. */
static bool
reply_is_another(const struct reply_call *c, const char *id, const char *name)
{
	cJSON *args = NULL;
	bool whole;

	if ((id && *id) || !name || !*name || !c->name || !c->args.len)
		return false;
	whole =
	    json_parse(c->args.data, c->args.len, JSON_REPAIR, &args, NULL) == ERR_NONE &&
	    cJSON_IsObject(args);
	cJSON_Delete(args);
	return whole;
}

enum err_kind
reply_call(struct reply *r, int64_t index, const char *id, const char *name,
	   struct reply_call **out, struct err *e)
{
	struct reply_call *c = reply_find(r, index, id);
	bool another = c && reply_is_another(c, id, name);

	if (!c || another) {
		if (r->ncalls == REPLY_CALLS_MAX)
			return err_set(e, ERR_LIMIT, "the model made more than %d calls",
				       REPLY_CALLS_MAX);
		c = &r->calls[r->ncalls++];
		*c = (struct reply_call){
		    .index = index, .args = BUF_INIT(REPLY_ARGS_MAX), .guessed = another};
	}
	if (id && *id && !c->id)
		c->id = mem_strdup(id);
	if (name && *name && !c->name)
		c->name = mem_strdup(name);
	*out = c;
	return ERR_NONE;
}

enum err_kind
reply_args(struct reply *r, struct reply_call *c, const char *p, size_t n, struct err *e)
{
	const struct model_sink *s = r->sink;

	if (!buf_add(&c->args, p, n))
		return err_set(e, ERR_LIMIT,
			       "the arguments of a call are larger than %zu MiB",
			       REPLY_ARGS_MAX / MIB);
	if (s && s->call_progress)
		s->call_progress(s->arg, c->name ? c->name : "", c->args.len);
	return ERR_NONE;
}

void
reply_end(struct reply *r)
{
	think_end(&r->think, reply_piece, r);
}

/* Thinking whose opening tag the server swallowed was shown as text; history gets it right. */
static void
reply_split_unopened(struct reply *r)
{
	size_t rest = 0, end = think_unopened(buf_str(&r->text), &rest);

	if (!end || r->reasoning.len)
		return;
	buf_add(&r->reasoning, r->text.data, end);
	buf_consume(&r->text, rest);
}

static bool
reply_id_taken(const struct model_reply *out, const char *id)
{
	for (size_t i = 0; i + 1 < out->ncalls; i++)
		if (strcmp(out->calls[i].id, id) == 0)
			return true;
	return false;
}

/* An id that no earlier call of the reply has: the server's own, or one made from `number`. */
static char *
reply_id(const struct model_reply *out, struct reply_call *c, size_t number)
{
	char *id = TAKE(c->id);

	while (!id || reply_id_taken(out, id)) {
		free(id);
		id = mem_printf("call_%zu", number++);
	}
	return id;
}

static void
reply_take_calls(struct reply *r, struct model_reply *out)
{
	size_t n = r->ncalls;

	if (r->finish == FINISH_LENGTH && n) {
		n--; /* the limit cut it */
		out->call_cut = true;
	}
	for (size_t i = 0; i < n; i++) {
		struct reply_call *c = &r->calls[i];
		struct msg_call *to;

		if (!c->name || (c->guessed && !c->args.len))
			continue;
		out->calls = mem_array(out->calls, out->ncalls + 1, sizeof(*out->calls));
		to = &out->calls[out->ncalls++];
		*to = (struct msg_call){0};
		to->id = reply_id(out, c, r->first_call + i);
		to->name = TAKE(c->name);
		to->args = c->args.len ? buf_take(&c->args) : mem_strdup("{}");
	}
}

void
reply_take(struct reply *r, bool whole, struct model_reply *out)
{
	*out = (struct model_reply){.finish = r->finish, .usage = r->usage};
	reply_split_unopened(r);
	if (whole)
		reply_take_calls(r, out);
	out->text = buf_take(&r->text);
	out->reasoning = r->reasoning.len ? buf_take(&r->reasoning) : NULL;
	out->model = TAKE(r->model);
	reply_release(r);
}

void
model_reply_release(struct model_reply *r)
{
	struct msg m = {.text = r->text,
			.reasoning = r->reasoning,
			.calls = r->calls,
			.ncalls = r->ncalls};

	msg_release(&m);
	free(r->model);
	*r = (struct model_reply){0};
}

void
sink_notice(const struct model_sink *s, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (!s || !s->notice)
		return;
	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	s->notice(s->arg, text);
	free(text);
}

void
sink_countdown(const struct model_sink *s, int64_t remaining_ms, const char *why)
{
	if (s && s->countdown)
		s->countdown(s->arg, remaining_ms, why);
}
