/* Proxied HTTP heads: see http.h.
 *
 * Strict where two readers could differ: no NUL, no lone CR, no folded lines, names are tokens,
 * at most one Host, and it names the host that is asked for. A forwarded request asks the server
 * to close afterwards, so that no second request, to another host perhaps, follows on the same
 * connection.
 *
 * Sources: RFC 9110, RFC 9112. Pinned by tests/unit/test_net.c. */
#include "sandbox/net/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define METHOD_MAX 32 /* bytes */

struct line {
	const char *p;
	size_t n; /* without the line end */
};

static bool
is_token(const char *p, size_t n)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < n; i++) {
		char c = p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9');

		if (!alnum && (c == 0 || !strchr(marks, c)))
			return false;
	}
	return n > 0;
}

static enum net_head
bad(struct net_request *r, const char *why)
{
	r->why = why;
	return NET_HEAD_BAD;
}

/* The line at *at; moves on. False: no line end yet. */
static bool
next_line(const char *p, size_t n, size_t *at, struct line *l)
{
	const char *end = *at < n ? memchr(p + *at, '\n', n - *at) : NULL;

	if (!end)
		return false;
	l->p = p + *at;
	l->n = (size_t)(end - l->p);
	*at += l->n + 1;
	if (l->n && l->p[l->n - 1] == '\r')
		l->n--;
	return true;
}

static bool
clean(const struct line *l)
{
	for (size_t i = 0; i < l->n; i++)
		if ((unsigned char)l->p[i] < ' ' && l->p[i] != '\t')
			return false;
	return true;
}

/* "Name: value" */
static bool
split_field(const struct line *l, size_t *name, struct line *value)
{
	const char *colon = memchr(l->p, ':', l->n);

	if (!colon || !is_token(l->p, (size_t)(colon - l->p)))
		return false;
	*name = (size_t)(colon - l->p);
	value->p = colon + 1;
	value->n = l->n - *name - 1;
	while (value->n && (value->p[0] == ' ' || value->p[0] == '\t')) {
		value->p++;
		value->n--;
	}
	while (value->n &&
	       (value->p[value->n - 1] == ' ' || value->p[value->n - 1] == '\t'))
		value->n--;
	return true;
}

static bool
field_is(const struct line *l, size_t n, const char *name)
{
	return strlen(name) == n && strncasecmp(l->p, name, n) == 0;
}

/* "http://host[:port]/path" */
static bool
parse_uri(const char *base, const struct line *uri, struct net_request *r)
{
	static const char scheme[] = "http://";
	size_t skip = sizeof(scheme) - 1, n;

	if (uri->n <= skip || strncasecmp(uri->p, scheme, skip) != 0)
		return false;
	for (n = skip; n < uri->n && !strchr("/?#", uri->p[n]); n++)
		;
	if (!net_hostport_parse(uri->p + skip, n - skip, 80, &r->host, &r->port))
		return false;
	r->path = (size_t)(uri->p - base) + n;
	for (r->path_len = 0; n + r->path_len < uri->n && uri->p[n + r->path_len] != '#';)
		r->path_len++;
	return true;
}

static enum net_head
parse_request_line(const char *base, const struct line *l, struct net_request *r)
{
	const char *one = memchr(l->p, ' ', l->n), *two;
	struct line uri;

	if (!one || !is_token(l->p, (size_t)(one - l->p)) || one - l->p > METHOD_MAX)
		return bad(r, "not an HTTP request");
	r->method_len = (size_t)(one - l->p);
	uri.p = one + 1;
	two = memchr(uri.p, ' ', l->n - r->method_len - 1);
	if (!two || l->p + l->n - two != 9 ||
	    (memcmp(two, " HTTP/1.1", 9) != 0 && memcmp(two, " HTTP/1.0", 9) != 0))
		return bad(r, "not an HTTP/1.1 request");
	uri.n = (size_t)(two - uri.p);
	r->old = two[8] == '0';
	if (r->method_len == 7 && memcmp(l->p, "CONNECT", 7) == 0)
		return net_hostport_parse(uri.p, uri.n, 0, &r->host, &r->port)
			   ? NET_HEAD_CONNECT
			   : bad(r, "the host to connect to is malformed");
	return parse_uri(base, &uri, r) ? NET_HEAD_FORWARD
					: bad(r, "the address asked for is malformed");
}

/* The header must name the host that is dialled, with whatever port. */
static bool
host_fits(const struct line *value, const struct net_request *r)
{
	struct net_host h;
	uint16_t port;

	return net_hostport_parse(value->p, value->n, 1, &h, &port) &&
	       strcmp(h.text, r->host.text) == 0;
}

enum net_head
net_http_parse(const char *p, size_t n, struct net_request *r)
{
	enum net_head what;
	struct line l, value;
	size_t at = 0, name;
	bool host = false;

	memset(r, 0, sizeof(*r));
	if (!next_line(p, n < NET_HEAD_MAX ? n : NET_HEAD_MAX, &at, &l))
		return n < NET_HEAD_MAX ? NET_HEAD_MORE : bad(r, "the head is too long");
	if (!clean(&l))
		return bad(r, "the request line holds control bytes");
	what = parse_request_line(p, &l, r);
	r->line_len = at;
	while (what != NET_HEAD_BAD) {
		if (!next_line(p, n < NET_HEAD_MAX ? n : NET_HEAD_MAX, &at, &l))
			return n < NET_HEAD_MAX ? NET_HEAD_MORE
						: bad(r, "the head is too long");
		if (l.n == 0)
			break;
		if (!clean(&l) || !split_field(&l, &name, &value))
			return bad(r, "a header line is malformed");
		if (!field_is(&l, name, "Host"))
			continue;
		if (host || !host_fits(&value, r))
			return bad(r, "the Host header names another host");
		host = true;
	}
	r->head_len = at;
	return what;
}

/* Meant for the next hop only, or set anew. */
static bool
is_dropped(const struct line *l, size_t name)
{
	static const char *const fields[] = {"Host", "Connection", "Proxy-Connection",
					     "Proxy-Authorization", "Keep-Alive"};

	for (size_t i = 0; i < SBX_LEN(fields); i++)
		if (field_is(l, name, fields[i]))
			return true;
	return false;
}

static void
put(struct queue *q, const char *text)
{
	queue_add(q, text, strlen(text));
}

void
net_http_rewrite(const char *p, const struct net_request *r, struct queue *out)
{
	bool v6 = r->host.addr.family == AF_INET6, upgrade = false;
	size_t at = r->line_len, name;
	char host[NET_NAME_MAX + 32];
	struct line l, value;

	queue_add(out, p, r->method_len + 1);
	if (!r->path_len || p[r->path] != '/')
		put(out, "/");
	queue_add(out, p + r->path, r->path_len);
	snprintf(host, sizeof(host), r->port == 80 ? "%s%s%s" : "%s%s%s:%u", v6 ? "[" : "",
		 r->host.text, v6 ? "]" : "", r->port);
	put(out, r->old ? " HTTP/1.0\r\nHost: " : " HTTP/1.1\r\nHost: ");
	put(out, host);
	put(out, "\r\n");
	while (next_line(p, r->head_len, &at, &l) && l.n) {
		if (!split_field(&l, &name, &value) || is_dropped(&l, name))
			continue;
		upgrade |= field_is(&l, name, "Upgrade");
		queue_add(out, l.p, l.n);
		put(out, "\r\n");
	}
	put(out, upgrade ? "Connection: Upgrade\r\n\r\n" : "Connection: close\r\n\r\n");
}
