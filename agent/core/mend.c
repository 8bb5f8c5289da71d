/* Calls written as text. See mend.h.
 *
 * A text is tried from the start of each line that may begin a call: glue (tags, fences, brackets,
 * commas), a call, glue, … to the end. Nothing is guessed from prose in between.
 * Pinned by tests/unit/test_mend.c and, in every language, tests/e2e/test_steps_replies.py. */
#include "agent/core/mend.h"

#include <ctype.h>
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/core/call.h"
#include "tools/kernels/kernels.h"

#define MEND_TRIES_MAX 64 /* lines of a text that are tried */

void
mend_call_release(struct mend_call *c)
{
	free(TAKE(c->language));
	free(TAKE(c->code));
}

void
mend_release(struct mend *m)
{
	for (size_t i = 0; i < m->n; i++)
		mend_call_release(&m->at[i]);
	*m = (struct mend){0};
}

/* ---- JSON in a text ---- */

static void
add_string_byte(struct buf *out, char c)
{
	if (c == '\n')
		buf_adds(out, "\\n");
	else if (c == '\t')
		buf_adds(out, "\\t");
	else if (c == '\r')
		buf_adds(out, "\\r");
	else
		buf_addc(out, c);
}

/* Bytes of the object at p, copied with its strings' raw line breaks escaped; 0: it has no end. */
static size_t
object_at(const char *p, size_t n, struct buf *out)
{
	bool string = false;
	size_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		if (string && p[i] == '\\' && i + 1 < n) {
			buf_add(out, p + i++, 2);
			continue;
		}
		if (p[i] == '"')
			string = !string;
		if (string) {
			add_string_byte(out, p[i]);
			continue;
		}
		buf_addc(out, p[i]);
		if (p[i] == '{')
			depth++;
		if (p[i] == '}' && --depth == 0)
			return i + 1;
	}
	return 0;
}

static bool
take_pair(const char *language, const char *code, struct mend_call *c)
{
	if (!language || !code || !kernel_find(language) || strlen(code) > CALL_CODE_MAX)
		return false;
	*c = (struct mend_call){mem_strdup(language), mem_strdup(code)};
	return true;
}

static bool
take_arguments(const cJSON *args, struct mend_call *c)
{
	return take_pair(json_str(args, "language"), json_str(args, "code"), c);
}

/* {"name": "execute", "arguments": {...}}, whose arguments may be text once more. */
static bool
take_named(const cJSON *o, struct mend_call *c)
{
	const cJSON *f = json_object(o, "function") ? json_object(o, "function") : o;
	const char *name = json_str(f, "name");
	const char *text = json_str(f, "arguments");
	const cJSON *args = json_object(f, "arguments");
	cJSON *parsed = NULL;
	struct err ignored = {0};
	bool got;

	if (!name ||
	    strcmp(name + (strncmp(name, "functions.", 10) == 0 ? 10 : 0), "execute") != 0)
		return false;
	if (text && !json_parse(text, strlen(text), JSON_REPAIR, &parsed, &ignored))
		args = parsed;
	got = take_arguments(args ? args : json_object(f, "parameters"), c);
	cJSON_Delete(parsed);
	return got;
}

/* ---- one call ---- */

enum mend_form {
	MEND_NONE,
	MEND_BARE,    /* {"language", "code"} */
	MEND_NAMED,   /* {"name": "execute", …} */
	MEND_WRITTEN, /* functions.execute(…) */
};

static size_t
spaces(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && isspace((unsigned char)p[i]))
		i++;
	return i;
}

/* Bytes of "functions.execute(" or "execute(" with white space in it; 0: none. */
static size_t
written_head(const char *p, size_t n)
{
	size_t i = n >= 10 && strncmp(p, "functions.", 10) == 0 ? 10 : 0;

	if (n - i < 8 || strncmp(p + i, "execute", 7) != 0)
		return 0;
	i += 7;
	i += spaces(p + i, n - i);
	if (i < n && p[i] == '(')
		i++;
	return i + spaces(p + i, n - i);
}

/* Reads a call at p; *used: its bytes. */
static enum mend_form
call_at(const char *p, size_t n, struct mend_call *c, size_t *used)
{
	AUTO_BUF struct buf json = BUF_INIT(2 * n + 16);
	size_t head = written_head(p, n), bytes;
	enum mend_form form = MEND_NONE;
	struct err ignored = {0};
	cJSON *o = NULL;

	if (head == n || p[head] != '{')
		return MEND_NONE;
	bytes = object_at(p + head, n - head, &json);
	if (!bytes || json_parse(buf_str(&json), json.len, JSON_REPAIR, &o, &ignored))
		return MEND_NONE;
	if (head > 0)
		form = take_arguments(o, c) ? MEND_WRITTEN : MEND_NONE;
	else if (take_named(o, c))
		form = MEND_NAMED;
	else if (cJSON_GetArraySize(o) == 2 && take_arguments(o, c))
		form = MEND_BARE;
	cJSON_Delete(o);
	*used = head + bytes;
	return form;
}

