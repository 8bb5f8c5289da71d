/* Any bytes as lines of JSON, and as a reply of each wire. */
#include <assert.h>
#include <string.h>

#include "agent/base/json.h"
#include "agent/model/ndjson.h"
#include "agent/model/ollama.h"
#include "agent/model/openai.h"
#include "agent/model/rawjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err_kind
note(void *arg, const char *line, size_t n, struct err *e)
{
	cJSON *tree = NULL;

	(void)e;
	assert(line[n] == '\0');
	buf_add(arg, line, n);
	buf_addc(arg, '\n');
	if (json_parse(line, n, JSON_REPAIR, &tree, NULL) == ERR_NONE) {
		struct slice s = raw_item(raw_member((struct slice){line, n}, "a"), 1);

		assert(!s.p || (s.p >= line && s.p + s.n <= line + n));
		cJSON_Delete(tree);
	}
	return ERR_NONE;
}

static void
lines(const char *p, size_t n, size_t cut, struct buf *out)
{
	struct ndjson s;

	ndjson_init(&s, note, out);
	ndjson_feed(&s, p, cut, NULL);
	ndjson_feed(&s, p + cut, n - cut, NULL);
	ndjson_end(&s, NULL);
	ndjson_release(&s);
}

static void
reply(const char *type, const struct dialect *d, bool ollama, const char *p, size_t n)
{
	struct server_error said = {0};
	struct reply r;
	struct openai_stream os = {.reply = &r, .said = &said};
	struct ollama_stream ls = {.reply = &r, .said = &said};
	struct model_reply out;
	struct wire w;
	enum err_kind k;

	reply_init(&r, NULL, NULL);
	wire_init(&w, type, d, ollama ? (void *)&ls : (void *)&os);
	k = wire_feed(&w, p, n, NULL);
	if (k == ERR_NONE)
		k = wire_end(&w, NULL);
	reply_end(&r);
	reply_take(&r, k == ERR_NONE, &out);
	assert(k == ERR_NONE || out.ncalls == 0);
	model_reply_release(&out);
	wire_release(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct buf whole = BUF_INIT(64 * MIB), parts = BUF_INIT(64 * MIB);

	lines(p, size, 0, &whole);
	lines(p, size, size ? data[0] % (size + 1) : 0, &parts);
	assert(whole.len == parts.len);
	assert(whole.len == 0 || memcmp(whole.data, parts.data, whole.len) == 0);
	buf_release(&whole);
	buf_release(&parts);
	reply("application/x-ndjson", &ollama_dialect, true, p, size);
	reply("application/x-ndjson", &openai_dialect, false, p, size);
	reply("text/event-stream", &openai_dialect, false, p, size);
	reply("application/json", &openai_dialect, false, p, size);
	reply("text/html", &openai_dialect, false, p, size);
	return 0;
}
