/* One exchange with the model. See request.h. Pinned by tests/unit/test_exchange.c and by the
 * weather tests W1 to W6.
 *
 * A reply that broke off is asked for again from the start: half a call must never be run, and
 * not every server can go on in the middle. What the second stream repeats of the text already
 * shown is swallowed; where it goes another way, the user is told and sees it whole. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/call.h"
#include "agent/core/context.h"
#include "agent/core/request.h"
#include "agent/model/reply.h"

#define REQUEST_CUT_RETRIES  2
#define REQUEST_WINDOW_SHARE 0.8 /* of the window is for the request; the rest answers */

struct request {
	struct session *s;
	struct buf shown; /* text of this reply that the sink has */
	size_t again;	  /* bytes of `shown` that the stream has repeated */
	bool begun;	  /* the sink was told that a reply begins */
	bool heard;	  /* this attempt brought text or thinking */
};

static void
request_begin_reply(struct request *x)
{
	if (!x->begun && x->s->sink.reply_begin)
		x->s->sink.reply_begin(x->s->sink.arg);
	x->begun = true;
}

static void
request_end_reply(struct request *x, bool final, bool aborted)
{
	if (x->begun && x->s->sink.reply_end)
		x->s->sink.reply_end(x->s->sink.arg, final, aborted);
	x->begun = false;
}

static void
request_show(struct request *x, const char *p, size_t n)
{
	if (n == 0)
		return;
	request_begin_reply(x);
	buf_add(&x->shown, p, n);
	x->again = x->shown.len;
	if (x->s->sink.text)
		x->s->sink.text(x->s->sink.arg, p, n);
}

/* The stream says something else than before the break: begin anew, visibly. */
static void
request_diverge(struct request *x)
{
	AUTO_FREE char *same = mem_strndup(buf_str(&x->shown), x->again);
	size_t n = x->again;

	request_end_reply(x, false, true);
	session_notice(x->s, NOTICE_WARN, "the model answers anew, from the beginning");
	buf_reset(&x->shown);
	request_show(x, same, n);
}

static void
request_text(void *arg, const char *p, size_t n)
{
	struct request *x = arg;
	size_t same = 0;

	x->heard |= n > 0;
	while (same < n && x->again + same < x->shown.len &&
	       x->shown.data[x->again + same] == p[same])
		same++;
	x->again += same;
	if (same < n && x->again < x->shown.len)
		request_diverge(x);
	request_show(x, p + same, n - same);
}

static void
request_reasoning(void *arg, const char *p, size_t n)
{
	struct request *x = arg;

	x->heard |= n > 0;
	if (x->s->sink.reasoning)
		x->s->sink.reasoning(x->s->sink.arg, p, n);
}

static void
request_call_progress(void *arg, const char *name, size_t bytes)
{
	struct request *x = arg;

	if (x->s->sink.call_progress)
		x->s->sink.call_progress(x->s->sink.arg, name, bytes);
}

static void
request_notice(void *arg, const char *text)
{
	struct request *x = arg;

	session_notice(x->s, NOTICE_WARN, "%s", text);
}

static void
request_countdown(void *arg, int64_t remaining_ms, const char *why)
{
	struct request *x = arg;

	if (x->s->sink.countdown)
		x->s->sink.countdown(x->s->sink.arg, remaining_ms, why);
}

/* Shortens the conversation to `budget` tokens and tells the user what was dropped. */
static enum err_kind
request_fit(struct session *s, int64_t budget, struct err *e)
{
	struct context_cut cut;
	bool fits = context_fit(&s->msgs, budget, &cut);

	if (cut.bytes) {
		transcript_shortened(s->transcript, &s->msgs, NULL);
		session_notice(
		    s, NOTICE_WARN,
		    "the conversation was too long for the model: %zu outputs and "
		    "%zu replies shortened, %zu bytes dropped",
		    cut.outputs, cut.replies, cut.bytes);
	}
	if (fits)
		return ERR_NONE;
	err_set(e, ERR_CONTEXT,
		"the conversation needs about %lld tokens, the model's window gives %lld",
		(long long)context_list_tokens(&s->msgs), (long long)budget);
	err_hint(e,
		 "begin afresh (/reset), put long text into a file and name the file, or "
		 "set a larger --context");
	return ERR_CONTEXT;
}

/* Keeps what was said before the break as a reply, so that nothing shown is lost. */
static void
request_keep_partial(struct request *x)
{
	struct msg *m;

	if (x->shown.len == 0)
		return;
	m = msg_addn(&x->s->msgs, MSG_ASSISTANT, buf_str(&x->shown), x->shown.len);
	session_record(x->s, m, NULL, NULL);
}

static enum err_kind
request_store(struct request *x, struct model_reply *r, struct err *e)
{
	struct session *s = x->s;
	struct msg *m = msg_add(&s->msgs, MSG_ASSISTANT, r->text);

	m->reasoning = TAKE(r->reasoning);
	for (size_t i = 0; i < r->ncalls; i++)
		msg_add_call(m, r->calls[i].id, r->calls[i].name, r->calls[i].args)->text =
		    r->calls[i].text;
	if (r->call_cut) {
		AUTO_FREE char *id = mem_printf("cut_%zu", s->msgs.n);

		msg_add_call(m, id, prompt_tool()->name, "{}")->cut = true;
	}
	if (r->finish == FINISH_LENGTH)
		session_notice(s, NOTICE_WARN, "the model stopped at its output limit%s",
			       r->call_cut ? "; the call it was writing is not run" : "");
	if (r->finish == FINISH_FILTER)
		session_notice(s, NOTICE_WARN, "the server withheld the rest of the reply");
	session_price(s, &r->usage);
	return session_record(s, m, &r->usage, e);
}

