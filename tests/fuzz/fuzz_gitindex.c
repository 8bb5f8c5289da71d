/* git's index, which code writes and pid 1 of the jail reads. The first bytes up to a NUL are the
 * path that is looked up. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/gitindex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, 0, size);
	unsigned char name[SHA1_BYTES];

	if (nul)
		gitindex_find(nul + 1, size - (size_t)(nul + 1 - data), (const char *)data,
			      name);
	return 0;
}
