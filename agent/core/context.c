/* Keeping the conversation inside the window. See context.h.
 * Pinned by tests/unit/test_context.c. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/core/context.h"

#define CONTEXT_KEEP_BYTES \
	512 /* of a shortened text: half from its head, half from its tail */
#define CONTEXT_LANGUAGE_MAX 64 /* bytes of a language's name */
#define CONTEXT_PER_MSG	     4	/* tokens of a message's own framing */

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
	char *shorter = NULL;

	if (!m->shortened)
		shorter = context_shorten(m->text, &dropped);
	if (!shorter)
		return false;
	msg_shorten(m, shorter);
	m->shortened = dropped;
	cut->bytes += dropped;
	return true;
}

/* Code in a call: the arguments stay one JSON object with language and a shorter code. Where
 * they are something else, a shorter form of their text is what is left of them. */
static bool
context_shorten_call(struct msg *m, struct msg_call *c, struct context_cut *cut)
{
	AUTO_BUF struct buf b = BUF_INIT(16 * KIB);
	AUTO_FREE char *shorter = NULL;
	struct json_writer w = JSON_WRITER(&b);
	const char *language, *code;
	cJSON *args = NULL;
	size_t dropped = 0;

	if (strlen(c->args) < 4 * CONTEXT_KEEP_BYTES)
		return false;
	json_parse(c->args, strlen(c->args), JSON_REPAIR, &args, NULL);
	language = json_str(args, "language");
	code = json_str(args, "code");
	if (!language || !code || strlen(language) > CONTEXT_LANGUAGE_MAX)
		language = code = NULL;
	shorter = context_shorten(code ? code : c->args, &dropped);
	if (shorter) {
		json_open(&w, '{');
		if (language)
			json_kv_str(&w, "language", language);
		json_kv_str(&w, code ? "code" : "invalid", shorter);
		json_close(&w, '}');
		free(c->args);
		c->args = buf_take(&b);
		cut->bytes += dropped;
		m->shortened += dropped;
	}
	cJSON_Delete(args);
	return shorter != NULL;
}

void
context_shorten_msg(struct msg *m)
{
	struct context_cut cut = {0};

	context_shorten_text(m, &cut);
	for (size_t k = 0; k < m->ncalls; k++)
		context_shorten_call(m, &m->calls[k], &cut);
}

/* The last two messages are what the model is to answer now: their turn comes last. */
static size_t
context_protected(const struct msg_list *l)
{
	return l->n > 2 ? l->n - 2 : 0;
}

/* What is not the user's own words: results of steps, of code he ran himself (an aside) and,
 * with `data`, what came in by a pipe. */
static bool
context_is_output(const struct msg *m, bool data)
{
	if (m->role != MSG_USER)
		return m->role == MSG_TOOL;
	return m->aside || (data && m->label != LABEL_USER);
}

static int64_t
context_fit_outputs(struct msg_list *l, size_t from, size_t end, bool data, int64_t over,
		    struct context_cut *cut)
{
	for (size_t i = from; i < end && over > 0; i++) {
		struct msg *m = &l->at[i];

		if (!context_is_output(m, data))
			continue;
		over -= context_msg_tokens(m);
		cut->outputs += context_shorten_text(m, cut);
		over += context_msg_tokens(m);
	}
	return over;
}

static int64_t
context_fit_replies(struct msg_list *l, size_t from, size_t end, int64_t over,
		    struct context_cut *cut)
{
	for (size_t i = from; i < end && over > 0; i++) {
		struct msg *m = &l->at[i];
		bool did = false;

		if (m->role != MSG_ASSISTANT)
			continue;
		over -= context_msg_tokens(m);
		did = context_shorten_text(m, cut);
		for (size_t k = 0; k < m->ncalls; k++)
			did |= context_shorten_call(m, &m->calls[k], cut);
		cut->replies += did;
		over += context_msg_tokens(m);
	}
	return over;
}

bool
context_fit(struct msg_list *l, int64_t budget, struct context_cut *cut)
{
	size_t last = context_protected(l);
	int64_t over = context_list_tokens(l) - budget;

	*cut = (struct context_cut){0};
	over = context_fit_outputs(l, 0, last, true, over, cut);
	over = context_fit_replies(l, 0, last, over, cut);
	/* A call or an output larger than the window must not end the conversation; data that
	 * the user gives now is no use to him in part. */
	over = context_fit_replies(l, last, l->n, over, cut);
	over = context_fit_outputs(l, last, l->n, false, over, cut);
	return over <= 0;
}
