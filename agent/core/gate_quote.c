/* Steps that are written as text. See gate.h.
 *
 * For a model without tools each block of its reply is a step, and a call that a weak model writes
 * as text is taken as one. A model that tells the user what a file holds, as it is told to do,
 * would carry it out by that. So what stands in such a form in a tool's text as well waits for the
 * user's key, however short: the model may only quote it.
 * Pinned by tests/unit/test_gate.c and tests/e2e/test_gate_attack.py. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/core/gate_int.h"

#define QUOTE_SHORT 64 /* bytes of a code that has to stand by itself */

/* A text without one of these holds no block and no call. */
static bool
quote_has_form(const char *text)
{
	static const char *const marks[] = {"```", "~~~", "execute", "\"code\"", "'code'"};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strstr(text, marks[i]))
			return true;
	return false;
}

/* The code as it stands in JSON, without the quotes around. */
static char *
quote_escaped(const char *code, size_t n)
{
	struct buf b = BUF_INIT(8 * n + 16);
	struct json_writer w = JSON_WRITER(&b);
	char *text;

	json_put_strn(&w, code, n);
	text = buf_take(&b);
	n = strlen(text);
	if (n >= 2) {
		memmove(text, text + 1, n - 2);
		text[n - 2] = '\0';
	}
	return text;
}

static bool
quote_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* No word goes on into what stands at `at`: "ls" is not in "tools", but it is in "\nls". */
static bool
quote_begins(const char *text, const char *at)
{
	size_t before = (size_t)(at - text);

	return before == 0 || !quote_is_word(at[-1]) || !quote_is_word(*at) ||
	       (before >= 2 && at[-2] == '\\') ||
	       (before >= 6 && at[-6] == '\\' && at[-5] == 'u');
}

/* A short code stands in many words by chance; a long one is quoted wherever it stands. */
static bool
quote_has(const char *text, const char *code)
{
	size_t n = strlen(code);

	for (const char *at = text; (at = strstr(at, code)); at++)
		if (n > QUOTE_SHORT ||
		    (quote_begins(text, at) &&
		     !(quote_is_word(code[n - 1]) && quote_is_word(at[n]))))
			return true;
	return false;
}

static bool
quote_in(const char *text, const char *const forms[2])
{
	return quote_has(text, forms[0]) || quote_has(text, forms[1]);
}

/* The user said it himself. */
static bool
quote_of_user(const struct session *s, const char *const forms[2])
{
	for (size_t i = 1; i < s->msgs.n; i++) {
		const struct msg *m = &s->msgs.at[i];

		if (m->role == MSG_USER && m->label == LABEL_USER && !m->refused &&
		    quote_in(m->text, forms))
			return true;
	}
	return false;
}

bool
gate_check_quote(const struct session *s, const struct gate_action *a, struct gate *g)
{
	AUTO_FREE char *code = mem_strndup(a->text, a->len), *escaped = NULL;
	size_t n = strlen(code), from = strspn(code, " \t\r\n");
	const char *forms[2] = {code + from, NULL};

	while (n > from && strchr(" \t\r\n", code[n - 1]))
		code[--n] = '\0';
	if (n == from)
		return false;
	forms[1] = escaped = quote_escaped(code + from, n - from);
	for (size_t i = s->msgs.n; i > 1; i--) {
		const struct msg *m = &s->msgs.at[i - 1];
		const char *text = gate_text_of(m);

		if (!parts_is_tool_text(m) || m->endorsed || !quote_has_form(text) ||
		    !quote_in(text, forms) || quote_of_user(s, forms))
			continue;
		*g = (struct gate){.rule = GATE_LINK,
				   .msg = i - 1,
				   .part = m->part,
				   .source = mem_strdup(m->source ? m->source : "input"),
				   .lines = gate_lines(m, a),
				   .token = mem_strdup("a block or call, word for word")};
		return true;
	}
	return false;
}
