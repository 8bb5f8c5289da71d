/* Fenced blocks: any bytes; what is found is never longer than the text. */
#include <stdint.h>
#include <stdlib.h>

#include "agent/core/fence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fence_list l;
	size_t sum = 0;

	fence_find((const char *)data, size, &l);
	for (size_t i = 0; i < l.n; i++)
		sum += l.at[i].len;
	if (sum > size + 1)
		abort();
	fence_release(&l);
	return 0;
}
