/* Strict JSON: what is refused and where, what is repaired, and the writer. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"

#define REP "\xEF\xBF\xBD"

static struct err err;

static enum err_kind
parse(const char *text, enum json_mode mode, cJSON **out)
{
	err_clear(&err);
	return json_parse(text, strlen(text), mode, out, &err);
}

static void
test_accepts(void **state)
{
	static const char *const texts[] = {
	    "null",
	    " true ",
	    "\t\r\n false",
	    "0",
	    "-0",
	    "-1.5e+10",
	    "1E5",
	    "\"\"",
	    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
	    "\"\\ud83c\\udf63\"",
	    "\"\xE6\x97\xA5\xE6\x9C\xAC\"",
	    "[]",
	    "[ ]",
	    "{}",
	    "{\"a\":[1,2,{\"b\":null}]}",
	    "{\"a\":1,\"a\":2}",
	};
	cJSON *v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (parse(texts[i], JSON_STRICT, &v))
			fail_msg("%s: %s", texts[i], err.msg);
		assert_non_null(v);
		cJSON_Delete(v);
	}
}

static void
test_refuses(void **state)
{
	static const char *const texts[] = {
	    "",
	    " ",
	    "nul",
	    "nullx",
	    "True",
	    "01",
	    "1.",
	    ".5",
	    "+1",
	    "-",
	    "1e",
	    "1e+",
	    "0x10",
	    "NaN",
	    "[1,]",
	    "[,1]",
	    "[1 2]",
	    "[1",
	    "{\"a\":1,}",
	    "{\"a\" 1}",
	    "{a:1}",
	    "{1:2}",
	    "{\"a\":}",
	    "{",
	    "}",
	    "]",
	    "\"abc",
	    "\"\\x\"",
	    "'a'",
	    "\"\\u12\"",
	    "\"\\",
	    "\"a\nb\"",
	    "\"\\u12g4\"",
	    "1 2",
	    "[]]",
	    "//x\n1",
	    "\xEF\xBB\xBF 1",
	};
	cJSON *v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (int mode = JSON_STRICT; mode <= JSON_REPAIR; mode++) {
			v = (cJSON *)&err;
			if (parse(texts[i], (enum json_mode)mode, &v) != ERR_PARSE)
				fail_msg("'%s' was not refused", texts[i]);
			assert_null(v);
			assert_memory_equal(err.msg, "invalid JSON at byte ", 21);
		}
	parse("{\"a\": x}", JSON_STRICT, &v);
	assert_string_equal(err.msg, "invalid JSON at byte 6: malformed number");
}

struct mend {
	const char *in, *out;
};

static void
test_repairs(void **state)
{
	static const struct mend cases[] = {
	    {"\"a\\u0000b\"", "a" REP "b"},
	    {"\"\\ud800\"", REP},
	    {"\"\\udc00\"", REP},
	    {"\"\\ud800\\ud800\\udc00\"", REP "\xF0\x90\x80\x80"},
	    {"\"\\ud800x\"", REP "x"},
	    {"\"\\ud800\\n\"", REP "\n"},
	    {"\"\xFF\xFE\"", REP REP},
	    {"\"\xE6\x97\"", REP},
	    {"\"ok\"", "ok"},
	};
	cJSON *v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (parse(cases[i].in, JSON_REPAIR, &v))
			fail_msg("%s: %s", cases[i].in, err.msg);
		assert_string_equal(cJSON_GetStringValue(v), cases[i].out);
		cJSON_Delete(v);
		if (strcmp(cases[i].out, "ok") != 0)
			assert_int_equal(parse(cases[i].in, JSON_STRICT, &v), ERR_PARSE);
	}
}

static void
test_depth(void **state)
{
	char text[2 * (JSON_DEPTH_MAX + 1) + 1];
	cJSON *v;

	(void)state;
	memset(text, '[', sizeof(text));
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(json_parse(text, 2 * JSON_DEPTH_MAX, JSON_STRICT, &v, &err),
			 ERR_NONE);
	cJSON_Delete(v);
	memset(text, '[', sizeof(text));
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(json_parse(text, 2 * JSON_DEPTH_MAX + 2, JSON_STRICT, &v, &err),
			 ERR_LIMIT);
	assert_null(v);
}

static void
test_members(void **state)
{
	int64_t n = 7;
	cJSON *v;

	(void)state;
	assert_int_equal(
	    parse("{\"s\":\"x\",\"n\":1.5,\"i\":9007199254740992,\"b\":true,"
		  "\"a\":[1],\"o\":{\"k\":\"v\"},\"big\":1e300,\"S\":0,\"s\":\"y\"}",
		  JSON_STRICT, &v),
	    ERR_NONE);
	assert_string_equal(json_str(v, "s"), "x"); /* the first of two */
	assert_null(json_str(v, "n"));
	assert_null(json_str(NULL, "n"));
	assert_true(fabs(json_num(v, "n", 0) - 1.5) <= 0);
	assert_true(json_bool(v, "b", false));
	assert_true(json_bool(v, "s", true));
	assert_non_null(json_array(v, "a"));
	assert_null(json_object(v, "a"));
	assert_string_equal(json_str(json_object(v, "o"), "k"), "v");
	assert_true(json_int(v, "i", &n));
	assert_true(n == 9007199254740992);
	assert_false(json_int(v, "n", &n));
	assert_false(json_int(v, "big", &n));
	assert_false(json_int(v, "none", &n));
	assert_null(json_get(json_array(v, "a"), "x"));
	cJSON_Delete(v);
}

static void
test_writer(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(KIB);
	struct json_writer w = JSON_WRITER(&b);

	(void)state;
	json_open(&w, '{');
	json_kv_str(&w, "a\"b", "x\\\n\t\x01\x7F\xFF\xE6\x97\xA5");
	json_kv_int(&w, "i", INT64_MIN);
	json_kv_num(&w, "n", 0.1);
	json_kv_num(&w, "inf", (double)INFINITY);
	json_kv_bool(&w, "t", true);
	json_key(&w, "l");
	json_open(&w, '[');
	json_put_str(&w, NULL);
	json_put_strn(&w, "a\0b", 3);
	json_put_raw(&w, "{\"r\":1}");
	json_open(&w, '[');
	json_close(&w, ']');
	json_close(&w, ']');
	json_close(&w, '}');
	assert_string_equal(
	    buf_str(&b),
	    "{\"a\\\"b\":\"x\\\\\\n\\t\\u0001\\u007f" REP
	    "\xE6\x97\xA5\",\"i\":-9223372036854775808,\"n\":0.1,"
	    "\"inf\":null,\"t\":true,\"l\":[null,\"a\\u0000b\",{\"r\":1},[]]}");
	assert_false(b.full);
}

static void
test_numbers_read_back(void **state)
{
	static const double values[] = {
	    0,	  -0.0,	 1.0 / 3, 5e-324,    1.7976931348623157e308,
	    1e21, 123.0, 0.1,	  1234567.8, 9007199254740993.0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		AUTO_BUF struct buf b = BUF_INIT(KIB);
		struct json_writer w = JSON_WRITER(&b);
		double back;

		json_put_num(&w, values[i]);
		back = strtod(buf_str(&b), NULL);
		assert_memory_equal(&back, &values[i], sizeof(back));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accepts),	      cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_repairs),	      cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_members),	      cmocka_unit_test(test_writer),
	    cmocka_unit_test(test_numbers_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
