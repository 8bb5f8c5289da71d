/* From the bytes of a reply's body to the objects a dialect understands: the parser is chosen by
 * Content-Type, and by the first byte when that says nothing or calls a stream JSON. Pure. */
#ifndef SUNABA_MODEL_WIRE_H
#define SUNABA_MODEL_WIRE_H

#include "agent/model/ndjson.h"
#include "agent/model/server_error.h"
#include "agent/model/sse.h"

#define WIRE_WHOLE_MAX (64 * MIB) /* bytes of a reply that was not streamed */

/* A dialect's view of a reply. `arg` is the dialect's own. */
struct dialect {
	/* One streamed object. `error`: the server marked it as one. */
	enum err_kind (*event)(void *arg, const char *p, size_t n, bool error,
			       struct err *e);
	/* The whole body: the server did not stream. */
	enum err_kind (*whole)(void *arg, const char *p, size_t n, struct err *e);
	/* No more comes: ERR_TRUNCATED when the terminator was not seen. */
	enum err_kind (*end)(void *arg, struct err *e);
	/* The terminator was seen: nothing behind it counts. */
	bool (*done)(const void *arg);
};

enum wire_format { WIRE_UNKNOWN, WIRE_SSE, WIRE_NDJSON, WIRE_JSON, WIRE_OTHER };

struct wire {
	enum wire_format format;
	const struct dialect *d;
	void *arg;
	bool ending; /* what comes now had no end of its own */
	struct sse sse;
	struct ndjson ndjson;
	struct buf whole;
};

/* type: Content-Type in lower case, or "". */
void wire_init(struct wire *w, const char *type, const struct dialect *d, void *arg);
void wire_release(struct wire *w);
enum err_kind wire_feed(struct wire *w, const char *p, size_t n, struct err *e);
enum err_kind wire_end(struct wire *w, struct err *e);

#endif
