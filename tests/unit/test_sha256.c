/* SHA-256 against the vectors of NIST's FIPS 180-4 examples, and every split of an input. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/mem.h"
#include "agent/base/sha256.h"

static void
expect(const void *p, size_t n, const char *want)
{
	unsigned char digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];

	sha256(p, n, digest);
	sha256_hex(digest, hex);
	assert_string_equal(hex, want);
}

static void
test_vectors(void **state)
{
	static const char two_blocks[] =
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	(void)state;
	expect("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect("abc", 3,
	       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect(two_blocks, strlen(two_blocks),
	       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void
test_million(void **state)
{
	AUTO_FREE char *a = mem_alloc(1000000);

	(void)state;
	memset(a, 'a', 1000000);
	expect(a, 1000000,
	       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void
test_splits(void **state)
{
	unsigned char data[200], whole[SHA256_SIZE], parts[SHA256_SIZE];
	struct sha256 s;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	for (size_t n = 0; n <= sizeof(data); n += 5) {
		sha256(data, n, whole);
		for (size_t cut = 0; cut <= n; cut++) {
			sha256_init(&s);
			sha256_feed(&s, data, cut);
			sha256_feed(&s, data + cut, n - cut);
			sha256_end(&s, parts);
			assert_memory_equal(whole, parts, SHA256_SIZE);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_million),
	    cmocka_unit_test(test_splits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
