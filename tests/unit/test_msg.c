/* The list of messages: growing, cutting, ids. */
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/model/msg.h"

static void
grows_and_keeps_order(void **state)
{
	struct msg_list l = {0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		char text[16];

		snprintf(text, sizeof(text), "m%d", i);
		msg_add(&l, i % 2 ? MSG_ASSISTANT : MSG_USER, text);
	}
	assert_int_equal(l.n, 100);
	assert_string_equal(l.at[0].text, "m0");
	assert_string_equal(l.at[99].text, "m99");
	assert_int_equal(l.at[99].role, MSG_ASSISTANT);
	msg_list_release(&l);
	assert_int_equal(l.n, 0);
	assert_null(l.at);
}

static void
cuts_from_the_end(void **state)
{
	struct msg_list l = {0};

	(void)state;
	msg_drop_last(&l); /* of nothing: nothing */
	msg_add(&l, MSG_USER, "a");
	msg_add(&l, MSG_ASSISTANT, "b");
	msg_add(&l, MSG_USER, "c");
	msg_drop_last(&l);
	assert_int_equal(l.n, 2);
	msg_truncate(&l, 5);
	assert_int_equal(l.n, 2);
	msg_truncate(&l, 1);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.at[0].text, "a");
	msg_list_release(&l);
}

static void
text_may_be_absent_or_set_to_itself(void **state)
{
	struct msg_list l = {0};
	struct msg *m = msg_add(&l, MSG_USER, NULL);

	(void)state;
	assert_string_equal(m->text, "");
	msg_set_text(m, "x");
	msg_set_text(m, m->text);
	assert_string_equal(m->text, "x");
	m = msg_addn(&l, MSG_USER, "abcdef", 3);
	assert_string_equal(m->text, "abc");
	m = msg_addn(&l, MSG_USER, NULL, 0);
	assert_string_equal(m->text, "");
	msg_list_release(&l);
}

static void
calls_have_ids_and_arguments(void **state)
{
	struct msg_list l = {0};
	struct msg *m = msg_add(&l, MSG_ASSISTANT, "");

	(void)state;
	msg_add_call(m, NULL, "execute", NULL);
	msg_add_call(m, "", "execute", "{\"a\":1}");
	msg_add_call(m, "given", "execute", "");
	assert_int_equal(m->ncalls, 3);
	assert_string_equal(m->calls[0].args, "{}");
	assert_string_equal(m->calls[1].args, "{\"a\":1}");
	assert_true(strncmp(m->calls[0].id, "call_", 5) == 0);
	assert_string_not_equal(m->calls[0].id, m->calls[1].id);
	assert_string_equal(m->calls[2].id, "given");
	msg_list_release(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grows_and_keeps_order),
	    cmocka_unit_test(cuts_from_the_end),
	    cmocka_unit_test(text_may_be_absent_or_set_to_itself),
	    cmocka_unit_test(calls_have_ids_and_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
