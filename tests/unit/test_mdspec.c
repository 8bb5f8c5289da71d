/* The examples of the CommonMark and GFM specifications: streamed, they give the rows of the
 * whole, and no letter of their text is lost. Skipped where cmark-gfm's documentation is not
 * installed; its program, where installed, says what the text is. */
#include "tests/unit/md_help.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "agent/ui/md_int.h"

#define SPEC "/usr/share/doc/cmark-gfm/spec.txt.gz"

/* What a program prints; empty if it cannot be run. */
static void
output_of(char *const argv[], const char *in, size_t n, struct buf *out)
{
	int to[2], from[2], status;
	char block[65536];
	ssize_t k;
	pid_t pid;

	assert_int_equal(pipe(to) | pipe(from), 0);
	pid = fork();
	if (pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		close(from[0]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	if (n && write(to[1], in, n) < 0)
		buf_reset(out);
	close(to[1]);
	while ((k = read(from[0], block, sizeof(block))) > 0)
		buf_add(out, block, (size_t)k);
	close(from[0]);
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		buf_reset(out);
}

struct example {
	char *text; /* with tabs in the place of → */
	size_t n;
};
static struct example examples[2000];
static size_t nexamples;

static void
add_example(const char *p, size_t n)
{
	struct buf b = BUF_INIT(MIB);
	size_t i;

	for (i = 0; i < n; i++) {
		if (n - i >= 3 && memcmp(p + i, "→", 3) == 0) {
			buf_addc(&b, '\t');
			i += 2;
		} else {
			buf_addc(&b, p[i]);
		}
	}
	if (nexamples < ARRAY_LEN(examples)) {
		examples[nexamples].n = b.len;
		examples[nexamples++].text = buf_take(&b);
	}
}

static int
read_examples(void **state UNUSED)
{
	static const char fence[] = "\n```````````````````````````````` example";
	char *const argv[] = {"gzip", "-dc", SPEC, NULL};
	struct buf b = BUF_INIT(4 * MIB);
	const char *p, *end;

	if (access(SPEC, R_OK) != 0)
		return 0;
	output_of(argv, "", 0, &b);
	for (p = buf_str(&b); (p = strstr(p, fence)) != NULL;) {
		p = strchr(p + sizeof(fence) - 1, '\n');
		end = p ? strstr(p, "\n.\n") : NULL;
		if (!end)
			break;
		add_example(p + 1, (size_t)(end - p));
		p = end;
	}
	buf_release(&b);
	return 0;
}

static void
need_examples(void)
{
	if (nexamples < 600)
		skip();
}

/* All splits into two, and byte by byte. */
static void
splits(void **state UNUSED)
{
	size_t i, k;

	need_examples();
	for (i = 0; i < nexamples; i++) {
		const struct example *x = &examples[i];
		AUTO_FREE char *want = show_text(x->text, x->n, 50);

		for (k = 0; k <= x->n; k++) {
			struct shown s = {.out = BUF_INIT(MIB)};
			struct md_opts o = shown_opts(&s, 50);
			struct md *m = md_new(&o);
			size_t j;

			md_feed(m, x->text, k);
			for (j = k; j < x->n && k == 0; j++)
				md_feed(m, x->text + j, 1);
			if (k)
				md_feed(m, x->text + k, x->n - k);
			md_finish(m);
			md_free(m);
			if (strcmp(buf_str(&s.out), want) != 0)
				fail_msg("%s\nsplit at %zu:\n%s\nwhole:\n%s", x->text, k,
					 buf_str(&s.out), want);
			buf_release(&s.out);
		}
	}
}

static bool
refers_forward(const char *text)
{
	return strstr(text, "]:") != NULL;
}

/* Committed piece by piece, or laid out as one region: the same rows. */
static void
pieces_equal_whole(void **state UNUSED)
{
	size_t i, same = 0;

	need_examples();
	for (i = 0; i < nexamples; i++) {
		const struct example *x = &examples[i];
		struct shown a = {.out = BUF_INIT(MIB), .styles = true};
		struct shown b = {.out = BUF_INIT(MIB), .styles = true};
		struct md_opts o = shown_opts(&a, 50);
		struct md *m;
		struct md_emit e;
		struct md_flow flow = {0};

		if (refers_forward(x->text) || memchr(x->text, '$', x->n))
			continue;
		m = md_new(&o);
		md_feed(m, x->text, x->n);
		md_finish(m);
		m->o.arg = &b;
		md_emit_init(m, &e);
		struct buf prepared = BUF_INIT(MIB);
		const char *p = x->text;
		while (*p) {
			size_t n = strcspn(p, "\n");

			md_prep_line(&m->prep, &prepared, p, n);
			buf_addc(&prepared, '\n');
			p += n + (p[n] == '\n');
		}
		md_emit_region(&e, &flow, buf_str(&prepared), prepared.len);
		md_emit_end(&e);
		if (strcmp(buf_str(&a.out), buf_str(&b.out)) != 0)
			fail_msg("%s\npieces:\n%s\nwhole:\n%s", x->text, buf_str(&a.out),
				 buf_str(&b.out));
		same++;
		buf_release(&prepared);
		buf_release(&a.out);
		buf_release(&b.out);
		md_free(m);
	}
	assert_true(same > 500);
}

/* Text of HTML: without the tags that cmark-gfm itself writes. */
static void
count_letters(const char *p, int counts[256], bool html, int sign)
{
	bool in_tag = false;

	for (; *p; p++) {
		if (html && *p == '<')
			in_tag = true;
		else if (html && *p == '>' && in_tag)
			in_tag = false;
		else if (html && *p == '&' && strchr(p, ';'))
			p = strchr(p, ';');
		else if (!in_tag && ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
				     (*p >= 'A' && *p <= 'Z') || (unsigned char)*p >= 0x80))
			counts[(unsigned char)*p] += sign;
	}
}

static void
nothing_is_lost(void **state UNUSED)
{
	char *const argv[] = {"cmark-gfm", "-e",       "table", "-e",	    "strikethrough",
			      "-e",	   "autolink", "-e",	"tasklist", NULL};
	struct buf html = BUF_INIT(MIB);
	size_t i, c, lost = 0;

	need_examples();
	for (i = 0; i < nexamples; i++) {
		const struct example *x = &examples[i];
		AUTO_FREE char *got = show_text(x->text, x->n, 80);
		int counts[256] = {0};

		buf_reset(&html);
		output_of(argv, x->text, x->n, &html);
		if (html.len == 0 && i == 0)
			skip();
		count_letters(buf_str(&html), counts, true, 1);
		count_letters(got, counts, false, -1);
		for (c = 0; c < 256; c++)
			lost += counts[c] > 0;
	}
	buf_release(&html);
	assert_int_equal(lost, 0);
}

static int
free_examples(void **state UNUSED)
{
	while (nexamples)
		free(examples[--nexamples].text);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits),
	    cmocka_unit_test(pieces_equal_whole),
	    cmocka_unit_test(nothing_is_lost),
	};
	return cmocka_run_group_tests_name("mdspec", tests, read_examples, free_examples);
}
