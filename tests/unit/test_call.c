/* Calls as models write them: right, malformed, for other tools, too long. */
#include "tests/unit/cm.h"

#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/call.h"

static void
expect(const char *name, const char *args, const char *code, const char *problem)
{
	struct msg_call c = {
	    .id = (char *)"c1", .name = (char *)name, .args = (char *)args};
	struct call got = call_read(&c);

	assert_string_equal(got.call_id, "c1");
	if (problem) {
		assert_non_null(got.problem);
		assert_non_null(strstr(got.problem, problem));
	} else {
		assert_null(got.problem);
		assert_int_equal(got.len, strlen(code));
		assert_string_equal(got.code, code);
	}
	call_release(&got);
}

static void
right_calls(void **state)
{
	(void)state;
	expect("execute", "{\"language\":\"shell\",\"code\":\"ls\\n\"}", "ls\n", NULL);
	expect("execute", "{\"code\":\"ls\",\"language\":\"BASH\",\"more\":1}", "ls", NULL);
	expect("functions.execute", "{\"code\":\"ls\",\"language\":\"sh\"}", "ls", NULL);
	expect("python", "{\"code\":\"1\"}", "1", NULL);
	expect("python", "print('r')\n", "print('r')\n", NULL);
	expect("python", "{\"cmd\":\"1\"}", NULL, "no tool 'python'");
}

static void
malformed_calls_say_what_is_wrong(void **state)
{
	(void)state;
	expect("execute", "{\"language\":\"shell\",\"code\":\"l", NULL, "no valid JSON");
	expect("execute", "", NULL, "must both be given");
	expect("execute", "{\"language\":\"shell\"}", NULL, "must both be given");
	expect("execute", "{\"language\":1,\"code\":[]}", NULL, "must both be given");
	expect("execute", "[]", NULL, "must both be given");
}

static void
other_tools_and_languages(void **state)
{
	(void)state;
	expect("browse", "{}", NULL, "no tool 'browse'");
	expect("execute", "{\"language\":\"cobol\",\"code\":\"x\"}", NULL,
	       "no language 'cobol'");
}

static void
too_much_code(void **state)
{
	AUTO_FREE char *code = mem_alloc(CALL_CODE_MAX + 2);
	AUTO_FREE char *args = NULL;

	(void)state;
	memset(code, 'x', CALL_CODE_MAX);
	args = mem_printf("{\"language\":\"shell\",\"code\":\"%s\"}", code);
	expect("execute", args, code, NULL);
	free(TAKE(args));
	code[CALL_CODE_MAX] = 'x';
	args = mem_printf("{\"language\":\"shell\",\"code\":\"%s\"}", code);
	expect("execute", args, NULL, "longer than");
}

static void
what_broke_off_is_told_to_the_model(void **state)
{
	struct msg_call c = {.id = (char *)"c1",
			     .name = (char *)"execute",
			     .args = (char *)"{}",
			     .cut = true};
	struct fence f = {.language = "sh", .code = (char *)"rm -rf b", .len = 8};
	struct call got = call_read(&c);

	(void)state;
	assert_non_null(strstr(got.problem, "output limit"));
	call_release(&got);
	assert_true(call_in_fence(&f));
	got = call_read_fence(&f);
	assert_non_null(strstr(got.problem, "not closed"));
	call_release(&got);
	f.closed = true;
	got = call_read_fence(&f);
	assert_null(got.problem);
	call_release(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(right_calls),
	    cmocka_unit_test(malformed_calls_say_what_is_wrong),
	    cmocka_unit_test(other_tools_and_languages),
	    cmocka_unit_test(too_much_code),
	    cmocka_unit_test(what_broke_off_is_told_to_the_model),
	};

	return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
