/* Everything the agent or the jail reads from the other: frames in both directions, and the
 * payloads inside them. The first byte chooses. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sandbox/frame.h"
#include "sandbox/setup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
frames(const uint8_t *p, size_t n, bool up)
{
	struct frame f;
	size_t used;
	volatile unsigned sum = 0;

	while (frame_read(p, n, up, &f, &used) == FRAME_WHOLE) {
		for (uint32_t i = 0; i < f.len; i++)
			sum += f.payload[i];
		p += used;
		n -= used;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct setup base;
	struct setup s;
	struct start st;

	if (size < 1)
		return 0;
	switch (data[0] % 4) {
	case 0:
		frames(data + 1, size - 1, true);
		break;
	case 1:
		frames(data + 1, size - 1, false);
		break;
	case 2:
		setup_decode(data + 1, size - 1, &s);
		break;
	default:
		start_decode(data + 1, size - 1, &base, &st);
		start_release(&st);
	}
	return 0;
}
