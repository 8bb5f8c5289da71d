/* SHA-256 (FIPS 180-4), for hashes that are shown and compared, not for signing requests.
 *
 * Linking libcrypto for this alone would add 1.3 ms to every start of the program. */
#ifndef SUNABA_BASE_SHA256_H
#define SUNABA_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE	32 /* bytes of a digest */
#define SHA256_HEX_SIZE 65 /* its hexadecimal text with the NUL */

struct sha256 {
	uint32_t state[8];
	uint64_t bytes;		/* fed so far */
	unsigned char held[64]; /* a block not yet whole */
};

void sha256_init(struct sha256 *s);
void sha256_feed(struct sha256 *s, const void *p, size_t n);
void sha256_end(struct sha256 *s, unsigned char out[SHA256_SIZE]);

/* The three in one. */
void sha256(const void *p, size_t n, unsigned char out[SHA256_SIZE]);
/* Lower-case digits of a digest, NUL behind. */
void sha256_hex(const unsigned char digest[SHA256_SIZE], char out[SHA256_HEX_SIZE]);

#endif
