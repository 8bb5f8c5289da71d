/* Host names as bytes, and the entries of the allow-list. Pure; fuzzed by
 * tests/fuzz/fuzz_proxy_head.c.
 *
 * An entry is one of
 *	HOST		the name and no other, ports 80 and 443
 *	HOST:PORT	that port alone
 *	.HOST		the name and all below it
 *	*.HOST		all below it
 *	ADDRESS[:PORT]	an IP address as it stands, "[v6]:PORT"
 *	localhost:PORT, 127.0.0.1:PORT	the host's own; inside, that port leads there
 *	NAME[:PORT]=ADDRESS[:PORT]	connections to the name go there; nothing is looked up
 *	NAME[:PORT]=private	the name may lead into the local network
 * A name below a suffix is matched at a dot, never inside a label. */
#ifndef SUNABA_SANDBOX_NET_NAME_H
#define SUNABA_SANDBOX_NET_NAME_H

#include "sandbox/net/addr.h"

#define NET_NAME_MAX  253 /* bytes of a host name */
#define NET_LABEL_MAX 63  /* bytes between two dots */
#define NET_ENTRY_MAX 512 /* bytes of an entry's text */

struct net_host {
	char
	    text[NET_NAME_MAX + 1]; /* lower case, no dot at the end; v6 without brackets */
	struct net_addr addr;	    /* family 0: a name */
};

/* Reads n bytes: a name, or an address ("[…]" around v6). False for everything that could be
 * read in two ways: odd bytes, empty labels, numbers that are no dotted quad, v4 inside v6. */
bool net_host_parse(const char *p, size_t n, struct net_host *out);
/* "HOST:PORT", or "HOST" with port `def` (0: a port is demanded). */
bool net_hostport_parse(const char *p, size_t n, uint16_t def, struct net_host *out,
			uint16_t *port);
/* 1 to 65535 in decimal digits, no sign, no leading zero. */
bool net_port_parse(const char *p, size_t n, uint16_t *port);

struct net_rule {
	struct net_host host;
	bool below, itself;   /* a suffix: what is below matches; the name too */
	uint16_t port;	      /* 0: 80 and 443 */
	bool private_allowed; /* the name may lead into the local network */
	struct net_addr to;   /* family 0: what the name resolves to */
	uint16_t to_port;     /* 0: as asked for */
};

bool net_rule_parse(const char *text, struct net_rule *out);
/* It lists the host's own 127.0.0.1; *port as in the rule. */
bool net_rule_local(const struct net_rule *r, uint16_t *port);
/* Is 127.0.0.1, or called localhost. */
bool net_host_local(const struct net_host *h);
/* The name (or address) is listed, whatever the port. */
bool net_rule_names(const struct net_rule *r, const struct net_host *h);
bool net_rule_matches(const struct net_rule *r, const struct net_host *h, uint16_t port);

#endif
