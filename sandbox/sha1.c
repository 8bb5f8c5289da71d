/* SHA-1: see sha1.h. The jail is not to load libcrypto for one file.
 *
 * Source: FIPS 180-4, section 6.1. Pinned by tests/unit/test_gitindex.c. */
#include "sandbox/sha1.h"

#include <string.h>

#define ROUNDS 80

static uint32_t
rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static uint32_t
mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
	static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc,
					     0xca62c1d6};
	uint32_t k = constants[round / 20];

	switch (round / 20) {
	case 0:
		return k + ((b & c) | (~b & d));
	case 2:
		return k + ((b & c) | (b & d) | (c & d));
	default:
		return k + (b ^ c ^ d);
	}
}

static void
take_block(struct sha1 *s, const unsigned char *p)
{
	uint32_t w[ROUNDS], v[5], next;

	for (int i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
		       p[3];
	for (int i = 16; i < ROUNDS; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(v, s->state, sizeof(v));
	for (int i = 0; i < ROUNDS; i++) {
		next = rotate(v[0], 5) + mix(i, v[1], v[2], v[3]) + v[4] + w[i];
		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (int i = 0; i < 5; i++)
		s->state[i] += v[i];
}

void
sha1_init(struct sha1 *s)
{
	*s = (struct sha1){
	    .state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

void
sha1_add(struct sha1 *s, const void *data, size_t n)
{
	const unsigned char *p = data;

	while (n > 0) {
		size_t have = s->bytes % SHA1_BLOCK, m = SHA1_BLOCK - have;

		m = m < n ? m : n;
		memcpy(s->block + have, p, m);
		s->bytes += m;
		p += m;
		n -= m;
		if (have + m == SHA1_BLOCK)
			take_block(s, s->block);
	}
}

void
sha1_end(struct sha1 *s, unsigned char out[SHA1_BYTES])
{
	static const unsigned char padding[SHA1_BLOCK] = {0x80};
	uint64_t bits = s->bytes * 8;
	size_t have = s->bytes % SHA1_BLOCK;
	unsigned char length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha1_add(s, padding, (have < 56 ? 56 : 56 + SHA1_BLOCK) - have);
	sha1_add(s, length, sizeof(length));
	for (int i = 0; i < SHA1_BYTES; i++)
		out[i] = (unsigned char)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}
