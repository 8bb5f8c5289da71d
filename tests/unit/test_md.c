/* Rules of the rendering, one by one, at a width of 40 unless said. */
#include "tests/unit/md_help.h"

#include "agent/ui/md_int.h"

static void
check(const char *md, const char *want)
{
	AUTO_FREE char *got = show_text(md, strlen(md), 41);

	if (strcmp(got, want) != 0)
		fail_msg("of:\n%s\ngot:\n%s\nwant:\n%s", md, got, want);
}

static void
headings(void **state UNUSED)
{
	check("# 見出し\ntext", "見出し\n\ntext\n");
	check("## 見出し", "## 見出し\n");
	check("Title\n===\nSub\n---", "Title\n\n## Sub\n");
	check("Sub\n---\n\ntext", "## Sub\n\ntext\n");
	check("Sub\n---\n[a]: /b\n\ntext", "## Sub\n\n[a]: /b\n\ntext\n");
	check("###### six *it* `c`", "###### six it c\n");
}

static void
paragraphs(void **state UNUSED)
{
	check("A\nB", "A B\n");
	check("日本\n語", "日本語\n");
	check("日本\nABC", "日本 ABC\n");
	check("한국\n어", "한국 어\n");
	check("a  \nb\\\nc<br>d<br/>e", "a\nb\nc\nd\ne\n");
	check("one\n\n\n\ntwo", "one\n\ntwo\n");
	check("日本語の長い段落は端末の幅で折り返されます。句読点は行頭に来ません。",
	      "日本語の長い段落は端末の幅で折り返されま\nす。句読点は行頭に来ません。\n");
	check("&amp; &lt;b&gt; &#12354; &copy;", "& <b> あ ©\n");
}

/* What models write around Japanese punctuation. */
static void
japanese_emphasis(void **state UNUSED)
{
	check("これは**「重要」**です", "これは「重要」です\n");
	check("**注意：**この操作", "注意：この操作\n");
	check("**重要**「引用」", "重要「引用」\n");
	check("「あ」**強調**です", "「あ」強調です\n");
	check("は**`code`**を使う", "はcodeを使う\n");
	check("**（例）**と**（次）**は", "（例）と（次）は\n");
	check("値は*「斜体」*です", "値は「斜体」です\n");
	check("`**「x」**です` **「y」**です", "**「x」**です 「y」です\n");
	check("2 * 3 * 4 と **閉じない", "2 * 3 * 4 と **閉じない\n");
	check("***「両方」***です", "「両方」です\n");
}

static void
inlines(void **state UNUSED)
{
	check("~~消~~ a ~~b *c*~~ ~d~ x~~", "消 a b c ~d~ x~~\n");
	check("`` a`b `` \\*no\\*", "a`b *no*\n");
	check("<b>x</b> <kbd>y</kbd> <div> <!-- c -->", "x y <div> <!-- c -->\n");
	check("\\(a*b*c\\) $x_1*2*$ $5 and $10", "\\(a*b*c\\) $x_1*2*$ $5 and $10\n");
	check("see [^1]\n\n[^1]: note", "see [1]\n\n[1]: note\n");
	check("$$\n*a*\n\\frac\n$$", "$$\n*a*\n\\frac\n$$\n");
}

static void
lists(void **state UNUSED)
{
	check("- a\n- b", "• a\n• b\n");
	check("- a\n\n- b\n- c", "• a\n\n• b\n• c\n");
	check("- a\n  - b\n    - c\n      - d", "• a\n  ◦ b\n    ▪ c\n      • d\n");
	check("9. a\n9. b", "9. a\n10. b\n");
	check("3) a\n\n   para", "3) a\n\n   para\n");
	check("- [ ] t\n- [x] d\n- [y] n", "☐ t\n☑ d\n• [y] n\n");
	check("text\n- a\n\ntext", "text\n• a\n\ntext\n");
	check("- long words that have to be wrapped at the end\n",
	      "• long words that have to be wrapped at\n  the end\n");
	check("-\n- x", "•\n• x\n");
}

static void
quotes_and_rules(void **state UNUSED)
{
	check("> a\n> b\n>\n> - c", "│ a b\n│\n│ • c\n");
	check("> > x\nlazy", "│ │ x lazy\n");
	check("a\n\n***\n\nb", "a\n\n────────────────────────────────────────\n\nb\n");
	check("> ```\n> x\n> ```", "│ ────\n│   x\n");
}

static void
code(void **state UNUSED)
{
	check("```python\nx = 1\n\n\ty\n```", "─ python ──\n  x = 1\n\n      y\n");
	check("```\nopen", "────\n  open\n");
	check("    indented\n      more", "  indented\n    more\n");
	check("```aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b\n```", "─ aaaaaaaaaaaaaaaaaaaa ──\n");
	check("~~~sh title\n$x **y** \\(z\\)\n~~~", "─ sh ──\n  $x **y** \\(z\\)\n");
}

static void
links(void **state UNUSED)
{
	check("[a](https://b.c)", "a (https://b.c)\n");
	check("<https://b.c>", "https://b.c\n");
	check("[https://b.c](https://b.c)", "https://b.c\n");
	check("[good.com](https://evil.com/)",
	      "good.com ⚠→ evil.com (https://evil.com/)\n");
	check("[x](javascript:alert(1))", "x (javascript:alert(1))\n");
	check("[x](https://例え.jp/)", "x [xn--r8jz45g.jp] (https://例え.jp/)\n");
	check("![alt *x*](http://t/p.png)", "[image: alt x] (http://t/p.png)\n");
	check("[foo]\n\n[foo]: /late", "[foo]\n\n[foo]: /late\n");
	check("[foo]: https://e.com\n\n[foo]",
	      "[foo]: https://e.com\n\nfoo (https://e.com)\n");
}

