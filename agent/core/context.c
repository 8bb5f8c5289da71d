/* Keeping the conversation inside the window. See context.h.
 * Pinned by tests/unit/test_context.c. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/core/context.h"

#define CONTEXT_KEEP_BYTES \
	512		  /* of a shortened text: half from its head, half from its tail */
#define CONTEXT_PER_MSG 4 /* tokens of a message's own framing */

int64_t
context_tokens(const char *p, size_t n)
{
	int64_t ascii = 0, other = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		ascii += c < 0x80;
		other += c >= 0xC0;
	}
	return ascii / 4 + other + (n > 0);
}

static int64_t
context_msg_tokens(const struct msg *m)
{
	int64_t sum = CONTEXT_PER_MSG + context_tokens(m->text, strlen(m->text));

	for (size_t i = 0; i < m->ncalls; i++)
		sum += context_tokens(m->calls[i].args, strlen(m->calls[i].args)) + 8;
	return sum;
}

int64_t
context_list_tokens(const struct msg_list *l)
{
	int64_t sum = 0;

	for (size_t i = 0; i < l->n; i++)
		sum += context_msg_tokens(&l->at[i]);
	return sum;
}

/* Head and tail of `text` with a note between, cut on characters; NULL when it is short. */
static char *
context_shorten(const char *text, size_t *dropped)
{
	size_t n = strlen(text), head = CONTEXT_KEEP_BYTES / 2,
	       tail = n - CONTEXT_KEEP_BYTES / 2;

	if (n <= CONTEXT_KEEP_BYTES + 64)
		return NULL;
	while (((unsigned char)text[head] & 0xC0) == 0x80)
		head--;
	while (((unsigned char)text[tail] & 0xC0) == 0x80)
		tail++;
	*dropped += tail - head;
	return mem_printf("%.*s\n[… %zu bytes dropped to fit the context window …]\n%s",
			  (int)head, text, tail - head, text + tail);
}

static bool
context_shorten_text(struct msg *m, struct context_cut *cut)
{
	size_t dropped = 0;
	char *shorter = m->shortened ? NULL : context_shorten(m->text, &dropped);

	if (!shorter)
		return false;
	free(m->text);
	m->text = shorter;
	m->shortened = dropped;
	cut->bytes += dropped;
	return true;
}

/* Old code in a call: the arguments stay one JSON object with language and a shorter code. */
static bool
context_shorten_call(struct msg_call *c, struct context_cut *cut)
{
	AUTO_BUF struct buf b = BUF_INIT(16 * KIB);
	AUTO_FREE char *code = NULL;
	struct json_writer w = JSON_WRITER(&b);
	cJSON *args;
	size_t dropped = 0;

	if (strlen(c->args) < 4 * CONTEXT_KEEP_BYTES ||
	    json_parse(c->args, strlen(c->args), JSON_REPAIR, &args, NULL))
		return false;
	if (json_str(args, "code"))
		code = context_shorten(json_str(args, "code"), &dropped);
	if (code) {
		json_open(&w, '{');
		json_kv_str(&w, "language", json_str(args, "language"));
		json_kv_str(&w, "code", code);
		json_close(&w, '}');
		free(c->args);
		c->args = buf_take(&b);
		cut->bytes += dropped;
	}
	cJSON_Delete(args);
	return code != NULL;
}

/* The last two messages are what the model is to answer now: they stay whole. */
static size_t
context_protected(const struct msg_list *l)
{
	return l->n > 2 ? l->n - 2 : 0;
}

bool
context_fit(struct msg_list *l, int64_t budget, struct context_cut *cut)
{
	size_t end = context_protected(l);
	int64_t now = context_list_tokens(l);

	*cut = (struct context_cut){0};
	for (size_t i = 0; i < end && now > budget; i++) {
		struct msg *m = &l->at[i];

		if (m->role != MSG_TOOL && !(m->role == MSG_USER && m->label != LABEL_USER))
			continue;
		now -= context_msg_tokens(m);
		cut->outputs += context_shorten_text(m, cut);
		now += context_msg_tokens(m);
	}
	for (size_t i = 0; i < end && now > budget; i++) {
		struct msg *m = &l->at[i];
		bool did = false;

		if (m->role != MSG_ASSISTANT)
			continue;
		now -= context_msg_tokens(m);
		did = context_shorten_text(m, cut);
		for (size_t k = 0; k < m->ncalls; k++)
			did |= context_shorten_call(&m->calls[k], cut);
		cut->replies += did;
		now += context_msg_tokens(m);
	}
	return now <= budget;
}
