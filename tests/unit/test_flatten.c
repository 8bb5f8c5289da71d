/* Whose role a text goes out in: a tool's never in the system's, nor in the user's where the provider
 * has one for tools. */
#include "cm.h"

#include <string.h>

#include "agent/base/mem.h"
#include "agent/model/flatten.h"
#include "agent/model/spotlight.h"

static const struct tool_def tool = {.name = "execute", .description = "", .schema = "{}"};
static const struct spotlight marks = {.mark = "0123456789ab"};

static struct msg *
said(struct msg_list *l, enum msg_role role, enum msg_label label, const char *source,
     const char *text)
{
	struct msg *m = msg_add(l, role, text);

	m->label = label;
	m->source = mem_strdup(source);
	m->part = (unsigned)l->n;
	return m;
}

/* A session that began with a model without tools, and goes on with one that has them. */
static void
converse(struct msg_list *l)
{
	struct msg *m;

	said(l, MSG_SYSTEM, LABEL_USER, NULL, "facts");
	said(l, MSG_USER, LABEL_USER, NULL, "go");
	said(l, MSG_ASSISTANT, LABEL_LOCAL, NULL, "```shell\na\n```\n```shell\nb\n```");
	said(l, MSG_TOOL, LABEL_LOCAL, "step 1", "evil one");
	said(l, MSG_TOOL, LABEL_UNTRUSTED, "step 2", "evil two");
	said(l, MSG_ASSISTANT, LABEL_LOCAL, NULL, "done");
	said(l, MSG_USER, LABEL_USER, NULL, "and now");
	m = said(l, MSG_ASSISTANT, LABEL_LOCAL, NULL, "");
	msg_add_call(m, "c1", "execute", "{}");
	m = said(l, MSG_TOOL, LABEL_LOCAL, "step 3", "evil three");
	m->call_id = mem_strdup("c1");
}

static size_t
count(const struct msg_list *l, enum msg_role role, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->at[i].role == role && strstr(l->at[i].text, text);
	return n;
}

static void
tools_have_their_role(void **state)
{
	struct msg_list in = {0}, out;
	struct model_request req = {
	    .messages = &in, .tools = &tool, .ntools = 1, .spotlight = &marks};
	size_t due = 0;

	(void)state;
	converse(&in);
	flatten(&req, &out);
	assert_int_equal(count(&out, MSG_TOOL, "evil"), 3);
	assert_int_equal(count(&out, MSG_USER, "evil"), 0);
	assert_int_equal(count(&out, MSG_SYSTEM, "evil"), 0);
	assert_int_equal(count(&out, MSG_TOOL, "[data 0123456789ab: "), 3);
	for (size_t i = 0; i < out.n; i++) { /* each call has its result right behind it */
		if (out.at[i].role == MSG_TOOL)
			assert_int_equal(due-- > 0, true);
		else
			assert_int_equal(due, 0);
		due += out.at[i].ncalls;
	}
	assert_int_equal(due, 0);
	assert_string_not_equal(out.at[2].calls[0].id, out.at[2].calls[1].id);
	msg_list_release(&out);
	msg_list_release(&in);
}

static void
without_tools_they_are_marked(void **state)
{
	struct msg_list in = {0}, out;
	struct model_request req = {.messages = &in, .spotlight = &marks};

	(void)state;
	converse(&in);
	flatten(&req, &out);
	assert_int_equal(count(&out, MSG_TOOL, ""), 0);
	assert_int_equal(count(&out, MSG_SYSTEM, "evil"), 0);
	for (size_t i = 0; i < out.n; i++)
		if (strstr(out.at[i].text, "evil"))
			assert_non_null(strstr(out.at[i].text, "[data 0123456789ab: "));
	msg_list_release(&out);
	msg_list_release(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tools_have_their_role),
	    cmocka_unit_test(without_tools_they_are_marked),
	};

	return cmocka_run_group_tests_name("flatten", tests, NULL, NULL);
}
