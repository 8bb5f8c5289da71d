/* The stream: the same rows wherever it is cut, work that stays linear, the live tail. */
#include "tests/unit/md_help.h"

#include "agent/base/fs.h"
#include "agent/ui/md_int.h"

#define WIDTH 48

/* Every construct, Japanese and English, CR LF and lone CR. */
static const char all[] =
    "# 見出し **強調** "
    "`code`\n\nSetext\n===\n\nこれは**「重要」**です。**注意：**この操作は\r\n"
    "二行目*斜体*と***両方***と~~取消~~です。  \n改行。A\nB 日本\n語\n\n"
    "- a\n- b\n  - c [x]\n    - d\n\n      para\n- [ ] todo\n- [x] done\n\n\n* other\n* "
    "list\n"
    "1. one\n1. two\n\n   ```sh\n   echo $$ **x**\n   ```\n3. three\n10) ten\n11) "
    "eleven\n\n"
    "> quote\nlazy\n> > deep\n> - item\n> ```\n> code\n> ```\n> | a | b |\n> |---|---|\n> "
    "| 1 | 2 |\n\n"
    "|項目|値|\n|:--|--:|\n|ｶﾞｷﾞ|12|\n|a `x\\|y`|~~1~~ "
    "https://example.com/pathです。|\n|x|y|z|\n\n"
    "text above\n| h |\n|---|\n| c |\n---\n\n"
    "```python\ndef f(x):\n\treturn x  # 注釈 👨‍👩‍👧‍👦 "
    "❤️\n\n\n```\nafter\n~~~\n``` "
    "no end\n~~~\n"
    "    indented\n    code\n\n[foo]: https://example.com/foo \"title\"\n[bar]:\n  /bar\n\n"
    "See [foo], [bar], [late] and [text](https://a.b/c \"t\") <https://auto.link/x>.\n\n"
    "[late]: https://late.example/\n\n![img [foo]](u.png) [^1] \\(a*b*c\\) $x_1$ $5 and "
    "$10\n\n"
    "[^1]: the note\n\n$$\n\\frac{a}{b} = *x*\n$$\n\n\\[ a "
    "\\]\n\n***\n<div>\n**html**\n</div>\n\n"
    "<details><summary>More</summary>\ninside<br>x\n</details>\n\nwww.example.com, a@b.co "
    "&amp; &#x1b;[31m\n"
    "\x80\xff bad \xe3\x81 utf8 \xe2\x81\x9f \xef\xb7\x90\n\n- x\n\n  y\n\n\n- z\rlone "
    "cr\r\r"
    "| frozen | 表 |\n|--|--|\n";

static char *
document(size_t *n)
{
	struct buf b = BUF_INIT(MIB);
	int i;

	buf_add(&b, all, sizeof(all) - 1);
	for (i = 0; i < 60; i++)
		buf_addf(&b, "| row %d %s | 値%d |\n", i, i > 52 ? "long long long" : "",
			 i);
	buf_adds(&b, "\n# End **unclosed\n```\nopen fence\n  x");
	*n = b.len;
	return buf_take(&b);
}

struct feed {
	struct shown s;
	struct md_opts o;
	struct md *m;
};

static void
feed_start(struct feed *f, int width)
{
	*f = (struct feed){.s = {.out = BUF_INIT(64 * MIB), .styles = true}};
	f->o = shown_opts(&f->s, width);
	f->m = md_new(&f->o);
}

static char *
feed_end(struct feed *f)
{
	md_finish(f->m);
	md_free(f->m);
	return buf_take(&f->s.out);
}

static char *
whole(const char *p, size_t n)
{
	struct feed f;

	feed_start(&f, WIDTH);
	md_feed(f.m, p, n);
	return feed_end(&f);
}

static char *
by_steps(const char *p, size_t n, size_t step)
{
	struct feed f;
	size_t i;

	feed_start(&f, WIDTH);
	for (i = 0; i < n; i += step)
		md_feed(f.m, p + i, MIN_OF(step, n - i));
	return feed_end(&f);
}

