/* URLs, hosts, e-mail addresses; paths are handed on.
 *
 * The clean text is taken in chunks between blanks and brackets, the same on both sides. A bare
 * name with dots is a host only with good reason, since code is full of them: by its last label,
 * or because a program or function of the network stands before it on the line. Pinned by
 * tests/unit/test_link.c. */
#include <string.h>

#include "agent/gate/link_int.h"

#define NAME_HINT 200 /* bytes of the line before a host that may say it is one */

/* Last labels that are hosts wherever they stand; no file or method is called so. */
static const char name_sure[] =
    " com net org edu gov mil biz xyz onion top club online site shop ru "
    "cn jp kr de fr nl eu br au ua ch uk ";
/* Those that are also files or methods: hosts inside a string, or behind a hint; and those
 * that are fields too ("user.name"): only behind a hint. */
static const char name_doubtful[] =
    " example icu vip space fun work tk io dev app ai me co gg to ly cloud tv fm ";
static const char name_field[] =
    " info page link live pro world tech store name us it es se no "
    "pl be at cz im is ";
static const char *const name_hints[] = {
    "curl",   "wget",	   "ssh",      "scp",	   "sftp",  "rsync", "ftp",
    "ncat",   "telnet",	   "ping",     "nslookup", "dig ",  "host",  "connect",
    "socket", "urlopen",   "requests", "http",	   "fetch", "smtp",  "getaddr",
    "nc ",    "git clone", "docker",   "openssl",  "proxy", "dns",
};

static bool
name_in(const char *list, const char *p, size_t n)
{
	for (const char *at = list; (at = memmem(at, strlen(at), p, n)) != NULL; at++)
		if (at > list && at[-1] == ' ' && at[n] == ' ')
			return true;
	return false;
}

static bool
name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* Bytes of a host name with dots at p; *last where its last label begins; 0: none. */
static size_t
name_host(const char *p, size_t n, size_t *last)
{
	size_t i = 0, labels = 0, label;

	for (;;) {
		for (label = i; i < n && name_char(p[i]); i++)
			;
		if (i == label)
			break;
		*last = label;
		labels++;
		if (i + 1 >= n || p[i] != '.' || !name_char(p[i + 1]))
			break;
		i++;
	}
	return labels >= 2 ? i : 0;
}

static bool
name_hinted(const struct link_clean *t, size_t start)
{
	size_t from = start > NAME_HINT ? start - NAME_HINT : 0;
	const char *lf = memrchr(t->text + from, '\n', start - from);

	if (lf)
		from = (size_t)(lf - t->text);
	for (size_t i = 0; i < ARRAY_LEN(name_hints); i++)
		if (memmem(t->text + from, start - from, name_hints[i],
			   strlen(name_hints[i])))
			return true;
	return false;
}

/* A string holds the name and nothing before it. */
static bool
name_quoted(const struct link_clean *t, size_t start, size_t end)
{
	return start > 0 && strchr("\"'`@", t->text[start - 1]) && end < t->len &&
	       strchr("\"'`:/", t->text[end]);
}

static bool
name_is_host(const struct link_walk *w, const char *p, size_t n, size_t last, size_t start)
{
	const char *tld = p + last;
	size_t len = n - last;

	if (n > 4 && memcmp(p, "www.", 4) == 0)
		return true;
	if (len > 4 && memcmp(tld, "xn--", 4) == 0)
		return true;
	if (name_in(name_sure, tld, len))
		return true;
	if (name_in(name_doubtful, tld, len))
		return w->side != LINK_ACTION || name_quoted(w->text, start, start + n) ||
		       name_hinted(w->text, start);
	return name_in(name_field, tld, len) &&
	       (w->side != LINK_ACTION || name_hinted(w->text, start));
}

