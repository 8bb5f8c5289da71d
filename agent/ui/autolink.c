/* Bare links in text: http(s)://, www. and mail addresses.
 *
 * GFM's extended autolinks with two differences made for Japanese, where no space follows a
 * link: it ends at full-width punctuation, and at kana, kanji or Hangul once an ASCII host has
 * been seen. Trailing punctuation and unbalanced closing parentheses are left out. One scan,
 * linear in the text. Sources: GFM 0.29 section 6.9. Pinned by tests/unit/test_md.c. */
#include <string.h>
#include <strings.h>

#include "agent/ui/md_int.h"

#define HOST_MAX 256 /* bytes */

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static size_t
scheme_at(const char *p, size_t n)
{
	if (n > 7 && strncasecmp(p, "http://", 7) == 0)
		return 7;
	if (n > 8 && strncasecmp(p, "https://", 8) == 0)
		return 8;
	if (n > 4 && strncasecmp(p, "www.", 4) == 0)
		return 4;
	return 0;
}

/* Letters written without spaces, and their punctuation. */
static bool
ends_link(uint32_t cp)
{
	return cp == UINT32_MAX || (cp >= 0x2e80 && cp <= 0xd7ff) ||
	       (cp >= 0xf900 && cp <= 0xfaff) || (cp >= 0xfe30 && cp <= 0xfe4f) ||
	       (cp >= 0xff00 && cp <= 0xffef) || cp >= 0x20000 ||
	       (cp >= 0x2018 && cp <= 0x201f);
}

/* Where the link that starts at p ends before trimming. A host may be Japanese; behind an ASCII
 * host such a letter is the sentence going on. */
static size_t
link_run(const char *p, size_t n, size_t i)
{
	bool ascii_host = i < n && is_alnum(p[i]);
	uint32_t cp;
	size_t k;

	while (i < n && (unsigned char)p[i] > ' ' && p[i] != '<') {
		k = 1;
		if ((unsigned char)p[i] >= 0x80) {
			k = utf8_decode(p + i, n - i, &cp);
			if (ends_link(cp) && (ascii_host || cp < 0x3041 || cp >= 0xff00))
				break;
		}
		i += k;
	}
	return i;
}

/* "&name;" at the end does not belong to the link. */
static size_t
entity_at_end(const char *p, size_t n)
{
	size_t i = n - 1;

	while (i > 0 && is_alnum(p[i - 1]))
		i--;
	return i > 0 && i < n - 1 && p[i - 1] == '&' ? n - i + 1 : 0;
}

static size_t
trim_link(const char *p, size_t n)
{
	size_t open = 0, close = 0, i, k;

	for (i = 0; i < n; i++) {
		open += p[i] == '(';
		close += p[i] == ')';
	}
	while (n > 0) {
		if (p[n - 1] == ')' && close > open) {
			close--;
			n--;
		} else if (p[n - 1] == ';' && (k = entity_at_end(p, n)) != 0) {
			n -= k;
		} else if (p[n - 1] != ')' && strchr("?!.,:;*_~'\"", p[n - 1])) {
			n--;
		} else {
			break;
		}
	}
	return n;
}

/* A host with a dot, and no underscore in its last two labels. */
static bool
host_ok(const char *p, size_t n)
{
	size_t i, dots = 0;
	bool under_last = false, under_prev = false;

	for (i = 0; i < n && !strchr("/?#:", p[i]); i++) {
		if (p[i] == '.') {
			dots++;
			under_prev = under_last;
			under_last = false;
		} else if (p[i] == '_') {
			under_last = true;
		} else if (!is_alnum(p[i]) && p[i] != '-' && (unsigned char)p[i] < 0x80) {
			break;
		}
	}
	return i > 0 && dots > 0 && !under_last && !under_prev;
}

static bool
url_at(const char *p, size_t n, size_t i, struct md_auto *a)
{
	size_t skip = scheme_at(p + i, n - i), end, host;
	bool www = skip == 4;

	if (!skip || (i > 0 && (is_alnum(p[i - 1]) || p[i - 1] == '/')))
		return false;
	if (www && i > 0 && (unsigned char)p[i - 1] < 0x80 && !strchr(" *_~(\n", p[i - 1]))
		return false;
	/* The host first, and bounded: else many false starts cost the square of the text. */
	host = i + (www ? 0 : skip);
	if (!host_ok(p + host, MIN_OF(n - host, (size_t)HOST_MAX)))
		return false;
	end = i + trim_link(p + i, link_run(p, n, i + skip) - i);
	if (end <= i + skip)
		return false;
	*a = (struct md_auto){i, end, www ? "http://" : ""};
	return true;
}

/* An address around the @ at i; `from` is the least place where it may start. */
static bool
mail_at(const char *p, size_t n, size_t i, size_t from, struct md_auto *a)
{
	size_t lo = i, hi = i + 1, dots = 0;

	while (lo > from &&
	       (is_alnum(p[lo - 1]) || (p[lo - 1] && strchr(".-_+", p[lo - 1]))))
		lo--;
	while (hi < n && (is_alnum(p[hi]) || (p[hi] && strchr(".-_", p[hi])))) {
		if (p[hi] == '.' && hi + 1 < n && is_alnum(p[hi + 1]))
			dots++;
		hi++;
	}
	while (hi > i + 1 && p[hi - 1] == '.')
		hi--;
	if (lo == i || hi == i + 1 || !dots || p[hi - 1] == '-' || p[hi - 1] == '_')
		return false;
	*a = (struct md_auto){lo, hi, "mailto:"};
	return true;
}

bool
md_autolink(const char *p, size_t n, size_t from, struct md_auto *a)
{
	size_t i;

	for (i = from; i < n; i++) {
		if ((p[i] == 'h' || p[i] == 'H' || p[i] == 'w' || p[i] == 'W') &&
		    url_at(p, n, i, a))
			return true;
		if (p[i] == '@' && mail_at(p, n, i, from, a))
			return true;
	}
	return false;
}
