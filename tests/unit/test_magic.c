/* What bytes are: tools/magic.c. */
#include "tests/unit/cm.h"

#include <string.h>

#include "agent/base/mem.h"
#include "tools/magic.h"

static void
says(const void *p, size_t n, const char *words)
{
	unsigned char bytes[512] = {0};
	AUTO_FREE char *got = NULL;
	struct magic m;

	memcpy(bytes, p, n);
	assert_true(magic_known(bytes, n, &m));
	got = magic_words(&m);
	assert_string_equal(got, words);
	assert_true(magic_binary(bytes, sizeof(bytes), &m));
}

static void
known_formats(void **state)
{
	(void)state;
	says("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\x80\0\0\1\xe0", 24, "PNG image 640x480");
	says("\x89PNG\r\n\x1a\n", 8, "PNG image");
	says("GIF89a\x20\0\x10\0", 10, "GIF image 32x16");
	says("\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x11\x08\0\x10\0\x20\3", 18,
	     "JPEG image 32x16");
	says("\xff\xd8\xff\xe0\0\0\xff\xff\xff", 9, "JPEG image");
	says("%PDF-1.7", 8, "PDF document");
	says("PK\3\4", 4, "ZIP archive");
	says("\x1f\x8b\x08", 3, "gzip data");
	says("\x7f"
	     "ELF",
	     4, "ELF program");
}

static bool
binary(const void *p, size_t n, size_t times)
{
	char bytes[4096];
	size_t at = 0;
	struct magic m;

	for (size_t i = 0; i < times && at + n <= sizeof(bytes); i++, at += n)
		memcpy(bytes + at, p, n);
	return magic_binary(bytes, at, &m);
}

static void
text_is_text(void **state)
{
	(void)state;
	assert_false(binary("hello, world\n", 13, 100));
	assert_false(binary("日本語の出力\n", 19, 100));
	assert_false(binary("\x93\xfa\x96\x7b\x8c\xea\n", 7, 100)); /* Shift JIS */
	assert_false(binary("\xc6\xfc\xcb\xdc\xb8\xec\n", 7, 100)); /* EUC-JP */
	assert_false(binary("\x1b$BF|K\\\x1b(B\n", 11, 100));	    /* ISO-2022-JP */
	assert_false(binary("\x1b[31mred\x1b[0m 12%\r", 18, 100));
	assert_false(binary("./some/name\0", 12, 100)); /* find -print0 */
	assert_false(binary("\0\1\2", 3, 3));		/* too short to tell */
}

static void
data_is_data(void **state)
{
	(void)state;
	assert_true(binary("\0", 1, 4000));
	assert_true(binary("h\0i\0", 4, 100));
	assert_true(binary("\x01\x9f\x33\x80\x41\xc4\x02\xfe\x11\x77", 10, 100));
}

static size_t
front_of(const char *text, const void *data, size_t n, const char *what)
{
	char bytes[4096];
	size_t len = strlen(text), front = 4711;
	struct magic m;

	memcpy(bytes, text, len);
	memcpy(bytes + len, data, n);
	assert_true(magic_behind(bytes, len + n, &front, &m));
	assert_string_equal(m.what, what);
	return front;
}

static void
behind_text(void **state)
{
	unsigned char data[1024];
	size_t front;
	struct magic m;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 37 % 251);
	assert_int_equal(front_of("", data, sizeof(data), "data"), 0);
	assert_int_equal(front_of("日本語\n", data, sizeof(data), "data"), 10);
	assert_int_equal(front_of("ab", data, sizeof(data), "data"), 0);
	assert_int_equal(front_of("\n", data, sizeof(data), "data"), 0);
	memcpy(data, "\x1f\x8b\x08", 3);
	assert_int_equal(front_of("one\ntwo\n", data, sizeof(data), "gzip data"), 8);
	assert_false(magic_behind("one\ntwo\n", 8, &front, &m));
	assert_false(magic_behind("one\n\x93\xfa\x96\x7b\x8c\xea\n", 11, &front, &m));
}

static void
sizes(void **state)
{
	static const struct {
		size_t n;
		const char *text;
	} rows[] = {{0, "0 bytes"},	{999, "999 bytes"},  {4200, "4.2 KB"},
		    {999999, "1.0 MB"}, {1500000, "1.5 MB"}, {3000000000, "3.0 GB"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *got = magic_size(rows[i].n);

		assert_string_equal(got, rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_formats), cmocka_unit_test(text_is_text),
	    cmocka_unit_test(data_is_data),  cmocka_unit_test(behind_text),
	    cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests_name("magic", tests, NULL, NULL);
}
