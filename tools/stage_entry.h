/* Inside of a snapshot, shared by stage_snap.c and stage_back.c. */
#ifndef SUNABA_TOOLS_STAGE_ENTRY_H
#define SUNABA_TOOLS_STAGE_ENTRY_H

#include "tools/stage_snap.h"

struct snap_entry {
	char *path;
	struct stat st; /* of the layer's entry; a whiteout is a device 0:0 */
	char *target;	/* of a link */
	unsigned kept;	/* name of the file with the bytes; 0: not kept */
	off_t from;    /* where they begin in SNAP_PACK, for what is small; -1: not there */
	bool opaque;   /* a folder that hides what is below */
	unsigned refs; /* snapshots that share it */
};

#define SNAP_PACK \
	"pack" /* the bytes of many small files: making a file costs more than they */

struct snap {
	struct snap_entry **at; /* sorted by path */
	size_t n, cap;
};

const struct snap_entry *
snap_find(const struct snap *s, const char *path); /* s NULL: NULL */
/* Either may be NULL: absent. */
bool snap_same_entry(const struct snap_entry *a, const struct snap_entry *b);

#endif
