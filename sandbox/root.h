/* The file tree that jobs see, built from a policy in a fresh mount namespace. */
#ifndef SUNABA_SANDBOX_ROOT_H
#define SUNABA_SANDBOX_ROOT_H

#include <sys/mount.h>

#include "sandbox/setup.h"

/* Builds the tree and makes it the root; afterwards nothing of the host's tree is reachable.
 * The current directory must be the workspace's folder on the host: a clone of the mount
 * namespace carries it over, so that no path is looked up again. */
bool root_build(const struct setup *s, bool userns, struct sbx_fail *f);
/* In pid 1: a new bound, in bytes, for all private temporary files together. */
bool root_resize(uint64_t size, struct sbx_fail *f);
/* In a mount namespace of a job: a fresh /proc over the old one, its covers, and the folder of
 * scripts made read-only. */
bool root_job(struct sbx_fail *f);
/* The last of it, also where pid 1's own tree is the job's. */
bool root_scripts(struct sbx_fail *f);

/* Attributes of what is shown. */
#define TREE_RW (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define TREE_RO (MOUNT_ATTR_RDONLY | TREE_RW)
/* A detached clone of the subtree `path` below `at` (itself when ""), with the attributes set on
 * all of it; -1 with errno. */
int root_clone(int at, const char *path, uint64_t set);
/* The folder (or file) `path` below `root`, made where it is missing, never through a link; an
 * O_PATH descriptor, or -1 with errno. */
int root_place(int root, const char *path, bool is_dir);
/* etc.c: the jail's own hosts and resolv.conf over the host's. */
bool root_etc(int root, struct sbx_fail *f);
/* proc.c: mounts a fresh proc of this pid namespace at `path` below `at`. */
bool root_proc(int at, const char *path, struct sbx_fail *f);
/* The same, but where it is not allowed the folder stays empty: never is it the host's. */
bool root_proc_if_allowed(int at, const char *path, struct sbx_fail *f);
/* -1: of this process's root. */
bool root_has_proc(int root);
/* Covers what of it is no business of code's; `root` is where it is. Moves to `root`. */
bool root_cover_proc(int root, struct sbx_fail *f);
/* private.c: from here on no mount shows on the host. Without a user namespace the root becomes
 * a mount point of its own, which a chroot's need not be. */
bool root_private(bool userns, struct sbx_fail *f);

/* dev.c: fills /dev below `root`; devices are clones of the host's nodes, or made when real root
 * finds none. `nodes` come from dev_take(), called while the host's tree is still in reach. */
#define DEV_NODES 6
void dev_take(int nodes[DEV_NODES]);
bool dev_build(int root, const int nodes[DEV_NODES], struct sbx_fail *f);

#endif
