/* Texts of styled runs, and their lines.
 *
 * All text of an answer passes md_text_add(): the sentinels of md_prep.c are undone, the
 * character gate is applied (widths are only known behind it) and soft breaks are settled:
 * between two wide characters nothing, else a space. Lines are filled greedily between the
 * break opportunities of UAX #14, which keep the Japanese line-breaking rules.
 * Pinned by tests/unit/test_md.c. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/md_int.h"
#include "agent/ui/width.h"

void
md_text_init(struct md_text *t, struct gate_count *count)
{
	*t = (struct md_text){.count = count};
	buf_init(&t->text, MD_MESSAGE_MAX * 4);
	buf_init(&t->urls, MD_MESSAGE_MAX * 4);
}

void
md_text_release(struct md_text *t)
{
	buf_release(&t->text);
	buf_release(&t->urls);
	free(t->runs);
	t->runs = NULL;
	t->n = t->cap = 0;
}

/* Bytes from i on that need no decoding. Sentinels start with 0xe2, 0xef or 0xf0. */
static size_t
clean_run(const char *p, size_t n)
{
	size_t i = 0;
	unsigned char c;

	for (; i < n; i++) {
		c = (unsigned char)p[i];
		if (c == 0xe2 || c == 0xef || c == 0xf0)
			break;
	}
	return i;
}

/* The ASCII punctuation character of a sentinel, 0 for another character. */
static char
punct_of(uint32_t cp)
{
	static const char punct[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

	return cp >= MD_PUNCT && cp < MD_PUNCT + 32 ? punct[cp - MD_PUNCT] : 0;
}

void
md_decode(struct buf *out, const char *p, size_t n)
{
	size_t i = 0, k;
	uint32_t cp;
	char c;

	while (i < n) {
		k = clean_run(p + i, n - i);
		buf_add(out, p + i, k);
		i += k;
		if (i == n)
			break;
		k = utf8_decode(p + i, n - i, &cp);
		c = punct_of(cp);
		if (c)
			buf_addc(out, c);
		else if (cp == MD_NOTE_ON || cp == MD_NOTE_OFF)
			buf_adds(out, cp == MD_NOTE_ON ? "[^" : "]");
		else if (cp != MD_SPACER && cp != MD_MATH_ON && cp != MD_MATH_OFF)
			buf_add(out, p + i, k);
		i += k;
	}
}

/* Lengthens the last run or opens one; the text is already in place. */
static void
run_to(struct md_text *t, struct style s, size_t url, size_t nurl, bool whole)
{
	struct md_run *r = t->n ? &t->runs[t->n - 1] : NULL;

	if (r && r->style.attrs == s.attrs && r->style.fg == s.fg && r->style.bg == s.bg &&
	    r->url == url && r->nurl == nurl && !r->whole && !whole) {
		r->end = t->text.len;
		return;
	}
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 8;
		t->runs = mem_array(t->runs, t->cap, sizeof(*t->runs));
	}
	t->runs[t->n++] = (struct md_run){t->text.len, s, url, nurl, whole};
}

/* Wide and written without spaces: kana, kanji and their punctuation, not Hangul or emoji. */
static bool
joins(const char *p, size_t n)
{
	uint32_t cp;
	int cols;

	if (n == 0 || (unsigned char)*p < 0xe3)
		return false;
	utf8_decode(p, n, &cp);
	if (cp == UINT32_MAX || (cp >= 0xac00 && cp <= 0xd7ff) ||
	    (cp >= 0x1f000 && cp < 0x20000))
		return false;
	width_cluster(p, n, &cols);
	return cols == 2;
}

static const char *
last_char(const struct buf *b)
{
	size_t i = b->len;

	while (i > 0 && ((unsigned char)b->data[--i] & 0xc0) == 0x80)
		;
	return b->len ? b->data + i : NULL;
}

static void
settle_soft(struct md_text *t, const char *p, size_t n)
{
	const char *last = last_char(&t->text);
	struct md_run *r = t->n ? &t->runs[t->n - 1] : NULL;

	if (!t->soft || n == 0)
		return;
	t->soft = false;
	if (!last || *last == ' ' || *last == '\n' || *p == ' ')
		return;
	if (joins(last, (size_t)(t->text.data + t->text.len - last)) && joins(p, n))
		return;
	buf_addc(&t->text, ' ');
	run_to(t, r->whole ? (struct style){0} : r->style, r->whole ? 0 : r->url,
	       r->whole ? 0 : r->nurl, false);
}

