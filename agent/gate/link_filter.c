/* Which parts of a long text could hold something of the action at all.
 *
 * Everything that the action holds keeps some four letters or digits whatever spelling the text
 * has: of the longest run of a host, path or command. A command of short words only keeps them whole.
 * Where none of them stands, and nothing of which link_clean() would make letters, the text need not
 * be read closer. Numbers and
 * addresses, which keep nothing, are sought where there are digits. What is left out can not
 * match; so the answer is the same. Pinned by tests/unit/test_link_more.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/gate/link_int.h"
#include "agent/gate/scan_int.h"

#define FILTER_WINDOW (2 * LINK_TOKEN_MAX) /* bytes around a place that are read closer */
#define FILTER_DIGITS 8			   /* of a line that may hold a number */
#define FILTER_IP     4 /* digits and colons of one that may hold an address */

static uint32_t
filter_slot(uint32_t four)
{
	return (four * UINT32_C(0x9E3779B1)) >> 16;
}

/* A run of one to three bytes by itself; `n` keeps "a" and "\0a" apart. */
static uint32_t
filter_short_slot(const char *p, size_t n)
{
	uint32_t bytes = (uint32_t)n;

	for (size_t i = 0; i < n; i++)
		bytes = bytes << 8 | (unsigned char)p[i] | 0x20u;
	return filter_slot(bytes);
}

static void
filter_anchor(struct link_filter *f, enum link_kind kind, const char *p, size_t n)
{
	uint32_t four = 0, slot;

	if (n < 4 && (n == 0 || kind != LINK_COMMAND)) {
		f->all = true;
		return;
	}
	if (n < 4) {
		slot = filter_short_slot(p, n);
		f->brief[slot / 64] |= UINT64_C(1) << (slot % 64);
		f->ends[((unsigned char)p[n - 1] | 0x20u) / 64] |=
		    UINT64_C(1) << (((unsigned char)p[n - 1] | 0x20u) % 64);
		f->any = true;
		return;
	}
	for (size_t i = n - 4; i < n; i++)
		four = four << 8 | (unsigned char)p[i] | 0x20u;
	slot = filter_slot(four);
	f->bits[slot / 64] |= UINT64_C(1) << (slot % 64);
	f->any = true;
}

static bool
filter_part(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
	       (unsigned char)c >= 0x80;
}

