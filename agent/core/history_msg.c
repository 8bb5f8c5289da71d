/* Messages of a transcript. See history.h. Pinned by tests/unit/test_history.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/sha256.h"
#include "agent/core/history_int.h"

#define CALLS_MAX 128 /* of one reply: more than any that is taken from a server */

/* The best label that the program gives to a role: model and tools are never the user. */
static enum msg_label
label_best(enum msg_role role)
{
	return role == MSG_SYSTEM || role == MSG_USER ? LABEL_USER : LABEL_LOCAL;
}

static bool
hash_is(const char *text, const char *hex)
{
	unsigned char digest[SHA256_SIZE];
	char want[SHA256_HEX_SIZE];

	if (!hex || strlen(hex) != sizeof(want) - 1)
		return false;
	sha256(text, strlen(text), digest);
	sha256_hex(digest, want);
	return strcmp(hex, want) == 0;
}

enum msg_label
history_label(const cJSON *event, const char *key)
{
	const char *word = json_str(event, key);

	if (word && strcmp(word, "user") == 0)
		return LABEL_USER;
	return word && strcmp(word, "local") == 0 ? LABEL_LOCAL : LABEL_UNTRUSTED;
}

/* What the file says, where it can be and the text is the one that was written; *counted: what
 * counted for it. */
static enum msg_label
label_of(struct history *h, enum msg_role role, const char *text, const cJSON *event,
	 enum msg_label *counted)
{
	const char *key = json_get(event, "own") ? "own" : "label";
	enum msg_label label = history_label(event, key);

	*counted = history_label(event, "label");
	if (label < label_best(role))
		label = LABEL_UNTRUSTED;
	if (label == LABEL_USER) /* nothing lowers what the user typed */
		label = *counted;
	*counted = MAX_OF(*counted, label);
	if (hash_is(text, json_str(event, "sha256")))
		return label;
	*counted = LABEL_UNTRUSTED;
	if (!json_get(event, "sha256")) { /* of a version before there were hashes */
		if (!h->unhashed)
			history_problem(h, "texts without a hash count as untrusted");
		h->unhashed = true;
		return LABEL_UNTRUSTED;
	}
	history_problem(h, "the text is not what its hash says: it counts as untrusted");
	return LABEL_UNTRUSTED;
}

/* Bytes before what the user typed; SIZE_MAX when that cannot be. */
static size_t
aside_of(const char *text, const cJSON *event)
{
	int64_t n = 0;

	if (!cJSON_IsNumber(json_get(event, "aside")))
		return 0;
	if (!json_int(event, "aside", &n) || n < 0 || (size_t)n > strlen(text) ||
	    ((unsigned char)text[n] & 0xC0) == 0x80)
		return SIZE_MAX;
	return (size_t)n;
}

static void
calls_of(struct history *h, struct msg *m, const cJSON *event)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_array(event, "calls"))
	{
		const char *id = json_str(item, "id"), *name = json_str(item, "name"),
			   *args = json_str(item, "arguments");

		if (m->ncalls >= CALLS_MAX)
			break;
		if (id && *id && name && args)
			msg_add_call(m, id, name, args)->cut =
			    json_bool(item, "cut", false);
		else
			history_problem(h,
					"a call without id, name or arguments: left out");
	}
}

/* The last reply, when nothing but results stands behind it; or NULL. */
static const struct msg *
open_reply(const struct msg_list *l)
{
	size_t i = l->n;

	while (i > 0 && l->at[i - 1].role == MSG_TOOL)
		i--;
	return i > 0 && l->at[i - 1].role == MSG_ASSISTANT ? &l->at[i - 1] : NULL;
}

static bool
is_answered(const struct msg_list *l, const struct msg *reply, const char *id)
{
	for (const struct msg *m = reply + 1; m < l->at + l->n; m++)
		if (m->call_id && strcmp(m->call_id, id) == 0)
			return true;
	return false;
}

