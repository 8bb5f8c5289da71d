/* Socket addresses as hostile bytes. Pure; fuzzed by tests/fuzz/fuzz_addr.c. */
#ifndef SUNABA_SANDBOX_ADDR_H
#define SUNABA_SANDBOX_ADDR_H

#include <stddef.h>

#define ADDR_BYTES 28 /* of a sockaddr that are looked at */
#define ADDR_TEXT  64 /* bytes of "[…]:65535" with its NUL */

enum addr {
	ADDR_OTHER, /* no whole IPv4 or IPv6 address: unix sockets, broken ones */
	ADDR_OWN,   /* this machine's loopback */
	ADDR_AWAY,  /* any other */
};
/* What p[0..n) is; unless ADDR_OTHER, with "192.0.2.1:443" or "[2001:db8::1]:443" in text and
 * the port in *port. */
enum addr addr_of(const unsigned char *p, size_t n, char text[ADDR_TEXT], unsigned *port);

#endif
