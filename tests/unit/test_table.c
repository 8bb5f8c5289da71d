/* Tables: recognised as GFM does, laid out in every width, nothing lost. */
#include "tests/unit/md_help.h"

#include "agent/ui/md_int.h"

static void
check(const char *md, int width, const char *want)
{
	AUTO_FREE char *got = show_text(md, strlen(md), width + 1);

	if (strcmp(got, want) != 0)
		fail_msg("of:\n%s\ngot:\n%s\nwant:\n%s", md, got, want);
}

static void
grids(void **state UNUSED)
{
	check("|項目|値|\n|:--|--:|\n|ｶﾞｷﾞ|12|", 40, "項目 │ 値\n─────┼───\nｶﾞｷﾞ │ 12\n");
	check("a | b | c\n:-: | --- | --:\nlong | x | 1", 40,
	      " a   │ b │ c\n─────┼───┼──\nlong │ x │ 1\n");
	check("| a |\n|---|", 40, "a\n─\n");
	check("| `x\\|y` | **b** |\n|-|-|\n| [l](https://e.c) | ~~s~~ |", 40,
	      "x|y             │ b\n────────────────┼──\nl (https://e.c) │ s\n");
}

static void
short_and_long_rows(void **state UNUSED)
{
	check("|a|b|\n|-|-|\n|1|\n|1|2|3|4|", 40, "a │ b\n──┼──────\n1 │\n1 │ 2|3|4\n");
}

static void
where_tables_start(void **state UNUSED)
{
	check("text\n| a |\n|---|\n| 1 |", 40, "text\n\na\n─\n1\n");
	check("| a | b |\n|---|\n| 1 |", 40, "| a | b | |---| | 1 |\n");
	check("a\n-", 40, "## a\n");
	check("| a |\n|---|\n| b |\n---", 40,
	      "a\n─\nb\n────────────────────────────────────────\n");
	check("> | a |\n> |---|\n> | 1 |", 40, "│ a\n│ ─\n│ 1\n");
	check("- | a |\n  |---|\n  | 1 |", 40, "• a\n  ─\n  1\n");
}

static void
narrow(void **state UNUSED)
{
	check("|名前|説明|\n|-|-|\n|砂場|とても長い説明なので折り返されます|", 24,
	      "名前 │ 説明\n─────┼──────────────────\n砂場 │ とても長い説明な\n     │ "
	      "ので折り返されま\n"
	      "     │ す\n");
}

static void
records(void **state UNUSED)
{
	check(
	    "|alpha|beta|gamma|delta|\n|-|-|-|-|\n|aaaaaa|bbbbbb|cccccc|dddddd|\n|1|2|3|4|",
	    20,
	    "alpha: aaaaaa\nbeta: bbbbbb\ngamma: cccccc\ndelta: dddddd\n──\nalpha: "
	    "1\nbeta: 2\n"
	    "gamma: 3\ndelta: 4\n");
	check("|alphabet|betabeta|gamma|\n|-|-|-|", 20, "alphabet\nbetabeta\ngamma\n");
}

static size_t
count(const char *text, const char *part)
{
	size_t n = 0;

	while ((text = strstr(text, part)) != NULL) {
		n++;
		text++;
	}
	return n;
}

static void
many_rows(void **state UNUSED)
{
	struct buf b = BUF_INIT(MIB);
	AUTO_FREE char *got = NULL;
	int i;

	buf_adds(&b, "| n | text |\n|--|--|\n");
	for (i = 0; i < 300; i++)
		buf_addf(&b, "| r%03d | %s |\n", i,
			 i < 50 ? "shorter" : "a much longer cell than before");
	buf_adds(&b, "# after\n");
	got = show_text(b.data, b.len, 60);
	assert_int_equal(count(got, "longer"), 250);
	assert_int_equal(count(got, "r299"), 1);
	assert_int_equal(count(got, "┼"), 1);
	assert_non_null(strstr(got, "\n\nafter\n"));
	buf_release(&b);
}

static void
hostile(void **state UNUSED)
{
	struct buf b = BUF_INIT(MIB);
	AUTO_FREE char *got = NULL;
	int i;

	for (i = 0; i < 3; i++) {
		int k;

		for (k = 0; k < 65; k++)
			buf_adds(&b, i == 1 ? "|-" : "|x");
		buf_adds(&b, "|\n");
	}
	got = show_text(b.data, b.len, 60);
	assert_null(strstr(got, "┼")); /* over 64 columns: as it was written */
	assert_int_equal(count(got, "x"), 130);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grids),
	    cmocka_unit_test(short_and_long_rows),
	    cmocka_unit_test(where_tables_start),
	    cmocka_unit_test(narrow),
	    cmocka_unit_test(records),
	    cmocka_unit_test(many_rows),
	    cmocka_unit_test(hostile),
	};
	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