/* The call's tool when the reply has such a call that waits for its result; else NULL. */
static const char *
waiting_call(const struct msg_list *l, const char *id)
{
	const struct msg *reply = open_reply(l);

	for (size_t i = 0; reply && i < reply->ncalls; i++)
		if (strcmp(reply->calls[i].id, id) == 0)
			return is_answered(l, reply, id) ? NULL : reply->calls[i].name;
	return NULL;
}

/* The text is what a step said that is done, else the program's own words. */
static void
gap_add(const struct history *h, struct msg_list *out, const char *call_id,
	const char *tool, const char *text)
{
	bool done = text == h->fate_text;
	struct msg *m = msg_add(out, MSG_TOOL, text);

	m->label = done ? h->fate_label : LABEL_LOCAL;
	m->source = done ? mem_strdup(tool) : NULL;
	m->name = mem_strdup(tool);
	m->call_id = mem_strdup(call_id);
}

static void
call_gaps(const struct history *h, const struct msg *reply, struct msg_list *out)
{

	for (size_t i = 0; reply && i < reply->ncalls; i++)
		if (!is_answered(&h->msgs, reply, reply->calls[i].id))
			gap_add(h, out, reply->calls[i].id, reply->calls[i].name,
				history_fate_text(h, reply->calls[i].id));
}

void
history_gaps(const struct history *h, struct msg_list *out)
{
	const struct msg *reply = open_reply(&h->msgs);

	call_gaps(h, reply, out);
	if (reply && !reply->ncalls && h->fate != FATE_NONE && !h->fate_call)
		gap_add(h, out, NULL, "execute", history_fate_text(h, NULL));
}

/* Results that were lost in the middle of the file are stood in for. */
static void
close_calls(struct history *h)
{
	struct msg_list gaps = {0};

	call_gaps(h, open_reply(&h->msgs), &gaps);
	for (size_t i = 0; i < gaps.n; i++)
		msg_move(&h->msgs, &gaps.at[i]);
	msg_list_release(&gaps);
}

/* The number of a message; 0: the line came before, or the number was used already. */
static unsigned
part_of(struct history *h, const cJSON *event)
{
	int64_t part = (int64_t)h->part + 1;

	if (json_get(event, "part") &&
	    (!json_int(event, "part", &part) || part <= h->part || part > INT32_MAX))
		return 0;
	h->part = (unsigned)part;
	return h->part;
}

static void
usage_of(struct history *h, const cJSON *event)
{
	static const char *const keys[] = {"input_tokens", "cached_input_tokens",
					   "output_tokens", "reasoning_output_tokens"};
	int64_t *const sums[] = {&h->total.input, &h->total.cached, &h->total.output,
				 &h->total.reasoning};
	const cJSON *usage = json_object(event, "usage");
	double cost = json_num(usage, "cost_usd", -1);
	int64_t n;

	for (size_t i = 0; usage && i < ARRAY_LEN(keys); i++)
		if (json_int(usage, keys[i], &n) && n > 0 && *sums[i] < INT64_MAX - n)
			*sums[i] += n;
	if (cost >= 0)
		h->cost += cost;
	else if (usage)
		h->unpriced = true;
}

/* The system message has a place of its own; every other comes last. */
static struct msg *
message_place(struct history *h, enum msg_role role, const char *text)
{
	struct msg *m;

	if (role != MSG_SYSTEM)
		return msg_add(&h->msgs, role, text);
	m = &h->msgs.at[0];
	msg_release(m);
	m->role = MSG_SYSTEM;
	m->text = mem_strdup(text);
	return m;
}

static bool
result_fits(struct history *h, const char *call_id)
{
	if (!call_id || waiting_call(&h->msgs, call_id))
		return true;
	history_problem(h, "a result without its call: left out");
	return false;
}

/* A message of a version that put the aside before the user's words: it becomes one of its own,
 * and nobody knows where it was from. */
static struct msg *
message_split(struct history *h, struct msg *m, size_t aside)
{
	AUTO_FREE char *words = mem_strdup(m->text + aside);
	AUTO_FREE char *source = TAKE(m->source);
	unsigned part = m->part;
	enum msg_label label = m->label;

	m->text[aside] = '\0';
	m->aside = true;
	m->part = 0;
	m->label = LABEL_UNTRUSTED;
	m->source = mem_strdup(ASIDE_SOURCE);
	m = msg_add(&h->msgs, MSG_USER, words);
	m->part = part;
	m->label = label;
	m->source = TAKE(source);
	return m;
}

