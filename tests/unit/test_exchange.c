/* Exchanges with a server that behaves well and badly, over real sockets on loopback. */
#include "tests/unit/cm.h"
#include "tests/unit/canned.h"

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/model/models.h"

#define PATIENCE_MS 20000 /* less than any wait that is cut short */

#define HEAD(status, type, more) \
	"HTTP/1.1 " status "\r\nContent-Type: " type "\r\n" more "\r\n"
#define SSE  HEAD("200 OK", "text/event-stream", "Connection: close\r\n")
#define D(t) "data: {\"choices\":[{\"delta\":{\"content\":\"" t "\"}}]}\n\n"
#define DONE "data: [DONE]\n\n"
#define GOOD                                     \
	{                                        \
		SSE D("fine") DONE, CANNED_CLOSE \
	}
#define END                        \
	{                          \
		NULL, CANNED_CLOSE \
	}
#define REFUSAL(status, more, body) \
	HEAD(status, "application/json", "Connection: close\r\n" more) body

/* One model, one exchange, and all that was heard of it. */
struct talk {
	struct canned_server server;
	struct loop *loop;
	struct model *m;
	struct msg_list l;
	struct model_reply r;
	struct buf shown, notices;
	struct err e;
	size_t ntools;
	int64_t max_output;
	bool interrupt_on_text;
};

static void
on_text(void *arg, const char *p, size_t n)
{
	struct talk *t = arg;

	buf_add(&t->shown, p, n);
	if (t->interrupt_on_text)
		loop_interrupt(t->loop);
}

static void
on_notice(void *arg, const char *text)
{
	buf_addf(&((struct talk *)arg)->notices, "%s\n", text);
}

static void
on_countdown(void *arg, int64_t remaining_ms, const char *why)
{
	(void)why;
	buf_adds(&((struct talk *)arg)->notices, remaining_ms ? "tick\n" : "over\n");
}

static void
begin_at(struct talk *t, const char *model, const char *path, const char *key)
{
	AUTO_FREE char *base = mem_printf("%s%s", t->server.base, path);
	struct model_want want = {
	    .model = model, .api_base = base, .api_key = key, .context = 1000};

	t->shown = BUF_INIT(MIB);
	t->notices = BUF_INIT(MIB);
	t->ntools = 1;
	assert_int_equal(loop_new(&t->loop, NULL), ERR_NONE);
	if (model_open(&want, t->loop, &t->m, &t->e) != ERR_NONE)
		fail_msg("%s", t->e.msg);
	msg_add(&t->l, MSG_USER, "hello");
}

static void
begin(struct talk *t, const struct canned *replies)
{
	*t = (struct talk){.server = canned_start(replies)};
	begin_at(t, "openai:m", "/v1", "sk-secret-key");
}

static enum err_kind
chat(struct talk *t)
{
	struct tool_def tool = {"execute", "", "{}"};
	struct model_sink sink = {
	    .arg = t, .text = on_text, .notice = on_notice, .countdown = on_countdown};
	struct model_request req = {.messages = &t->l,
				    .tools = &tool,
				    .ntools = t->ntools,
				    .temperature = -1,
				    .max_output = t->max_output};

	model_reply_release(&t->r);
	err_clear(&t->e);
	return model_chat(t->m, &req, &sink, &t->r, &t->e);
}

static void
end(struct talk *t)
{
	model_reply_release(&t->r);
	msg_list_release(&t->l);
	model_free(t->m);
	loop_free(t->loop);
	buf_release(&t->shown);
	buf_release(&t->notices);
	canned_stop(&t->server);
}

static void
has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in '%s'", part, text);
}

static void
answers(void **state)
{
	const struct canned replies[] = {GOOD, END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_NONE);
	assert_string_equal(t.r.text, "fine");
	assert_string_equal(buf_str(&t.shown), "fine");
	has(t.server.log->request[0], "POST /v1/chat/completions");
	has(t.server.log->request[0], "Authorization: Bearer sk-secret-key");
	assert_null(strcasestr(t.server.log->request[0], "expect:"));
	end(&t);
}

/* Account headers belong to OpenAI's own key; at another key they stay at home. */
static void
account_headers(void **state)
{
	const struct canned replies[] = {GOOD, END};
	struct talk t;

	(void)state;
	setenv("OPENAI_ORG_ID", "org-7", 1);
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_NONE);
	assert_null(strstr(t.server.log->request[0], "org-7"));
	free(t.m->key_source);
	t.m->key_source = mem_strdup("OPENAI_API_KEY");
	assert_int_equal(chat(&t), ERR_NONE);
	has(t.server.log->request[1], "OpenAI-Organization: org-7");
	unsetenv("OPENAI_ORG_ID");
	end(&t);
}

