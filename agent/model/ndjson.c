/* Lines of JSON. See ndjson.h.
 * Pinned by tests/unit/test_ndjson.c (every split point) and tests/fuzz/fuzz_ndjson.c. */
#include <string.h>

#include "agent/model/ndjson.h"

void
ndjson_init(struct ndjson *s, ndjson_fn *fn, void *arg)
{
	*s = (struct ndjson){.line = BUF_INIT(NDJSON_LINE_MAX), .fn = fn, .arg = arg};
}

void
ndjson_release(struct ndjson *s)
{
	buf_release(&s->line);
}

static bool
ndjson_blank(const char *p, size_t n)
{
	while (n && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	return n == 0;
}

static enum err_kind
ndjson_line(struct ndjson *s, struct err *e)
{
	enum err_kind k = ERR_NONE;

	while (s->line.len && s->line.data[s->line.len - 1] == '\r')
		buf_truncate(&s->line, s->line.len - 1);
	if (!ndjson_blank(buf_str(&s->line), s->line.len))
		k = s->fn(s->arg, buf_str(&s->line), s->line.len, e);
	buf_reset(&s->line);
	return k;
}

enum err_kind
ndjson_feed(struct ndjson *s, const char *p, size_t n, struct err *e)
{
	const char *end = p + n;

	while (p < end) {
		const char *q = memchr(p, '\n', (size_t)(end - p));
		enum err_kind k;

		if (!buf_add(&s->line, p, (size_t)((q ? q : end) - p)))
			return err_set(e, ERR_LIMIT,
				       "a line of the stream is larger than %zu MiB",
				       NDJSON_LINE_MAX / MIB);
		if (!q)
			break;
		k = ndjson_line(s, e);
		if (k != ERR_NONE)
			return k;
		p = q + 1;
	}
	return ERR_NONE;
}

enum err_kind
ndjson_end(struct ndjson *s, struct err *e)
{
	return ndjson_line(s, e);
}
