/* Server-sent events, read in pieces of any size.
 *
 * Source: WHATWG HTML, section 9.2.6 (2024-11). Lines end in LF, CR or CRLF; a byte order mark at
 * the start and comment lines are skipped; `data` lines of one event are joined by LF. Beyond
 * the standard: an `error` field makes an error event, as llama.cpp before 2025-09 sent it. */
#ifndef SUNABA_MODEL_SSE_H
#define SUNABA_MODEL_SSE_H

#include "agent/base/buf.h"
#include "agent/base/err.h"

#define SSE_EVENT_MAX (16 * MIB) /* bytes of one event */

struct sse_event {
	const char *name; /* of the `event` field, "" when there is none */
	const char *data; /* NUL-terminated; may hold NUL */
	size_t n;
	bool error; /* it came as an `error` field, or is named "error" */
};

/* An error ends the parsing and is handed on. */
typedef enum err_kind sse_fn(void *arg, const struct sse_event *ev, struct err *e);

struct sse {
	struct buf line, data, name;
	bool has_data, error, after_cr, begun;
	sse_fn *fn;
	void *arg;
};

void sse_init(struct sse *s, sse_fn *fn, void *arg);
void sse_release(struct sse *s);
/* ERR_LIMIT: an event beyond SSE_EVENT_MAX; or what fn returned. */
enum err_kind sse_feed(struct sse *s, const char *p, size_t n, struct err *e);
/* End of the stream: an event without its blank line is handed out all the same; whether it is
 * whole is the receiver's to judge. */
enum err_kind sse_end(struct sse *s, struct err *e);

#endif
