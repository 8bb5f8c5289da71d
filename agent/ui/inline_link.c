/* What must be seen of a link's target.
 *
 * Where the terminal draws OSC 8 links the target is hidden behind the text, so it is printed
 * only where it could deceive: a text that looks like another host, a host in another script
 * (its punycode form is shown). Elsewhere the target always follows the text. A scheme other
 * than http, https and mailto never becomes a link and is always printed.
 * Sources: RFC 3492 (punycode). Pinned by tests/unit/test_md.c. */
#include <string.h>
#include <strings.h>

#include "agent/ui/md_int.h"

#define HOST_MAX 256 /* code points of a host that is converted */

static size_t
scheme_len(const char *u, size_t n)
{
	size_t i = 0;

	while (i < n && ((u[i] >= 'a' && u[i] <= 'z') || (u[i] >= 'A' && u[i] <= 'Z') ||
			 (i && ((u[i] >= '0' && u[i] <= '9') || strchr("+-.", u[i])))))
		i++;
	return i > 0 && i < n && u[i] == ':' ? i + 1 : 0;
}

enum md_url
md_url_class(const char *url, size_t n)
{
	size_t k = scheme_len(url, n);

	if (!k)
		return MD_URL_LOCAL;
	if ((k == 5 && strncasecmp(url, "http:", 5) == 0) ||
	    (k == 6 && strncasecmp(url, "https:", 6) == 0) ||
	    (k == 7 && strncasecmp(url, "mailto:", 7) == 0))
		return MD_URL_SAFE;
	return MD_URL_BAD;
}

struct text_part {
	const char *p;
	size_t n;
};

/* The host of "scheme://user@host:port/…" or of "host/…". */
static struct text_part
host_of(const char *u, size_t n)
{
	size_t i = scheme_len(u, n), end;
	const char *at;

	if (i && !(i + 2 <= n && memcmp(u + i, "//", 2) == 0))
		i = 0;
	else if (i)
		i += 2;
	for (end = i; end < n && !strchr("/?#\\ ", u[end]); end++)
		;
	at = memrchr(u + i, '@', end - i);
	if (at)
		i = (size_t)(at + 1 - u);
	at = memchr(u + i, ':', end - i);
	if (at)
		end = (size_t)(at - u);
	return (struct text_part){u + i, end - i};
}

