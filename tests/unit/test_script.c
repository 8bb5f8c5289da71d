/* Dialogue files, how they are played, and the tour. */
#include "tests/unit/cm.h"
#include "tests/unit/tmp.h"

#include <stdlib.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/model/models.h"
#include "agent/model/provider_demo.h"
#include "agent/model/script.h"

static struct script script;
static struct err err;

static enum err_kind
parse(const char *text)
{
	err_clear(&err);
	return script_parse("t.yaml", text, strlen(text), &script, &err);
}

static void
note_text(void *arg, const char *p, size_t n)
{
	buf_addc(arg, '<');
	buf_add(arg, p, n);
	buf_addc(arg, '>');
}

/* Plays turn `i` of the parsed script after one message of the user. */
static enum err_kind
play(size_t i, size_t ntools, struct buf *deltas, struct model_reply *out)
{
	struct msg_list l = {0};
	struct tool_def tool = {"execute", "", "{}"};
	struct model_request req = {.messages = &l, .tools = &tool, .ntools = ntools};
	struct model_sink sink = {.arg = deltas, .text = note_text};
	struct model m = {0};
	enum err_kind k;

	*out = (struct model_reply){0};
	err_clear(&err);
	msg_add(&l, MSG_USER, "old words");
	msg_add(&l, MSG_ASSISTANT, "reply");
	msg_add(&l, MSG_TOOL, "[exit 0]\nthe output is 42\n");
	k = script_play(&m, &script.turns[i], false, &req, &sink, out, &err);
	msg_list_release(&l);
	return k;
}

static void
reads_every_key(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("- say: hi\n"
		  "  think: hm\n"
		  "  run: [{language: shell, code: ls}, {language: python, code: 1}]\n"
		  "  call: {name: fetch, args: {url: x, n: 3, ok: true, no: null,\n"
		  "    list: [1.5, '2']}}\n"
		  "  expect: [a, b]\n"
		  "  chunk: 3\n"
		  "  delay_ms: 4\n"
		  "  fence: false\n"
		  "  cut: true\n"
		  "  error: oh\n"
		  "  usage: {input: 5, output: 6}\n"
		  "- just text\n"),
	    ERR_NONE);
	assert_int_equal(script.nturns, 2);
	assert_string_equal(script.turns[0].say, "hi");
	assert_int_equal(script.turns[0].ncalls, 3);
	assert_string_equal(script.turns[0].calls[0].args,
			    "{\"language\":\"shell\",\"code\":\"ls\"}");
	assert_string_equal(script.turns[0].calls[2].args,
			    "{\"url\":\"x\",\"n\":3,\"ok\":true,\"no\":null,\"list\":[1.5,"
			    "\"2\"]}");
	assert_int_equal(script.turns[0].nexpect, 2);
	assert_int_equal(script.turns[0].chunk, 3);
	assert_true(script.turns[0].cut);
	assert_int_equal(script.turns[0].usage.input, 5);
	assert_int_equal(script.turns[0].usage.cached, -1);
	assert_string_equal(script.turns[1].say, "just text");
	assert_int_equal(script.turns[1].line, 13);
	script_release(&script);
}

static void
json_is_yaml(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("[{\"say\": \"h\\u00e9\\n\", \"run\": {\"language\": \"shell\","
		  " \"code\": \"echo \\\"x\\\"\"}}]"),
	    ERR_NONE);
	assert_string_equal(script.turns[0].say, "h\xC3\xA9\n");
	assert_string_equal(script.turns[0].calls[0].code, "echo \"x\"");
	script_release(&script);
}

static void
json_pairs_of_escapes(void **state)
{
	(void)state;
	assert_int_equal(parse(" [\"a\\ud83d\\ude00 \\\\ud83d \\udc00 \\ud83d\"]"),
			 ERR_NONE);
	assert_string_equal(script.turns[0].say,
			    "a\xf0\x9f\x98\x80 \\ud83d \xef\xbf\xbd \xef\xbf\xbd");
	script_release(&script);
	assert_int_equal(parse("[\"\\ud83"), ERR_CONFIG);
	assert_int_equal(parse("[\"\\ud83d\\"), ERR_CONFIG);
}

