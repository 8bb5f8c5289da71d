/* What stands in the workspace and must not be read or written although the workspace may be:
 * secrets, sockets of the host's, and files that programs outside run or believe.
 *
 * Guards are mounts in the jail's own tree: nothing is ever made on the host. What was not there
 * at the start cannot be guarded by a mount: a sweep after each step finds it and puts it aside,
 * in its own folder under a name that no program runs (QUARANTINE), so that nothing is lost and
 * the user brings it back by renaming it. */
#ifndef SUNABA_SANDBOX_PROTECT_H
#define SUNABA_SANDBOX_PROTECT_H

#include "sandbox/setup.h"

#define QUARANTINE ".sunaba-quarantine" /* behind a name; "-2", … when that is taken */

/* Facts for the user; called in set-up and in each sweep. */
typedef void protect_tell(const struct sbx_notice *n, void *arg);

/* NULL, where there are no mounts, is fine but for protect_ground() and protect_show(). */
struct protect;
struct protect *protect_new(protect_tell *tell, void *arg);
/* Before the first job: whom to tell from now on. */
void protect_listen(struct protect *p, protect_tell *tell, void *arg);

/* In set-up, with the folder `path` placed below `root`, the jail's root to be, and the host's
 * tree still in reach: looks through the folder and mounts the guards. `secrets`: hides these
 * too. A git directory elsewhere that a linked worktree in it belongs to is placed as well, when
 * it names that worktree back. Descriptors are duplicated. */
bool protect_ground(struct protect *p, const struct setup *s, int root, const char *path,
		    bool secrets, struct sbx_fail *f);
/* Makes s->protect where nothing can be mounted: the workspace and what else may be written are
 * looked through below "/". Another makes the mounts, as protect_guard() names them, or nobody;
 * sweeps work all the same. `tell` NULL: nobody is told. */
bool
protect_without_mounts(struct setup *s, protect_tell *tell, void *arg, struct sbx_fail *f);
/* Staged mode, before the first ground: the folder of layers, taken over (-1: false), for the git
 * directory elsewhere. -1 after the last one. */
bool protect_layers(struct protect *p, int layers);
/* That git directory, if there is one with a layer over it; NULL of NULL. */
const char *protect_staged(const struct protect *p);
/* In a process that lives on without it. NULL is nothing. */
void protect_free(struct protect *p);
enum protect_as { PROTECT_PINNED, PROTECT_READ_ONLY, PROTECT_HIDDEN };
/* The guards of all grounds, one by one: false behind the last. */
bool protect_guard(const struct protect *p, size_t i, char path[4096], enum protect_as *as);
/* Puts up again each guard that is down because the host replaced what it stood on. */
void protect_check(struct protect *p);
/* Before a step, and before the end: protect_check(), and when no process of the jail ran since a
 * sweep, what is new since then is the user's, and is guarded like what was there at the start. */
void protect_look(struct protect *p);
/* After a step: protect_check(), and what is new and would be run outside is put aside. */
void protect_sweep(struct protect *p);
/* While no step runs: notes when the jail's processes have come to rest, as what is new from then on
 * is the user's. False: they have not; to be called again. */
bool protect_settle(struct protect *p);
/* A notice of the refused change of a path: what is guarded is said to be so, and how it is allowed.
 * NULL is nothing. */
void protect_explain(const struct protect *p, struct sbx_notice *n);
/* The user allows `path`, canonical, to be read or written from now on. `fd`: a detached mount of
 * it, closed here; -1 for what stands below a ground. False with *f filled. *later: jobs that
 * run already cannot write there, new ones can. */
bool protect_show(struct protect *p, const char *path, bool write, int fd, bool *later,
		  struct sbx_fail *f);
/* FRAME_SHOW: what was cloned of the path came by `rights` before it. Ends the jail when the frame
 * is none; the answer goes to *up. */
struct frame;
void protect_obey(struct protect *p, const struct frame *fr, int rights, struct queue *up);
/* The i-th path that may be written besides the policy's, for Landlock; NULL behind the last. */
const char *protect_writable(const struct protect *p, size_t i);

/* Below it, what is allowed to be written in a running session: Landlock knows it from the start
 * of each job. Read-only itself. */
#define PROTECT_SHOWN "/run/allowed"

#endif
