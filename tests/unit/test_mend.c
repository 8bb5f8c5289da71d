/* Calls as weak models write them: as text, and as code that is a call once more. */
#include "tests/unit/cm.h"

#include <string.h>

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/core/mend.h"

/* The calls as "language:code|", behind "before>", in front of "<behind". */
static char *
found(const char *text)
{
	struct buf b = BUF_INIT(4 * KIB);
	struct mend m;

	if (!mend_text(text, strlen(text), &m))
		return mem_strdup("none");
	buf_add(&b, text, m.before);
	buf_addc(&b, '>');
	for (size_t i = 0; i < m.n; i++)
		buf_addf(&b, "%s:%s|", m.at[i].language, m.at[i].code);
	buf_addf(&b, "<%s", text + m.behind);
	mend_release(&m);
	return buf_take(&b);
}

static void
in_text(void **state)
{
	static const char *const rows[][2] = {
	    {"functions.execute({\"language\":\"shell\",\"code\":\"ls\\n\"})",
	     ">shell:ls\n|<"},
	    {"Let me look.\n\nfunctions.execute( {\"code\": \"1\", \"language\": "
	     "\"Python\"} );\n",
	     "Let me look.\n\n>Python:1|<"},
	    {"execute({\"language\":\"sh\",\"code\":\"a\n\tb \\\"q\\\" {\"})\nThat lists.",
	     ">sh:a\n\tb \"q\" {|<That lists."},
	    {"functions.execute{\"language\":\"r\",\"code\":\"r\"}", ">r:r|<"},
	    {"{\"language\": \"shell\", \"code\": \"ls\"}", ">shell:ls|<"},
	    {"```json\n{\"language\": \"shell\", \"code\": \"ls\"}\n```\n", ">shell:ls|<"},
	    {"Words.\n{\"name\": \"execute\", \"arguments\": {\"language\": \"js\", "
	     "\"code\": \"1\"}}",
	     "Words.\n>js:1|<"},
	    {"{\"name\":\"functions.execute\",\"arguments\":\"{\\\"language\\\":\\\"c\\\","
	     "\\\"code\\\":"
	     "\\\"x\\\"}\"}",
	     ">c:x|<"},
	    {"[TOOL_CALLS][{\"name\":\"execute\",\"parameters\":{\"language\":\"sql\","
	     "\"code\":\"a\"}},"
	     "{\"type\":\"function\",\"function\":{\"name\":\"execute\",\"arguments\":{"
	     "\"language\":"
	     "\"perl\",\"code\":\"b\"}}}]",
	     ">sql:a|perl:b|<"},
	    {"I think.\n<tool_call>\n{\"name\": \"execute\", \"arguments\": {\"language\": "
	     "\"ruby\", "
	     "\"code\": \"1\"}}\n</tool_call>\n<tool_call>{\"name\": \"execute\", "
	     "\"arguments\": "
	     "{\"language\": \"sh\", \"code\": \"2\"}}</tool_call>",
	     "I think.\n>ruby:1|sh:2|<"},
	    {"execute({\"language\":\"python\",\"code\":\"'日本 \\ud83d\\ude00'\"})",
	     ">python:'日本 😀'|<"},
	    /* none of these is one */
	    {"", "none"},
	    {"{", "none"},
	    {"functions.execute(", "none"},
	    {"functions.execute({\"language\":\"shell\",\"code\":\"ls\"", "none"},
	    {"functions.execute({\"language\":\"cobol\",\"code\":\"ls\"})", "none"},
	    {"functions.execute({\"language\":\"shell\"})", "none"},
	    {"Call functions.execute({\"language\":\"shell\",\"code\":\"ls\"}).", "none"},
	    {"The pair is\n{\"language\": \"shell\", \"code\": \"ls\"}", "none"},
	    {"{\"language\": \"shell\", \"code\": \"ls\"}\nis a pair.", "none"},
	    {"{\"language\": \"shell\", \"code\": \"ls\", \"more\": 1}", "none"},
	    {"{\"name\": \"browse\", \"arguments\": {\"language\": \"sh\", \"code\": "
	     "\"x\"}}",
	     "none"},
	    {"{\"name\": \"execute\", \"arguments\": {\"language\": \"sh\", \"code\": "
	     "\"x\"}} is how",
	     "none"},
	    {"- [ ] {todo}\n[1]: <x>\n```\n```", "none"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *got = found(rows[i][0]);

		assert_string_equal(got, rows[i][1]);
	}
}

static void
in_code(void **state)
{
	static const char *const rows[][2] = {
	    {"{\"language\": \"python\", \"code\": \"1\"}", "python:1"},
	    {" functions.execute({\"language\": \"python\", \"code\": \"1\"})\n",
	     "python:1"},
	    {"```python\n1\n```\n", "shell:1\n"},
	    {"print(1)\nexecute\n", "shell:print(1)\n"},
	    {"print(1)executeexecute", "shell:print(1)"},
	    {"print(1)\n\nexecuteexecute\n", "shell:print(1)\n\n"},
	    /* as it should be */
	    {"execute", NULL},
	    {"", NULL},
	    {"echo execute", NULL},
	    {"execute = 1\nexecute", NULL},
	    {"{\"language\": \"python\"}", NULL},
	    {"functions.execute({\"language\": \"python\", \"code\": \"1\"})\nls", NULL},
	    {"cat <<X\n```\nX", NULL},
	    {"```\n1\n```\nls\n```\n2\n```", NULL},
	    {"r <- 'r'", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *got = NULL;
		struct mend_call c;
		bool mended = mend_code("shell", rows[i][0], strlen(rows[i][0]), &c);

		assert_int_equal(mended, rows[i][1] != NULL);
		if (!mended)
			continue;
		got = mem_printf("%s:%s", c.language, c.code);
		assert_string_equal(got, rows[i][1]);
		mend_call_release(&c);
	}
}

/* A text of braces is no reason to work for long. */
static void
many_lines(void **state)
{
	struct buf b = BUF_INIT(4 * MIB);
	struct mend m;

	(void)state;
	for (int i = 0; i < 200000; i++)
		buf_adds(&b, "{\"a\":\n");
	assert_false(mend_text(buf_str(&b), b.len, &m));
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_text),
	    cmocka_unit_test(in_code),
	    cmocka_unit_test(many_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
