/* JSON: whatever is accepted is written and read again to the same tree; nothing crashes.
 * The first byte chooses the mode. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
walk(const cJSON *v)
{
	for (; v; v = v->next) {
		const char *text = cJSON_GetStringValue(v);

		check(!text || utf8_valid(text, strlen(text)));
		check(!v->string || utf8_valid(v->string, strlen(v->string)));
		walk(v->child);
	}
}

static void
write_tree(struct json_writer *w, const cJSON *v)
{
	if (cJSON_IsObject(v) || cJSON_IsArray(v)) {
		json_open(w, cJSON_IsObject(v) ? '{' : '[');
		for (const cJSON *m = v->child; m; m = m->next) {
			if (m->string)
				json_key(w, m->string);
			write_tree(w, m);
		}
		json_close(w, cJSON_IsObject(v) ? '}' : ']');
	} else if (cJSON_IsString(v)) {
		json_put_str(w, cJSON_GetStringValue(v));
	} else if (cJSON_IsNumber(v)) {
		json_put_num(w, v->valuedouble);
	} else if (cJSON_IsBool(v)) {
		json_put_bool(w, cJSON_IsTrue(v));
	} else {
		json_put_null(w);
	}
}

static void
read_back(const cJSON *v)
{
	AUTO_BUF struct buf first = BUF_INIT(64 * MIB), second = BUF_INIT(64 * MIB);
	struct json_writer w = JSON_WRITER(&first), w2 = JSON_WRITER(&second);
	cJSON *again;

	write_tree(&w, v);
	check(json_parse(buf_str(&first), first.len, JSON_STRICT, &again, NULL) ==
	      ERR_NONE);
	write_tree(&w2, again);
	check(first.len == second.len);
	check(memcmp(buf_str(&first), buf_str(&second), first.len) == 0);
	cJSON_Delete(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf out = BUF_INIT(8 * MIB);
	struct json_writer w = JSON_WRITER(&out);
	struct err e;
	cJSON *v;

	if (size == 0)
		return 0;
	if (json_parse((const char *)data + 1, size - 1,
		       data[0] & 1 ? JSON_REPAIR : JSON_STRICT, &v, &e) == ERR_NONE) {
		walk(v);
		read_back(v);
		cJSON_Delete(v);
	} else {
		check(v == NULL && e.kind != ERR_NONE);
	}
	/* Any bytes make one valid string. */
	json_put_strn(&w, (const char *)data, size);
	check(json_parse(buf_str(&out), out.len, JSON_REPAIR, &v, NULL) == ERR_NONE);
	cJSON_Delete(v);
	return 0;
}