static bool
part_equal(struct text_part a, struct text_part b)
{
	if (a.n > 4 && strncasecmp(a.p, "www.", 4) == 0)
		a = (struct text_part){a.p + 4, a.n - 4};
	if (b.n > 4 && strncasecmp(b.p, "www.", 4) == 0)
		b = (struct text_part){b.p + 4, b.n - 4};
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* A label that a reader takes for an address: one word with a scheme, or with a dot inside and
 * a top-level domain of letters behind. */
static bool
looks_like_host(const char *p, size_t n)
{
	struct text_part h = host_of(p, n);
	const char *dot = memrchr(h.p, '.', h.n);
	size_t i;

	if (memchr(p, ' ', n) || !dot || dot == h.p)
		return false;
	if (scheme_len(p, n) && memmem(p, n, "://", 3))
		return true;
	for (i = (size_t)(dot + 1 - h.p); i < h.n; i++) {
		if ((unsigned char)h.p[i] < 'A' || strchr("[]`'\"(){}", h.p[i]))
			return false;
	}
	return h.n - (size_t)(dot + 1 - h.p) >= 2;
}

static uint32_t
puny_adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / points;
	for (; delta > 455; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

static void
puny_number(struct buf *out, uint32_t q, uint32_t bias)
{
	uint32_t k, t, d;

	for (k = 36;; k += 36) {
		t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
		d = q < t ? q : t + (q - t) % (36 - t);
		buf_addc(out, (char)(d < 26 ? 'a' + d : '0' + d - 26));
		if (q < t)
			return;
		q = (q - t) / (36 - t);
	}
}

/* One label of a host: n code points that are not all ASCII. */
static void
puny_label(struct buf *out, const uint32_t *cp, uint32_t n)
{
	uint32_t code = 128, delta = 0, bias = 72, h = 0, basic, next, i;

	buf_adds(out, "xn--");
	for (i = 0; i < n; i++) {
		if (cp[i] < 128)
			buf_addc(out, (char)cp[i]), h++;
	}
	basic = h;
	if (basic)
		buf_addc(out, '-');
	while (h < n) {
		for (next = UINT32_MAX, i = 0; i < n; i++) {
			if (cp[i] >= code && cp[i] < next)
				next = cp[i];
		}
		delta += (next - code) * (h + 1);
		code = next;
		for (i = 0; i < n; i++) {
			delta += cp[i] < code;
			if (cp[i] != code)
				continue;
			puny_number(out, delta, bias);
			bias = puny_adapt(delta, h + 1, h == basic);
			delta = 0;
			h++;
		}
		delta++;
		code++;
	}
}

/* The host in the form that the network sees; false when it is plain ASCII or too long. */
static bool
puny_host(struct buf *out, struct text_part h)
{
	uint32_t cps[HOST_MAX], n = 0;
	bool wide = false, any = false;
	size_t i = 0;

	if (h.n > HOST_MAX)
		return false;
	while (i <= h.n) {
		uint32_t cp = '.';

		i += i < h.n ? utf8_decode(h.p + i, h.n - i, &cp) : 1;
		if (cp != '.') {
			cps[n++] = cp == UINT32_MAX ? UTF8_REPLACEMENT : cp;
			wide = wide || cp >= 128;
			continue;
		}
		if (wide)
			puny_label(out, cps, n);
		for (uint32_t k = 0; k < n && !wide; k++)
			buf_addc(out, (char)cps[k]);
		if (i <= h.n)
			buf_addc(out, '.');
		any = any || wide;
		n = 0;
		wide = false;
	}
	return any;
}

static void
tail_part(struct md_text *t, enum style_name s, const char *before, const char *p, size_t n,
	  const char *after)
{
	md_text_add(t, style_of(s), before, strlen(before));
	md_text_whole(t, style_of(s), p, n);
	if (*after)
		md_text_add(t, style_of(s), after, strlen(after));
}

static bool
same_target(const char *text, size_t n, const char *url)
{
	size_t len = strlen(url);

	if (n == len && memcmp(text, url, n) == 0)
		return true;
	return len == n + 7 && strncmp(url, "mailto:", 7) == 0 &&
	       memcmp(text, url + 7, n) == 0;
}

void
md_link_tail(const struct md_emit *e, struct md_text *t, size_t from, const char *url)
{
	AUTO_BUF struct buf plain = BUF_INIT(MD_MESSAGE_MAX), puny = BUF_INIT(HOST_MAX * 8);
	AUTO_BUF struct buf text = BUF_INIT(MD_MESSAGE_MAX);
	struct text_part host;
	bool safe, shown;

	md_decode(&plain, url, strlen(url));
	buf_str(&plain);
	buf_add(&text, t->text.data + from, t->text.len - from);
	buf_str(&text);
	if (!plain.len || same_target(text.data, text.len, plain.data))
		return;
	safe = md_url_class(plain.data, plain.len) == MD_URL_SAFE;
	shown = !safe || !e->o->links;
	host = host_of(plain.data, plain.len);
	if (safe && strncasecmp(plain.data, "mailto:", 7) != 0) {
		if (looks_like_host(text.data, text.len) &&
		    !part_equal(host_of(text.data, text.len), host))
			tail_part(t, STYLE_WARN, e->o->unicode ? " ⚠→ " : " !-> ", host.p,
				  host.n, "");
		if (puny_host(&puny, host))
			tail_part(t, STYLE_WARN, " [", buf_str(&puny), puny.len, "]");
	}
	if (shown)
		tail_part(t, STYLE_URL, " (", plain.data, plain.len, ")");
}