static void
message_user(struct history *h, struct msg *m, const cJSON *event)
{
	size_t before = aside_of(m->text, event);

	m->aside = json_bool(event, "aside", false);
	if (before == SIZE_MAX) {
		history_problem(h, "the aside is no part of the text: all is untrusted");
		m->label = LABEL_UNTRUSTED;
	} else if (before > 0) {
		m = message_split(h, m, before);
	}
	if (m->aside && m->label < LABEL_LOCAL)
		m->label = LABEL_UNTRUSTED;
	if (m->aside || (before > 0 && before < SIZE_MAX)) {
		h->gone = 0;
		h->staged = h->copied = false;
	}
	if (m->aside || !m->source) {
		buf_reset(&h->aside);
		h->aside_label = LABEL_LOCAL;
	}
	if (!h->first && !m->source)
		h->first = mem_strdup(m->text);
}

/* How much of a result is the program's own: at least the line of facts, which versions that did
 * not say so wrote too. */
static size_t
message_head(const char *text, const cJSON *event)
{
	size_t n = strlen(text), line = strcspn(text, "\n");
	int64_t head;

	if (text[0] != '[')
		return 0;
	if (!json_int(event, "head", &head))
		return line < n && text[line - 1] == ']' ? line + 1 : 0;
	if (head <= 0 || (size_t)head > n || ((size_t)head < n && text[head - 1] != '\n'))
		return 0;
	return (size_t)head;
}

static void
message_brief(struct history *h, enum msg_role role, const cJSON *event)
{
	const char *text = json_str(event, "text");
	size_t aside;

	if (role == MSG_ASSISTANT)
		usage_of(h, event);
	if (role != MSG_USER || !text || h->first || json_str(event, "source"))
		return;
	aside = aside_of(text, event);
	h->first = mem_strdup(text + (aside == SIZE_MAX ? 0 : aside));
}

void
history_message(struct history *h, enum msg_role role, const cJSON *event)
{
	const char *text = json_str(event, "text"), *call_id = NULL;
	struct msg *m;
	unsigned part;

	if (h->brief) {
		message_brief(h, role, event);
		return;
	}
	part = part_of(h, event);
	if (!text || !part) {
		history_problem(h, text ? "a part that was there already: left out"
					: "a message without text: left out");
		return;
	}
	if (role == MSG_TOOL)
		call_id = json_str(event, "call_id");
	if (!result_fits(h, call_id))
		return;
	if (role == MSG_USER || role == MSG_ASSISTANT)
		close_calls(h);
	if (role != MSG_SYSTEM)
		history_fate_clear(h);
	m = message_place(h, role, text);
	m->part = part;
	m->label = label_of(h, role, text, event, &m->counted);
	m->source = mem_strdup(json_str(event, "source"));
	if (m->counted == LABEL_UNTRUSTED &&
	    (m->label != LABEL_UNTRUSTED || role == MSG_ASSISTANT))
		parts_keep_stain(&h->msgs, (size_t)(m - h->msgs.at), &h->why);
	if (role == MSG_TOOL) {
		if (!m->source && m->label == LABEL_UNTRUSTED &&
		    history_label(event, json_get(event, "own") ? "own" : "label") !=
			LABEL_UNTRUSTED)
			m->source = mem_strdup("a session file that was changed");
		m->head = message_head(text, event);
		m->named = mem_strdup(json_str(event, "named"));
		m->call_id = mem_strdup(call_id);
		m->name = mem_strdup(json_str(event, "name"));
		if (!m->name)
			m->name = mem_strdup(m->source ? m->source : "execute");
	} else if (role == MSG_ASSISTANT) {
		m->reasoning = mem_strdup(json_str(event, "reasoning"));
		calls_of(h, m, event);
		usage_of(h, event);
	} else if (role == MSG_USER) {
		message_user(h, m, event);
	}
}
