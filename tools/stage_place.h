/* Where layers lie. Internal to tools/. */
#ifndef SUNABA_TOOLS_STAGE_PLACE_H
#define SUNABA_TOOLS_STAGE_PLACE_H

#include "tools/stage.h"

#define STAGE_PLACES 3

/* The i-th folder in which layers may lie, or NULL: it is not to be had, or has no name. With
 * `make` it is made. The caller frees it. */
char *stage_place(size_t i, bool make);
/* A file system that can hold a layer's own marks. */
bool stage_place_fits(int dir);
/* The workspace, O_PATH: canonical when the layer was made; a link put into it since leads elsewhere
 * and is not followed. */
int stage_place_workspace(const char *path);
/* Takes a layer's folder away, with whatever is in it. */
void stage_place_remove(const char *folder);
/* Takes the lock; false when a run has it. */
bool stage_place_lock(int dir);

#endif
