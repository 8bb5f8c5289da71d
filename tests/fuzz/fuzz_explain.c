/* Error output of a hostile step: every path found lies in the text, and the search ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char path[1024];
	size_t at = 0, before = 0;
	int sys = 0;

	while (sbx_error_next(text, size, &at, path, &sys)) {
		size_t n = strnlen(path, sizeof(path));

		if (at <= before || n == 0 || n == sizeof(path) || sys == 0 ||
		    !memmem(text, size, path, n))
			abort();
		before = at;
	}
	return 0;
}
