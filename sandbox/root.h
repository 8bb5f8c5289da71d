/* The file tree that jobs see, built from a policy in a fresh mount namespace. */
#ifndef SUNABA_SANDBOX_ROOT_H
#define SUNABA_SANDBOX_ROOT_H

#include "sandbox/setup.h"

/* Builds the tree and makes it the root; afterwards nothing of the host's tree is reachable.
 * The current directory must be the workspace's folder on the host: a clone of the mount
 * namespace carries it over, so that no path is looked up again. */
bool root_build(const struct setup *s, bool userns, struct sbx_fail *f);
/* In a mount namespace of a job: a fresh /proc over the old one unless `keep`, then its covers,
 * and the folder of scripts made read-only. */
bool root_job(bool keep_proc, struct sbx_fail *f);

/* dev.c: fills /dev below `root`; devices are clones of the host's nodes, or made when real root
 * finds none. `nodes` come from dev_take(), called while the host's tree is still in reach. */
#define DEV_NODES 5
void dev_take(int nodes[DEV_NODES]);
bool dev_build(int root, const int nodes[DEV_NODES], struct sbx_fail *f);

#endif
