/* Any bytes as server-sent events: whole and cut in two give the same events. */
#include <assert.h>
#include <string.h>

#include "agent/model/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err_kind
note(void *arg, const struct sse_event *ev, struct err *e)
{
	(void)e;
	assert(ev->data[ev->n] == '\0');
	buf_addf(arg, "%d%zu:", (int)ev->error, strlen(ev->name));
	buf_add(arg, ev->data, ev->n);
	buf_addc(arg, '\n');
	return ERR_NONE;
}

static void
run(const char *p, size_t n, size_t cut, struct buf *out)
{
	struct sse s;

	sse_init(&s, note, out);
	sse_feed(&s, p, cut, NULL);
	sse_feed(&s, p + cut, n - cut, NULL);
	sse_end(&s, NULL);
	sse_release(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INIT(64 * MIB), parts = BUF_INIT(64 * MIB);
	size_t cut = size ? data[0] % (size + 1) : 0;

	run((const char *)data, size, 0, &whole);
	run((const char *)data, size, cut, &parts);
	assert(whole.len == parts.len);
	assert(whole.len == 0 || memcmp(whole.data, parts.data, whole.len) == 0);
	buf_release(&whole);
	buf_release(&parts);
	return 0;
}
