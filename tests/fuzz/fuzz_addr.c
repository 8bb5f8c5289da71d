/* A socket address from a job's memory: the text is whole, and loopback is never out of reach. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[ADDR_TEXT] = "";
	unsigned port = 0;

	enum addr where = addr_of(data, size, text, &port);

	if (where == ADDR_OTHER)
		return 0;
	if (size < 16 || port > 65535 || !memchr(text, 0, sizeof(text)))
		abort();
	if (where == ADDR_AWAY &&
	    (strncmp(text, "127.", 4) == 0 || strncmp(text, "[::1]", 5) == 0))
		abort();
	return 0;
}