static void
errors_have_a_place(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"- sya: hi\n", "'t.yaml' line 1, column 3: unknown key 'sya'"},
	    {"- say: [a]\n", "'t.yaml' line 1, column 8: a text is wanted here"},
	    {"- say: a\n- chunk: x\n",
	     "'t.yaml' line 2, column 10: not a whole number: 'x'"},
	    {"- run: {language: a}\n",
	     "line 1, column 8: 'run' needs 'language' and 'code'"},
	    {"- call: {args: {}}\n", "'call' needs 'name'"},
	    {"- cut: maybe\n", "true or false is wanted here"},
	    {"- say: 'open\n", "'t.yaml' line"},
	    {"", "'t.yaml' is empty"},
	    {"word\n", "a list of turns is wanted here"},
	    {"{turns: no}\n", "'turns' must be a list"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(parse(rows[i].text), ERR_CONFIG);
		if (!strstr(err.msg, rows[i].want))
			fail_msg("'%s' is not in '%s'", rows[i].want, err.msg);
	}
}

static void
aliases_do_not_explode(void **state)
{
	(void)state;
	assert_int_equal(parse("- call: {name: x, args: {a: &a [x,x,x,x,x,x,x,x,x,x],\n"
			       "   b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a],\n"
			       "   c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b],\n"
			       "   d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c],\n"
			       "   e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d],\n"
			       "   f: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]}}\n"),
			 ERR_CONFIG);
	assert_non_null(strstr(err.msg, "too large"));
}

static void
plays_text_and_calls(void **state)
{
	struct buf deltas = BUF_INIT(KIB);
	struct model_reply r;

	(void)state;
	assert_int_equal(parse("- say: \"one\\ntwo\\nthree\"\n"
			       "  run: {language: shell, code: ls}\n"
			       "- {say: \"\xE3\x81\x82\xE3\x81\x84u\", chunk: 1}\n"),
			 ERR_NONE);
	assert_int_equal(play(0, 1, &deltas, &r), ERR_NONE);
	assert_string_equal(buf_str(&deltas), "<one\n><two\n><three>");
	assert_string_equal(r.text, "one\ntwo\nthree");
	assert_int_equal(r.ncalls, 1);
	assert_string_equal(r.calls[0].name, "execute");
	model_reply_release(&r);
	buf_reset(&deltas);
	assert_int_equal(play(1, 1, &deltas, &r), ERR_NONE); /* never half a character */
	assert_string_equal(buf_str(&deltas), "<\xE3\x81\x82><\xE3\x81\x84><u>");
	model_reply_release(&r);
	buf_release(&deltas);
	script_release(&script);
}

static void
without_tools_code_is_fenced(void **state)
{
	struct buf deltas = BUF_INIT(KIB);
	struct model_reply r;

	(void)state;
	assert_int_equal(
	    parse("- {say: look, run: {language: shell, code: ls}}\n"
		  "- {fence: true, run: {language: python, code: \"1\\n\"}}\n"),
	    ERR_NONE);
	assert_int_equal(play(0, 0, &deltas, &r), ERR_NONE);
	assert_string_equal(r.text, "look\n\n```shell\nls\n```\n");
	assert_int_equal(r.ncalls, 0);
	model_reply_release(&r);
	assert_int_equal(play(1, 1, &deltas, &r), ERR_NONE);
	assert_string_equal(r.text, "```python\n1\n```\n");
	assert_int_equal(r.ncalls, 0);
	model_reply_release(&r);
	buf_release(&deltas);
	script_release(&script);
}

static void
output_is_filled_in(void **state)
{
	struct buf deltas = BUF_INIT(KIB);
	struct model_reply r;

	(void)state;
	assert_int_equal(parse("- say: 'It said: {{output}}! {{output}}'\n"), ERR_NONE);
	assert_int_equal(play(0, 1, &deltas, &r), ERR_NONE);
	assert_string_equal(r.text, "It said: the output is 42! the output is 42");
	model_reply_release(&r);
	buf_release(&deltas);
	script_release(&script);
}

static void
fails_as_told(void **state)
{
	struct buf deltas = BUF_INIT(KIB);
	struct model_reply r;

	(void)state;
	assert_int_equal(
	    parse("- {say: part, cut: true, run: {language: shell, code: ls}}\n"
		  "- {error: 'no luck'}\n"
		  "- {expect: '42', say: ok}\n"
		  "- {expect: [output, old words], say: ok}\n"),
	    ERR_NONE);
	assert_int_equal(play(0, 1, &deltas, &r), ERR_TRUNCATED);
	assert_string_equal(r.text, "part");
	assert_int_equal(r.ncalls, 0);
	model_reply_release(&r);
	assert_int_equal(play(1, 1, &deltas, &r), ERR_MODEL);
	assert_string_equal(err.msg, "no luck");
	model_reply_release(&r);
	assert_int_equal(play(2, 1, &deltas, &r), ERR_NONE);
	model_reply_release(&r);
	assert_int_equal(play(3, 1, &deltas, &r), ERR_MODEL);
	assert_non_null(strstr(err.msg, "script expected 'old words'"));
	buf_release(&deltas);
	script_release(&script);
}

