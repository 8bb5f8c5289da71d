/* Prepares a line for the CommonMark parser.
 *
 * Four things that models write and CommonMark reads otherwise are settled before the parser,
 * by characters that only we may use (md_int.h) and that layout takes out again: strong text
 * next to Japanese punctuation gets a spacer that makes its `**` flank; math and footnote marks
 * have their punctuation replaced, so that no backslash is eaten. A function of the line (and,
 * for math blocks, of the lines since its start): where the stream was cut cannot matter.
 * Sources: CommonMark 0.30 section 6.2 (flanking). Pinned by tests/unit/test_md.c. */
#include <string.h>

#include "agent/base/lib_unistring.h"
#include "agent/ui/md_int.h"

#define TOKENS_MAX 256	/* in one line; a line with more is left as it is */
#define MATH_MAX   1000 /* bytes of math inside a line */

enum token_kind { STAR, MATH, NOTE };
struct token {
	enum token_kind kind;
	size_t from, to;
	bool before, after; /* a spacer there */
};
struct tokens {
	struct token t[TOKENS_MAX];
	size_t n;
	bool full;
};

/* The line without characters that are reserved. */
static void
copy_clean(struct buf *out, const char *p, size_t n)
{
	size_t i = 0, k;
	uint32_t cp;

	while (i < n) {
		k = utf8_decode(p + i, n - i, &cp);
		if (cp == MD_SPACER)
			buf_addc(out, ' ');
		else if ((cp >= MD_PUNCT && cp < MD_PUNCT + 32) || cp == MD_MATH_ON ||
			 cp == MD_MATH_OFF || cp == MD_NOTE_ON || cp == MD_NOTE_OFF ||
			 cp == 0)
			buf_adds(out, "\xef\xbf\xbd");
		else
			buf_add(out, p + i, k);
		i += k;
	}
}

static void
token_push(struct tokens *t, enum token_kind kind, size_t from, size_t to)
{
	if (t->n == TOKENS_MAX) {
		t->full = true;
		return;
	}
	t->t[t->n++] = (struct token){.kind = kind, .from = from, .to = to};
}

size_t
md_run_of(const char *p, size_t n, size_t i)
{
	size_t k = i;

	while (k < n && p[k] == p[i])
		k++;
	return k - i;
}

/* Behind the closing run of backticks that belongs to the one at i, or behind that one. */
static size_t
skip_code(const char *p, size_t n, size_t i)
{
	size_t len = md_run_of(p, n, i), k = i + len, run;

	while (k < n) {
		if (p[k] != '`') {
			k++;
			continue;
		}
		run = md_run_of(p, n, k);
		if (run == len)
			return k + run;
		k += run;
	}
	return i + len;
}

/* End of the math that starts at i with `open`, or 0. Dollars want what pandoc wants: no space
 * inside, no letter or digit outside. */
static size_t
math_end(const char *p, size_t n, size_t i)
{
	const char *close = p[i] == '$'	      ? (i + 1 < n && p[i + 1] == '$' ? "$$" : "$")
			    : p[i + 1] == '(' ? "\\)"
					      : "\\]";
	size_t open = p[i] == '$' ? strlen(close) : 2, len = strlen(close), k;
	bool one = len == 1;

	if (one && (i + 1 >= n || p[i + 1] == ' ' ||
		    (i > 0 && uc_is_alnum((ucs4_t)(unsigned char)p[i - 1]))))
		return 0;
	n = MIN_OF(n, i + MATH_MAX);
	for (k = i + open + 1; k + len <= n; k++) {
		if (memcmp(p + k, close, len) != 0)
			continue;
		if (one && (p[k - 1] == ' ' || p[k - 1] == '\\' ||
			    (k + 1 < n && ((p[k + 1] >= '0' && p[k + 1] <= '9') ||
					   (p[k + 1] >= 'A' && p[k + 1] <= 'Z') ||
					   (p[k + 1] >= 'a' && p[k + 1] <= 'z')))))
			continue;
		return k + len;
	}
	return 0;
}