static void
connection_is_kept(void **state)
{
#define KEPT                                                                          \
	{                                                                             \
		HEAD("200 OK", "text/event-stream", "Transfer-Encoding: chunked\r\n") \
		"40\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"abcd\"}}]}\n\n"  \
		"data: [DONE]\n\n\r\n0\r\n\r\n",                                      \
		    CANNED_NEXT                                                       \
	}
	const struct canned replies[] = {KEPT, KEPT, KEPT, END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	for (int i = 0; i < 3; i++) {
		if (chat(&t) != ERR_NONE)
			fail_msg("%s", t.e.msg);
		assert_string_equal(t.r.text, "abcd");
	}
	assert_int_equal(t.server.log->requests, 3);
	assert_int_equal(t.server.log->connections, 1);
	end(&t);
}

static void
not_running(void **state)
{
	const struct canned replies[] = {GOOD, END};
	struct talk t;
	int64_t start = clock_ms();

	(void)state;
	t = (struct talk){.server = canned_start(replies)};
	canned_stop(&t.server);
	begin_at(&t, "vllm:m", "/v1", NULL);
	assert_int_equal(chat(&t), ERR_NET);
	assert_true(clock_ms() - start < PATIENCE_MS);
	has(t.e.msg, t.server.base);
	has(t.e.hint, "vllm serve");
	assert_string_equal(buf_str(&t.notices), "");
	t.server = canned_start(replies);
	end(&t);
}

static void
unauthorized(void **state)
{
	const struct canned replies[] = {
	    {REFUSAL("401 Unauthorized", "",
		     "{\"error\":{\"message\":\"Incorrect key: sk-secret-key\"}}"),
	     CANNED_CLOSE},
	    END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_AUTH);
	assert_int_equal(t.server.log->requests, 1);
	has(t.e.msg, "api_key");
	has(t.e.msg, t.server.base);
	has(t.e.msg, "Incorrect key: ...");
	assert_null(strstr(t.e.msg, "sk-secret-key"));
	end(&t);
}

static void
ill_for_ever(void **state)
{
	const struct canned replies[] = {
	    {REFUSAL("500 Oops", "Retry-After: 0\r\n", "{\"error\":\"melted\"}"),
	     CANNED_CLOSE},
	    END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_MODEL);
	assert_int_equal(t.server.log->requests, 3);
	has(t.e.msg, "answered 500: melted (tried 3 times)");
	has(buf_str(&t.notices), "the server failed (500); trying again (2 of 2)");
	end(&t);
}

static void
slow_down(void **state)
{
	const struct canned replies[] = {
	    {REFUSAL("429 Slow", "Retry-After: 1\r\n", "{}"), CANNED_CLOSE}, GOOD, END};
	struct talk t;
	int64_t start = clock_ms();

	(void)state;
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_NONE);
	assert_true(clock_ms() - start >= 1000);
	has(buf_str(&t.notices), "tick");
	has(buf_str(&t.notices), "over");
	end(&t);
}

static void
not_retried(void **state)
{
	static const char *const rows[] = {
	    REFUSAL("400 Bad", "", "{\"error\":\"x\"}"),
	    REFUSAL("429 No", "", "{\"error\":{\"code\":\"insufficient_quota\"}}"),
	    REFUSAL("500 No", "x-should-retry: false\r\n", "{}"),
	    REFUSAL("429 No", "Retry-After: 3600\r\n", "{}"),
	    REFUSAL("302 Found", "Location: http://127.0.0.1:1/\r\n", ""),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct canned replies[] = {{rows[i], CANNED_CLOSE}, END};
		struct talk t;

		begin(&t, replies);
		assert_int_equal(chat(&t), ERR_MODEL);
		assert_int_equal(t.server.log->requests, 1);
		assert_true(i != 3 || strstr(t.e.hint, "3600 s"));
		assert_true(i != 4 || strstr(t.e.msg, "points elsewhere"));
		end(&t);
	}
}

