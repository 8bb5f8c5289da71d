/* The difference of two texts: what it says must turn the one into the other. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "tools/diff.h"

struct replay {
	const char *p, *end; /* what is left of the old text */
	struct buf out;	     /* the new text so far */
	size_t added, deleted;
	size_t last; /* bytes of the last line put out */
	bool put;    /* it went to `out` */
};

static void
take_old(struct replay *r, const char *p, size_t n, bool keep)
{
	/* Lines between hunks are the same in both. */
	while (r->p < r->end) {
		const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
		size_t len = (size_t)((nl ? nl : r->end) - r->p), all = len + (nl != NULL);
		bool it = r->p == p;

		if (it)
			assert(len == n);
		if (!it || keep)
			buf_add(&r->out, r->p, all);
		r->p += all;
		if (it)
			return;
	}
	assert(!"a line that is not in the old text");
}

static void
line(enum diff_kind kind, const char *p, size_t n, void *arg)
{
	struct replay *r = arg;

	if (kind == DIFF_SAME || kind == DIFF_DEL) {
		take_old(r, p, n, kind == DIFF_SAME);
		r->deleted += kind == DIFF_DEL;
		r->put = false;
	} else if (kind == DIFF_ADD) {
		/* Only at the very beginning does an added line come without context. */
		buf_add(&r->out, p, n);
		buf_addc(&r->out, '\n');
		r->added++;
		r->put = true;
	} else if (kind == DIFF_NOEOL && r->put) {
		buf_truncate(&r->out, r->out.len - 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct replay r = {.out = BUF_INIT(4 * MIB)};
	const char *a = (const char *)data + 1, *b;
	struct diff_count n;
	size_t na, nb;

	if (size < 1 || size > 64 * KIB)
		return 0;
	na = (size - 1) * data[0] / 255;
	b = a + na;
	nb = size - 1 - na;
	r.p = a;
	r.end = a + na;
	n = diff_text(a, na, b, nb, line, &r);
	assert(n.added == r.added && n.deleted == r.deleted);
	buf_add(&r.out, r.p, (size_t)(r.end - r.p));
	assert(r.out.len == nb && (nb == 0 || memcmp(r.out.data, b, nb) == 0));
	buf_release(&r.out);
	return 0;
}