/* One request; *r is filled as model_chat says. */
static enum err_kind
request_ask(struct request *x, struct model_reply *r, struct err *e)
{
	struct session *s = x->s;
	struct model_sink sink = {.arg = x,
				  .text = request_text,
				  .reasoning = request_reasoning,
				  .call_progress = request_call_progress,
				  .notice = request_notice,
				  .countdown = request_countdown};
	struct model_request req = {.messages = &s->msgs,
				    .spotlight = &s->conf.spotlight,
				    .temperature = s->conf.temperature};

	if (s->conf.approve != APPROVE_NEVER && s->model->tools != MODEL_TOOLS_NO)
		req.tools = prompt_tools(&req.ntools);
	*r = (struct model_reply){0};
	x->heard = false;
	return model_chat(s->model, &req, &sink, r, e);
}

/* Asks until there is a whole reply or no hope. What broke before anything was heard was tried
 * again below already (exchange.c). */
static enum err_kind
request_try(struct request *x, struct model_reply *r, struct err *e)
{
	struct session *s = x->s;
	int64_t budget = (int64_t)((double)s->model->context * REQUEST_WINDOW_SHARE);
	enum err_kind kind = request_fit(s, budget, e);
	bool shortened = false;

	for (int cuts = 0; !kind; x->again = 0) {
		kind = request_ask(x, r, e);
		if (kind == ERR_TRUNCATED && x->heard && cuts < REQUEST_CUT_RETRIES) {
			session_notice(s, NOTICE_WARN,
				       "the reply broke off; asking again (%d of %d)",
				       ++cuts, REQUEST_CUT_RETRIES);
			model_reply_release(r);
			kind = ERR_NONE;
		} else if (kind == ERR_CONTEXT && !shortened) {
			struct err ours;

			shortened = true;
			model_reply_release(r);
			if (request_fit(s, context_list_tokens(&s->msgs) * 2 / 3, &ours) ==
			    ERR_NONE)
				kind = ERR_NONE;
			else
				err_hint(e, "%s",
					 ours.hint); /* the server's own words stay */
		} else {
			break;
		}
	}
	return kind;
}

/* The same code as a block of text. */
static void
request_add_block(struct buf *out, const struct mend_call *c)
{
	size_t ticks = 3, run = 0;

	for (const char *p = c->code; *p; p++) {
		run = *p == '`' ? run + 1 : 0;
		ticks = MAX_OF(ticks, run + 1);
	}
	for (size_t i = 0; i < ticks; i++)
		buf_addc(out, '`');
	buf_addf(out, "%s\n%s%s", c->language, c->code,
		 *c->code && c->code[strlen(c->code) - 1] != '\n' ? "\n" : "");
	for (size_t i = 0; i < ticks; i++)
		buf_addc(out, '`');
	buf_addc(out, '\n');
}

static void
request_add_call(struct model_reply *r, const struct mend_call *c)
{
	struct buf args = BUF_INIT(REPLY_ARGS_MAX);
	struct json_writer w = JSON_WRITER(&args);

	json_open(&w, '{');
	json_kv_str(&w, "language", c->language);
	json_kv_str(&w, "code", c->code);
	json_close(&w, '}');
	r->calls = mem_array(r->calls, r->ncalls + 1, sizeof(*r->calls));
	r->calls[r->ncalls++] = (struct msg_call){
	    .name = mem_strdup(prompt_tool()->name), .args = buf_take(&args), .text = true};
}

/* Calls that the model wrote as text become calls, or blocks for a model without tools. */
static void
request_mend(struct session *s, struct model_reply *r)
{
	struct buf text = BUF_INIT(REPLY_TEXT_MAX + REPLY_ARGS_MAX);
	struct mend m;

	if (r->ncalls > 0 || r->call_cut || r->finish == FINISH_LENGTH ||
	    s->conf.approve == APPROVE_NEVER || !mend_text(r->text, strlen(r->text), &m))
		return;
	buf_add(&text, r->text, m.before);
	for (size_t i = 0; i < m.n; i++)
		if (s->model->tools == MODEL_TOOLS_NO)
			request_add_block(&text, &m.at[i]);
		else
			request_add_call(r, &m.at[i]);
	buf_adds(&text, r->text + m.behind);
	session_notice(s, NOTICE_INFO,
		       "the model wrote its call as text; it is taken as one");
	free(r->text);
	r->text = mem_strdup(buf_str(&text));
	buf_release(&text);
	mend_release(&m);
}

/* Whether nothing is left to run; without tools the blocks of the text are the calls. */
static bool
request_is_final(const struct session *s, const struct model_reply *r)
{
	struct fence_list list;
	bool final = true;

	if (r->ncalls > 0 || r->call_cut || s->model->tools != MODEL_TOOLS_NO ||
	    s->conf.approve == APPROVE_NEVER)
		return r->ncalls == 0 && !r->call_cut;
	fence_find(r->text, strlen(r->text), &list);
	for (size_t i = 0; i < list.n; i++)
		final &= !call_in_fence(&list.at[i]);
	fence_release(&list);
	return final;
}

enum err_kind
request_run(struct session *s, struct err *e)
{
	struct request x = {.s = s, .shown = BUF_INIT(REPLY_TEXT_MAX)};
	struct model_reply r = {0};
	enum err_kind kind = request_try(&x, &r, e);

	if (kind) {
		request_end_reply(&x, false, true);
		request_keep_partial(&x);
	} else {
		request_mend(s, &r);
		kind = request_store(&x, &r, e);
		request_end_reply(&x, request_is_final(s, &r), false);
		if (!kind)
			session_account(s, &r.usage);
	}
	model_reply_release(&r);
	buf_release(&x.shown);
	return kind;
}