static void
broken_before_any_word(void **state)
{
	const struct canned replies[] = {
	    {"", CANNED_RESET}, {SSE, CANNED_CLOSE}, GOOD, END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_NONE);
	assert_int_equal(t.server.log->requests, 3);
	assert_string_equal(buf_str(&t.shown), "fine");
	has(buf_str(&t.notices), "the connection broke; trying again (1 of 2)");
	has(buf_str(&t.notices), "the answer broke off; trying again (2 of 2)");
	end(&t);
}

static void
broken_behind_a_word(void **state)
{
	static const struct canned rows[][2] = {
	    {{SSE D("par") "data: {\"cho", CANNED_CLOSE}, END},
	    {{SSE D("par"), CANNED_RESET}, END},
	    {{SSE D("par") "data: {\"error\":{\"message\":\"no\",\"code\":500}}\n\n",
	      CANNED_CLOSE},
	     END},
	    {{SSE D("par") "data: rubbish\n\n", CANNED_CLOSE}, END},
	    {{SSE D("par"), CANNED_STALL}, END},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct talk t;

		begin(&t, rows[i]);
		t.m->idle_ms = 60;
		assert_int_equal(chat(&t), ERR_TRUNCATED);
		assert_int_equal(t.e.kind, ERR_TRUNCATED);
		assert_int_equal(t.server.log->requests, 1);
		assert_string_equal(t.r.text, "par");
		assert_int_equal(t.r.ncalls, 0);
		end(&t);
	}
}

