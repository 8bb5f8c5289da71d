/* The character gate. See gate_text.h.
 *
 * Classes, by code point: control characters (C0 without newline and tab, DEL, C1, U+2028/9)
 * get a visible form; bidi controls and default-ignorable characters are dropped, except where
 * they are part of what is seen: ZWJ and variation selectors inside emoji, ZWJ and ZWNJ inside
 * Arabic and Indic words, ideographic variation selectors behind a Han character; a base keeps
 * at most eight marks. One look back (the last character kept) and one look ahead decide.
 * Sources: Unicode 15 DerivedCoreProperties (Default_Ignorable_Code_Point), UTS #51, UTS #37.
 * Pinned by tests/unit/test_row.c and tests/fuzz/fuzz_md.c. */
#include <string.h>
#include <strings.h>

#include "agent/base/lib_unistring.h"
#include "agent/base/utf8.h"
#include "agent/ui/gate_text.h"

struct range {
	uint32_t lo, hi;
};

/* Sorted. Bidi controls and what is drawn as nothing. */
static const struct range dropped[] = {
    {0x00ad, 0x00ad},	{0x034f, 0x034f}, {0x061c, 0x061c},   {0x115f, 0x1160},
    {0x17b4, 0x17b5},	{0x180b, 0x180f}, {0x200b, 0x200f},   {0x202a, 0x202e},
    {0x2060, 0x206f},	{0x3164, 0x3164}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},	{0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
};

/* Sorted. Scripts in which ZWJ and ZWNJ choose between letter forms. */
static const struct range joining[] = {
    {0x0600, 0x08ff}, {0x0900, 0x0dff}, {0x1000, 0x109f}, {0x1780, 0x18af},
    {0xa840, 0xa87f}, {0xfb50, 0xfdff}, {0xfe70, 0xfefe}, {0x11000, 0x114ff},
};

static bool
in_ranges(uint32_t cp, const struct range *r, size_t n)
{
	size_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (cp > r[mid].hi)
			lo = mid + 1;
		else if (cp < r[mid].lo)
			hi = mid;
		else
			return true;
	}
	return false;
}

static bool
is_control(uint32_t cp)
{
	return (cp < 0x20 && cp != '\t' && cp != '\n') || (cp >= 0x7f && cp <= 0x9f) ||
	       cp == 0x2028 || cp == 0x2029;
}

static bool
is_pictograph(uint32_t cp)
{
	return cp >= 0xa9 && (uc_is_property_extended_pictographic(cp) ||
			      (cp >= 0x1f3fb && cp <= 0x1f3ff));
}

struct gate {
	uint32_t prev;	/* the last character kept, 0 at the start */
	uint32_t base;	/* the last kept that is no mark, joiner or selector */
	unsigned marks; /* marks kept on it */
};

/* True when an otherwise dropped character belongs to its neighbours. */
static bool
is_part(const struct gate *g, uint32_t cp, uint32_t next)
{
	if (cp == 0xfe0e || cp == 0xfe0f)
		return g->prev == g->base && uc_is_property_emoji(g->base);
	if (cp >= 0xe0100 && cp <= 0xe01ef)
		return g->prev == g->base && uc_is_property_ideographic(g->base);
	if (cp == 0x200d && is_pictograph(g->base) && g->prev != 0x200d)
		return is_pictograph(next);
	if (cp == 0x200c || cp == 0x200d)
		return g->prev != cp && in_ranges(g->prev, joining, ARRAY_LEN(joining)) &&
		       in_ranges(next, joining, ARRAY_LEN(joining));
	return false;
}

static void
count_one(struct gate_count *c, uint32_t cp)
{
	size_t i;

	if (!c)
		return;
	c->total++;
	for (i = 0; i < c->nseen; i++) {
		if (c->seen[i].cp == cp) {
			c->seen[i].n++;
			return;
		}
	}
	if (c->nseen < GATE_SEEN_MAX) {
		c->seen[c->nseen].cp = cp;
		c->seen[c->nseen++].n = 1;
	}
}

/* ␛ for a C0 character, <9B> for a C1 one. */
static size_t
visible(uint32_t cp, char out[16])
{
	if (cp < 0x20)
		return utf8_encode(0x2400 + cp, out);
	if (cp == 0x7f)
		return utf8_encode(0x2421, out);
	return (size_t)snprintf(out, 16, "<%02X>", (unsigned)cp);
}