static char
filter_low(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The longest run of letters and digits: marks are written in many ways. */
static void
filter_longest(struct link_filter *f, enum link_kind kind, const char *p, size_t n)
{
	size_t best = 0, at = 0, i = 0;

	if (memmem(p, n, "xn--", 4)) {
		f->all = true;
		return;
	}
	while (i < n) {
		size_t end = i;

		while (end < n && filter_part(p[end]))
			end++;
		if (end - i > best) {
			best = end - i;
			at = i;
		}
		i = end + 1;
	}
	filter_anchor(f, kind, p + at, best);
}

void
link_filter_add(struct link_filter *f, enum link_kind kind, const char *p, size_t n)
{
	const char *at;
	char ip[64];
	size_t host;

	switch (kind) {
	case LINK_EMAIL:
		at = memchr(p, '@', n);
		if (at) {
			n -= (size_t)(at - p) + 1;
			p = at + 1;
		}
		filter_longest(f, kind, p, n);
		break;
	case LINK_URL:
	case LINK_HOST:
		for (host = 0; host < n && !strchr(":/?#", p[host]); host++)
			;
		if (link_address(p, host, ip) || memchr(p, '[', n))
			f->ip = true;
		else
			filter_longest(f, kind, p, host);
		break;
	case LINK_COMMAND:
	case LINK_TEXT:
		filter_longest(f, kind, p, n);
		break;
	case LINK_PATH:
		filter_longest(f, kind, p, n);
		break;
	case LINK_ACCOUNT:
		f->digits = true;
		break;
	case LINK_IP:
		f->ip = true;
		break;
	case LINK_FILE: /* is not looked for so */
		break;
	case LINK_SIZE:
	case LINK_KINDS:
	default:
		f->all = true;
		break;
	}
}

enum filter_flag { F_CHECK = 1, F_DIGIT = 2, F_LINE = 4, F_BRIEF = 8 };

/* Whether link_clean() makes a letter or digit of p[0], or nothing at all. */
static bool
filter_rewritten(const char *p, size_t n)
{
	uint32_t cp;
	bool alike;
	unsigned to;

	if ((unsigned char)p[0] < 0x80)
		return link_rewrites(p, n);
	utf8_decode(p, n, &cp);
	if (cp == UINT32_MAX)
		return false;
	to = cp >= 0xFF01 && cp <= 0xFF5E ? scan_fold(cp, &alike) | 0x20u : 0;
	return scan_is_invisible(cp) || (to < 0x80 && filter_part((char)to));
}

struct filter_state {
	uint8_t flag[256];
	size_t digits; /* of the line */
};

static void
filter_flags(const struct link_filter *f, uint8_t flag[256])
{
	/* The first bytes of what is invisible or of full width. */
	static const char check[] = "\\%\xC2\xCD\xD8\xE1\xE2\xEF\xF0\xF3";

	for (unsigned c = 0; c < 256; c++)
		flag[c] = f->ends[(c | 0x20u) / 64] >> ((c | 0x20u) % 64) & 1 ? F_BRIEF : 0;
	for (size_t i = 0; check[i]; i++)
		flag[(unsigned char)check[i]] |= F_CHECK;
	flag['\n'] |= F_LINE;
	for (unsigned c = '0'; (f->digits || f->ip) && c <= '9'; c++)
		flag[c] |= F_DIGIT;
	if (f->ip) { /* 0xc0a80001, fe80::a */
		flag[':'] |= F_DIGIT;
		flag['x'] |= F_DIGIT;
		flag['X'] |= F_DIGIT;
	}
}

static bool
filter_digit(const struct link_filter *f, struct filter_state *s, const char *p, size_t i)
{
	if ((p[i] | 0x20) == 'x')
		return i > 0 && p[i - 1] == '0';
	return ++s->digits >= (f->ip ? FILTER_IP : FILTER_DIGITS);
}

/* A short run that is looked for ends at i. */
static bool
filter_brief(const struct link_filter *f, const char *p, size_t n, size_t i)
{
	size_t from = i, len;
	uint32_t slot;

	if (!filter_part(filter_low(p[i])) ||
	    (i + 1 < n && filter_part(filter_low(p[i + 1]))))
		return false;
	while (from > 0 && i - from < 3 && filter_part(filter_low(p[from - 1])))
		from--;
	len = i - from + 1;
	slot = filter_short_slot(p + from, len);
	return len < 4 && (f->brief[slot / 64] >> (slot % 64) & 1);
}

/* The next place from i on that has to be read closer; n: none. */
static size_t
filter_next(const struct link_filter *f, struct filter_state *s, const char *p, size_t n,
	    size_t i)
{
	uint32_t four = 0;

	for (; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		unsigned flag = s->flag[c];
		uint32_t slot;

		four = four << 8 | c | 0x20u; /* what else that folds costs a look */
		slot = filter_slot(four);
		if (f->bits[slot / 64] >> (slot % 64) & 1)
			return i;
		if (!flag)
			continue;
		if (flag & F_LINE)
			s->digits = 0;
		if ((flag & F_DIGIT && filter_digit(f, s, p, i)) ||
		    (flag & F_CHECK && filter_rewritten(p + i, n - i)) ||
		    (flag & F_BRIEF && filter_brief(f, p, n, i)))
			return i;
	}
	return n;
}

/* The beginning of the line before the one at i, or a window's. */
static size_t
filter_from(const char *p, size_t i)
{
	size_t low = i > FILTER_WINDOW ? i - FILTER_WINDOW : 0;
	const char *lf = memrchr(p + low, '\n', i - low);

	if (lf)
		lf = memrchr(p + low, '\n', (size_t)(lf - p) - low);
	return lf ? (size_t)(lf - p) + 1 : low;
}

/* The end of the line, with the next when a backslash joins the two, or a window's. */
static size_t
filter_to(const char *p, size_t n, size_t i)
{
	size_t high = MIN_OF(n, i + 2 * (size_t)FILTER_WINDOW);
	const char *lf = memchr(p + i, '\n', high - i);

	while (lf && lf > p && lf[-1] == '\\')
		lf = memchr(lf + 1, '\n', high - (size_t)(lf + 1 - p));
	return lf ? (size_t)(lf - p) : high;
}

void
link_filter_walk(const struct link_filter *f, const char *p, size_t n,
		 void (*walk)(void *, size_t, size_t), void *ctx)
{
	struct filter_state s = {.digits = 0};
	size_t i = 0;

	if (f->all) {
		walk(ctx, 0, n);
		return;
	}
	if (!f->any && !f->digits && !f->ip)
		return;
	filter_flags(f, s.flag);
	while ((i = filter_next(f, &s, p, n, i)) < n) {
		size_t from = filter_from(p, i), to = filter_to(p, n, i);

		walk(ctx, from, to);
		i = MIN_OF(to, i + FILTER_WINDOW);
		s.digits = 0;
		if (i >= n)
			break;
	}
}
