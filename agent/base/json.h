/* Strict JSON (RFC 8259) over cJSON, and a writer that escapes.
 *
 * cJSON alone accepts text behind the value, raw control characters, `01` and invalid UTF-8,
 * cuts strings at \u0000 and fails on a lone surrogate. json_parse() checks the grammar first.
 * Numbers are doubles: an integer that a double cannot hold is an error in json_int(), never a
 * rounded value. Of two equal keys the first counts. Free the tree with cJSON_Delete(). */
#ifndef SUNABA_BASE_JSON_H
#define SUNABA_BASE_JSON_H

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/lib_cjson.h"

#define JSON_DEPTH_MAX 128 /* nested arrays and objects */

enum json_mode {
	JSON_STRICT, /* invalid UTF-8, a lone surrogate and \u0000 are errors */
	JSON_REPAIR, /* each becomes U+FFFD: for bytes that a model's server sent */
};

/* Parses exactly one value with white space around it. ERR_PARSE names the byte offset,
 * ERR_LIMIT the depth. *out is the caller's on success and NULL otherwise. */
enum err_kind
json_parse(const char *p, size_t n, enum json_mode mode, cJSON **out, struct err *e);

/* Members by exact key. NULL or `def` when absent or of another type; obj may be NULL. */
const cJSON *json_get(const cJSON *obj, const char *key);
const cJSON *json_array(const cJSON *obj, const char *key);
const cJSON *json_object(const cJSON *obj, const char *key);
const char *json_str(const cJSON *obj, const char *key); /* borrowed */
double json_num(const cJSON *obj, const char *key, double def);
bool json_bool(const cJSON *obj, const char *key, bool def);
/* false when absent, not a whole number, or beyond 2^53 in either direction. */
bool json_int(const cJSON *obj, const char *key, int64_t *out);

/* Writer. Commas are its own business: begin, then members, then end. Strings are repaired to
 * UTF-8 and escaped. A bound that was met shows in out->full. */
struct json_writer {
	struct buf *out;
	bool comma; /* a value stands before the next one */
};
#define JSON_WRITER(b) ((struct json_writer){.out = (b)})

void json_open(struct json_writer *w, char bracket);  /* '{' or '[' */
void json_close(struct json_writer *w, char bracket); /* '}' or ']' */
void json_key(struct json_writer *w, const char *key);
void json_put_str(struct json_writer *w, const char *s); /* NULL writes null */
void json_put_strn(struct json_writer *w, const char *s, size_t n);
void json_put_int(struct json_writer *w, int64_t v);
void
json_put_num(struct json_writer *w, double v); /* shortest form that reads back equal */
void json_put_bool(struct json_writer *w, bool v);
void json_put_null(struct json_writer *w);
void
json_put_raw(struct json_writer *w, const char *json); /* trusted JSON text, verbatim */
/* Key and value in one call. */
void json_kv_str(struct json_writer *w, const char *key, const char *s);
void json_kv_int(struct json_writer *w, const char *key, int64_t v);
void json_kv_num(struct json_writer *w, const char *key, double v);
void json_kv_bool(struct json_writer *w, const char *key, bool v);

#endif
