/* Messages of a conversation. See msg.h.
 *
 * A list owns its messages and a message owns its strings; nothing is shared, so that dropping
 * or cutting a conversation needs no counting of references.
 * Pinned by tests/unit/test_msg.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/model/msg.h"

#define MSG_FIRST_CAP 8 /* messages */

struct msg *
msg_addn(struct msg_list *l, enum msg_role role, const char *text, size_t n)
{
	struct msg *m;

	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : MSG_FIRST_CAP;
		l->at = mem_array(l->at, l->cap, sizeof(*l->at));
	}
	m = &l->at[l->n++];
	*m = (struct msg){.role = role, .text = mem_strndup(n ? text : "", n)};
	return m;
}

struct msg *
msg_move(struct msg_list *l, struct msg *m)
{
	struct msg *to = msg_add(l, m->role, "");

	free(to->text);
	*to = *m;
	*m = (struct msg){0};
	return to;
}

struct msg *
msg_add(struct msg_list *l, enum msg_role role, const char *text)
{
	return msg_addn(l, role, text, text ? strlen(text) : 0);
}

void
msg_set_text(struct msg *m, const char *text)
{
	char *copy = mem_strdup(text ? text : "");

	free(m->text);
	m->text = copy;
}

void
msg_shorten(struct msg *m, char *text)
{
	if (m->was)
		free(m->text);
	else
		m->was = m->text;
	m->text = text;
}

struct msg_call *
msg_add_call(struct msg *m, const char *id, const char *name, const char *args)
{
	static unsigned long made; /* ids must differ over a whole conversation */
	struct msg_call *c;
	unsigned long old;

	if (id && sscanf(id, "call_%9lu", &old) == 1) /* one of ours, from a former run */
		made = MAX_OF(made, old);

	m->calls = mem_array(m->calls, m->ncalls + 1, sizeof(*m->calls));
	c = &m->calls[m->ncalls++];
	*c = (struct msg_call){0};
	c->id = id && *id ? mem_strdup(id) : mem_printf("call_%lu", ++made);
	c->name = mem_strdup(name ? name : "");
	c->args = mem_strdup(args && *args ? args : "{}");
	return c;
}

void
msg_release(struct msg *m)
{
	for (size_t i = 0; i < m->ncalls; i++) {
		free(m->calls[i].id);
		free(m->calls[i].name);
		free(m->calls[i].args);
	}
	free(m->calls);
	free(m->source);
	free(m->text);
	free(m->reasoning);
	free(m->call_id);
	free(m->name);
	free(m->was);
	free(m->hits);
	free(m->named);
	*m = (struct msg){0};
}

void
msg_truncate(struct msg_list *l, size_t n)
{
	while (l->n > n)
		msg_release(&l->at[--l->n]);
}

void
msg_drop_last(struct msg_list *l)
{
	if (l->n)
		msg_truncate(l, l->n - 1);
}

void
msg_list_release(struct msg_list *l)
{
	msg_truncate(l, 0);
	free(l->at);
	*l = (struct msg_list){0};
}

enum msg_label
msg_counts(const struct msg *m)
{
	return MAX_OF(m->label, m->counted);
}

const char *
msg_role_word(enum msg_role role)
{
	static const char *const words[] = {
	    [MSG_SYSTEM] = "system",
	    [MSG_USER] = "user",
	    [MSG_ASSISTANT] = "assistant",
	    [MSG_TOOL] = "tool",
	};

	return words[role];
}

const char *
msg_label_word(enum msg_label label)
{
	static const char *const words[] = {[LABEL_USER] = "user",
					    [LABEL_LOCAL] = "local",
					    [LABEL_UNTRUSTED] = "untrusted"};

	return words[label];
}