/* Bytes of what stands around calls: white space, brackets, commas, fences, tags. */
static size_t
glue_at(const char *p, size_t n)
{
	static const char *const tags[] = {"<tool_call>",    "</tool_call>", "[TOOL_CALLS]",
					   "<|python_tag|>", "<|im_end|>",   "</s>"};
	size_t i = 0, before;

	do {
		before = i;
		for (size_t k = 0; k < ARRAY_LEN(tags); k++)
			if (n - i >= strlen(tags[k]) &&
			    strncmp(p + i, tags[k], strlen(tags[k])) == 0)
				i += strlen(tags[k]);
		if (n - i >= 3 && strncmp(p + i, "```", 3) == 0) {
			i += 3;
			while (i < n && (isalnum((unsigned char)p[i]) || p[i] == '_'))
				i++;
		}
		if (i == before && i < n && p[i] && strchr(" \t\r\n,;)[]", p[i]))
			i++;
	} while (i > before);
	return i;
}

/* All calls from p on; the form of the least sure one, and where they end. */
static enum mend_form
calls_at(const char *p, size_t n, struct mend *m, size_t *end)
{
	enum mend_form least = MEND_WRITTEN, form;
	size_t i = glue_at(p, n), used = 0;

	while (m->n < MEND_CALLS_MAX &&
	       (form = call_at(p + i, n - i, &m->at[m->n], &used)) != MEND_NONE) {
		least = MIN_OF(least, form);
		m->n++;
		i += used;
		i += glue_at(p + i, n - i);
	}
	*end = i;
	return m->n > 0 ? least : MEND_NONE;
}

/* ---- a reply's text ---- */

static bool
may_begin(const char *p, size_t n)
{
	size_t i = spaces(p, n);

	return i < n && strchr("{[<`fe", p[i]) && p[i] != '\0';
}

bool
mend_text(const char *text, size_t n, struct mend *out)
{
	int tries = 0;

	*out = (struct mend){0};
	if (n > MEND_TEXT_MAX)
		return false;
	for (size_t i = 0; i < n && tries < MEND_TRIES_MAX;) {
		const char *nl = memchr(text + i, '\n', n - i);
		enum mend_form form = MEND_NONE;
		size_t end = 0;

		if (may_begin(text + i, nl ? (size_t)(nl - text) - i : n - i)) {
			form = calls_at(text + i, n - i, out, &end);
			tries++;
		}
		if (form == MEND_WRITTEN || (form == MEND_NAMED && i + end == n) ||
		    (form == MEND_BARE && i + end == n && spaces(text, n) >= i)) {
			out->before = i;
			out->behind = i + end;
			return true;
		}
		mend_release(out);
		i = nl ? (size_t)(nl - text) + 1 : n;
	}
	return false;
}

/* ---- code ---- */

/* The lines between a fence that is all around. */
static bool
mend_fence(const char *language, const char *code, size_t n, struct mend_call *out)
{
	struct fence_list list;
	size_t lead = spaces(code, n);
	bool only;

	if (n - lead < 6 || strncmp(code + lead, "```", 3) != 0)
		return false;
	while (n > lead && isspace((unsigned char)code[n - 1]))
		n--;
	fence_find(code, n, &list);
	only = list.n == 1 && list.at[0].closed && code[n - 1] == '`';
	if (only)
		*out = (struct mend_call){mem_strdup(language),
					  mem_strndup(list.at[0].code, list.at[0].len)};
	fence_release(&list);
	return only;
}

/* Bytes of code in front of a trailing `execute`, of which it holds no other; 0: none. */
static size_t
before_execute(const char *code, size_t n)
{
	static const char word[] = "execute";
	const size_t len = sizeof(word) - 1;
	size_t end = n, words = 0;

	while (end > 0 && isspace((unsigned char)code[end - 1]))
		end--;
	while (end >= len && strncmp(code + end - len, word, len) == 0) {
		end -= len;
		words++;
	}
	if (words == 0 || memmem(code, end, word, len) || spaces(code, end) == end)
		return 0;
	return words > 1 || code[end - 1] == '\n' ? end : 0;
}

bool
mend_code(const char *language, const char *code, size_t n, struct mend_call *out)
{
	struct mend whole;
	size_t end;

	*out = (struct mend_call){0};
	if (mend_text(code, n, &whole) && whole.n == 1 && whole.behind == n &&
	    spaces(code, n) >= whole.before) {
		*out = whole.at[0];
		return true;
	}
	mend_release(&whole);
	if (mend_fence(language, code, n, out))
		return true;
	end = before_execute(code, n);
	if (end > 0)
		*out = (struct mend_call){mem_strdup(language), mem_strndup(code, end)};
	return end > 0;
}