static void
every_split_point(void **state UNUSED)
{
	size_t n, i;
	AUTO_FREE char *doc = document(&n);
	AUTO_FREE char *want = whole(doc, n);

	for (i = 0; i <= n; i++) {
		struct feed f;
		AUTO_FREE char *got = NULL;

		feed_start(&f, WIDTH);
		md_feed(f.m, doc, i);
		md_feed(f.m, doc + i, n - i);
		got = feed_end(&f);
		if (strcmp(got, want) != 0)
			fail_msg("split at %zu", i);
	}
}

static void
every_step(void **state UNUSED)
{
	size_t n, step;
	AUTO_FREE char *doc = document(&n);
	AUTO_FREE char *want = whole(doc, n);

	for (step = 1; step < 40; step++) {
		AUTO_FREE char *got = by_steps(doc, n, step);

		assert_string_equal(got, want);
	}
}

static unsigned
next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

static void
random_partitions(void **state UNUSED)
{
	size_t n, i, k;
	AUTO_FREE char *doc = document(&n);
	AUTO_FREE char *want = whole(doc, n);
	unsigned seed = 42;
	int round;

	for (round = 0; round < 200; round++) {
		struct feed f;
		AUTO_FREE char *got = NULL;

		feed_start(&f, WIDTH);
		for (i = 0; i < n; i += k) {
			k = 1 + next_random(&seed) % (round % 2 ? 300 : 17);
			k = MIN_OF(k, n - i);
			md_feed(f.m, doc + i, k);
		}
		got = feed_end(&f);
		assert_string_equal(got, want);
	}
}

static void
no_tail(const struct row *rows UNUSED, size_t n UNUSED, void *arg)
{
	++*(int *)(void *)((char *)arg + sizeof(struct shown));
}

/* Drawing the tail must not change what is committed. */
static void
tail_changes_nothing(void **state UNUSED)
{
	size_t n, i;
	AUTO_FREE char *doc = document(&n);
	AUTO_FREE char *want = whole(doc, n);
	AUTO_FREE char *got = NULL;
	struct {
		struct shown s;
		int drawn;
	} both = {.s = {.out = BUF_INIT(64 * MIB), .styles = true}};
	struct md_opts o = shown_opts(&both.s, WIDTH);
	struct md *m;

	o.tail = no_tail;
	m = md_new(&o);
	for (i = 0; i < n; i++) {
		md_feed(m, doc + i, 1);
		md_refresh(m);
	}
	md_finish(m);
	md_free(m);
	got = buf_take(&both.s.out);
	assert_string_equal(got, want);
	assert_true(both.drawn > 1000);
}

/* Bytes given to the parser for a document made of n pieces. */
static size_t
cost(const char *head, const char *piece, size_t n)
{
	struct buf b = BUF_INIT(64 * MIB);
	AUTO_FREE char *out = NULL;
	size_t i;

	buf_adds(&b, head);
	for (i = 0; i < n; i++)
		buf_adds(&b, piece);
	md_parsed_bytes = 0;
	out = by_steps(b.data, b.len, 64);
	buf_release(&b);
	return md_parsed_bytes;
}

static void
work_is_linear(void **state UNUSED)
{
	static const struct {
		const char *head, *piece;
	} rows[] = {
	    {"```\n", "some line of code\n"},
	    {"|a|b|\n|-|-|\n", "| cell | cell |\n"},
	    {"", "- item of a list\n"},
	    {"", "a paragraph that goes on and on\n"},
	    {"", "> quoted line\n"},
	    {"", "Paragraph\n\n"},
	    {"", "word **x** [a] \\(x\\) "},
	    {"- x\n", "  nested paragraph\n\n"},
	    {"", "[foo]: /url\n"},
	    {"", ">"},
	    {"", "* "},
	};
	size_t i, one, two;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		one = cost(rows[i].head, rows[i].piece, 2000);
		two = cost(rows[i].head, rows[i].piece, 4000);
		if (two > one * 24 / 10 + 4096)
			fail_msg("case %zu: %zu, then %zu", i, one, two);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_step),	    cmocka_unit_test(random_partitions),
	    cmocka_unit_test(tail_changes_nothing), cmocka_unit_test(work_is_linear),
	    cmocka_unit_test(every_split_point),
	};
	return cmocka_run_group_tests_name("mdstream", tests, NULL, NULL);
}