enum verdict { KEEP, DROP, SHOW };

static enum verdict
judge(struct gate *g, uint32_t cp, uint32_t next)
{
	if (is_control(cp)) {
		*g = (struct gate){.prev = 0x2400,
				   .base = 0x2400}; /* what will stand there */
		return SHOW;
	}
	if (cp < 0xad) {
		g->prev = g->base = cp;
		g->marks = 0;
		return KEEP;
	}
	if (in_ranges(cp, dropped, ARRAY_LEN(dropped))) {
		if (!is_part(g, cp, next))
			return DROP;
		g->prev = cp;
		return KEEP;
	}
	g->prev = cp;
	if (cp >= 0x300 && uc_is_general_category(cp, UC_CATEGORY_M))
		return g->marks++ < GATE_MARKS_MAX ? KEEP : DROP;
	g->base = cp;
	g->marks = 0;
	return KEEP;
}

/* Printable ASCII at the start of p: passes as it is. */
static size_t
plain_run(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= 0x20 && p[i] < 0x7f)
		i++;
	return i;
}

static uint32_t
peek(const char *p, size_t n)
{
	uint32_t cp = 0;

	if (n)
		utf8_decode(p, n, &cp);
	return cp;
}

void
gate_text(const char *p, size_t n, struct gate_count *count, gate_put *put, void *arg)
{
	struct gate g = {0};
	size_t i = 0, from = 0, k;
	uint32_t cp;
	char sub[16];

	while (i < n) {
		k = plain_run(p + i, n - i);
		if (k) {
			i += k;
			g = (struct gate){(unsigned char)p[i - 1], (unsigned char)p[i - 1],
					  0};
			continue;
		}
		k = utf8_decode(p + i, n - i, &cp);
		if (cp != UINT32_MAX && judge(&g, cp, peek(p + i + k, n - i - k)) == KEEP) {
			i += k;
			continue;
		}
		if (i > from)
			put(arg, p + from, i - from, false);
		i += k;
		from = i;
		if (cp == UINT32_MAX) {
			put(arg, "\xef\xbf\xbd", 3, false);
			continue;
		}
		count_one(count, cp);
		if (is_control(cp))
			put(arg, sub, visible(cp, sub), true);
	}
	if (n > from)
		put(arg, p + from, n - from, false);
}

static void
put_buf(void *arg, const char *p, size_t n, bool marked UNUSED)
{
	buf_add(arg, p, n);
}

void
gate_text_buf(struct buf *out, const char *p, size_t n, struct gate_count *count)
{
	gate_text(p, n, count, put_buf, out);
}

void
gate_note(struct buf *out, const struct gate_count *count, bool unicode)
{
	size_t i;

	buf_addf(out, "%zu invisible/control character%s removed (", count->total,
		 count->total == 1 ? "" : "s");
	for (i = 0; i < count->nseen; i++)
		buf_addf(out, "%sU+%04X%s%zu", i ? ", " : "", (unsigned)count->seen[i].cp,
			 unicode ? "×" : "x", count->seen[i].n);
	buf_adds(out, count->nseen == GATE_SEEN_MAX ? ", ...)" : ")");
}

static bool
scheme_allowed(const char *p, size_t n)
{
	static const char *const schemes[] = {"http://", "https://", "mailto:"};
	size_t i, len;

	for (i = 0; i < ARRAY_LEN(schemes); i++) {
		len = strlen(schemes[i]);
		if (n > len && strncasecmp(p, schemes[i], len) == 0)
			return true;
	}
	return false;
}

bool
gate_url(struct buf *out, const char *p, size_t n)
{
	size_t i, start = out->len;
	unsigned char c;

	if (!scheme_allowed(p, n))
		return false;
	for (i = 0; i < n && out->len - start <= GATE_URL_MAX; i++) {
		c = (unsigned char)p[i];
		if (c > 0x20 && c < 0x7f)
			buf_addc(out, (char)c);
		else
			buf_addf(out, "%%%02X", c);
	}
	if (out->len - start <= GATE_URL_MAX && i == n)
		return true;
	buf_truncate(out, start);
	return false;
}