/* "[^label]" at i: behind it, or 0. */
static size_t
note_end(const char *p, size_t n, size_t i)
{
	size_t k = i + 2;

	if (i + 3 >= n || p[i + 1] != '^')
		return 0;
	while (k < n && k - i < 40 && p[k] != ']' && p[k] != '[' && p[k] > ' ')
		k++;
	return k < n && k > i + 2 && p[k] == ']' ? k + 1 : 0;
}

static void
scan(const char *p, size_t n, struct tokens *t)
{
	size_t i = 0, end;

	while (i < n && !t->full) {
		end = 0;
		if (p[i] == '`') {
			i = skip_code(p, n, i);
			continue;
		}
		if (p[i] == '$' ||
		    (p[i] == '\\' && i + 1 < n && (p[i + 1] == '(' || p[i + 1] == '[')))
			end = math_end(p, n, i);
		if (end) {
			token_push(t, MATH, i, end);
		} else if (p[i] == '[' && (end = note_end(p, n, i)) != 0) {
			token_push(t, NOTE, i, end);
		} else if (p[i] == '*') {
			end = i + md_run_of(p, n, i);
			token_push(t, STAR, i, end);
		} else {
			end = i + (p[i] == '\\' && i + 1 < n ? 2 : 1);
		}
		i = end;
	}
}

static uint32_t
char_before(const char *p, size_t i)
{
	uint32_t cp = ' ';
	size_t k = i;

	while (k > 0 && ((unsigned char)p[--k] & 0xc0) == 0x80)
		;
	if (i > 0)
		utf8_decode(p + k, i - k, &cp);
	return cp;
}

static uint32_t
char_after(const char *p, size_t n, size_t i)
{
	uint32_t cp = ' ';

	if (i < n)
		utf8_decode(p + i, n - i, &cp);
	return cp;
}

static bool
is_space(uint32_t cp)
{
	return cp == ' ' || cp == '\t' || cp == 0x3000 || cp == 0xa0;
}

static bool
is_punct(uint32_t cp)
{
	if (cp < 0x80)
		return (cp > 0x20 && cp < '0') || (cp > '9' && cp < 'A') ||
		       (cp > 'Z' && cp < 'a') || (cp > 'z' && cp < 0x7f);
	return uc_is_general_category(cp, UC_CATEGORY_P);
}

static bool
is_cjk(uint32_t cp)
{
	return (cp >= 0x2e80 && cp <= 0x9fff) || (cp >= 0xac00 && cp <= 0xd7a3) ||
	       (cp >= 0xf900 && cp <= 0xfaff) || (cp >= 0xff00 && cp <= 0xffef) ||
	       (cp >= 0x20000 && cp <= 0x3ffff);
}

/* A run of the same length stands open before this one: its index, or n. */
static size_t
opener_of(const struct tokens *t, const size_t *stack, size_t depth, const struct token *r)
{
	size_t i;

	for (i = depth; i > 0; i--) {
		const struct token *o = &t->t[stack[i - 1]];

		if (o->to - o->from == r->to - r->from)
			return i - 1;
	}
	return depth;
}

static bool
closer_follows(const struct tokens *t, size_t i)
{
	size_t len = t->t[i].to - t->t[i].from, k;

	for (k = i + 1; k < t->n; k++) {
		if (t->t[k].kind == STAR && t->t[k].to - t->t[k].from == len)
			return true;
	}
	return false;
}

/* Pairs the runs of stars along the line as a reader would, and puts a spacer where the
 * flanking rule, made for languages with spaces between words, would not let them pair. */
static void
repair_stars(const char *p, size_t n, struct tokens *t)
{
	size_t stack[TOKENS_MAX], depth = 0, i, at;

	for (i = 0; i < t->n; i++) {
		struct token *r = &t->t[i];
		uint32_t prev, next;
		bool left, right, cjk;

		if (r->kind != STAR)
			continue;
		prev = char_before(p, r->from);
		next = char_after(p, n, r->to);
		left = !is_space(next) &&
		       (!is_punct(next) || is_space(prev) || is_punct(prev));
		right = !is_space(prev) &&
			(!is_punct(prev) || is_space(next) || is_punct(next));
		cjk = is_cjk(prev) || is_cjk(next);
		at = opener_of(t, stack, depth, r);
		if (at < depth && !is_space(prev) && (right || (cjk && is_punct(prev)))) {
			r->after = !right;
			depth = at;
		} else if (left) {
			stack[depth++] = i;
		} else if (cjk && is_punct(next) && !is_space(prev) &&
			   closer_follows(t, i)) {
			r->before = true;
			stack[depth++] = i;
		}
	}
}

