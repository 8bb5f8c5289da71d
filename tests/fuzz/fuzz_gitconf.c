/* git's configuration files, which code writes and pid 1 of the jail reads: whatever is left of
 * one must hold nothing that runs. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sandbox/gitconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct queue once = {0}, twice = {0};

	gitconf_clean((const char *)data, size, NULL, NULL, &once);
	if (gitconf_clean((const char *)queue_head(&once), queue_len(&once), NULL, NULL,
			  &twice) > 0)
		abort();
	queue_free(&once);
	queue_free(&twice);
	return 0;
}
