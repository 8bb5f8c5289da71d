/* The conversation as the linker wants it. See gate_texts.h.
 *
 * Only what the user himself wrote can vouch for a thing: his messages, what he typed besides
 * (code, commands, reasons), his prompt files and the places that he opened. The program's own words
 * do not, for the workspace's path is among them, and a repository chose that name.
 * What is read once is remembered by the number of its part, which is never used again: indexes
 * of texts, and the code of calls, which stands in JSON.
 * Pinned by tests/unit/test_gate.c and tests/e2e/test_gate_said.py. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/gate_int.h"
#include "agent/core/gate_texts.h"

#define PART_CALLS 256 /* ids of one part: its text and its calls */

/* Ids below those of parts. */
enum { ID_SYSTEM = 1, ID_INSTRUCTIONS, ID_WORKSPACE };

struct gate_code {
	uint64_t id;
	char *code;
};

struct gate_memory {
	struct link_cache *links;
	struct gate_code *code; /* of calls, in the order of their ids */
	size_t ncodes;
};

struct gate_memory *
gate_memory_new(void)
{
	struct gate_memory *m = mem_alloc(sizeof(*m));

	m->links = link_cache_new();
	return m;
}

void
gate_memory_free(struct gate_memory *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->ncodes; i++)
		free(m->code[i].code);
	free(m->code);
	link_cache_free(m->links);
	free(m);
}

struct link_cache *
gate_memory_links(const struct session *s)
{
	return s->memory ? s->memory->links : NULL;
}

static void
texts_addn(struct link_text **list, size_t *n, const struct link_text *t)
{
	if (t->len == 0)
		return;
	*list = mem_array(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = *t;
}

static void
texts_add(struct link_text **list, size_t *n, const char *text, size_t when, uint64_t id)
{
	texts_addn(list, n, &(struct link_text){text, text ? strlen(text) : 0, when, id});
}

/* 0: the part has no number. */
static uint64_t
texts_id(const struct msg *m, size_t call)
{
	return m->part && call < PART_CALLS ? (uint64_t)m->part * PART_CALLS + call : 0;
}

/* The code of a call as it was run: in JSON its quotes and backslashes look otherwise. *owner is
 * the parsed text that the result may be part of. */
static const char *
texts_parse(const struct msg_call *c, cJSON **owner)
{
	const char *code;

	*owner = NULL;
	json_parse(c->args, strlen(c->args), JSON_REPAIR, owner, NULL);
	code = json_str(*owner, "code");
	return code ? code : c->args;
}

/* The same, remembered. */
static const char *
texts_recall(struct gate_memory *m, uint64_t id, const struct msg_call *c)
{
	size_t i = m->ncodes;
	cJSON *owner;

	while (i > 0 && m->code[i - 1].id > id)
		i--;
	if (i > 0 && m->code[i - 1].id == id)
		return m->code[i - 1].code;
	m->code = mem_array(m->code, m->ncodes + 1, sizeof(*m->code));
	memmove(m->code + i + 1, m->code + i, (m->ncodes - i) * sizeof(*m->code));
	m->code[i] = (struct gate_code){id, mem_strdup(texts_parse(c, &owner))};
	m->ncodes++;
	cJSON_Delete(owner);
	return m->code[i].code;
}

static void
texts_add_call(const struct session *s, struct gate_texts *t, const struct msg *m, size_t k,
	       size_t when)
{
	uint64_t id = texts_id(m, k + 1);
	cJSON *owner = NULL;
	const char *code = s->memory && id ? texts_recall(s->memory, id, &m->calls[k])
					   : texts_parse(&m->calls[k], &owner);

	if (owner) {
		t->args = mem_array(t->args, t->nargs + 1, sizeof(*t->args));
		t->args[t->nargs++] = owner;
	}
	texts_add(&t->models, &t->nmodels, code, when, s->memory ? id : 0);
}

void
gate_texts_tools(const struct session *s, struct gate_texts *t)
{
	*t = (struct gate_texts){0};
	for (size_t i = 0; i < s->msgs.n; i++) {
		const struct msg *m = &s->msgs.at[i];
		size_t n = t->ntools;

		/* The folder's name stands in the facts and is nobody's word. */
		if (m->role == MSG_SYSTEM)
			texts_add(&t->tools, &t->ntools, s->conf.workspace, i + 1,
				  ID_WORKSPACE);
		else if (parts_is_tool_text(m) && !m->endorsed)
			texts_add(&t->tools, &t->ntools, gate_text_of(m), i + 1,
				  texts_id(m, 0));
		if (t->ntools == n)
			continue;
		t->msg = mem_array(t->msg, t->ntools, sizeof(*t->msg));
		t->msg[n] = i;
	}
}

static void
texts_add_user(const struct session *s, struct gate_texts *t)
{
	const char *const *lists[] = {s->conf.write, s->conf.policy.read};

	texts_add(&t->users, &t->nusers, s->conf.system, 1, ID_SYSTEM);
	texts_add(&t->users, &t->nusers, s->conf.instructions, 1, ID_INSTRUCTIONS);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (const char *const *p = lists[i]; p && *p; p++)
			texts_add(&t->users, &t->nusers, *p, 1, 0);
	texts_addn(&t->users, &t->nusers,
		   &(struct link_text){s->typed.data, s->typed.len, 1, 0});
}

void
gate_texts_others(const struct session *s, struct gate_texts *t)
{
	texts_add_user(s, t);
	for (size_t i = 0; i < s->msgs.n; i++) {
		const struct msg *m = &s->msgs.at[i];
		bool said = m->role == MSG_USER && m->label == LABEL_USER;

		if (m->refused)
			continue;
		if (m->endorsed || said) {
			texts_add(&t->users, &t->nusers, gate_text_of(m), i + 1,
				  texts_id(m, 0));
		} else if (m->role == MSG_ASSISTANT) {
			texts_add(&t->models, &t->nmodels, gate_text_of(m), i + 1,
				  texts_id(m, 0));
			for (size_t c = 0; c < m->ncalls; c++)
				texts_add_call(s, t, m, c, i + 1);
		}
	}
}

void
gate_texts_release(struct gate_texts *t)
{
	for (size_t i = 0; i < t->nargs; i++)
		cJSON_Delete(t->args[i]);
	free(t->args);
	free(t->tools);
	free(t->users);
	free(t->models);
	free(t->msg);
}
