/* Lines of JSON, read in pieces of any size: LF or CRLF, blank lines skipped, the last line
 * needs no end. */
#ifndef SUNABA_MODEL_NDJSON_H
#define SUNABA_MODEL_NDJSON_H

#include "agent/base/buf.h"
#include "agent/base/err.h"

#define NDJSON_LINE_MAX (16 * MIB) /* bytes of one line */

/* One line without its end, NUL-terminated. An error ends the parsing and is handed on. */
typedef enum err_kind ndjson_fn(void *arg, const char *line, size_t n, struct err *e);

struct ndjson {
	struct buf line;
	ndjson_fn *fn;
	void *arg;
};

void ndjson_init(struct ndjson *s, ndjson_fn *fn, void *arg);
void ndjson_release(struct ndjson *s);
/* ERR_LIMIT: a line beyond NDJSON_LINE_MAX; or what fn returned. */
enum err_kind ndjson_feed(struct ndjson *s, const char *p, size_t n, struct err *e);
enum err_kind ndjson_end(struct ndjson *s, struct err *e);

#endif
