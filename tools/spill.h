/* The files in which long outputs are kept: how much they may hold together in a session.
 *
 * A step's own bound is collect.h's. When all of them are over theirs, the oldest go. */
#ifndef SUNABA_TOOLS_SPILL_H
#define SUNABA_TOOLS_SPILL_H

#include "agent/base/util.h"

struct spill_file {
	char *path;
	size_t bytes;
};

/* Zeroed but for `max`, it is empty. */
struct spills {
	struct spill_file *at; /* oldest first */
	size_t n;
	size_t total, max; /* bytes */
};

/* Notes a new file and removes the oldest until all hold at most `max` bytes; the new one stays
 * in any case. Returns how many went. `path` is copied. */
size_t spills_add(struct spills *s, const char *path, size_t bytes);
void spills_release(struct spills *s); /* the files stay */

#endif
