/* Ollama's wire: requests, streams, arguments that must not change, recorded streams. */
#include "tests/unit/cm.h"
#include "tests/unit/wire_help.h"

#include "agent/base/json.h"
#include "agent/model/rawjson.h"

#define NDJSON "application/x-ndjson"

static void
check(const char *in, const char *want)
{
	help_check(true, NDJSON, in, want);
}

#define L(msg) \
	"{\"model\":\"m\",\"message\":{\"role\":\"assistant\"," msg "},\"done\":false}\n"
#define END                                                                              \
	"{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00.1+09:00\",\"message\":{"  \
	"\"role\":"                                                                      \
	"\"assistant\",\"content\":\"\",\"images\":null},\"done\":true,\"done_reason\":" \
	"\"stop\","                                                                      \
	"\"total_duration\":123456789012345,\"prompt_eval_count\":7,\"eval_count\":3}\n"

static void
text(void **state)
{
	(void)state;
	check(L("\"content\":\"Hi \"") L("\"content\":\"\xE4\xB8\x96\"") END,
	      "none text='Hi \xE4\xB8\x96' in=7 out=3");
	check(L("\"content\":\"\",\"thinking\":\"hm\"") L("\"content\":\"a\"") END,
	      "none text='a' think='hm' in=7 out=3");
	check(L("\"content\":\"a\"") "{\"done\":true,\"done_reason\":\"length\"}",
	      "none text='a' finish=1");
}

static void
calls(void **state)
{
	(void)state;
	check(
	    L("\"content\":\"\",\"tool_calls\":[{\"function\":{\"index\":0,\"name\":\"f\","
	      "\"arguments\":{\"n\":9007199254740993,\"s\":\"}]\\\"\"}}}]")
		L("\"content\":\"\",\"tool_calls\":[{\"id\":\"x\",\"function\":{\"index\":"
		  "0,"
		  "\"name\":\"g\",\"arguments\":{}}},{\"function\":{\"name\":\"h\"}}]") END,
	    "none text='' call_1=f({\"n\":9007199254740993,\"s\":\"}]\\\"\"}) x=g({}) "
	    "call_3=h({}) in=7 out=3");
}

static void
failures(void **state)
{
	(void)state;
	check(L("\"content\":\"a\""),
	      "truncated text='a' error='the stream ended in the middle of the answer'");
	check(L("\"content\":\"a\"") "{\"model\":\"m\",\"mess",
	      "truncated text='a' error='the stream ended in the middle of the answer'");
	check("", "truncated text='' error='the server sent an empty answer'");
	check(L("\"content\":\"a\"") "{\"error\":\"boom\"}\n",
	      "model text='a' error='the server failed: boom'");
	check("rubbish\n",
	      "model text='' error='the server sent malformed JSON: 'rubbish''");
	help_check(true, "application/json; charset=utf-8", END, "none text='' in=7 out=3");
}

