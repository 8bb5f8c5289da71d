/* git's index and SHA-1: sandbox/gitindex.h, sandbox/sha1.h. */
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/gitindex.h"

static struct queue made;

static void
number(uint32_t v, int bytes)
{
	while (bytes-- > 0) {
		unsigned char c = (unsigned char)(v >> (8 * bytes));

		queue_add(&made, &c, 1);
	}
}

static void
zeros(size_t n)
{
	while (n-- > 0)
		number(0, 1);
}

static void
begin(uint32_t version, uint32_t entries)
{
	queue_free(&made);
	queue_add(&made, "DIRC", 4);
	number(version, 4);
	number(entries, 4);
}

/* `strip` is for version 4. */
static void
entry(uint32_t version, const char *path, uint32_t mode, unsigned flags, int hash,
      unsigned strip)
{
	size_t start = queue_len(&made);

	zeros(24);
	number(mode, 4);
	zeros(12);
	for (int i = 0; i < hash; i++)
		number((uint32_t)i + 1, 1);
	number(flags, 2);
	if (flags & 0x4000)
		number(0x2000, 2);
	if (version == 4)
		number(strip, 1);
	queue_add(&made, path, strlen(path) + 1);
	while (version < 4 && (queue_len(&made) - start) % 8)
		zeros(1);
}

static enum gitindex
look(const char *path)
{
	unsigned char name[SHA1_BYTES] = {0};
	enum gitindex is = gitindex_find(queue_head(&made), queue_len(&made), path, name);

	assert_int_equal(name[0], is == GITINDEX_FOUND);
	return is;
}

static void
test_versions(void **state)
{
	(void)state;
	for (uint32_t v = 2; v <= 4; v++) {
		begin(v, 3);
		entry(v, ".env", 0100644, 0, 20, 0);
		entry(v, v == 4 ? ".x" : ".env.x", 0100755, v > 2 ? 0x4000 : 0, 20, 0);
		entry(v, v == 4 ? "dir" : "dir", 0120000, 0, 20, v == 4 ? 6 : 0);
		queue_add(&made, "TREE\0\0\0\2xx", 10);
		zeros(20);
		assert_int_equal(look(".env"), GITINDEX_FOUND);
		assert_int_equal(look(".env.x"), GITINDEX_FOUND);
		assert_int_equal(look("dir"), GITINDEX_UNSURE);
		assert_int_equal(look(".en"), GITINDEX_ABSENT);
		assert_int_equal(look("dir/x"), GITINDEX_ABSENT);
	}
}

static void
test_unsure(void **state)
{
	(void)state;
	begin(2, 2);
	entry(2, "twice", 0100644, 0, 20, 0);
	entry(2, "twice", 0100644, 0, 20, 0);
	zeros(20);
	{
		unsigned char name[SHA1_BYTES];

		assert_int_equal(
		    gitindex_find(queue_head(&made), queue_len(&made), "twice", name),
		    GITINDEX_UNSURE);
	}
	begin(2, 1);
	entry(2, "merged", 0100644, 0x2000, 20, 0);
	zeros(20);
	assert_int_equal(look("merged"), GITINDEX_UNSURE);
	begin(2, 0); /* split: the entries are elsewhere */
	queue_add(&made, "link\0\0\0\0", 8);
	zeros(20);
	assert_int_equal(look("x"), GITINDEX_UNSURE);
	begin(2, 1); /* names of SHA-256 */
	entry(2, ".env", 0100644, 0, 32, 0);
	zeros(32);
	assert_int_equal(look(".env"), GITINDEX_UNSURE);
	assert_int_equal(look("other"), GITINDEX_ABSENT);
	begin(5, 0);
	zeros(20);
	assert_int_equal(look("x"), GITINDEX_UNSURE);
}

/* Whatever is cut off, and whichever byte is another: never read beyond, never "absent" of what
 * is cut. */
static void
test_broken(void **state)
{
	unsigned char name[SHA1_BYTES];
	size_t n;

	(void)state;
	begin(4, 2);
	entry(4, ".env", 0100644, 0, 20, 0);
	entry(4, ".x", 0100644, 0, 20, 0);
	zeros(20);
	n = queue_len(&made);
	for (size_t i = 0; i < n; i++) {
		unsigned char *cut = malloc(i + 1);

		assert_non_null(cut);
		memcpy(cut, queue_head(&made), i);
		assert_int_equal(gitindex_find(cut, i, ".env", name), GITINDEX_UNSURE);
		memcpy(cut, queue_head(&made), i);
		free(cut);
		for (int bit = 0; bit < 8; bit++) {
			unsigned char *p = (unsigned char *)queue_head(&made) + i;

			*p ^= (unsigned char)(1 << bit);
			gitindex_find(queue_head(&made), n, ".env.x", name);
			*p ^= (unsigned char)(1 << bit);
		}
	}
}

static void
is_sha1(const char *text, size_t times, const char *want)
{
	unsigned char out[SHA1_BYTES];
	char hex[2 * SHA1_BYTES + 1];
	struct sha1 s;

	sha1_init(&s);
	for (size_t i = 0; i < times; i++)
		sha1_add(&s, text, strlen(text));
	sha1_end(&s, out);
	for (int i = 0; i < SHA1_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", out[i]);
	assert_string_equal(hex, want);
}

static void
test_sha1(void **state)
{
	(void)state;
	is_sha1("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	is_sha1("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	is_sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		"84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	is_sha1("aaaaaaaaaa", 100000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

static int
end(void **state)
{
	(void)state;
	queue_free(&made);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_unsure),
	    cmocka_unit_test(test_broken),
	    cmocka_unit_test(test_sha1),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, end);
}
