/* Rows, styles and the character gate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "agent/ui/gate_text.h"
#include "agent/ui/row.h"

static void
spans_merge(void **state UNUSED)
{
	struct row r;

	row_init(&r);
	row_adds(&r, STYLE_PLAIN, "a");
	row_adds(&r, STYLE_PLAIN, "b");
	row_adds(&r, STYLE_CODE, "c");
	row_addf(&r, STYLE_CODE, "%d", 12);
	row_adds(&r, STYLE_PLAIN, "");
	assert_int_equal(r.n, 2);
	assert_int_equal(r.spans[0].len, 2);
	assert_memory_equal(r.text.data + r.spans[1].off, "c12", 3);
	row_reset(&r);
	assert_int_equal(r.n, 0);
	row_release(&r);
}

static void
links_are_kept(void **state UNUSED)
{
	struct row r;
	const struct span *s;

	row_init(&r);
	row_add_link(&r, style_of(STYLE_LINK), "ab", 2, "http://x", 8);
	row_add_link(&r, style_of(STYLE_CODE), "cd", 2, "http://x", 8);
	row_adds(&r, STYLE_PLAIN, "ef");
	assert_int_equal(r.n, 3);
	s = &r.spans[1];
	assert_memory_equal(r.text.data + s->off, "cd", 2);
	assert_memory_equal(r.text.data + s->link, "http://x", 8);
	assert_int_equal(r.spans[0].link, s->link);
	assert_int_equal(r.spans[2].link_len, 0);
	assert_memory_equal(r.text.data + r.spans[2].off, "ef", 2);
	row_release(&r);
}

static void
styles_differ_without_colour(void **state UNUSED)
{
	assert_true(style_of(STYLE_H1).attrs & ATTR_BOLD);
	assert_true(style_of(STYLE_ERROR).attrs & ATTR_BOLD);
	assert_true(style_of(STYLE_ESCAPED).attrs & ATTR_REVERSE);
	assert_int_equal(style_with(style_of(STYLE_CODE), ATTR_BOLD).attrs, ATTR_BOLD);
}

static void
check_gate(const char *in, const char *want, size_t counted)
{
	struct buf b = BUF_INIT(MIB), again = BUF_INIT(MIB);
	struct gate_count c = {0};

	gate_text_buf(&b, in, strlen(in), &c);
	if (strcmp(buf_str(&b), want) != 0 || c.total != counted)
		fail_msg("'%s' gives '%s' (%zu), not '%s'", in, buf_str(&b), c.total, want);
	gate_text_buf(&again, b.data, b.len, NULL);
	assert_string_equal(buf_str(&again), want);
	buf_release(&b);
	buf_release(&again);
}

static void
gate_classes(void **state UNUSED)
{
	check_gate("plain 漢字 text\ttab", "plain 漢字 text\ttab", 0);
	check_gate("\x1b[0m\x07\x7f", "␛[0m␇␡", 3);
	check_gate("\xc2\x9b"
		   "31m\xc2\x85",
		   "<9B>31m<85>", 2);
	check_gate("\xe2\x80\xa8\xe2\x80\xa9", "<2028><2029>", 2);
	check_gate("a\xe2\x80\xae"
		   "b\xd8\x9c\xe2\x81\xa6",
		   "ab", 3);
	check_gate("a\xc2\xad\xe2\x80\x8b\xef\xbb\xbf\xe2\x81\xa0z", "az", 4);
	check_gate("\xf3\xa0\x81\x81\xf3\xa0\x81\x82", "", 2);
	check_gate("👨‍👩‍👧‍👦❤️1️⃣",
		   "👨‍👩‍👧‍👦❤️1️⃣", 0);
	check_gate("a\xe2\x80\x8d"
		   "b\xef\xb8\x8f",
		   "ab", 2);
	check_gate("葛\xf3\xa0\x84\x80 a\xf3\xa0\x84\x80", "葛\xf3\xa0\x84\x80 a", 1);
	check_gate("می\xe2\x80\x8cخواهم", "می\xe2\x80\x8cخواهم", 0);
	check_gate("か\xe3\x82\x99", "か\xe3\x82\x99", 0);
	check_gate("\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd(", 0);
	check_gate("❤\x1b\xef\xb8\x8f", "❤␛", 2);
	check_gate(
	    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
	    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81", 1);
}

static void
gate_links(void **state UNUSED)
{
	struct buf b = BUF_INIT(8 * KIB);
	char big[3000];

	assert_true(gate_url(&b, "HTTPS://e.com/a b\x1b\"漢", 22));
	assert_string_equal(buf_str(&b), "HTTPS://e.com/a%20b%1B\"%E6%BC%A2");
	buf_reset(&b);
	assert_false(gate_url(&b, "javascript:x", 12));
	assert_false(gate_url(&b, "file:///x", 9));
	memset(big, 'x', sizeof(big));
	memcpy(big, "http://", 7);
	assert_true(gate_url(&b, big, GATE_URL_MAX));
	buf_reset(&b);
	assert_false(gate_url(&b, big, GATE_URL_MAX + 1));
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spans_merge),
	    cmocka_unit_test(links_are_kept),
	    cmocka_unit_test(styles_differ_without_colour),
	    cmocka_unit_test(gate_classes),
	    cmocka_unit_test(gate_links),
	};
	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
