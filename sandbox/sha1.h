/* SHA-1, for the names that git gives to contents; nothing is trusted because of it. */
#ifndef SUNABA_SANDBOX_SHA1_H
#define SUNABA_SANDBOX_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_BYTES 20
#define SHA1_BLOCK 64

struct sha1 {
	uint32_t state[5];
	uint64_t bytes;
	unsigned char block[SHA1_BLOCK];
};
void sha1_init(struct sha1 *s);
void sha1_add(struct sha1 *s, const void *p, size_t n);
void sha1_end(struct sha1 *s, unsigned char out[SHA1_BYTES]);

#endif
