/* Socket addresses as hostile bytes. Pure; fuzzed by tests/fuzz/fuzz_addr.c. */
#ifndef SUNABA_SANDBOX_ADDR_H
#define SUNABA_SANDBOX_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#define ADDR_BYTES 28 /* of a sockaddr that are looked at */
#define ADDR_TEXT  64 /* bytes of "[…]:65535" with its NUL */

/* True when p[0..n) is an IPv4 or IPv6 address that is not this machine's own loopback, with
 * "192.0.2.1:443" or "[2001:db8::1]:443" in text and the port in *port. Whatever else, unix
 * sockets and broken addresses among it, is false. */
bool addr_elsewhere(const unsigned char *p, size_t n, char text[ADDR_TEXT], unsigned *port);

#endif
