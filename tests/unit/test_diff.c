/* The difference of two texts: hunks as diff -u has them, bounds, any bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "tools/diff.h"

static void
add_line(enum diff_kind kind, const char *p, size_t n, void *arg)
{
	static const char *const sign[] = {[DIFF_HUNK] = "",
					   [DIFF_SAME] = " ",
					   [DIFF_DEL] = "-",
					   [DIFF_ADD] = "+",
					   [DIFF_NOEOL] = "\\"};
	struct buf *out = arg;

	buf_adds(out, sign[kind]);
	buf_add(out, p, n);
	buf_addc(out, '\n');
}

static void
check(const char *a, const char *b, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT(MIB);

	diff_text(a, strlen(a), b, strlen(b), add_line, &out);
	assert_string_equal(buf_str(&out), want);
}

static void
test_small(void **state)
{
	(void)state;
	check("", "", "");
	check("a\n", "a\n", "");
	check("", "a\n", "@@ -0,0 +1,1 @@\n+a\n");
	check("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
	check("a\nb\nc\n", "a\nX\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+X\n c\n");
	check("a\nb\nc\n", "a\nc\n", "@@ -1,3 +1,2 @@\n a\n-b\n c\n");
	check("a\nc\n", "a\nb\nc\n", "@@ -1,2 +1,3 @@\n a\n+b\n c\n");
	check("\xE6\x97\xA5\n", "\xE6\x97\xA5\xE6\x9C\xAC\n",
	      "@@ -1,1 +1,1 @@\n-\xE6\x97\xA5\n+\xE6\x97\xA5\xE6\x9C\xAC\n");
}

static void
test_no_newline(void **state)
{
	(void)state;
	check("a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\\n+a\n");
	check("a\nb", "x\nb", "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\\n");
}

static void
test_hunks(void **state)
{
	(void)state;
	/* Six lines between two changes make one hunk, seven make two. */
	check("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
	      "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
	check("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
	      "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
	      "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

static void
test_binary(void **state)
{
	(void)state;
	assert_true(diff_is_binary("a\0b", 3));
	assert_false(diff_is_binary("a\xFF"
				    "b",
				    3));
	assert_false(diff_is_binary(NULL, 0));
}

/* Too far apart: one block of old lines, one of new ones, and soon. */
static void
test_far_apart(void **state)
{
	AUTO_BUF struct buf a = BUF_INIT(DIFF_BYTES_MAX), b = BUF_INIT(DIFF_BYTES_MAX);
	struct diff_count n;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		buf_addf(&a, "old %d\n", i);
		buf_addf(&b, "new %d\n", i);
	}
	n = diff_text(a.data, a.len, b.data, b.len, NULL, NULL);
	assert_int_equal(n.deleted, 20000);
	assert_int_equal(n.added, 20000);
}

/* Edits at the bound and one past it. */
static void
test_bound(void **state)
{
	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		AUTO_BUF struct buf a = BUF_INIT(DIFF_BYTES_MAX),
				    b = BUF_INIT(DIFF_BYTES_MAX);
		struct diff_count n;

		buf_adds(&a, "first\n");
		buf_adds(&b, "other\n");
		for (int i = 0; i < DIFF_EDITS_MAX - 4 + extra; i++) {
			buf_addf(&a, "same %d\n", i);
			buf_addf(&b, "same %d\nadded %d\n", i, i);
		}
		buf_adds(&a, "last\n");
		buf_adds(&b, "end\n");
		n = diff_text(a.data, a.len, b.data, b.len, NULL, NULL);
		if (extra == 0)
			assert_int_equal(n.deleted, 2);
		else
			assert_int_equal(n.deleted, DIFF_EDITS_MAX - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_small),     cmocka_unit_test(test_no_newline),
	    cmocka_unit_test(test_hunks),     cmocka_unit_test(test_binary),
	    cmocka_unit_test(test_far_apart), cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
