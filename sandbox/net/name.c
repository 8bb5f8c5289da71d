/* Host names and allow-list entries: see name.h.
 *
 * Checked as bytes before anything is compared: a name with a NUL, a blank or an '@' once passed
 * a peer's suffix check and then led elsewhere. What a resolver would take for a number in some
 * notation (a last label of digits or 0x…) must be a plain dotted quad, or it is nothing.
 *
 * Sources: RFC 1123 2.1, WHATWG URL "ends in a number". Pinned by tests/unit/test_net.c. */
#include "sandbox/net/name.h"

#include <string.h>
#include <strings.h>

#define LOCAL	   "127.0.0.1"
#define LOCAL_NAME "localhost"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_' || c == '.';
}

/* Labels of 1 to 63 bytes; the last one may not look like a number. */
static bool
labels_fit(const char *text)
{
	const char *label = text;

	for (;;) {
		size_t n = strcspn(label, ".");

		if (n == 0 || n > NET_LABEL_MAX || label[0] == '-')
			return false;
		if (!label[n])
			return !(strspn(label, "0123456789") == n ||
				 (label[0] == '0' && label[1] == 'x'));
		label += n + 1;
	}
}

static bool
parse_v6(const char *p, size_t n, struct net_host *out)
{
	if (n < 2 || n > NET_ADDR_TEXT || p[n - 1] != ']')
		return false;
	memcpy(out->text, p + 1, n - 2);
	out->text[n - 2] = 0;
	if (strlen(out->text) != n - 2 || !strchr(out->text, ':') ||
	    !net_addr_parse(out->text, &out->addr))
		return false;
	net_addr_text(&out->addr, out->text);
	/* One address, one spelling: an IPv4 address is written as such. */
	return !strchr(out->text, '.');
}

bool
net_host_parse(const char *p, size_t n, struct net_host *out)
{
	memset(out, 0, sizeof(*out));
	if (n > 0 && p[0] == '[')
		return parse_v6(p, n, out);
	if (n > 1 && p[n - 1] == '.')
		n--;
	if (n == 0 || n > NET_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		out->text[i] = lower(p[i]);
		if (!name_byte(out->text[i]))
			return false;
	}
	out->text[n] = 0;
	if (net_addr_parse(out->text, &out->addr))
		return true;
	out->addr.family = 0;
	return labels_fit(out->text);
}

bool
net_port_parse(const char *p, size_t n, uint16_t *port)
{
	unsigned v = 0;

	if (n == 0 || n > 5 || p[0] == '0')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(p[i]))
			return false;
		v = v * 10 + (unsigned)(p[i] - '0');
	}
	*port = (uint16_t)v;
	return v <= UINT16_MAX;
}

/* Where the port's colon stands; n when there is none. */
static size_t
colon_at(const char *p, size_t n)
{
	size_t i = 0;

	if (n && p[0] == '[') {
		const char *end = memchr(p, ']', n);

		i = end ? (size_t)(end - p) : n;
	}
	while (i < n && p[i] != ':')
		i++;
	return i;
}

bool
net_hostport_parse(const char *p, size_t n, uint16_t def, struct net_host *out,
		   uint16_t *port)
{
	size_t at = colon_at(p, n);

	*port = def;
	if (!net_host_parse(p, at, out))
		return false;
	if (at == n)
		return def != 0;
	return net_port_parse(p + at + 1, n - at - 1, port);
}

/* "HOST[:PORT]" with the port left 0. */
static bool
parse_place(const char *p, size_t n, struct net_host *host, uint16_t *port)
{
	size_t at = colon_at(p, n);

	*port = 0;
	if (!net_host_parse(p, at, host))
		return false;
	return at == n || net_port_parse(p + at + 1, n - at - 1, port);
}

static bool
parse_target(const char *text, struct net_rule *r)
{
	struct net_host to;

	if (r->host.addr.family || r->below)
		return false;
	if (strcasecmp(text, "private") == 0)
		return r->private_allowed = true;
	if (!parse_place(text, strlen(text), &to, &r->to_port) || !to.addr.family)
		return false;
	r->to = to.addr;
	return true;
}

bool
net_rule_parse(const char *text, struct net_rule *out)
{
	const char *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) : strlen(text);

	memset(out, 0, sizeof(*out));
	if (strlen(text) > NET_ENTRY_MAX)
		return false;
	if (n > 2 && text[0] == '*' && text[1] == '.') {
		out->below = true;
		text += 2;
		n -= 2;
	} else if (n > 1 && text[0] == '.') {
		out->below = out->itself = true;
		text++;
		n--;
	}
	if (!parse_place(text, n, &out->host, &out->port))
		return false;
	/* Below a single label is below a whole top-level domain. */
	if (out->below && (out->host.addr.family || !strchr(out->host.text, '.')))
		return false;
	/* Without a port it is a name, and leads where names may not. */
	if (!equals && !out->below && out->port && strcmp(out->host.text, LOCAL_NAME) == 0)
		net_host_parse(LOCAL, sizeof(LOCAL) - 1, &out->host);
	return !equals || parse_target(equals + 1, out);
}

bool
net_host_local(const struct net_host *h)
{
	return strcmp(h->text, LOCAL) == 0 || strcmp(h->text, LOCAL_NAME) == 0;
}

bool
net_rule_local(const struct net_rule *r, uint16_t *port)
{
	*port = r->port;
	return r->host.addr.family && net_host_local(&r->host);
}

bool
net_rule_names(const struct net_rule *r, const struct net_host *h)
{
	size_t n = strlen(h->text), m = strlen(r->host.text);

	if (r->host.addr.family || h->addr.family)
		return r->host.addr.family && h->addr.family &&
		       net_addr_same(&r->host.addr, &h->addr);
	if (strcmp(r->host.text, h->text) == 0)
		return !r->below || r->itself;
	return r->below && n > m + 1 && h->text[n - m - 1] == '.' &&
	       strcmp(h->text + n - m, r->host.text) == 0;
}

bool
net_rule_matches(const struct net_rule *r, const struct net_host *h, uint16_t port)
{
	if (r->port ? r->port != port : port != 80 && port != 443)
		return false;
	return net_rule_names(r, h);
}
