/* Heads of pictures: any bytes, cut anywhere, give an answer that says why or sizes that hold; and
 * answers of terminals never lose a key. */
#include <stdlib.h>
#include <string.h>

#include "agent/ui/canvas.h"
#include "tools/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
one_head(const uint8_t *data, size_t size)
{
	/* of just that size, so that a sanitizer sees the end */
	uint8_t *copy = malloc(size ? size : 1);
	struct picture_head h;
	struct pixels p = {0};
	const char *why;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (!picture_head(copy, size, &h, &why)) {
		if (h.kind != PICTURE_NONE || h.width || h.height)
			abort();
	} else {
		if (why || h.kind == PICTURE_NONE || !h.width || !h.height)
			abort();
		picture_fit(&h, 800, 600, &p);
		if (!p.width || !p.height || p.width > 800 || p.height > 600 ||
		    p.width > h.width || p.height > h.height)
			abort();
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf rest = BUF_INIT(size + 1);
	struct canvas_answer a;

	one_head(data, size);
	if (size > 2)
		one_head(data, size / 2);
	canvas_read_answer((const char *)data, size, &a, &rest);
	if (rest.full || (a.cell_width && !a.cell_height))
		abort();
	for (int kind = CANVAS_NONE; kind <= CANVAS_ASK; kind++)
		canvas_bytes_fine((enum canvas_kind)kind, (const char *)data, size);
	return 0;
}
