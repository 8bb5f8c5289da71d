/* Addresses of servers. See addr.h.
 *
 * OLLAMA_HOST: Ollama's envconfig and its test table (2026-05).
 * Pinned by tests/unit/test_models.c. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "agent/base/mem.h"
#include "agent/model/addr.h"

#define OLLAMA_PORT "11434"

static const char *
addr_after_scheme(const char *url)
{
	const char *p = strstr(url, "://");

	return p ? p + 3 : url;
}

char *
addr_base(const char *given)
{
	const char *host;
	size_t n;

	while (isspace((unsigned char)*given))
		given++;
	if (strstr(given, "://") && strncasecmp(given, "http://", 7) != 0 &&
	    strncasecmp(given, "https://", 8) != 0)
		return NULL;
	host = addr_after_scheme(given);
	n = strlen(host);
	while (n && (host[n - 1] == '/' || isspace((unsigned char)host[n - 1])))
		n--;
	if (n == 0 || strchr("/:?#@", *host))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)host[i] <= ' ' || host[i] == 0x7F)
			return NULL;
	return mem_printf("%.*s%.*s", host > given ? (int)(host - given) : 7,
			  host > given ? given : "http://", (int)n, host);
}

/* The host of a URL, without user, port and brackets, into out. */
static void
addr_host(const char *url, char *out, size_t cap)
{
	const char *p = addr_after_scheme(url), *at;
	size_t n = strcspn(p, "/?#");

	at = memrchr(p, '@', n);
	if (at) {
		n -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	if (*p == '[') {
		p++;
		n = strcspn(p, "]");
	} else {
		n = MIN_OF(n, strcspn(p, ":"));
	}
	n = MIN_OF(n, cap - 1);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)p[i]);
	out[n] = '\0';
}

bool
addr_is_local(const char *url)
{
	char host[256];
	size_t n;

	addr_host(url, host, sizeof(host));
	n = strlen(host);
	if (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
		return true;
	if (n > 10 && strcmp(host + n - 10, ".localhost") == 0)
		return true;
	/* Digits and dots only: 127.example.com is somebody else's name. */
	return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n;
}

bool
addr_same_host(const char *a, const char *b)
{
	size_t na, nb;

	a = addr_after_scheme(a);
	b = addr_after_scheme(b);
	na = strcspn(a, "/?#");
	nb = strcspn(b, "/?#");
	return na == nb && strncasecmp(a, b, na) == 0;
}

static bool
addr_port_valid(const char *p, size_t n)
{
	long v = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)p[i]) || v > 65535)
			return false;
		v = v * 10 + (p[i] - '0');
	}
	return n > 0 && v <= 65535;
}

char *
addr_ollama(const char *host)
{
	const char *scheme = "http", *port = OLLAMA_PORT, *path, *colon, *h;
	size_t hn, pn, nport, path_n;

	host = host ? host : "";
	while (isspace((unsigned char)*host) || *host == '"' || *host == '\'')
		host++;
	h = addr_after_scheme(host);
	if (h != host) {
		scheme = strncasecmp(host, "https", 5) == 0 ? "https" : "http";
		port = *scheme && scheme[4] ? "443" : "80";
	}
	nport = strlen(port);
	hn = strcspn(h, "/ \t\r\n\"'");
	path = h + hn;
	path_n = strcspn(path, " \t\r\n\"'");
	while (path_n && path[path_n - 1] == '/')
		path_n--;
	colon = memrchr(h, ':', hn);
	if (colon && (memchr(colon, ']', hn - (size_t)(colon - h)) ||
		      (memchr(h, ':', (size_t)(colon - h)) && *h != '[')))
		colon = NULL; /* part of an IPv6 address */
	pn = colon ? (size_t)(h + hn - colon) - 1 : 0;
	if (colon) {
		if (addr_port_valid(colon + 1, pn)) {
			port = colon + 1;
			nport = pn;
		}
		hn = (size_t)(colon - h);
	}
	if (*h == '[' && hn > 2) {
		h++;
		hn -= 2;
	}
	if (hn == 0 || (hn == 7 && strncmp(h, "0.0.0.0", 7) == 0)) {
		h = "127.0.0.1";
		hn = 9;
	} else if (hn == 2 && strncmp(h, "::", 2) == 0) {
		h = "::1";
		hn = 3;
	}
	if (memchr(h, ':', hn))
		return mem_printf("%s://[%.*s]:%.*s%.*s", scheme, (int)hn, h, (int)nport,
				  port, (int)path_n, path);
	return mem_printf("%s://%.*s:%.*s%.*s", scheme, (int)hn, h, (int)nport, port,
			  (int)path_n, path);
}
