/* Tagged items: see wire.h. Pure. Pinned by tests/unit/test_frame.c. */
#include "sandbox/wire.h"

#include <string.h>

#define ITEM_HEAD 5

void
wire_store64(unsigned char p[8], uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

uint64_t
wire_load64(const unsigned char p[8])
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

void
wire_put(struct queue *q, char tag, const void *data, size_t n)
{
	unsigned char head[ITEM_HEAD] = {(unsigned char)tag};

	for (int i = 0; i < 4; i++)
		head[1 + i] = (unsigned char)(n >> (8 * i));
	queue_add(q, head, sizeof(head));
	queue_add(q, data, n);
}

void
wire_put_text(struct queue *q, char tag, const char *text)
{
	wire_put(q, tag, text, strlen(text) + 1);
}

void
wire_put_number(struct queue *q, char tag, uint64_t v)
{
	unsigned char b[8];

	wire_store64(b, v);
	wire_put(q, tag, b, sizeof(b));
}

int
wire_next(const unsigned char **p, size_t *n, struct wire_item *it)
{
	const unsigned char *b = *p;

	if (*n == 0)
		return 0;
	if (*n < ITEM_HEAD)
		return -1;
	it->tag = (char)b[0];
	it->len = (uint32_t)b[1] | (uint32_t)b[2] << 8 | (uint32_t)b[3] << 16 |
		  (uint32_t)b[4] << 24;
	it->data = b + ITEM_HEAD;
	if (*n - ITEM_HEAD < it->len)
		return -1;
	*p += ITEM_HEAD + (size_t)it->len;
	*n -= ITEM_HEAD + (size_t)it->len;
	return 1;
}

const char *
wire_text(const struct wire_item *it)
{
	if (it->len == 0 || memchr(it->data, 0, it->len) != it->data + it->len - 1)
		return NULL;
	return (const char *)it->data;
}

uint64_t
wire_number(const struct wire_item *it)
{
	return it->len == 8 ? wire_load64(it->data) : 0;
}
