/* What a layer held at the beginning of a turn, and the way back to it.
 *
 * The layer stays mounted for the whole session, so a snapshot keeps the bytes of what is in it:
 * shared with the layer where the file system can share, copied where it cannot, and never twice
 * for a file that stayed as it was. Going back writes through the mounted tree (`view`), like any
 * program of the user's, so that interpreters and open files go on. */
#ifndef SUNABA_TOOLS_STAGE_SNAP_H
#define SUNABA_TOOLS_STAGE_SNAP_H

#include "tools/stage_fs.h"

#define SNAP_ENTRIES_MAX ((size_t)200000)
#define SNAP_BYTES_MAX	 ((uint64_t)1024 * MIB) /* kept for one turn; larger files are not */

struct snap;
/* `keep` is the folder for the bytes, -1: none are wanted. `before` (or NULL) is shared with.
 * `number` counts the files in `keep`. */
struct snap *snap_take(int upper, int keep, const struct snap *before, unsigned *number);
void snap_free(struct snap *s);
/* Nothing of the layer changed between the two. */
bool snap_equal(const struct snap *a, const struct snap *b);

/* Told of each path that was brought back, or could not be (`why`). `lower`: to what is below. */
typedef void snap_report_fn(const char *path, bool lower, const char *why, void *arg);
struct snap_back {
	int view, lower, keep;	  /* descriptors: mounted tree, workspace, kept bytes */
	const struct snap *to;	  /* NULL: the workspace as it is below */
	const struct snap *now;	  /* taken without bytes */
	const char *const *paths; /* NULL-terminated; NULL: everything */
	const char *temp;
	snap_report_fn *report; /* or NULL */
	void *arg;
};
void snap_restore(const struct snap_back *b);

#endif
