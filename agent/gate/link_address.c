/* Internet addresses in any spelling, and what cannot leave the machine.
 *
 * What inet_aton() and browsers take for an IPv4 address (one to four parts, each decimal, octal
 * or hexadecimal, the last filling the rest; WHATWG URL, section 4.3) becomes dotted decimal;
 * IPv6 becomes RFC 5952's form. Pinned by tests/unit/test_link.c. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "agent/gate/link_int.h"

/* One part of an IPv4 address; *len its bytes. */
static bool
address_part(const char *p, size_t n, size_t *len, uint64_t *v)
{
	unsigned base = 10;
	size_t i = 0;

	*v = 0;
	if (n > 2 && p[0] == '0' && p[1] == 'x') {
		base = 16;
		i = 2;
	} else if (n > 1 && p[0] == '0' && p[1] >= '0' && p[1] <= '9') {
		base = 8;
		i = 1;
	}
	for (*len = i; *len < n && p[*len] != '.'; (*len)++) {
		char c = p[*len];
		unsigned d = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
			     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
						    : 99;

		if (d >= base || *v > UINT32_MAX)
			return false;
		*v = *v * base + d;
	}
	return *len > i || (*len == 1 && p[0] == '0');
}

static bool
address_v4(const char *p, size_t n, char out[64])
{
	uint64_t part[4], all = 0;
	size_t parts = 0, i = 0, len;

	while (i < n) {
		if (parts == 4 || !address_part(p + i, n - i, &len, &part[parts]))
			return false;
		parts++;
		i += len;
		if (i < n && ++i == n)
			break; /* a dot at the end */
	}
	if (parts == 0)
		return false;
	for (size_t k = 0; k + 1 < parts; k++) {
		if (part[k] > 255)
			return false;
		all |= part[k] << (8 * (3 - k));
	}
	if (part[parts - 1] >= UINT64_C(1) << (8 * (5 - parts)))
		return false;
	all |= part[parts - 1];
	snprintf(out, 64, "%u.%u.%u.%u", (unsigned)(all >> 24 & 255),
		 (unsigned)(all >> 16 & 255), (unsigned)(all >> 8 & 255),
		 (unsigned)(all & 255));
	return true;
}

static bool
address_v6(const char *p, size_t n, char out[64])
{
	struct in6_addr a;
	char text[INET6_ADDRSTRLEN];
	size_t colons = 0;

	if (n >= sizeof(text))
		return false;
	for (size_t i = 0; i < n; i++)
		colons += p[i] == ':';
	if (colons < 2)
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, &a) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&a))
		return inet_ntop(AF_INET, &a.s6_addr[12], out, 64) != NULL;
	return inet_ntop(AF_INET6, &a, out, 64) != NULL;
}

bool
link_address(const char *p, size_t n, char out[64])
{
	if (n == 0 || n > 63)
		return false;
	if (memchr(p, ':', n))
		return address_v6(p, n, out);
	return p[0] >= '0' && p[0] <= '9' && address_v4(p, n, out);
}

bool
link_loopback(const char *host)
{
	size_t n = strlen(host);

	return strncmp(host, "127.", 4) == 0 || strcmp(host, "0.0.0.0") == 0 ||
	       strcmp(host, "::1") == 0 || strcmp(host, "::") == 0 ||
	       strcmp(host, "localhost") == 0 ||
	       (n > 10 && strcmp(host + n - 10, ".localhost") == 0);
}