static void
check_auto(const char *text, const char *link, const char *scheme)
{
	struct md_auto a;

	if (!link) {
		assert_false(md_autolink(text, strlen(text), 0, &a));
		return;
	}
	if (!md_autolink(text, strlen(text), 0, &a) || a.to - a.from != strlen(link) ||
	    memcmp(text + a.from, link, a.to - a.from) != 0)
		fail_msg("'%s': not '%s'", text, link);
	assert_string_equal(a.scheme, scheme);
}

static void
autolinks(void **state UNUSED)
{
	check_auto("見て https://example.com/pathです。", "https://example.com/path", "");
	check_auto("（https://example.com/a）。", "https://example.com/a", "");
	check_auto("https://e.com/a。次", "https://e.com/a", "");
	check_auto("https://e.com/(a).", "https://e.com/(a)", "");
	check_auto("(see https://e.com/a)", "https://e.com/a", "");
	check_auto("https://e.com/?q=1&amp;", "https://e.com/?q=1", "");
	check_auto("www.e.com/x!", "www.e.com/x", "http://");
	check_auto("mail a.b+c@d.co.jp.", "a.b+c@d.co.jp", "mailto:");
	check_auto("xhttps://e.com", NULL, "");
	check_auto("https://localhost", NULL, "");
	check_auto("a@b a@b_ www.", NULL, "");
}

static void
control_characters(void **state UNUSED)
{
	check("a\x1b[31mb",
	      "a␛[31mb\n⚠ 1 invisible/control character removed\n(U+001B×1)\n");
	check("x&#x9b;y", "x<9B>y\n⚠ 1 invisible/control character removed\n(U+009B×1)\n");
	check("a\xe2\x80\xae"
	      "b\xe2\x80\x8b\xe2\x80\x8b",
	      "ab\n⚠ 3 invisible/control characters removed\n(U+202E×1, U+200B×2)\n");
	check("👨‍👩‍👧‍👦 ❤️ 葛\xf3\xa0\x84\x80",
	      "👨‍👩‍👧‍👦 ❤️ 葛\xf3\xa0\x84\x80\n");
}

static void
deep_nesting(void **state UNUSED)
{
	struct buf b = BUF_INIT(MIB);
	AUTO_FREE char *got = NULL;
	int i;

	for (i = 0; i < 5000; i++)
		buf_addc(&b, '>');
	buf_adds(&b, " deep");
	got = show_text(b.data, b.len, 40);
	assert_non_null(strstr(got, "deep"));
	buf_release(&b);
}

/* Lines never start with what must not stand there, nor end with an opening bracket. */
static void
kinsoku(void **state UNUSED)
{
	static const char *const parts[] = {"日本", "語", "。", "、", "「", "」",
					    "カー", "ッ", "ゃ", "（", "）", "です",
					    "ABC ", "！", "？", "・"};
	static const char *const no_start[] = {"。", "、", "」", "）", "ー",
					       "！", "？", "ゃ", "ッ"};
	static const int widths[] = {20, 33, 60};
	unsigned seed = 7;
	size_t w, k, i;

	for (w = 0; w < ARRAY_LEN(widths) * 40; w++) {
		struct buf b = BUF_INIT(MIB);
		AUTO_FREE char *got = NULL;
		char *line, *save;

		for (k = 0; k < 600; k++) {
			seed = seed * 1103515245u + 12345u;
			buf_adds(&b,
				 k % 2 ? parts[(seed >> 16) % ARRAY_LEN(parts)] : "漢字");
		}
		buf_adds(&b, "漢字");
		got = show_text(b.data, b.len, widths[w % ARRAY_LEN(widths)]);
		for (save = got; (line = strsep(&save, "\n")) != NULL;) {
			for (i = 0; i < ARRAY_LEN(no_start); i++) {
				if (strncmp(line, no_start[i], strlen(no_start[i])) == 0)
					fail_msg("'%s'", line);
			}
			k = strlen(line);
			if (k >= 3 && strcmp(line + k - 3, "「") == 0)
				fail_msg("'%s'", line);
		}
		buf_release(&b);
	}
}

static void
without_attributes(void **state UNUSED)
{
	struct shown s = {.out = BUF_INIT(MIB)};
	struct md_opts o = shown_opts(&s, 41);
	struct md *m;
	const char *text = "# T\n\n*i* **b** ***x*** ~~s~~ `c`\n\n- a\n  - [x] b\n\n> "
			   "q\n\n|a|b|\n|-|-|\n|1|2|";

	o.attrs = o.color = o.unicode = false;
	m = md_new(&o);
	md_feed(m, text, strlen(text));
	md_finish(m);
	md_free(m);
	assert_string_equal(buf_str(&s.out),
			    "# T\n\n*i* **b** ***x*** ~~s~~ `c`\n\n- a\n  [x] b\n\n| q\n\n"
			    "a | b\n--+--\n1 | 2\n");
	buf_release(&s.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headings),
	    cmocka_unit_test(paragraphs),
	    cmocka_unit_test(inlines),
	    cmocka_unit_test(japanese_emphasis),
	    cmocka_unit_test(lists),
	    cmocka_unit_test(quotes_and_rules),
	    cmocka_unit_test(code),
	    cmocka_unit_test(links),
	    cmocka_unit_test(autolinks),
	    cmocka_unit_test(control_characters),
	    cmocka_unit_test(deep_nesting),
	    cmocka_unit_test(kinsoku),
	    cmocka_unit_test(without_attributes),
	};
	return cmocka_run_group_tests_name("md", tests, NULL, NULL);
}
