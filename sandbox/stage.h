/* Staged mode, the jail's side: a copy-on-write layer over the workspace. */
#ifndef SUNABA_SANDBOX_STAGE_H
#define SUNABA_SANDBOX_STAGE_H

#include "sandbox/setup.h"

/* A detached clone of the folder of layers that the policy names; -1 with *f filled. Before the
 * host's tree goes out of reach. */
int stage_take(const struct setup *s, struct sbx_fail *f);
/* A detached overlay: `lower`, the workspace's clone, under the folders "upper" and "work" of
 * `layers`. Both are spent. `root`, the jail's writable root with a folder "run" in it, becomes
 * the current directory. -1 with *f filled. */
int stage_over(int root, int lower, int layers, const struct setup *s, struct sbx_fail *f);

/* The workspace below changed: what the overlay remembers of it is forgotten, but for files that
 * are open. In pid 1 of the jail. */
void stage_refresh(const struct setup *s);
/* The same over a git directory elsewhere, whose canonical path is `path`: makes its folder in
 * `layers` first. */
int
stage_over_linked(int root, int lower, int layers, const char *path, struct sbx_fail *f);

#endif
