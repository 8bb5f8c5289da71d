/* Server-sent events. See sse.h.
 *
 * Bytes are gathered to lines, lines to events; a CR ends its line at once and a LF behind it is
 * swallowed, so that a stream with lone CRs does not lag by a line. Bytes are copied in runs, not
 * one by one. Pinned by tests/unit/test_sse.c (every split point) and tests/fuzz/fuzz_sse.c. */
#include <string.h>

#include "agent/model/sse.h"

void
sse_init(struct sse *s, sse_fn *fn, void *arg)
{
	*s = (struct sse){
	    .line = BUF_INIT(SSE_EVENT_MAX),
	    .data = BUF_INIT(SSE_EVENT_MAX),
	    .name = BUF_INIT(SSE_EVENT_MAX),
	    .fn = fn,
	    .arg = arg,
	};
}

void
sse_release(struct sse *s)
{
	buf_release(&s->line);
	buf_release(&s->data);
	buf_release(&s->name);
}

static enum err_kind
sse_dispatch(struct sse *s, struct err *e)
{
	enum err_kind k = ERR_NONE;

	if (s->has_data) {
		const char *name = buf_str(&s->name);
		struct sse_event ev = {
		    .name = name,
		    .data = buf_str(&s->data),
		    .n = s->data.len,
		    .error = s->error || strcmp(name, "error") == 0,
		};

		k = s->fn(s->arg, &ev, e);
	}
	buf_reset(&s->data);
	buf_reset(&s->name);
	s->has_data = s->error = false;
	return k;
}

static bool
sse_is(const char *field, size_t n, const char *want)
{
	return n == strlen(want) && memcmp(field, want, n) == 0;
}

static enum err_kind
sse_line(struct sse *s, struct err *e)
{
	const char *p = buf_str(&s->line);
	size_t n = s->line.len, name_n;
	const char *colon = memchr(p, ':', n), *value;

	if (!s->begun && n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
		s->begun = true;
		buf_consume(&s->line, 3);
		return sse_line(s, e);
	}
	s->begun = true;
	if (n == 0)
		return sse_dispatch(s, e);
	name_n = colon ? (size_t)(colon - p) : n;
	value = colon ? colon + 1 : p + n;
	if (value < p + n && *value == ' ')
		value++;
	n = (size_t)(p + n - value);
	if (sse_is(p, name_n, "event")) {
		buf_reset(&s->name);
		buf_add(&s->name, value, n);
	} else if (sse_is(p, name_n, "data") || sse_is(p, name_n, "error")) {
		s->error = s->error || *p == 'e';
		if (s->has_data)
			buf_addc(&s->data, '\n');
		buf_add(&s->data, value, n);
		s->has_data = true;
	}
	return ERR_NONE;
}

static enum err_kind
sse_line_end(struct sse *s, struct err *e)
{
	enum err_kind k = sse_line(s, e);

	buf_reset(&s->line);
	if (k == ERR_NONE && s->data.full)
		k = err_set(e, ERR_LIMIT, "an event of the stream is larger than %zu MiB",
			    SSE_EVENT_MAX / MIB);
	return k;
}

enum err_kind
sse_feed(struct sse *s, const char *p, size_t n, struct err *e)
{
	const char *end = p + n;

	while (p < end) {
		const char *q = p;
		enum err_kind k;

		if (s->after_cr && *p == '\n') {
			s->after_cr = false;
			p++;
			continue;
		}
		s->after_cr = false;
		while (q < end && *q != '\n' && *q != '\r')
			q++;
		if (!buf_add(&s->line, p, (size_t)(q - p)))
			return err_set(e, ERR_LIMIT,
				       "a line of the stream is larger than %zu MiB",
				       SSE_EVENT_MAX / MIB);
		if (q == end)
			break;
		s->after_cr = *q == '\r';
		k = sse_line_end(s, e);
		if (k != ERR_NONE)
			return k;
		p = q + 1;
	}
	return ERR_NONE;
}

enum err_kind
sse_end(struct sse *s, struct err *e)
{
	enum err_kind k = ERR_NONE;

	if (s->line.len)
		k = sse_line_end(s, e);
	return k == ERR_NONE ? sse_dispatch(s, e) : k;
}
