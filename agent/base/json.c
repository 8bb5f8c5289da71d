/* Strict JSON over cJSON. See json.h; the writer is json_write.c.
 *
 * json_check() walks the text once by the grammar of RFC 8259 with an explicit depth, and in
 * repair mode writes a copy in which each unpaired surrogate, NUL escape and ill-formed byte is
 * U+FFFD. cJSON then reads text that cannot surprise it.
 * Pinned by tests/unit/test_json.c and tests/fuzz/fuzz_json.c. */
#include <math.h>
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/utf8.h"

struct json_check {
	const char *p; /* whole text */
	size_t n;
	size_t i;      /* where we are */
	size_t copied; /* bytes of p already in *fixed, or skipped */
	enum json_mode mode;
	struct buf *fixed; /* repair mode: the copy */
	int depth;
	struct err *e;
};

static enum err_kind json_check_value(struct json_check *c);

static enum err_kind
json_bad(struct json_check *c, const char *what)
{
	return err_set(c->e, ERR_PARSE, "invalid JSON at byte %zu: %s", c->i, what);
}

static int
json_peek(const struct json_check *c)
{
	return c->i < c->n ? (unsigned char)c->p[c->i] : -1;
}

static void
json_space(struct json_check *c)
{
	while (c->i < c->n && c->p[c->i] && strchr(" \t\r\n", c->p[c->i]))
		c->i++;
}

/* Replaces the `len` bytes at c->i, or refuses them in strict mode. */
static enum err_kind
json_mend(struct json_check *c, size_t len, const char *with, const char *what)
{
	if (c->mode == JSON_STRICT)
		return json_bad(c, what);
	buf_add(c->fixed, c->p + c->copied, c->i - c->copied);
	buf_adds(c->fixed, with);
	c->i += len;
	c->copied = c->i;
	return ERR_NONE;
}

/* The four hex digits at offset `at`, or -1. */
static int
json_hex4(const struct json_check *c, size_t at)
{
	int v = 0;

	for (size_t k = at; k < at + 4; k++) {
		int d = k < c->n ? (unsigned char)c->p[k] : 0;

		if (d >= '0' && d <= '9')
			d -= '0';
		else if ((d | 32) >= 'a' && (d | 32) <= 'f')
			d = (d | 32) - 'a' + 10;
		else
			return -1;
		v = v * 16 + d;
	}
	return v;
}

static enum err_kind
json_check_unicode(struct json_check *c)
{
	int u = json_hex4(c, c->i + 2), low;

	if (u < 0)
		return json_bad(c, "\\u needs four hexadecimal digits");
	if (u == 0)
		return json_mend(c, 6, "\\ufffd", "\\u0000 in a string");
	if (u < 0xD800 || u > 0xDFFF) {
		c->i += 6;
		return ERR_NONE;
	}
	if (u < 0xDC00 && c->i + 7 < c->n && c->p[c->i + 6] == '\\' &&
	    c->p[c->i + 7] == 'u') {
		low = json_hex4(c, c->i + 8);
		if (low >= 0xDC00 && low <= 0xDFFF) {
			c->i += 12;
			return ERR_NONE;
		}
	}
	return json_mend(c, 6, "\\ufffd", "a surrogate without its partner");
}

static enum err_kind
json_check_escape(struct json_check *c)
{
	char k = c->i + 1 < c->n ? c->p[c->i + 1] : '\0';

	if (k == 'u')
		return json_check_unicode(c);
	if (!k || !strchr("\"\\/bfnrt", k))
		return json_bad(c, "unknown escape");
	c->i += 2;
	return ERR_NONE;
}

static enum err_kind
json_check_string(struct json_check *c)
{
	enum err_kind kind = ERR_NONE;
	uint32_t cp;

	for (c->i++; kind == ERR_NONE;) {
		int ch = json_peek(c);
		size_t len;

		if (ch < 0)
			return json_bad(c, "unfinished string");
		if (ch == '"') {
			c->i++;
			return ERR_NONE;
		}
		if (ch < 0x20)
			return json_bad(c, "raw control character in a string");
		if (ch == '\\') {
			kind = json_check_escape(c);
			continue;
		}
		len = utf8_decode(c->p + c->i, c->n - c->i, &cp);
		if (cp == UINT32_MAX)
			kind = json_mend(c, len, "\xEF\xBF\xBD", "invalid UTF-8");
		else
			c->i += len;
	}
	return kind;
}

static bool
json_digits(struct json_check *c)
{
	size_t start = c->i;

	while (c->i < c->n && c->p[c->i] >= '0' && c->p[c->i] <= '9')
		c->i++;
	return c->i > start;
}