struct add {
	struct md_text *t;
	struct style style;
	size_t url, nurl;
	bool whole;
};

static void
add_gated(void *arg, const char *p, size_t n, bool marked)
{
	struct add *a = arg;
	struct style s = a->style;
	size_t at, i;

	settle_soft(a->t, p, n);
	at = a->t->text.len;
	if (!buf_add(&a->t->text, p, n))
		return;
	for (i = at; i < a->t->text.len; i++) {
		if (a->t->text.data[i] == '\n' || a->t->text.data[i] == '\t')
			a->t->text.data[i] = ' ';
	}
	if (marked)
		s.attrs |= ATTR_REVERSE;
	run_to(a->t, s, a->url, a->nurl, a->whole);
}

/* Text between sentinels that change the style: math is shown as code, a note's mark dim. */
static void
add_decoded(struct add *a, const char *p, size_t n)
{
	struct buf plain = BUF_INIT(MD_MESSAGE_MAX * 2);
	size_t i = 0, from = 0, k;
	struct style base = a->style;
	uint32_t cp;

	while (i <= n) {
		cp = 0;
		k = i < n ? clean_run(p + i, n - i) : 1;
		if (i < n && k == 0)
			k = utf8_decode(p + i, n - i, &cp);
		if (i == n || cp == MD_MATH_ON || cp == MD_MATH_OFF || cp == MD_NOTE_ON ||
		    cp == MD_NOTE_OFF) {
			buf_reset(&plain);
			md_decode(&plain, p + from, i - from);
			if (cp == MD_NOTE_OFF)
				buf_addc(&plain, ']');
			gate_text(buf_str(&plain), plain.len, a->t->count, add_gated, a);
			a->style = base;
			if (cp == MD_MATH_ON)
				a->style.fg = style_of(STYLE_CODE).fg;
			if (cp == MD_NOTE_ON) {
				a->style = style_with(base, ATTR_DIM);
				add_gated(a, "[", 1, false);
			}
			from = i + k;
		}
		i += k;
	}
	buf_release(&plain);
}

static void
add_text(struct add *a, const char *p, size_t n)
{
	if (clean_run(p, n) == n)
		gate_text(p, n, a->t->count, add_gated, a);
	else
		add_decoded(a, p, n);
}

void
md_text_add(struct md_text *t, struct style s, const char *p, size_t n)
{
	struct add a = {.t = t, .style = s};

	add_text(&a, p, n);
}

void
md_text_link(struct md_text *t, struct style s, const char *p, size_t n, const char *url,
	     size_t nurl)
{
	struct add a = {.t = t, .style = s, .nurl = nurl};
	const struct md_run *last = t->n ? &t->runs[t->n - 1] : NULL;

	if (nurl && last && last->nurl == nurl &&
	    memcmp(t->urls.data + last->url, url, nurl) == 0) {
		a.url = last->url;
	} else if (nurl) {
		a.url = t->urls.len;
		if (!buf_add(&t->urls, url, nurl))
			a.nurl = 0;
	}
	add_text(&a, p, n);
}

void
md_text_whole(struct md_text *t, struct style s, const char *p, size_t n)
{
	struct add a = {.t = t, .style = s, .whole = true};
	struct buf plain = BUF_INIT(MD_MESSAGE_MAX * 2);

	md_decode(&plain, p, n);
	gate_text(buf_str(&plain), plain.len, t->count, add_gated, &a);
	buf_release(&plain);
}

void
md_text_break(struct md_text *t)
{
	struct md_run *r = t->n ? &t->runs[t->n - 1] : NULL;

	t->soft = false;
	buf_addc(&t->text, '\n');
	if (r && !r->whole)
		r->end = t->text.len;
	else
		run_to(t, (struct style){0}, 0, 0, false);
}

void
md_text_append(struct md_text *t, const struct md_text *from)
{
	size_t i, at = 0;

	for (i = 0; i < from->n; i++) {
		const struct md_run *r = &from->runs[i];
		size_t url = r->nurl ? t->urls.len : 0;

		buf_add(&t->urls, r->nurl ? from->urls.data + r->url : "", r->nurl);
		buf_add(&t->text, from->text.data + at, r->end - at);
		run_to(t, r->style, url, r->nurl, r->whole);
		at = r->end;
	}
}