/* A whole model from a file: turns in order, then none. */
static void
opens_a_file(void **state)
{
	char path[TMP_PATH];
	AUTO_FREE char *spec = NULL;
	struct model_want want = {0};
	struct msg_list l = {0};
	struct model_request req = {.messages = &l, .ntools = 1};
	struct model_reply r;
	struct model *m;
	struct loop *loop;
	int fd = tmp_file(path);

	(void)state;
	assert_true(fd >= 0);
	assert_true(write(fd, "- one\n- say: two\n  delay_ms: 60000\n  chunk: 1\n", 46) ==
		    46);
	close(fd);
	spec = mem_printf("script:%s", path);
	want.model = spec;
	assert_int_equal(loop_new(&loop, NULL), ERR_NONE);
	assert_int_equal(model_open(&want, loop, &m, &err), ERR_NONE);
	assert_int_equal(m->tools, MODEL_TOOLS_YES);
	assert_int_equal(model_chat(m, &req, NULL, &r, &err), ERR_NONE);
	assert_string_equal(r.text, "one");
	model_reply_release(&r);
	loop_interrupt(loop); /* the wait of a minute ends at once */
	assert_int_equal(model_chat(m, &req, NULL, &r, &err), ERR_INTERRUPTED);
	model_reply_release(&r);
	loop_take_interrupts(loop);
	assert_int_equal(model_chat(m, &req, NULL, &r, &err), ERR_MODEL);
	assert_non_null(strstr(err.msg, "no further turn"));
	assert_string_equal(r.text, "");
	model_reply_release(&r);
	model_free(m);
	unlink(path);
	assert_int_equal(model_open(&want, loop, &m, &err), ERR_CONFIG);
	loop_free(loop);
}

static void
the_tour_is_whole(void **state)
{
	struct model_want want = {.model = "demo"};
	struct model *m;
	struct loop *loop;

	(void)state;
	assert_true(demo_count() >= 1);
	assert_null(demo_title(demo_count()));
	assert_null(demo_user(demo_count()));
	assert_int_equal(loop_new(&loop, NULL), ERR_NONE);
	assert_int_equal(model_open(&want, loop, &m, &err), ERR_NONE);
	for (size_t i = 0; i < demo_count(); i++) {
		struct msg_list l = {0};
		struct model_request req = {.messages = &l, .ntools = 1};
		size_t turns = 0;

		assert_non_null(demo_title(i));
		msg_add(&l, MSG_USER, demo_user(i));
		for (bool more = true; more && turns < 100; turns++) {
			struct model_reply r;

			assert_int_equal(model_chat(m, &req, NULL, &r, &err), ERR_NONE);
			msg_add(&l, MSG_ASSISTANT, r.text);
			more = r.ncalls > 0;
			assert_null(strstr(r.text, "offline tour: no model"));
			model_reply_release(&r);
		}
		assert_true(turns < 100);
		msg_list_release(&l);
	}
	model_free(m);
	loop_free(loop);
}

static void
the_tour_knows_numbers_only(void **state)
{
	static const char *const rows[] = {"hello", "0", "999", "1x", ""};
	struct model_want want = {.model = "demo"};
	struct model *m;
	struct loop *loop;

	(void)state;
	assert_int_equal(loop_new(&loop, NULL), ERR_NONE);
	assert_int_equal(model_open(&want, loop, &m, &err), ERR_NONE);
	for (size_t i = 0; i <= ARRAY_LEN(rows); i++) {
		struct msg_list l = {0};
		struct model_request req = {.messages = &l, .ntools = 1};
		struct model_reply r;

		msg_add(&l, MSG_USER, i < ARRAY_LEN(rows) ? rows[i] : " 1\n");
		assert_int_equal(model_chat(m, &req, NULL, &r, &err), ERR_NONE);
		assert_int_equal(strstr(r.text, demo_title(0)) != NULL &&
				     strstr(r.text, "no model is connected") != NULL,
				 i < ARRAY_LEN(rows));
		model_reply_release(&r);
		msg_list_release(&l);
	}
	model_free(m);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_key),
	    cmocka_unit_test(json_is_yaml),
	    cmocka_unit_test(json_pairs_of_escapes),
	    cmocka_unit_test(errors_have_a_place),
	    cmocka_unit_test(aliases_do_not_explode),
	    cmocka_unit_test(plays_text_and_calls),
	    cmocka_unit_test(without_tools_code_is_fenced),
	    cmocka_unit_test(output_is_filled_in),
	    cmocka_unit_test(fails_as_told),
	    cmocka_unit_test(opens_a_file),
	    cmocka_unit_test(the_tour_is_whole),
	    cmocka_unit_test(the_tour_knows_numbers_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