/* Gives the host as a token: address or name without its last dot. */
static void
name_give_host(const struct link_walk *w, const char *p, size_t n, size_t start)
{
	AUTO_BUF struct buf wire = BUF_INIT(1024);
	char ip[64];

	while (n > 0 && p[n - 1] == '.')
		n--;
	if (n == 0 || n > 255)
		return;
	if (link_address(p, n, ip)) {
		if (w->query->net || !link_loopback(ip))
			w->found(w->ctx, LINK_IP, ip, strlen(ip), start, start + n);
		return;
	}
	if (!memchr(p, '.', n))
		return;
	link_puny(&wire, p, n);
	w->found(w->ctx, LINK_HOST, buf_str(&wire), wire.len, start, start + n);
}

/* A URL whose "://" is at p[colon]; p[0..n) is the rest of its chunk. */
static void
name_url(const struct link_walk *w, const char *p, size_t n, size_t colon, size_t start)
{
	AUTO_BUF struct buf url = BUF_INIT(LINK_TOKEN_MAX + 64);
	size_t host = colon + 3, end = host, port, path;
	const char *at;
	char ip[64], name[256];

	while (end < n && !strchr("/?#", p[end]))
		end++;
	at = memrchr(p + host, '@', end - host);
	if (at)
		host = (size_t)(at - p) + 1;
	path = end;
	for (port = host; port < end && p[port] != ':'; port++)
		;
	for (end = port; end > host && p[end - 1] == '.'; end--)
		;
	if (end == host || end - host >= sizeof(name))
		return;
	memcpy(name, p + host, end - host);
	name[end - host] = '\0';
	if (link_address(name, end - host, ip))
		memcpy(name, ip, sizeof(ip));
	if (!w->query->net && link_loopback(name))
		return;
	name_give_host(w, p + host, end - host, start + host);
	link_puny(&url, name, strlen(name));
	if (port < path && !(path - port == 3 && memcmp(p + port, ":80", 3) == 0) &&
	    !(path - port == 4 && memcmp(p + port, ":443", 4) == 0))
		buf_add(&url, p + port, path - port);
	at = memchr(p + path, '#', n - path);
	end = at ? (size_t)(at - p) : n;
	while (end > path && strchr("/.,:;!?", p[end - 1]))
		end--;
	buf_add(&url, p + path, MIN_OF(end - path, (size_t)(LINK_TOKEN_MAX - 512)));
	w->found(w->ctx, LINK_URL, buf_str(&url), url.len, start,
		 start + MAX_OF(end, path));
}

/* "name@host" with the '@' at p[at]. */
static bool
name_mail(const struct link_walk *w, const char *p, size_t n, size_t at, size_t start)
{
	size_t from = at, last, len;
	char mail[LINK_TOKEN_MAX];

	while (from > 0 && (name_char(p[from - 1]) || strchr(".+%", p[from - 1])))
		from--;
	len = name_host(p + at + 1, n - at - 1, &last);
	if (from == at || len == 0 || at + 1 + len - from >= sizeof(mail))
		return false;
	memcpy(mail, p + from, at + 1 + len - from);
	w->found(w->ctx, LINK_EMAIL, mail, at + 1 + len - from, start + from,
		 start + at + 1 + len);
	if (w->side == LINK_ACTION)
		return true;
	/* Its host is named too, and in some_key_of_json_name@host a name may begin late. */
	name_give_host(w, p + at + 1, len, start + at + 1);
	last = from;
	while (last < at && (p[last] != '_' || last + 1 == at))
		last++;
	for (; last < at; last++)
		if (p[last] == '_' && last + 1 < at)
			w->found(w->ctx, LINK_EMAIL, p + last + 1, at - last + len,
				 start + last + 1, start + at + 1 + len);
	return true;
}

/* An address as one number, 3325256727 or 0xc6336417: too long to be much else. */
static bool
name_number(const struct link_walk *w, const char *p, size_t n)
{
	return w->side == LINK_ACTION && n >= (p[1] == 'x' ? 9 : 8);
}

