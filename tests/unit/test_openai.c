/* The OpenAI wire: requests, streams of our own making and recorded ones, errors, thinking. */
#include "tests/unit/cm.h"
#include "tests/unit/wire_help.h"

#include "agent/base/clock.h"
#include "agent/base/json.h"
#include "agent/model/flatten.h"
#include "agent/model/server_error.h"
#include "agent/model/think.h"

#define SSE	"text/event-stream; charset=utf-8"
#define D(json) "data: " json "\n\n"
#define CH(json) \
	D("{\"choices\":[{\"index\":0,\"delta\":" json ",\"finish_reason\":null}]}")
#define FIN(why) \
	D("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" why "\"}]}")
#define DONE D("[DONE]")

static void
check(const char *in, const char *want)
{
	help_check(false, SSE, in, want);
}

static void
text_and_usage(void **state)
{
	(void)state;
	check(CH("{\"role\":\"assistant\",\"content\":\"\"}") CH("{\"content\":\"Hi \"}")
		  CH("{\"content\":null}") CH("{}") CH("{\"content\":\"\xF0\x9F\x98\x80\"}")
		      FIN("stop") D("{\"choices\":[],\"usage\":{\"prompt_tokens\":5,"
				    "\"completion_tokens\":2,\"prompt_tokens_details\":"
				    "{\"cached_tokens\":3}}}") DONE,
	      "none text='Hi \xF0\x9F\x98\x80' in=5 out=2 cached=3");
	check(CH("{\"content\":\"a\"}") D("{\"choices\":[],\"x_groq\":{\"usage\":"
					  "{\"prompt_tokens\":1,\"completion_tokens\":2}}}")
		  FIN("length") DONE,
	      "none text='a' finish=1 in=1 out=2");
	check(CH("{\"content\":\"a\"}") FIN("content_filter") DONE,
	      "none text='a' finish=2");
}

static void
ends(void **state)
{
	(void)state;
	check(CH("{\"content\":\"a\"}") FIN("stop"), "none text='a'");
	check(CH("{\"content\":\"a\"}") DONE CH("{\"content\":\"b\"}") "data: rubbish\n\n",
	      "none text='a'");
	check(CH("{\"content\":\"a\"}"),
	      "truncated text='a' error='the stream ended in the middle of the answer'");
	check(CH("{\"content\":\"a\"}") "data: {\"choices\":[{\"del",
	      "truncated text='a' error='the stream ended in the middle of the answer'");
	check(": only a comment\n\n",
	      "truncated text='' error='the server sent an empty answer'");
	check("", "truncated text='' error='the server sent an empty answer'");
	check(DONE, "truncated text='' error='the server sent an empty answer'");
	check(CH("{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"x\","
		 "\"arguments\":\"{\"}}]}"),
	      "truncated text='' error='the stream ended in the middle of the answer'");
}

#define TC(json) CH("{\"tool_calls\":[" json "]}")

static void
calls_in_pieces(void **state)
{
	(void)state;
	check(TC("{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":"
		 "\"execute\",\"arguments\":\"\"}}") TC("{\"index\":0,\"function\":"
							"{\"arguments\":\"{\\\"a\\\"\"}}")
		  TC("{\"index\":0,\"id\":\"\",\"function\":{\"name\":\"\",\"arguments\":"
		     "\":1}\"}}") FIN("tool_calls") DONE,
	      "none text='' c1=execute({\"a\":1})");
	check(TC("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":"
		 "\"\"}}")
		  TC("{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":"
		     "\"{}\"}}") FIN("stop") DONE,
	      "none text='' a=f({}) b=g({})");
}

