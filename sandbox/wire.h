/* Tagged items inside a frame's payload: the policy, a job's description, a failure.
 *
 * An item is u8 tag, u32 length (little-endian), bytes. Texts carry their NUL, so that the
 * reader can borrow them in place; wire_text() refuses one without it or with another inside. */
#ifndef SUNABA_SANDBOX_WIRE_H
#define SUNABA_SANDBOX_WIRE_H

#include "sandbox/util.h"

struct wire_item {
	char tag;
	uint32_t len;
	const unsigned char *data;
};

void wire_put(struct queue *q, char tag, const void *data, size_t n);
void wire_put_text(struct queue *q, char tag, const char *text);
void wire_put_number(struct queue *q, char tag, uint64_t v);

/* 1: *it is filled and *p, *n moved on; 0: the end; -1: cut short. */
int wire_next(const unsigned char **p, size_t *n, struct wire_item *it);
const char *wire_text(const struct wire_item *it); /* NULL: not a text */
uint64_t wire_number(const struct wire_item *it);  /* 0 when it is not 8 bytes long */

void wire_store64(unsigned char p[8], uint64_t v);
uint64_t wire_load64(const unsigned char p[8]);

#endif
