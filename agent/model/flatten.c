/* A conversation made fit for the wire. See flatten.h.
 *
 * Servers refuse a call without a result, a result without a call, and (templates of some local
 * models) two messages of one role in a row; a session may hold all of these after an
 * interrupt. Pinned by tests/unit/test_openai.c and test_flatten.c. */
#include <stdio.h>
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/model/flatten.h"
#include "agent/model/spotlight.h"

#define FLATTEN_TEXT_MAX (64 * MIB) /* bytes of one message */

static struct msg *
flatten_last(struct msg_list *out)
{
	return out->n ? &out->at[out->n - 1] : NULL;
}

static void
flatten_append(struct msg *m, const char *text)
{
	char *joined =
	    m->text[0] ? mem_printf("%s\n\n%s", m->text, text) : mem_strdup(text);

	free(m->text);
	m->text = joined;
}

/* Adds text in a role, to the last message where that has the role already. */
static void
flatten_add(struct msg_list *out, enum msg_role role, const char *text)
{
	struct msg *last = flatten_last(out);

	if (last && last->role == role && !last->ncalls)
		flatten_append(last, text);
	else
		msg_add(out, role, text);
}

static void
flatten_system(const struct msg_list *in, struct msg_list *out)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->at[i].role == MSG_SYSTEM && in->at[i].text[0])
			flatten_add(out, MSG_SYSTEM, in->at[i].text);
}

/* A call as a fenced block, as the model would have written it without tools. */
static char *
flatten_fence(const struct msg_call *c)
{
	struct buf b = BUF_INIT(FLATTEN_TEXT_MAX);
	const char *language, *code;
	cJSON *args = NULL;

	json_parse(c->args, strlen(c->args), JSON_REPAIR, &args, NULL);
	language = json_str(args, "language");
	code = json_str(args, "code");
	if (language && code)
		buf_addf(&b, "```%s\n%s\n```", language, code);
	else
		buf_addf(&b, "```json\n%s\n```", c->args);
	cJSON_Delete(args);
	return buf_take(&b);
}

/* What a part says, marked as data where it is that; the caller frees. */
static char *
flatten_text(const struct model_request *req, const struct msg *m)
{
	struct buf b = BUF_INIT(FLATTEN_TEXT_MAX);
	const char *what = m->role == MSG_TOOL ? "output of a tool" : "input of the user";

	if (m->label == LABEL_USER || !m->source)
		return mem_strdup(m->text);
	spotlight_wrap(req->spotlight, what, m->text, &b);
	return buf_take(&b);
}

static void
flatten_output(struct msg_list *out, const char *text)
{
	AUTO_FREE char *whole = mem_printf("Output of the code:\n%s", text);

	flatten_add(out, MSG_USER, whole);
}

static void
flatten_assistant_text(const struct msg *m, struct msg_list *out)
{
	if (m->text[0])
		flatten_add(out, MSG_ASSISTANT, m->text);
	for (size_t i = 0; i < m->ncalls; i++) {
		AUTO_FREE char *block = flatten_fence(&m->calls[i]);

		flatten_add(out, MSG_ASSISTANT, block);
	}
}

/* The result of a call among the tool messages right behind in->at[i]. */
static const struct msg *
flatten_result(const struct msg_list *in, size_t i, const char *id)
{
	for (i++; i < in->n && in->at[i].role == MSG_TOOL; i++)
		if (in->at[i].call_id && strcmp(in->at[i].call_id, id) == 0)
			return &in->at[i];
	return NULL;
}

static void
flatten_assistant_calls(const struct model_request *req, size_t i, struct msg_list *out)
{
	const struct msg_list *in = req->messages;
	const struct msg *m = &in->at[i];
	struct msg *to;

	if (!m->text[0] && !m->ncalls)
		return;
	to = flatten_last(out);
	if (!to || to->role != MSG_ASSISTANT) /* calls have results: none is the last */
		to = msg_add(out, MSG_ASSISTANT, m->text);
	else if (m->text[0])
		flatten_append(to, m->text);
	free(to->reasoning);
	to->reasoning = mem_strdup(m->reasoning);
	for (size_t c = 0; c < m->ncalls; c++)
		msg_add_call(to, m->calls[c].id, m->calls[c].name, m->calls[c].args);
	for (size_t c = 0; c < m->ncalls; c++) {
		const struct msg *result = flatten_result(in, i, m->calls[c].id);

		AUTO_FREE char *text =
		    result ? flatten_text(req, result) : mem_strdup("(not run)");

		to = msg_add(out, MSG_TOOL, text);
		to->call_id = mem_strdup(m->calls[c].id);
		to->name = mem_strdup(m->calls[c].name);
	}
}

/* Was this tool message handed out with its call already? */
static bool
flatten_answered(const struct msg_list *in, size_t i)
{
	const char *id = in->at[i].call_id;
	size_t a = i;

	if (!id)
		return false;
	while (a > 0 && in->at[a].role == MSG_TOOL)
		a--;
	for (size_t c = 0; c < in->at[a].ncalls; c++)
		if (strcmp(in->at[a].calls[c].id, id) == 0)
			return true;
	return false;
}

/* Output of a fenced block, of the time before a model with tools was taken: the reply with the block
 * gets a call for it, so that it goes out in the tool's role and in no other. False: there is no
 * such reply. */
static bool
flatten_as_call(const struct msg *m, const char *text, struct msg_list *out)
{
	size_t i = out->n;
	struct msg *to;
	char id[32];

	while (i > 0 && out->at[i - 1].role == MSG_TOOL)
		i--;
	if (i == 0 || out->at[i - 1].role != MSG_ASSISTANT)
		return false;
	snprintf(id, sizeof(id), "block_%u", m->part ? m->part : (unsigned)out->n);
	msg_add_call(&out->at[i - 1], id, m->name ? m->name : "execute", "{}");
	to = msg_add(out, MSG_TOOL, text);
	to->call_id = mem_strdup(id);
	to->name = mem_strdup(m->name ? m->name : "execute");
	return true;
}

void
flatten(const struct model_request *req, struct msg_list *out)
{
	const struct msg_list *in = req->messages;

	*out = (struct msg_list){0};
	flatten_system(in, out);
	for (size_t i = 0; i < in->n; i++) {
		const struct msg *m = &in->at[i];
		AUTO_FREE char *text = flatten_text(req, m);

		if (m->role == MSG_USER)
			flatten_add(out, MSG_USER, text);
		else if (m->role == MSG_ASSISTANT && req->ntools)
			flatten_assistant_calls(req, i, out);
		else if (m->role == MSG_ASSISTANT)
			flatten_assistant_text(m, out);
		else if (m->role == MSG_TOOL &&
			 !(req->ntools &&
			   (flatten_answered(in, i) || flatten_as_call(m, text, out))))
			flatten_output(out, text);
	}
}