/* A piece without "://": an e-mail address, a path, an address or a host. */
static void
name_piece(const struct link_walk *w, const char *p, size_t n, size_t start)
{
	const char *at = memchr(p, '@', n);
	size_t last, len;
	char ip[64];

	if (n < 3)
		return;
	if (at && name_mail(w, p, n, (size_t)(at - p), start))
		return;
	if (n > 9 && (memcmp(p, "/dev/tcp/", 9) == 0 || memcmp(p, "/dev/udp/", 9) == 0)) {
		len = strcspn(p + 9, "/ \n");
		name_give_host(w, p + 9, MIN_OF(len, n - 9), start + 9);
		return;
	}
	if (p[0] == '/' || p[0] == '~' || p[0] == '.' || p[0] == '$') {
		if (link_path(w, p, n, start))
			return;
	}
	if (link_address(p, n, ip) && (strpbrk(ip, ":") || memchr(p, '.', n) ||
				       memchr(p, ':', n) || name_number(w, p, n))) {
		size_t dots = 0;

		for (size_t i = 0; i < n; i++)
			dots += p[i] == '.';
		if (dots >= 3 || dots == 0 || strchr(ip, ':') || w->side != LINK_ACTION ||
		    name_hinted(w->text, start))
			name_give_host(w, p, n, start);
		return;
	}
	len = name_host(p, n, &last);
	if (len > 0 && link_address(p, len, ip) && len < n &&
	    (p[len] == ':' || p[len] == '/'))
		name_give_host(w, p, len, start);
	else if (len > 0 && name_is_host(w, p, len, last, start))
		name_give_host(w, p, len, start);
}

/* Japanese prose puts no blank beside a name: what of a piece is ASCII is one too. */
static void
name_ascii(const struct link_walk *w, const char *p, size_t n, size_t start)
{
	size_t i = 0, end;

	for (; i < n; i = end + 1) {
		for (end = i; end < n && (unsigned char)p[end] < 0x80; end++)
			;
		if (end > i && end - i < n)
			name_piece(w, p + i, end - i, start + i);
	}
}

/* A chunk: URLs in it whole, otherwise what stands between '=' and ':' */
static void
name_chunk(const struct link_walk *w, const char *p, size_t n, size_t start)
{
	const char *url = memmem(p, n, "://", 3);

	for (bool first = true; url; first = false) {
		size_t colon = (size_t)(url - p), left = n - colon - 3;
		const char *next = memmem(url + 3, left, "://", 3);

		size_t ascii = colon + 3, whole = first || !next ? n : (size_t)(next - p);

		name_url(w, p, whole, colon, start);
		while (ascii < whole && (unsigned char)p[ascii] < 0x80)
			ascii++;
		if (ascii < whole)
			name_url(w, p, ascii, colon, start);
		url = next;
	}
	if (memmem(p, n, "://", 3))
		return;
	name_piece(w, p, n, start);
	name_ascii(w, p, n, start);
	for (size_t i = 0; i < n; i++) {
		size_t end;

		if (p[i] != '=' && p[i] != ':' && p[i] != '&')
			continue;
		for (end = i + 1;
		     end < n && p[end] != '=' && p[end] != '&' && p[end] != ':'; end++)
			;
		if (end > i + 1)
			name_piece(w, p + i + 1, end - i - 1, start + i + 1);
	}
	for (size_t i = 0; i < n; i++) {
		if (p[i] == ':' || p[i] == '=') {
			name_piece(w, p, i, start);
			break;
		}
	}
}

void
link_walk_names(const struct link_walk *w)
{
	static const bool ends[256] = {
	    ['\0' ... ' '] = true, ['"'] = true, ['\''] = true, ['<'] = true, ['>'] = true,
	    ['('] = true,	   [')'] = true, ['['] = true,	[']'] = true, ['|'] = true,
	    [';'] = true,	   [','] = true, ['`'] = true,
	};
	const char *p = w->text->text;
	size_t n = w->text->len, i = 0;

	while (i < n) {
		size_t end = i;

		while (end < n && !ends[(unsigned char)p[end]])
			end++;
		if (end - i >= 3)
			name_chunk(w, p + i, MIN_OF(end - i, (size_t)LINK_TOKEN_MAX), i);
		i = end + 1;
	}
}