static void
calls_numbered_oddly(void **state)
{
	(void)state;
	/* from 1; without index; the same index for two ids */
	check(TC("{\"index\":1,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{"
		 "\"}}") TC("{\"index\":1,\"function\":{\"arguments\":\"}\"}}")
		  FIN("tool_calls") DONE,
	      "none text='' a=f({})");
	check(TC("{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}")
		  TC("{\"function\":{\"arguments\":\"}\"}}")
		      TC("{\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"[\"}}")
			  TC("{\"id\":\"b\",\"function\":{\"arguments\":\"]\"}}")
			      FIN("tool_calls") DONE,
	      "none text='' a=f({}) b=g([])");
	check(TC("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":"
		 "\"1\"}}")
		  TC("{\"index\":0,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":"
		     "\"2\"}}") TC("{\"index\":0,\"function\":{\"arguments\":\"3\"}}")
		      FIN("tool_calls") DONE,
	      "none text='' a=f(1) b=g(23)");
	/* neither index nor id: a name behind whole arguments tells; an echo of it does not */
	check(TC("{\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}")
		  TC("{\"function\":{\"name\":\"f\",\"arguments\":\"}\"}}")
		      TC("{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}")
			  TC("{\"function\":{\"name\":\"f\",\"arguments\":\"\"}}")
			      FIN("tool_calls") DONE,
	      "none text='' call_1=f({}) call_2=f({})");
	/* one id for two calls: results could not be told apart */
	check(
	    TC("{\"index\":0,\"id\":\"call_2\",\"function\":{\"name\":\"f\",\"arguments\":"
	       "\"1\"}}") TC("{\"index\":1,\"id\":\"call_2\",\"function\":{\"name\":\"g\","
			     "\"arguments\":"
			     "\"2\"}}") FIN("tool_calls") DONE,
	    "none text='' call_2=f(1) call_3=g(2)");
}

static void
streams_under_another_type(void **state)
{
	(void)state;
	help_check(false, "application/json", CH("{\"content\":\"a\"}") FIN("stop") DONE,
		   "none text='a'");
	help_check(false, "application/json", ": ping\n\n" CH("{\"content\":\"a\"}") DONE,
		   "none text='a'");
	help_check(false, "", "\n\n" CH("{\"content\":\"a\"}") DONE, "none text='a'");
	help_check(false, "", "\n",
		   "truncated text='' error='the server sent an empty answer'");
}

static void
calls_of_other_shapes(void **state)
{
	(void)state;
	check(TC("{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":{\"x\":[1]}}}")
		  FIN("tool_calls") DONE,
	      "none text='' call_1=f({\"x\":[1]})");
	/* invalid arguments are passed on as they are */
	check(TC("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":"
		 "\"{oops\"}}") FIN("tool_calls") DONE,
	      "none text='' a=f({oops)");
	/* the output limit cut the last one */
	check(TC("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}"
		 "\"}}")
		  TC("{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":"
		     "\"{\\\"co\"}}") FIN("length") DONE,
	      "none text='' a=f({}) cut finish=1");
}

static void
thinking(void **state)
{
	(void)state;
	check(CH("{\"reasoning_content\":\"hm\"}") CH("{\"content\":\"a\"}") FIN("stop")
		  DONE,
	      "none text='a' think='hm'");
	check(CH("{\"reasoning\":\"h\"}") CH("{\"reasoning\":\"m\",\"content\":\"\"}")
		  CH("{\"content\":\"a\"}") FIN("stop") DONE,
	      "none text='a' think='hm'");
	check(CH("{\"reasoning_details\":[{\"text\":\"hm\"}]}") CH("{\"content\":\"a\"}")
		  FIN("stop") DONE,
	      "none text='a' think='hm'");
	check(CH("{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
		 "\"text\":\"hm\"}]},{\"type\":\"text\",\"text\":\"a\"}]}") FIN("stop")
		  DONE,
	      "none text='a' think='hm'");
	check(CH("{\"content\":\"<thi\"}") CH("{\"content\":\"nk>h\"}")
		  CH("{\"content\":\"m</th\"}") CH("{\"content\":\"ink>\\n\\na <think>\"}")
		      FIN("stop") DONE,
	      "none text='a <think>' think='hm'");
	check(CH("{\"content\":\"<think>never closed\"}") FIN("stop") DONE,
	      "none text='' think='never closed'");
	check(CH("{\"content\":\"hm\\n</think>\\n\\na\"}") FIN("stop") DONE,
	      "none text='a' think='hm\n'");
}

static void
errors_inside(void **state)
{
	(void)state;
	check(D("{\"error\":{\"message\":\"no luck\",\"type\":\"server_error\"}}"),
	      "model text='' error='the server failed: no luck'");
	check("event: error\ndata: {\"error\":{\"message\":\"m\"},\"message\":\"m\"}\n\n",
	      "model text='' error='the server failed: m'");
	check("error: {\"code\":500,\"message\":\"old llama\"}\n\n",
	      "model text='' error='the server failed: old llama'");
	check(D("{\"error\":\"flat\"}"), "model text='' error='the server failed: flat'");
	check(CH("{\"content\":\"a\"}") D("{\"truncated\": ") DONE,
	      "model text='a' error='the server sent malformed JSON: '{\"truncated\":''");
	check(D("{\"error\":null,\"choices\":[{\"delta\":{\"content\":\"a\"}}]}") DONE,
	      "none text='a'");
	check(
	    D("{\"error\":{\"message\":\"Trying to keep the first 5 tokens\"}}"),
	    "context text='' error='the server failed: Trying to keep the first 5 tokens'");
}

static void
bad_bytes(void **state)
{
	(void)state;
	check(CH("{\"content\":\"a\xFF\xE3\x81\"}") FIN("stop") DONE,
	      "none text='a\xEF\xBF\xBD\xEF\xBF\xBD'");
	check(CH("{\"content\":\"\\ud83d x \\u0000\"}") FIN("stop") DONE,
	      "none text='\xEF\xBF\xBD x \xEF\xBF\xBD'");
	check("\xEF\xBB\xBF" CH("{\"content\":\"a\"}") FIN("stop") DONE, "none text='a'");
}

static void
not_streamed(void **state)
{
	(void)state;
	help_check(
	    false, "application/json",
	    "{\"choices\":[{\"message\":{\"content\":\"a\",\"tool_calls\":[{\"id\":\"c\","
	    "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"d\","
	    "\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]},\"finish_reason\":"
	    "\"tool_calls\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}",
	    "none text='a' c=f({}) d=g({}) in=1 out=2");
	help_check(false, "text/html", "<html><title>Log in</title><body>x</html>",
		   "model text='' error='not a model's reply but a page: 'Log in''");
	help_check(false, "", CH("{\"content\":\"a\"}") DONE, "none text='a'");
	help_check(false, "application/json", "",
		   "truncated text='' error='the server sent an empty answer'");
}

static void
too_many_calls(void **state)
{
	struct buf in = BUF_INIT(MIB), got = BUF_INIT(MIB);

	(void)state;
	for (int i = 0; i <= REPLY_CALLS_MAX; i++)
		buf_addf(
		    &in,
		    "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":%d,\"id\":"
		    "\"c%d\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n",
		    i, i);
	help_run(false, SSE, buf_str(&in), in.len, 0, &got);
	assert_non_null(
	    strstr(buf_str(&got), "limit text='' error='the model made more than 64"));
	buf_release(&in);
	buf_release(&got);
}

/* Many small events and one large one: linear time, and far below this limit. */
static void
large_streams(void **state)
{
	struct buf in = BUF_INIT(HELP_MAX), got = BUF_INIT(HELP_MAX);
	int64_t start = clock_ms();

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_adds(&in, CH("{\"content\":\"x\"}"));
	buf_adds(&in, "data: {\"choices\":[{\"delta\":{\"content\":\"");
	for (int i = 0; i < 5; i++) {
		static char chunk[MIB];

		memset(chunk, 'y', sizeof(chunk));
		buf_add(&in, chunk, sizeof(chunk));
	}
	buf_adds(&in, "\"}}]}\n\n" DONE);
	help_run(false, SSE, buf_str(&in), in.len, 0, &got);
	assert_true(got.len > 100000 + 5 * MIB);
	assert_true(clock_ms() - start < 20000);
	buf_release(&in);
	buf_release(&got);
}

/* Recordings of real providers: the same at every split, with every line end. */
static void
recorded(void **state)
{
	static const struct {
		const char *name, *must;
	} rows[] = {
	    {"openai/chat_azure-model-router.1",
	     "none text='Capital of Denmark.' in=15 out=78"},
	    {"deepseek/chat_deepseek-text", "none text='## **Holiday Name:**"},
	    {"groq/groq-tool-call", "none text='' tk85n1k4m=weather({})"},
	    {"groq/groq-reasoning", " think='Okay, let me"},
	    {"mistral/mistral-text", "none text='"},
	    {"mistral/mistral-incremental-tool-call",
	     "=webSearchTool({\"query\": \"current Berlin weather\"})"},
	    {"xai/xai-tool-call",
	     "call_55117580=weather({\"location\":\"San Francisco\"})"},
	    {"alibaba/alibaba-tool-call", "none text="},
	    {"alibaba/alibaba-reasoning", " think='"},
	    {"openai-compatible/chat_xai-text", "none text='"},
	    {"perplexity/perplexity-citations", "none text='"},
	};
	static const char *const eols[] = {"\n", "\r\n", "\r"};
	struct buf in = BUF_INIT(HELP_MAX), got = BUF_INIT(HELP_MAX);

	(void)state;
	help_streams();
	for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(eols); i++) {
		if (!help_recording(rows[i / 3].name, true, eols[i % 3], &in)) {
			print_message("# no recording %s\n", rows[i / 3].name);
			continue;
		}
		if (i % 3 == 0)
			help_splits(false, SSE, in.data, in.len, &got);
		else
			help_run(false, SSE, in.data, in.len, 0, &got);
		if (!strstr(buf_str(&got), rows[i / 3].must))
			fail_msg("%s: '%.300s'", rows[i / 3].name, buf_str(&got));
	}
	buf_release(&in);
	buf_release(&got);
}

/* ---- requests ---- */

static struct tool_def tool = {"execute", "Runs \"code\"", "{\"type\":\"object\"}"};

static void
request_is(const struct msg_list *l, size_t ntools, const char *want)
{
	struct model_request req = {
	    .messages = l, .tools = &tool, .ntools = ntools, .temperature = -1};
	struct openai_quirks q = {.no_stream_options = true};
	struct buf out = BUF_INIT(HELP_MAX);
	cJSON *tree;

	assert_int_equal(openai_request("m", &q, &req, &out, NULL), ERR_NONE);
	assert_int_equal(json_parse(buf_str(&out), out.len, JSON_STRICT, &tree, NULL),
			 ERR_NONE);
	cJSON_Delete(tree);
	assert_string_equal(buf_str(&out), want);
	buf_release(&out);
}

#define HEAD "{\"model\":\"m\",\"stream\":true,\"messages\":["
#define TOOLS                                                                    \
	",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"execute\"," \
	"\"description\":\"Runs \\\"code\\\"\",\"parameters\":{\"type\":\"object\"}}}]}"

static struct msg *
add_result(struct msg_list *l, const char *id, const char *text)
{
	struct msg *m = msg_add(l, MSG_TOOL, text);

	m->call_id = mem_strdup(id);
	m->name = mem_strdup("execute");
	return m;
}

static void
request_with_calls(void **state)
{
	struct msg_list l = {0};

	(void)state;
	msg_add(&l, MSG_SYSTEM, "sys");
	msg_add(&l, MSG_USER, "go \xFF");
	msg_add_call(msg_add(&l, MSG_ASSISTANT, ""), "c1", "execute",
		     "{\"n\":9007199254740993}");
	add_result(&l, "c1", "out\x1B[0m");
	request_is(
	    &l, 1,
	    HEAD "{\"role\":\"system\",\"content\":\"sys\"},{\"role\":\"user\",\"content\":"
		 "\"go \xEF\xBF\xBD\"},{\"role\":\"assistant\",\"content\":null,"
		 "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{"
		 "\"name\":\"execute\",\"arguments\":\"{\\\"n\\\":9007199254740993}\"}}]},"
		 "{\"role\":\"tool\",\"content\":\"out\\u001b[0m\",\"tool_call_id\":\"c1\"}"
		 "]" TOOLS);
	msg_list_release(&l);
}

static void
request_mends_history(void **state)
{
	struct msg_list l = {0};
	struct msg *m;

	(void)state;
	msg_add(&l, MSG_USER, "a");
	m = msg_add(&l, MSG_ASSISTANT, "t");
	msg_add_call(m, "c1", "execute", "{}");
	msg_add_call(m, "c2", "execute", "{}");
	add_result(&l, "c2", "two");
	add_result(&l, "c9", "stray");
	msg_add(&l, MSG_ASSISTANT, "");
	msg_add(&l, MSG_USER, "b");
	request_is(
	    &l, 1,
	    HEAD "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
		 "\"content\":\"t\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
		 "\"function\":{\"name\":\"execute\",\"arguments\":\"{}\"}},{\"id\":\"c2\","
		 "\"type\":\"function\",\"function\":{\"name\":\"execute\",\"arguments\":"
		 "\"{}\"}},{\"id\":\"block_4\",\"type\":\"function\",\"function\":{"
		 "\"name\":\"execute\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\","
		 "\"content\":\"(not run)\",\"tool_call_id\":\"c1\"},{\"role\":\"tool\","
		 "\"content\":\"two\",\"tool_call_id\":\"c2\"},{\"role\":\"tool\","
		 "\"content\":\"stray\",\"tool_call_id\":\"block_4\"},{\"role\":\"user\","
		 "\"content\":\"b\"}]" TOOLS);
	msg_list_release(&l);
}

/* Answers with nothing of the user between, as a broken session may leave them. */
static void
request_joins_answers(void **state)
{
	struct msg_list l = {0};
	struct msg *m;

	(void)state;
	msg_add(&l, MSG_USER, "a");
	msg_add(&l, MSG_USER, "b");
	msg_add(&l, MSG_ASSISTANT, "half");
	m = msg_add(&l, MSG_ASSISTANT, "whole");
	msg_add_call(m, "c1", "execute", "{}");
	add_result(&l, "c1", "one");
	request_is(&l, 1,
		   HEAD
		   "{\"role\":\"user\",\"content\":\"a\\n\\nb\"},{\"role\":\"assistant\","
		   "\"content\":\"half\\n\\nwhole\",\"tool_calls\":[{\"id\":\"c1\","
		   "\"type\":\"function\",\"function\":{\"name\":\"execute\",\"arguments\":"
		   "\"{}\"}}]},{\"role\":\"tool\",\"content\":\"one\",\"tool_call_id\":"
		   "\"c1\"}]" TOOLS);
	msg_list_release(&l);
}

static void
request_without_tools(void **state)
{
	struct msg_list l = {0};
	struct msg *m;

	(void)state;
	msg_add(&l, MSG_USER, "a");
	m = msg_add(&l, MSG_ASSISTANT, "I look.");
	msg_add_call(m, "c1", "execute", "{\"language\":\"shell\",\"code\":\"ls\"}");
	add_result(&l, "c1", "file");
	msg_add(&l, MSG_ASSISTANT, "```shell\npwd\n```");
	msg_add(&l, MSG_TOOL, "/w");
	request_is(&l, 0,
		   HEAD
		   "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
		   "\"content\":\"I look.\\n\\n```shell\\nls\\n```\"},{\"role\":\"user\","
		   "\"content\":\"Output of the code:\\nfile\"},{\"role\":\"assistant\","
		   "\"content\":\"```shell\\npwd\\n```\"},{\"role\":\"user\",\"content\":"
		   "\"Output of the code:\\n/w\"}]}");
	msg_list_release(&l);
}

/* ---- errors ---- */

static void
error_bodies(void **state)
{
	static const struct {
		const char *body, *msg;
		bool context, quota, no_tools, no_model;
	} rows[] = {
	    {"{\"error\":{\"message\":\"bad\",\"code\":\"context_length_exceeded\"}}",
	     "bad", true, false, false, false},
	    {"{\"error\":{\"code\":400,\"message\":\"the request exceeds the available "
	     "context "
	     "size\",\"type\":\"exceed_context_size_error\",\"n_prompt_tokens\":9,\"n_"
	     "ctx\":4}}",
	     "the request exceeds the available context size", true, false, false, false},
	    {"{\"error\":\"registry.ollama.ai/library/phi3 does not support tools\"}",
	     "registry.ollama.ai/library/phi3 does not support tools", false, false, true,
	     false},
	    {"{\"error\":\"model 'x' not found\"}", "model 'x' not found", false, false,
	     false, true},
	    {"{\"error\":{\"message\":\"You exceeded your current quota\",\"code\":"
	     "\"insufficient_quota\"}}",
	     "You exceeded your current quota", false, true, false, false},
	    {"{\"object\":\"error\",\"message\":\"This model's maximum context length is "
	     "5\","
	     "\"code\":400}",
	     "This model's maximum context length is 5", true, false, false, false},
	    {"{\"detail\":\"Not Found\"}", "Not Found", false, false, false, false},
	    {"{\"detail\":[{\"loc\":[],\"msg\":\"field required\"}]}", "field required",
	     false, false, false, false},
	    {"{\"statusCode\":401,\"message\":\"Unauthorized\"}", "Unauthorized", false,
	     false, false, false},
	    {"[{\"error\":{\"code\":429,\"message\":\"slow\"}}]", "slow", false, false,
	     false, false},
	    {"<html><head><title>502 Bad Gateway</title></head><body>x", "502 Bad Gateway",
	     false, false, false, false},
	    {"<html><body><h1>503 Down</h1>", "503 Down", false, false, false, false},
	    {"plain words\nmore", "plain words", false, false, false, false},
	    {"", "", false, false, false, false},
	    {"{}", "", false, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct server_error se;

		server_error_parse(rows[i].body, strlen(rows[i].body), &se);
		assert_string_equal(se.msg, rows[i].msg);
		assert_int_equal(se.context, rows[i].context);
		assert_int_equal(se.quota, rows[i].quota);
		assert_int_equal(se.no_tools, rows[i].no_tools);
		assert_int_equal(se.no_model, rows[i].no_model);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_and_usage),
	    cmocka_unit_test(ends),
	    cmocka_unit_test(calls_in_pieces),
	    cmocka_unit_test(calls_numbered_oddly),
	    cmocka_unit_test(streams_under_another_type),
	    cmocka_unit_test(calls_of_other_shapes),
	    cmocka_unit_test(thinking),
	    cmocka_unit_test(errors_inside),
	    cmocka_unit_test(bad_bytes),
	    cmocka_unit_test(not_streamed),
	    cmocka_unit_test(too_many_calls),
	    cmocka_unit_test(large_streams),
	    cmocka_unit_test(recorded),
	    cmocka_unit_test(request_with_calls),
	    cmocka_unit_test(request_mends_history),
	    cmocka_unit_test(request_joins_answers),
	    cmocka_unit_test(request_without_tools),
	    cmocka_unit_test(error_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