/* Punctuation in the reserved form. */
static void
put_protected(struct buf *out, const char *p, size_t n)
{
	static const char punct[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
	const char *at;
	char enc[4];
	size_t i;

	for (i = 0; i < n; i++) {
		at = p[i] ? strchr(punct, p[i]) : NULL;
		if (at)
			buf_add(out, enc,
				utf8_encode(MD_PUNCT + (uint32_t)(at - punct), enc));
		else
			buf_addc(out, p[i]);
	}
}

static void
put_sentinel(struct buf *out, uint32_t cp)
{
	char enc[4];

	buf_add(out, enc, utf8_encode(cp, enc));
}

static void
put_token(struct buf *out, const char *p, const struct token *t)
{
	switch (t->kind) {
	case STAR:
		if (t->before)
			put_sentinel(out, MD_SPACER);
		buf_add(out, p + t->from, t->to - t->from);
		if (t->after)
			put_sentinel(out, MD_SPACER);
		break;
	case MATH:
		put_sentinel(out, MD_MATH_ON);
		put_protected(out, p + t->from, t->to - t->from);
		put_sentinel(out, MD_MATH_OFF);
		break;
	case NOTE:
		put_sentinel(out, MD_NOTE_ON);
		put_protected(out, p + t->from + 2, t->to - t->from - 3);
		put_sentinel(out, MD_NOTE_OFF);
		break;
	}
}

static void
put_line(struct buf *out, const char *p, size_t n, const struct tokens *t)
{
	size_t i, at = 0;

	for (i = 0; i < t->n; i++) {
		buf_add(out, p + at, t->t[i].from - at);
		put_token(out, p, &t->t[i]);
		at = t->t[i].to;
	}
	buf_add(out, p + at, n - at);
}

/* A line of a math block, or the first one: true when it was put out. Two spaces behind it make
 * the line break hard. A blank line or a fence ends the block, whatever it was. */
static bool
math_block(struct md_prep *s, struct buf *out, const char *p, size_t n)
{
	size_t lead = strspn(p, " ");
	const char *q = p + lead;
	const char *close = s->math == 2 ? "\\]" : "$$";
	bool last;

	if (!s->math) {
		if (strncmp(q, "$$", 2) == 0 && !strstr(q + 2, "$$"))
			s->math = 1;
		else if (strncmp(q, "\\[", 2) == 0 && !strstr(q, "\\]"))
			s->math = 2;
		if (lead > 3)
			s->math = 0;
		if (!s->math)
			return false;
		last = false;
	} else {
		if (!*q || strncmp(q, "```", 3) == 0 || strncmp(q, "~~~", 3) == 0) {
			s->math = 0;
			return false;
		}
		last = strstr(q, close) != NULL;
	}
	buf_add(out, p, lead);
	put_sentinel(out, MD_MATH_ON);
	put_protected(out, q, n - lead);
	put_sentinel(out, MD_MATH_OFF);
	if (last)
		s->math = 0;
	buf_adds(out, "  ");
	return true;
}

void
md_prep_line(struct md_prep *s, struct buf *out, const char *p, size_t n)
{
	struct buf clean = BUF_INIT(MD_LINE_MAX * 3);
	struct tokens t;

	copy_clean(&clean, p, n);
	t.n = 0;
	t.full = false;
	if (!math_block(s, out, buf_str(&clean), clean.len)) {
		scan(buf_str(&clean), clean.len, &t);
		if (t.full)
			t.n = 0;
		repair_stars(clean.data, clean.len, &t);
		put_line(out, clean.data, clean.len, &t);
	}
	buf_release(&clean);
}