static void
silent_server(void **state)
{
	const struct canned replies[] = {{"", CANNED_STALL}, END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	t.m->first_byte_ms = 60;
	assert_int_equal(chat(&t), ERR_NET);
	has(t.e.msg, "did not begin to answer");
	end(&t);
}

static void
open_connection_behind_the_end(void **state)
{
	const struct canned replies[] = {{SSE D("a") DONE, CANNED_STALL}, END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_NONE);
	assert_string_equal(t.r.text, "a");
	end(&t);
}

static void
interrupts(void **state)
{
	static const struct canned rows[][3] = {
	    {{"", CANNED_SIGNAL}, END},
	    {{SSE D("par"), CANNED_SIGNAL}, END},
	    {{REFUSAL("429 Slow", "Retry-After: 50\r\n", "{}"), CANNED_SIGNAL}, END},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct talk t;
		int64_t start;

		begin(&t, rows[i]);
		start = clock_ms();
		assert_int_equal(chat(&t), ERR_INTERRUPTED);
		assert_true(clock_ms() - start < PATIENCE_MS);
		assert_int_equal(loop_take_interrupts(t.loop), 1);
		end(&t);
	}
}

static void
interrupt_keeps_the_text(void **state)
{
	const struct canned replies[] = {{SSE D("par"), CANNED_STALL}, END};
	struct talk t;
	int64_t start;

	(void)state;
	begin(&t, replies);
	t.interrupt_on_text = true;
	start = clock_ms();
	assert_int_equal(chat(&t), ERR_INTERRUPTED);
	assert_true(clock_ms() - start < PATIENCE_MS);
	assert_string_equal(t.r.text, "par");
	loop_take_interrupts(t.loop);
	end(&t);
}

static void
adapts_to_refusals(void **state)
{
	const struct canned replies[] = {
	    {REFUSAL("400 No", "",
		     "{\"error\":{\"message\":\"x does not support tools\"}}"),
	     CANNED_CLOSE},
	    {REFUSAL("400 No", "",
		     "{\"error\":{\"message\":\"Unsupported parameter: "
		     "'max_tokens'\",\"param\":"
		     "\"max_tokens\"}}"),
	     CANNED_CLOSE},
	    {REFUSAL("422 No", "", "{\"detail\":\"extra field stream_options\"}"),
	     CANNED_CLOSE},
	    GOOD,
	    END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	t.max_output = 9;
	assert_int_equal(chat(&t), ERR_NONE);
	assert_int_equal(t.server.log->requests, 4);
	assert_int_equal(t.m->tools, MODEL_TOOLS_NO);
	has(t.server.log->request[0], "\"tools\"");
	assert_null(strstr(t.server.log->request[1], "\"tools\""));
	has(t.server.log->request[1], "\"max_tokens\":9");
	has(t.server.log->request[2], "\"max_completion_tokens\":9");
	assert_null(strstr(t.server.log->request[3], "stream_options"));
	end(&t);
}

static void
address_without_v1(void **state)
{
	const struct canned replies[] = {
	    {REFUSAL("404 Not Found", "", "{\"error\":{\"message\":\"File Not Found\"}}"),
	     CANNED_CLOSE},
	    GOOD,
	    END};
	struct talk t;

	(void)state;
	t = (struct talk){.server = canned_start(replies)};
	begin_at(&t, "openai:m", "/", NULL);
	assert_int_equal(chat(&t), ERR_NONE);
	has(t.server.log->request[0], "POST /chat/completions");
	has(t.server.log->request[1], "POST /v1/chat/completions");
	assert_null(strstr(t.server.log->request[1], "Authorization"));
	assert_int_equal(chat(&t), ERR_NONE); /* remembered */
	assert_int_equal(t.server.log->requests, 3);
	end(&t);
}

static void
unknown_model_lists_the_known(void **state)
{
	const struct canned replies[] = {
	    {REFUSAL("404 No", "",
		     "{\"error\":{\"message\":\"The model `m` does not exist\","
		     "\"code\":\"model_not_found\"}}"),
	     CANNED_CLOSE},
	    {HEAD("200 OK", "application/json",
		  "Connection: close\r\n") "{\"data\":[{\"id\":\"one\"},{\"id\":\"two\"}]}",
	     CANNED_CLOSE},
	    END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_MODEL);
	has(t.e.hint, "one, two");
	end(&t);
}

static void
conversation_too_long(void **state)
{
	const struct canned replies[] = {
	    {REFUSAL("400 No", "",
		     "{\"error\":{\"message\":\"too long\",\"code\":"
		     "\"context_length_exceeded\"}}"),
	     CANNED_CLOSE},
	    END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_CONTEXT);
	assert_int_equal(t.server.log->requests, 1);
	end(&t);
}

static void
last_status_counts(void **state)
{
	const struct canned replies[] = {
	    {"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\nRetry-After: 99\r\n\r\n" SSE D("a")
		 DONE,
	     CANNED_CLOSE},
	    END};
	struct talk t;

	(void)state;
	begin(&t, replies);
	assert_int_equal(chat(&t), ERR_NONE);
	assert_string_equal(t.r.text, "a");
	end(&t);
}

#define JSON_OK HEAD("200 OK", "application/json", "Connection: close\r\n")

static void
ollama_asks_what_the_model_is(void **state)
{
	const struct canned replies[] = {
	    {JSON_OK "{\"capabilities\":[\"completion\"],\"model_info\":{\"general."
		     "architecture\":\"llama\",\"llama.context_length\":800}}",
	     CANNED_CLOSE},
	    {HEAD("200 OK", "application/x-ndjson",
		  "Connection: close\r\n") "{\"message\":{\"content\":\"hi\"},\"done\":"
					   "true}\n",
	     CANNED_CLOSE},
	    END};
	struct talk t;

	(void)state;
	t = (struct talk){.server = canned_start(replies)};
	begin_at(&t, "ollama:m", "", NULL);
	has(t.server.log->request[0], "POST /api/show");
	assert_int_equal(t.m->tools, MODEL_TOOLS_NO);
	assert_int_equal(t.m->context, 800);
	assert_int_equal(chat(&t), ERR_NONE);
	assert_string_equal(t.r.text, "hi");
	has(t.server.log->request[1], "POST /api/chat");
	has(t.server.log->request[1], "\"num_ctx\":800");
	assert_null(strstr(t.server.log->request[1], "\"tools\""));
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers),
	    cmocka_unit_test(account_headers),
	    cmocka_unit_test(connection_is_kept),
	    cmocka_unit_test(not_running),
	    cmocka_unit_test(unauthorized),
	    cmocka_unit_test(ill_for_ever),
	    cmocka_unit_test(slow_down),
	    cmocka_unit_test(not_retried),
	    cmocka_unit_test(broken_before_any_word),
	    cmocka_unit_test(broken_behind_a_word),
	    cmocka_unit_test(silent_server),
	    cmocka_unit_test(open_connection_behind_the_end),
	    cmocka_unit_test(interrupts),
	    cmocka_unit_test(interrupt_keeps_the_text),
	    cmocka_unit_test(adapts_to_refusals),
	    cmocka_unit_test(address_without_v1),
	    cmocka_unit_test(unknown_model_lists_the_known),
	    cmocka_unit_test(conversation_too_long),
	    cmocka_unit_test(last_status_counts),
	    cmocka_unit_test(ollama_asks_what_the_model_is),
	};

	unsetenv("OPENAI_API_KEY");
	unsetenv("OPENAI_BASE_URL");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
