/* Columns, clusters and break opportunities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "agent/ui/width.h"

static int
width(const char *s)
{
	return width_of(s, strlen(s));
}

static void
widths_of_clusters(void **state UNUSED)
{
	static const struct {
		const char *text;
		int cols;
	} rows[] = {
	    {"", 0},
	    {"abc", 3},
	    {"漢字", 4},
	    {"か\xe3\x82\x99", 2},
	    {"ｶﾞ", 2},
	    {"①→…─█", 5},
	    {"👋🏽", 2},
	    {"👨‍👩‍👧‍👦", 2},
	    {"❤️", 2},
	    {"1️⃣", 2},
	    {"🇯🇵🇯🇵", 4},
	    {"🫨", 2},
	    {"🪿", 2},
	    {"e\xcc\x81", 1},
	    {"葛\xf3\xa0\x84\x80", 2},
	    {"한국", 4},
	    {"。、「」", 8},
	    {"～ー", 4},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (width(rows[i].text) != rows[i].cols)
			fail_msg("'%s': %d, not %d", rows[i].text, width(rows[i].text),
				 rows[i].cols);
	}
}

static void
ambiguous_is_configured(void **state UNUSED)
{
	width_conf.ambiguous = 2;
	assert_int_equal(width("①"), 2);
	width_conf.ambiguous = 1;
	width_conf.vs16 = 1;
	assert_int_equal(width("❤️"), 1);
	width_conf.vs16 = 2;
	width_conf.clusters = false;
	assert_int_equal(width("👋🏽"), 4);
	width_conf.clusters = true;
}

static void
fit_keeps_clusters(void **state UNUSED)
{
	const char *s = "a👨‍👩‍👧‍👦b";
	int used;

	assert_int_equal(width_fit(s, strlen(s), 2, &used), 1);
	assert_int_equal(used, 1);
	assert_int_equal(width_fit(s, strlen(s), 3, &used), strlen(s) - 1);
	assert_int_equal(used, 3);
	assert_int_equal(width_fit("漢字", 6, 3, &used), 3);
}

static void
check_breaks(const char *s, const char *want)
{
	char got[128];
	size_t n = strlen(s), i;

	width_breaks(s, n, got);
	for (i = 0; i < n; i++)
		got[i] = (char)('0' + got[i]);
	got[n] = 0;
	assert_string_equal(got, want);
}

static void
breaks_at_borders(void **state UNUSED)
{
	check_breaks("ab cd", "00010");
	check_breaks("a\nb", "002");
	check_breaks("漢字。", "000100000");
	check_breaks("x http://a.b/c-d/e y", "00100000000000000001");
}

static void
a_long_cluster_ends(void **state UNUSED)
{
	char s[2001];
	size_t i;
	int cols;

	s[0] = 'a';
	for (i = 1; i + 1 < sizeof(s); i += 2)
		memcpy(s + i, "\xcc\x81", 2);
	assert_in_range(width_cluster(s, 2001, &cols), 400, 512);
	assert_int_equal(width_of(s, 2001), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(widths_of_clusters),
	    cmocka_unit_test(ambiguous_is_configured),
	    cmocka_unit_test(fit_keeps_clusters),
	    cmocka_unit_test(breaks_at_borders),
	    cmocka_unit_test(a_long_cluster_ends),
	};
	return cmocka_run_group_tests_name("width", tests, NULL, NULL);
}