static void
requests(void **state)
{
	struct msg_list l = {0};
	struct tool_def tool = {"execute", "d", "{}"};
	struct model_request req = {
	    .messages = &l, .tools = &tool, .ntools = 1, .temperature = 0, .max_output = 9};
	struct buf out = BUF_INIT(KIB * 64);
	struct msg *m;
	cJSON *tree;

	(void)state;
	msg_add(&l, MSG_SYSTEM, "s");
	msg_add(&l, MSG_USER, "u");
	m = msg_add(&l, MSG_ASSISTANT, "");
	m->reasoning = mem_strdup("hm");
	msg_add_call(m, "c1", "execute", "{\"a\":1.50}");
	msg_add_call(m, "c2", "execute", "{oops");
	assert_int_equal(ollama_request("m", 4096, &req, &out, NULL), ERR_NONE);
	assert_int_equal(json_parse(buf_str(&out), out.len, JSON_STRICT, &tree, NULL),
			 ERR_NONE);
	cJSON_Delete(tree);
	assert_string_equal(
	    buf_str(&out),
	    "{\"model\":\"m\",\"stream\":true,\"truncate\":false,\"shift\":false,"
	    "\"options\":{"
	    "\"num_ctx\":4096,\"temperature\":0,\"num_predict\":9},\"messages\":[{\"role\":"
	    "\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"u\"},{\"role\":"
	    "\"assistant\",\"content\":\"\",\"thinking\":\"hm\",\"tool_calls\":[{\"id\":"
	    "\"c1\","
	    "\"function\":{\"name\":\"execute\",\"arguments\":{\"a\":1.50}}},{\"id\":"
	    "\"c2\","
	    "\"function\":{\"name\":\"execute\",\"arguments\":{\"invalid\":\"{oops\"}}}]},{"
	    "\"role\":\"tool\",\"content\":\"(not run)\",\"tool_name\":\"execute\","
	    "\"tool_call_id\":\"c1\"},{\"role\":\"tool\",\"content\":\"(not run)\","
	    "\"tool_name\":\"execute\",\"tool_call_id\":\"c2\"}],\"tools\":[{\"type\":"
	    "\"function\",\"function\":{\"name\":\"execute\",\"description\":\"d\","
	    "\"parameters\":{}}}]}");
	buf_release(&out);
	msg_list_release(&l);
}

static void
slice_is(struct slice s, const char *want)
{
	if (!want) {
		assert_null(s.p);
		return;
	}
	assert_non_null(s.p);
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.p, want, s.n);
}

static void
slices(void **state)
{
	static const char text[] =
	    " { \"a\" : 1.50 , \"b\":{\"x\":\"}\\\"\"},\"c\":[1, [2,3] ,"
	    "\"s\",null],\"d\":true}";
	struct slice all = {text, sizeof(text) - 1};

	(void)state;
	slice_is(raw_member(all, "a"), "1.50");
	slice_is(raw_member(all, "b"), "{\"x\":\"}\\\"\"}");
	slice_is(raw_member(raw_member(all, "b"), "x"), "\"}\\\"\"");
	slice_is(raw_member(all, "d"), "true");
	slice_is(raw_member(all, "x"), NULL);
	slice_is(raw_item(raw_member(all, "c"), 0), "1");
	slice_is(raw_item(raw_member(all, "c"), 1), "[2,3]");
	slice_is(raw_item(raw_member(all, "c"), 2), "\"s\"");
	slice_is(raw_item(raw_member(all, "c"), 3), "null");
	slice_is(raw_item(raw_member(all, "c"), 4), NULL);
	slice_is(raw_item(raw_member(all, "a"), 0), NULL);
	slice_is(raw_member(raw_item(all, 0), "a"), NULL);
}

static void
recorded(void **state)
{
	static const struct {
		const char *name, *must;
	} rows[] = {
	    {"ollama/chat-text",
	     "none text='The sky \xC3\xA9\xF0\x9F\x98\x80' in=26 out=282"},
	    {"ollama/chat-tools",
	     "call_x1=execute({\"language\":\"bash\",\"code\":\"ls\"}) "
	     "call_2=execute({\"language\":\"bash\",\"code\":\"pwd\"})"},
	    {"ollama/chat-think", "none text='42' think='Let me see' finish=1"},
	    {"ollama/chat-error-mid",
	     "model text='partial' error='the server failed: an error"},
	};
	struct buf in = BUF_INIT(HELP_MAX), got = BUF_INIT(HELP_MAX);

	(void)state;
	help_streams();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!help_recording(rows[i].name, false, "\n", &in)) {
			print_message("# no recording %s\n", rows[i].name);
			continue;
		}
		help_splits(true, NDJSON, in.data, in.len, &got);
		if (!strstr(buf_str(&got), rows[i].must))
			fail_msg("%s: '%.300s'", rows[i].name, buf_str(&got));
	}
	buf_release(&in);
	buf_release(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text),	cmocka_unit_test(calls),
	    cmocka_unit_test(failures), cmocka_unit_test(requests),
	    cmocka_unit_test(slices),	cmocka_unit_test(recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