static enum err_kind
json_check_number(struct json_check *c)
{
	if (json_peek(c) == '-')
		c->i++;
	if (json_peek(c) == '0')
		c->i++;
	else if (!json_digits(c))
		return json_bad(c, "malformed number");
	if (json_peek(c) == '.') {
		c->i++;
		if (!json_digits(c))
			return json_bad(c, "malformed number");
	}
	if ((json_peek(c) | 32) == 'e') {
		c->i++;
		if (json_peek(c) == '+' || json_peek(c) == '-')
			c->i++;
		if (!json_digits(c))
			return json_bad(c, "malformed number");
	}
	return ERR_NONE;
}

static enum err_kind
json_check_word(struct json_check *c, const char *word)
{
	size_t n = strlen(word);

	if (c->n - c->i < n || memcmp(c->p + c->i, word, n) != 0)
		return json_bad(c, "unknown word");
	c->i += n;
	return ERR_NONE;
}

static enum err_kind
json_check_member(struct json_check *c)
{
	enum err_kind kind;

	json_space(c);
	if (json_peek(c) != '"')
		return json_bad(c, "a key in double quotes is expected");
	kind = json_check_string(c);
	if (kind)
		return kind;
	json_space(c);
	if (json_peek(c) != ':')
		return json_bad(c, "':' is expected");
	c->i++;
	return json_check_value(c);
}

static enum err_kind
json_check_list(struct json_check *c, char close)
{
	enum err_kind kind;

	c->i++;
	json_space(c);
	if (json_peek(c) == close) {
		c->i++;
		return ERR_NONE;
	}
	for (;;) {
		kind = close == '}' ? json_check_member(c) : json_check_value(c);
		if (kind)
			return kind;
		json_space(c);
		if (json_peek(c) == close)
			break;
		if (json_peek(c) != ',')
			return json_bad(c, "',' or the closing bracket is expected");
		c->i++;
	}
	c->i++;
	return ERR_NONE;
}

static enum err_kind
json_check_value(struct json_check *c)
{
	enum err_kind kind;

	json_space(c);
	switch (json_peek(c)) {
	case '{':
	case '[':
		if (c->depth == JSON_DEPTH_MAX)
			return err_set(c->e, ERR_LIMIT,
				       "JSON nested deeper than %d at byte %zu",
				       JSON_DEPTH_MAX, c->i);
		c->depth++;
		kind = json_check_list(c, json_peek(c) == '{' ? '}' : ']');
		c->depth--;
		return kind;
	case '"':
		return json_check_string(c);
	case 't':
		return json_check_word(c, "true");
	case 'f':
		return json_check_word(c, "false");
	case 'n':
		return json_check_word(c, "null");
	case -1:
		return json_bad(c, "a value is expected");
	default:
		return json_check_number(c);
	}
}

enum err_kind
json_parse(const char *p, size_t n, enum json_mode mode, cJSON **out, struct err *e)
{
	AUTO_BUF struct buf fixed = BUF_INIT(n * 3 + 16);
	struct json_check c = {.p = p, .n = n, .mode = mode, .fixed = &fixed, .e = e};
	enum err_kind kind;

	*out = NULL;
	kind = json_check_value(&c);
	if (kind)
		return kind;
	json_space(&c);
	if (c.i < n)
		return json_bad(&c, "text behind the value");
	if (c.copied) {
		buf_add(&fixed, p + c.copied, n - c.copied);
		p = buf_str(&fixed);
		n = fixed.len;
	}
	*out = cJSON_ParseWithLength(p, n);
	if (!*out)
		return err_set(e, ERR_PARSE, "invalid JSON (%zu bytes)", n);
	return ERR_NONE;
}

const cJSON *
json_get(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

const cJSON *
json_array(const cJSON *obj, const char *key)
{
	const cJSON *v = json_get(obj, key);

	return cJSON_IsArray(v) ? v : NULL;
}

const cJSON *
json_object(const cJSON *obj, const char *key)
{
	const cJSON *v = json_get(obj, key);

	return cJSON_IsObject(v) ? v : NULL;
}

const char *
json_str(const cJSON *obj, const char *key)
{
	return cJSON_GetStringValue(json_get(obj, key));
}

double
json_num(const cJSON *obj, const char *key, double def)
{
	const cJSON *v = json_get(obj, key);

	return cJSON_IsNumber(v) ? v->valuedouble : def;
}

bool
json_bool(const cJSON *obj, const char *key, bool def)
{
	const cJSON *v = json_get(obj, key);

	return cJSON_IsBool(v) ? cJSON_IsTrue(v) : def;
}

bool
json_int(const cJSON *obj, const char *key, int64_t *out)
{
	const cJSON *v = json_get(obj, key);
	const double limit = 9007199254740992.0; /* 2^53 */

	if (!cJSON_IsNumber(v) || !(fabs(v->valuedouble) <= limit) ||
	    trunc(v->valuedouble) < v->valuedouble ||
	    trunc(v->valuedouble) > v->valuedouble)
		return false;
	*out = (int64_t)v->valuedouble;
	return true;
}
