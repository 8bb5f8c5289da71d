/* The JSON writer. See json.h.
 *
 * Text is repaired to UTF-8 and escaped on its way in; commas come from one flag. DEL is escaped
 * with the controls, so that a line of events is safe to look at in a terminal.
 * Pinned by tests/unit/test_json.c and tests/fuzz/fuzz_json.c. */
#include <math.h>
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/utf8.h"

static void
json_comma(struct json_writer *w)
{
	if (w->comma)
		buf_addc(w->out, ',');
	w->comma = true;
}

void
json_open(struct json_writer *w, char bracket)
{
	json_comma(w);
	buf_addc(w->out, bracket);
	w->comma = false;
}

void
json_close(struct json_writer *w, char bracket)
{
	buf_addc(w->out, bracket);
	w->comma = true;
}

/* One run of valid UTF-8 with what JSON wants escaped. */
static void
json_escape(struct buf *out, const char *s, size_t n)
{
	size_t start = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch >= 0x20 && ch != '"' && ch != '\\' && ch != 0x7F)
			continue;
		buf_add(out, s + start, i - start);
		start = i + 1;
		if (ch == '"' || ch == '\\')
			buf_addf(out, "\\%c", ch);
		else if (ch == '\n')
			buf_adds(out, "\\n");
		else if (ch == '\t')
			buf_adds(out, "\\t");
		else
			buf_addf(out, "\\u%04x", ch);
	}
	buf_add(out, s + start, n - start);
}

static void
json_quote(struct buf *out, const char *s, size_t n)
{
	buf_addc(out, '"');
	if (utf8_valid(s, n)) {
		json_escape(out, s, n);
	} else {
		AUTO_BUF struct buf fixed = BUF_INIT(n * 3);

		utf8_repair(&fixed, s, n);
		json_escape(out, buf_str(&fixed), fixed.len);
	}
	buf_addc(out, '"');
}

void
json_key(struct json_writer *w, const char *key)
{
	json_comma(w);
	json_quote(w->out, key, strlen(key));
	buf_addc(w->out, ':');
	w->comma = false;
}

void
json_put_strn(struct json_writer *w, const char *s, size_t n)
{
	json_comma(w);
	json_quote(w->out, s, n);
}

void
json_put_str(struct json_writer *w, const char *s)
{
	if (s)
		json_put_strn(w, s, strlen(s));
	else
		json_put_null(w);
}

void
json_put_int(struct json_writer *w, int64_t v)
{
	json_comma(w);
	buf_addf(w->out, "%lld", (long long)v);
}

void
json_put_num(struct json_writer *w, double v)
{
	char text[40] = "null"; /* JSON has no NaN and no infinity */

	for (int digits = 15; isfinite(v) && digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (memcmp(&(double){strtod(text, NULL)}, &v, sizeof(v)) == 0)
			break;
	}
	for (char *comma = text; (comma = strchr(comma, ','));)
		*comma = '.'; /* some locale's decimal point */
	json_comma(w);
	buf_adds(w->out, text);
}

void
json_put_bool(struct json_writer *w, bool v)
{
	json_put_raw(w, v ? "true" : "false");
}

void
json_put_null(struct json_writer *w)
{
	json_put_raw(w, "null");
}

void
json_put_raw(struct json_writer *w, const char *json)
{
	json_comma(w);
	buf_adds(w->out, json);
}

void
json_kv_str(struct json_writer *w, const char *key, const char *s)
{
	json_key(w, key);
	json_put_str(w, s);
}

void
json_kv_int(struct json_writer *w, const char *key, int64_t v)
{
	json_key(w, key);
	json_put_int(w, v);
}

void
json_kv_num(struct json_writer *w, const char *key, double v)
{
	json_key(w, key);
	json_put_num(w, v);
}

void
json_kv_bool(struct json_writer *w, const char *key, bool v)
{
	json_key(w, key);
	json_put_bool(w, v);
}
