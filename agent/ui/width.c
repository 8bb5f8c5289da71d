/* Columns and break opportunities of text. See width.h.
 *
 * No width table is right for every terminal, so a cluster's width is our own function: the
 * base character's width by libunistring, with what terminals do differently added on top (a
 * half-width sound mark takes its own column, a flag two, an emoji of several code points two
 * or the sum). Cluster borders come from u8_grapheme_breaks over a small window; its sibling
 * u8_grapheme_next looks at neighbouring pairs only and cuts flags and ZWJ families apart.
 * Plain ASCII, kana and kanji, which is nearly all text, never reach the library.
 * Sources: UAX #11, UAX #14, UAX #29; measured on tmux 3.3a. Pinned by tests/unit/test_width.c. */
#include <string.h>

#include "agent/base/lib_unistring.h"
#include "agent/base/utf8.h"
#include "agent/ui/width.h"

/* Bytes looked at for one cluster: longer ones (only hostile text has them) are cut. */
#define CLUSTER_MAX 512

struct width_conf width_conf = {.ambiguous = 1, .vs16 = 2, .clusters = true};

/* Always a cluster of its own when the next character is simple too, and its width is known. */
static int
simple_width(uint32_t cp)
{
	if (cp >= 0x20 && cp < 0x7f)
		return 1;
	if ((cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30a1 && cp <= 0x30fa) ||
	    (cp >= 0x4e00 && cp <= 0x9fff) || cp == 0x3001 || cp == 0x3002 ||
	    cp == 0x30fc || (cp >= 0xff01 && cp <= 0xff60))
		return 2;
	return -1;
}

static int
char_width(uint32_t cp)
{
	int w = simple_width(cp);

	if (w >= 0)
		return w;
	w = uc_width(cp, width_conf.ambiguous == 2 ? "EUC-JP" : "UTF-8");
	/* Emoji younger than the library's tables are wide on every terminal that has them. */
	if (cp >= 0x1f300 && cp <= 0x1faff && w == 1 &&
	    uc_is_general_category(cp, UC_CATEGORY_Cn))
		return 2;
	return w > 0 ? w : 0;
}

static size_t
decode(const char *p, size_t n, uint32_t *cp)
{
	size_t k = utf8_decode(p, n, cp);

	if (*cp == UINT32_MAX)
		*cp = UTF8_REPLACEMENT;
	return k;
}

/* Length of the cluster at p, by the library, over a window that ends between characters. */
static size_t
cluster_len(const char *p, size_t n)
{
	char breaks[CLUSTER_MAX];
	size_t win = MIN_OF(n, (size_t)32);
	size_t i;

	for (;;) {
		while (win < n && win > 1 && ((unsigned char)p[win] & 0xc0) == 0x80)
			win--;
		u8_grapheme_breaks((const uint8_t *)p, win, breaks);
		for (i = 1; i < win; i++) {
			if (breaks[i])
				return i;
		}
		if (win == n || win >= CLUSTER_MAX - 4)
			return win;
		win = MIN_OF(n, (size_t)CLUSTER_MAX);
	}
}

static bool
is_regional(uint32_t cp)
{
	return cp >= 0x1f1e6 && cp <= 0x1f1ff;
}

static bool
is_emoji_modifier(uint32_t cp)
{
	return cp >= 0x1f3fb && cp <= 0x1f3ff;
}

/* Columns of one cluster of more than one code point. */
static int
cluster_width(const char *p, size_t n)
{
	uint32_t base, cp;
	size_t i = decode(p, n, &base), parts = 1;
	int sum = char_width(base), width = sum;
	bool joined = false, regional = is_regional(base), vs16 = false;

	for (; i < n; parts++) {
		i += decode(p + i, n - i, &cp);
		sum += char_width(cp);
		if (cp == 0xff9e || cp == 0xff9f)
			width++;
		else if (cp == 0xfe0f)
			vs16 = true;
		else if (cp == 0x200d || is_emoji_modifier(cp))
			joined = true;
		else if (regional && is_regional(cp))
			return 2;
		else if (width == 0)
			width = char_width(cp);
	}
	if (joined && base >= 0x203c)
		return width_conf.clusters ? 2 : sum;
	return vs16 && width == 1 ? width_conf.vs16 : width;
}

size_t
width_cluster(const char *p, size_t n, int *cols)
{
	uint32_t cp, next;
	size_t k = decode(p, n, &cp);
	int w = simple_width(cp);

	if (w >= 0) {
		*cols = w;
		if (k == n)
			return k;
		decode(p + k, n - k, &next);
		if (simple_width(next) >= 0)
			return k;
	}
	k = MAX_OF(k, cluster_len(p, n));
	*cols = cluster_width(p, k);
	return k;
}

int
width_of(const char *p, size_t n)
{
	int total = 0, cols;
	size_t i = 0;

	while (i < n) {
		i += width_cluster(p + i, n - i, &cols);
		total += cols;
	}
	return total;
}

bool
width_uncertain(const char *p, size_t n)
{
	size_t i = 0;
	uint32_t cp;

	while (i < n) {
		i += decode(p + i, n - i, &cp);
		if (simple_width(cp) < 0 && cp >= 0xa0 &&
		    (cp >= 0x1f000 || cp == 0xfe0f || cp == 0x200d ||
		     uc_width(cp, "EUC-JP") != uc_width(cp, "UTF-8")))
			return true;
	}
	return false;
}

size_t
width_fit(const char *p, size_t n, int cols, int *used)
{
	size_t i = 0, k;
	int total = 0, w;

	while (i < n) {
		k = width_cluster(p + i, n - i, &w);
		if (total + w > cols)
			break;
		total += w;
		i += k;
	}
	if (used)
		*used = total;
	return i;
}

/* Where the URL that starts at p ends: at the first byte that is no printable ASCII. */
static size_t
url_len(const char *p, size_t n)
{
	size_t i = 0;

	if (!(n > 8 && (memcmp(p, "http://", 7) == 0 || memcmp(p, "https://", 8) == 0)))
		return 0;
	while (i < n && p[i] > 0x20 && p[i] < 0x7f)
		i++;
	return i;
}

/* A URL is one word: readers and terminals pick it up whole. */
static void
keep_urls(const char *p, size_t n, char *breaks)
{
	size_t i, len;

	for (i = 0; i + 8 < n; i++) {
		if (p[i] != 'h')
			continue;
		len = url_len(p + i, n - i);
		if (len > 1) {
			memset(breaks + i + 1, 0, len - 1);
			i += len - 1;
		}
	}
}

void
width_breaks(const char *p, size_t n, char *breaks)
{
	size_t i;

	if (n == 0)
		return;
	u8_possible_linebreaks((const uint8_t *)p, n, "UTF-8", breaks);
	for (i = 0; i < n; i++) {
		if (breaks[i] == UC_BREAK_MANDATORY)
			breaks[i] = 2;
		else
			breaks[i] = breaks[i] == UC_BREAK_POSSIBLE;
	}
	/* The library marks the newline itself; our mark stands before the byte that follows. */
	for (i = n - 1; i > 0; i--)
		breaks[i] = breaks[i - 1] == 2 ? 2 : (char)(breaks[i] & 1);
	breaks[0] = 0;
	keep_urls(p, n, breaks);
}
