/* Playing one turn of a dialogue file as if a model streamed it. See script.h.
 *
 * The turn goes through the same reply builder as a real stream; a wait between deltas is a wait
 * on the loop, so that Ctrl-C ends it. Pinned by tests/unit/test_script.c. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/model/rawjson.h"
#include "agent/model/reply.h"
#include "agent/model/script.h"

#define SCRIPT_OUTPUT "{{output}}" /* in `say` */
#define TYPING_CHUNK  6		   /* bytes per delta when the tour types */
#define TYPING_MS     12	   /* between them */

/* The expectation that no message since the last turn fulfils, or NULL. */
static const char *
script_missed(const struct script_turn *t, const struct msg_list *l)
{
	size_t first = l->n;

	while (first && l->at[first - 1].role != MSG_ASSISTANT)
		first--;
	for (size_t i = 0; i < t->nexpect; i++) {
		bool found = false;

		for (size_t k = first; k < l->n && !found; k++)
			found = strstr(l->at[k].text, t->expect[i]) != NULL;
		if (!found)
			return t->expect[i];
	}
	return NULL;
}

static enum err_kind
script_interrupted(const struct model *m, struct err *e)
{
	if (!m->loop || !loop_pending(m->loop))
		return ERR_NONE;
	if (loop_terminated(m->loop))
		return err_set(e, ERR_TERMINATED, "terminated");
	return err_set(e, ERR_INTERRUPTED, "interrupted");
}

static enum err_kind
script_wait(const struct model *m, int64_t ms, struct err *e)
{
	int64_t end = clock_ms() + ms;
	enum err_kind k = script_interrupted(m, e);

	while (m->loop && k == ERR_NONE && clock_ms() < end) {
		loop_wait(m->loop, (int)MIN_OF(end - clock_ms(), 1000));
		k = script_interrupted(m, e);
	}
	return k;
}

/* Length of the next delta: `chunk` bytes up to the end of a character, or a line. */
static size_t
script_delta(const char *p, size_t n, int64_t chunk)
{
	size_t len;

	if (chunk <= 0) {
		const char *nl = memchr(p, '\n', n);

		return nl ? (size_t)(nl - p) + 1 : n;
	}
	len = MIN_OF(n, (size_t)chunk);
	while (len < n && ((unsigned char)p[len] & 0xC0) == 0x80)
		len++;
	return len;
}

typedef enum err_kind
script_put_fn(struct reply *r, const char *p, size_t n, struct err *e);

static enum err_kind
script_stream(const struct model *m, const struct script_turn *t, const char *text,
	      script_put_fn *put, struct reply *r, struct err *e)
{
	size_t n = text ? strlen(text) : 0, i = 0;
	enum err_kind k = ERR_NONE;

	while (i < n && k == ERR_NONE) {
		size_t len = script_delta(text + i, n - i, t->chunk);

		k = script_wait(m, i || r->shown ? t->delay_ms : 0, e);
		if (k == ERR_NONE)
			k = put(r, text + i, len, e);
		i += len;
	}
	return k;
}

/* What the last step printed: the last result without its line of facts. */
static struct slice
script_output(const struct msg_list *l)
{
	struct slice s = {"", 0};
	size_t i = l->n;

	while (i && l->at[i - 1].role != MSG_TOOL)
		i--;
	if (!i)
		return s;
	s.p = l->at[i - 1].text;
	if (*s.p == '[') {
		s.p += strcspn(s.p, "\n");
		s.p += *s.p == '\n';
	}
	s.n = strlen(s.p);
	while (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	return s;
}

static void
script_say(struct buf *b, const char *say, const struct msg_list *l)
{
	const char *hit;

	while ((hit = strstr(say, SCRIPT_OUTPUT))) {
		struct slice out = script_output(l);

		buf_add(b, say, (size_t)(hit - say));
		buf_add(b, out.p, out.n);
		say = hit + strlen(SCRIPT_OUTPUT);
	}
	buf_adds(b, say);
}

static char *
script_text(const struct script_turn *t, const struct msg_list *l, bool fence)
{
	struct buf b = BUF_INIT(REPLY_TEXT_MAX);

	if (t->say)
		script_say(&b, t->say, l);
	for (size_t i = 0; fence && i < t->ncalls; i++) {
		const struct script_call *c = &t->calls[i];
		const char *code = c->code ? c->code : c->args;
		size_t len = strlen(code);

		if (b.len)
			buf_adds(&b, b.data[b.len - 1] == '\n' ? "\n" : "\n\n");
		buf_addf(&b, "```%s\n", c->language ? c->language : "json");
		buf_adds(&b, code);
		buf_adds(&b, len && code[len - 1] == '\n' ? "```\n" : "\n```\n");
	}
	return buf_take(&b);
}

static enum err_kind
script_calls(const struct script_turn *t, struct reply *r, struct err *e)
{
	enum err_kind k = ERR_NONE;

	for (size_t i = 0; i < t->ncalls && k == ERR_NONE; i++) {
		struct reply_call *c;

		k = reply_call(r, (int64_t)i, NULL, t->calls[i].name, &c, e);
		if (k == ERR_NONE)
			k = reply_args(r, c, t->calls[i].args, strlen(t->calls[i].args), e);
	}
	return k;
}

enum err_kind
script_play(const struct model *m, const struct script_turn *given, bool typing,
	    const struct model_request *req, const struct model_sink *sink,
	    struct model_reply *out, struct err *e)
{
	struct script_turn turn = *given;
	bool fence = turn.fence || req->ntools == 0;
	const char *missed = script_missed(&turn, req->messages);
	AUTO_FREE char *text = script_text(&turn, req->messages, fence);
	struct reply r;
	enum err_kind k;

	if (missed)
		return err_set(e, ERR_MODEL, "script expected '%s' (turn at line %zu)",
			       missed, turn.line);
	if (typing && !turn.chunk && !turn.delay_ms) {
		turn.chunk = TYPING_CHUNK;
		turn.delay_ms = TYPING_MS;
	}
	reply_init(&r, req, sink);
	r.usage = turn.usage;
	k = script_stream(m, &turn, turn.think, reply_reasoning, &r, e);
	if (k == ERR_NONE)
		k = script_stream(m, &turn, text, reply_text, &r, e);
	reply_end(&r);
	if (k == ERR_NONE && turn.cut)
		k = err_set(e, ERR_TRUNCATED,
			    "the stream ended in the middle of the answer");
	if (k == ERR_NONE && turn.error)
		k = err_set(e, ERR_MODEL, "%s", turn.error);
	if (k == ERR_NONE && !fence)
		k = script_calls(&turn, &r, e);
	reply_take(&r, k == ERR_NONE, out);
	return k;
}
