/* Framing of replies. See wire.h. Pinned by tests/unit/test_openai.c and test_ollama.c. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/model/wire.h"

/* Without its blank line or line end an event may be cut: it counts if it is whole JSON. */
static bool
wire_cut(const struct wire *w, const char *p, size_t n)
{
	cJSON *root = NULL;
	bool whole;

	if (!w->ending || (n >= 6 && memcmp(p, "[DONE]", 6) == 0))
		return false;
	whole = json_parse(p, n, JSON_REPAIR, &root, NULL) == ERR_NONE;
	cJSON_Delete(root);
	return !whole;
}

static enum err_kind
wire_object(struct wire *w, const char *p, size_t n, bool error, struct err *e)
{
	if (w->d->done(w->arg))
		return ERR_NONE;
	if (!error && wire_cut(w, p, n))
		return err_set(e, ERR_TRUNCATED,
			       "the stream ended in the middle of the answer");
	return w->d->event(w->arg, p, n, error, e);
}

static enum err_kind
wire_on_sse(void *arg, const struct sse_event *ev, struct err *e)
{
	return wire_object(arg, ev->data, ev->n, ev->error, e);
}

static enum err_kind
wire_on_line(void *arg, const char *line, size_t n, struct err *e)
{
	return wire_object(arg, line, n, false, e);
}

void
wire_init(struct wire *w, const char *type, const struct dialect *d, void *arg)
{
	static const struct {
		const char *type;
		enum wire_format format;
	} known[] = {
	    {"text/event-stream", WIRE_SSE},	{"application/x-ndjson", WIRE_NDJSON},
	    {"application/jsonl", WIRE_NDJSON}, {"application/x-jsonlines", WIRE_NDJSON},
	    {"application/json", WIRE_JSON},	{"text/html", WIRE_OTHER},
	};

	*w = (struct wire){.d = d, .arg = arg, .whole = BUF_INIT(WIRE_WHOLE_MAX)};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strncmp(type, known[i].type, strlen(known[i].type)) == 0)
			w->format = known[i].format;
	sse_init(&w->sse, wire_on_sse, w);
	ndjson_init(&w->ndjson, wire_on_line, w);
}

void
wire_release(struct wire *w)
{
	sse_release(&w->sse);
	ndjson_release(&w->ndjson);
	buf_release(&w->whole);
}

/* By the first byte. Of a body said to be JSON it is asked only whether it is a stream after all:
 * some servers and proxies put that type on everything, and no JSON begins like an event. */
static void
wire_guess(struct wire *w, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && strchr(" \t\r\n", p[i]) && p[i])
		i++;
	if (i == n)
		return;
	if (w->format == WIRE_JSON)
		w->format = p[i] && strchr(":dei", p[i]) ? WIRE_SSE : WIRE_JSON;
	else
		w->format = p[i] == '{' ? WIRE_NDJSON : p[i] == '<' ? WIRE_OTHER : WIRE_SSE;
}

enum err_kind
wire_feed(struct wire *w, const char *p, size_t n, struct err *e)
{
	if (w->format == WIRE_UNKNOWN || (w->format == WIRE_JSON && !w->whole.len))
		wire_guess(w, p, n);
	switch (w->format) {
	case WIRE_SSE:
		return sse_feed(&w->sse, p, n, e);
	case WIRE_NDJSON:
		return ndjson_feed(&w->ndjson, p, n, e);
	case WIRE_JSON:
	case WIRE_OTHER:
		if (!buf_add(&w->whole, p, n))
			return err_set(e, ERR_LIMIT, "the reply is larger than %zu MiB",
				       WIRE_WHOLE_MAX / MIB);
		return ERR_NONE;
	case WIRE_UNKNOWN:
		break;
	}
	return ERR_NONE;
}

enum err_kind
wire_end(struct wire *w, struct err *e)
{
	struct server_error se;
	enum err_kind k = ERR_NONE;

	w->ending = true;
	if (w->format == WIRE_SSE)
		k = sse_end(&w->sse, e);
	else if (w->format == WIRE_NDJSON)
		k = ndjson_end(&w->ndjson, e);
	else if (w->format == WIRE_JSON && w->whole.len)
		k = w->d->whole(w->arg, buf_str(&w->whole), w->whole.len, e);
	else if (w->format == WIRE_OTHER) {
		server_error_parse(buf_str(&w->whole), w->whole.len, &se);
		k = err_set(e, ERR_MODEL, "not a model's reply but a page: '%s'", se.msg);
		err_hint(e, "a proxy or a login page may answer in the server's place");
	}
	return k == ERR_NONE ? w->d->end(w->arg, e) : k;
}
