/* The context window: what is shortened, in which order, and what never is. */
#include "tests/unit/cm.h"

#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/core/context.h"

static char *
repeated(const char *word, size_t times)
{
	struct buf b = BUF_INIT(16 * MIB);

	for (size_t i = 0; i < times; i++)
		buf_adds(&b, word);
	return buf_take(&b);
}

static struct msg *
add(struct msg_list *l, enum msg_role role, enum msg_label label, const char *word,
    size_t times)
{
	AUTO_FREE char *text = repeated(word, times);
	struct msg *m = msg_add(l, role, text);

	m->label = label;
	return m;
}

static void
japanese_counts_more_than_english(void **state)
{
	(void)state;
	assert_int_equal(context_tokens("abcdefgh", 8), 3);
	assert_int_equal(context_tokens("砂場で遊ぶ", strlen("砂場で遊ぶ")), 6);
	assert_int_equal(context_tokens("", 0), 0);
}

static void
oldest_outputs_go_first(void **state)
{
	struct msg_list l = {0};
	struct context_cut cut;

	(void)state;
	add(&l, MSG_SYSTEM, LABEL_USER, "s", 4000);
	add(&l, MSG_USER, LABEL_USER, "u", 4000);
	add(&l, MSG_TOOL, LABEL_UNTRUSTED, "old ", 2000);
	add(&l, MSG_TOOL, LABEL_UNTRUSTED, "new ", 2000);
	add(&l, MSG_ASSISTANT, LABEL_UNTRUSTED, "a", 40);
	add(&l, MSG_USER, LABEL_USER, "v", 40);
	assert_true(context_fit(&l, 5000, &cut));
	assert_int_equal(cut.outputs, 1);
	assert_int_equal(cut.replies, 0);
	assert_non_null(strstr(l.at[2].text, "dropped to fit"));
	assert_int_equal(strlen(l.at[3].text), 8000);
	assert_int_equal(strlen(l.at[1].text), 4000);
	assert_true(l.at[2].shortened > 0);
	msg_list_release(&l);
}

static void
words_of_the_user_stay(void **state)
{
	struct msg_list l = {0};
	struct context_cut cut;

	(void)state;
	add(&l, MSG_SYSTEM, LABEL_USER, "s", 100);
	add(&l, MSG_USER, LABEL_USER, "u", 40000);
	add(&l, MSG_ASSISTANT, LABEL_UNTRUSTED, "a", 40000);
	add(&l, MSG_USER, LABEL_USER, "v", 100);
	assert_false(context_fit(&l, 1000, &cut));
	assert_int_equal(strlen(l.at[1].text), 40000);
	assert_int_equal(strlen(l.at[3].text), 100);
	msg_list_release(&l);
}

static void
piped_data_may_be_shortened(void **state)
{
	struct msg_list l = {0};
	struct context_cut cut;

	(void)state;
	add(&l, MSG_USER, LABEL_UNTRUSTED, "data ", 8000);
	add(&l, MSG_USER, LABEL_USER, "u", 10);
	add(&l, MSG_ASSISTANT, LABEL_UNTRUSTED, "a", 10);
	add(&l, MSG_USER, LABEL_USER, "v", 10);
	assert_true(context_fit(&l, 1000, &cut));
	assert_int_equal(cut.outputs, 1);
	msg_list_release(&l);
}

static void
shortened_text_is_valid_utf8(void **state)
{
	struct msg_list l = {0};
	struct context_cut cut;

	(void)state;
	add(&l, MSG_TOOL, LABEL_UNTRUSTED, "砂場", 3000);
	add(&l, MSG_ASSISTANT, LABEL_UNTRUSTED, "a", 10);
	add(&l, MSG_USER, LABEL_USER, "v", 10);
	assert_true(context_fit(&l, 800, &cut));
	assert_true(utf8_valid(l.at[0].text, strlen(l.at[0].text)));
	/* a second pass finds nothing more to take there */
	assert_false(context_fit(&l, 10, &cut));
	assert_int_equal(cut.bytes, 0);
	msg_list_release(&l);
}

static void
old_calls_stay_valid_json(void **state)
{
	struct msg_list l = {0};
	struct context_cut cut;
	AUTO_FREE char *code = repeated("print(1)\\n", 2000);
	AUTO_FREE char *args =
	    mem_printf("{\"language\":\"python\",\"code\":\"%s\"}", code);
	cJSON *parsed;
	struct msg *m;

	(void)state;
	m = add(&l, MSG_ASSISTANT, LABEL_UNTRUSTED, "x", 1);
	msg_add_call(m, "c1", "execute", args);
	add(&l, MSG_TOOL, LABEL_UNTRUSTED, "y", 10);
	add(&l, MSG_ASSISTANT, LABEL_UNTRUSTED, "a", 10);
	assert_true(context_fit(&l, 600, &cut));
	assert_int_equal(cut.replies, 1);
	assert_int_equal(json_parse(l.at[0].calls[0].args, strlen(l.at[0].calls[0].args),
				    JSON_STRICT, &parsed, NULL),
			 ERR_NONE);
	assert_string_equal(json_str(parsed, "language"), "python");
	cJSON_Delete(parsed);
	msg_list_release(&l);
}

static void
last_exchange_goes_last(void **state)
{
	struct msg_list l = {0};
	struct context_cut cut;
	AUTO_FREE char *code = repeated("x", 40000);
	AUTO_FREE char *args = mem_printf("{\"language\":\"shell\",\"code\":\"%s\"}", code);
	AUTO_FREE char *broken = mem_printf("{\"language\":\"%s", code);
	struct msg *m;

	(void)state;
	add(&l, MSG_USER, LABEL_USER, "u", 10);
	m = add(&l, MSG_ASSISTANT, LABEL_UNTRUSTED, "a", 10);
	msg_add_call(m, "c1", "execute", args);
	msg_add_call(m, "c2", "execute", broken);
	add(&l, MSG_TOOL, LABEL_UNTRUSTED, "result ", 1000);
	assert_true(context_fit(&l, 3000, &cut));
	assert_int_equal(cut.replies, 1);
	assert_int_equal(cut.outputs, 0);
	assert_non_null(strstr(m->calls[0].args, "{\"language\":\"shell\",\"code\":\"xxx"));
	assert_non_null(strstr(m->calls[1].args, "{\"invalid\":\"{\\\"language"));
	assert_true(context_fit(&l, 1000, &cut));
	assert_int_equal(cut.outputs, 1);
	msg_list_release(&l);
}

static void
data_given_now_stays(void **state)
{
	struct msg_list l = {0};
	struct context_cut cut;

	(void)state;
	add(&l, MSG_SYSTEM, LABEL_USER, "s", 10);
	add(&l, MSG_USER, LABEL_UNTRUSTED, "data ", 8000);
	add(&l, MSG_USER, LABEL_USER, "u", 10);
	assert_false(context_fit(&l, 1000, &cut));
	assert_int_equal(cut.bytes, 0);
	msg_list_release(&l);
}

static void
output_of_the_users_own_code_may_be_shortened(void **state)
{
	struct msg_list l = {0};
	struct context_cut cut;
	struct msg *m;

	(void)state;
	add(&l, MSG_SYSTEM, LABEL_USER, "s", 40);
	m = add(&l, MSG_USER, LABEL_USER, "out ", 4000);
	m->aside = true;
	m->label = LABEL_LOCAL;
	m = add(&l, MSG_USER, LABEL_USER, "typed ", 50);
	assert_true(context_fit(&l, 1000, &cut));
	assert_int_equal(cut.outputs, 1);
	m = &l.at[1];
	assert_non_null(strstr(m->text, "dropped to fit"));
	assert_int_equal(strlen(m->was), 16000);
	assert_int_equal(strlen(l.at[2].text), 300);
	msg_list_release(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(japanese_counts_more_than_english),
	    cmocka_unit_test(oldest_outputs_go_first),
	    cmocka_unit_test(words_of_the_user_stay),
	    cmocka_unit_test(piped_data_may_be_shortened),
	    cmocka_unit_test(shortened_text_is_valid_utf8),
	    cmocka_unit_test(old_calls_stay_valid_json),
	    cmocka_unit_test(last_exchange_goes_last),
	    cmocka_unit_test(data_given_now_stays),
	    cmocka_unit_test(output_of_the_users_own_code_may_be_shortened),
	};

	return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
