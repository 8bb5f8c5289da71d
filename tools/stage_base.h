/* What stood in the workspace when a change was first seen: an apply must not overwrite what the
 * user did there meanwhile.
 *
 * A change that is new at a look was made after the look before; if the file below it was
 * touched after that (its ctime, which no program can set back), the two changes cross and the
 * user's wins. From then on the file must stay what it was: inode, size, times. */
#ifndef SUNABA_TOOLS_STAGE_BASE_H
#define SUNABA_TOOLS_STAGE_BASE_H

#include "agent/base/err.h"
#include "tools/stage_list.h"

struct stage_base;
/* `workspace` may be any file: the first look is now. */
struct stage_base *stage_base_new(void);
/* The last look was then. */
void stage_base_since(struct stage_base *b, struct timespec when);
void stage_base_free(struct stage_base *b);

/* A look: every change that has no record gets one, made against the look before. */
void stage_base_look(struct stage_base *b, const struct stage_list *l);
/* NULL when the change may be applied, else why not; `root` is the workspace. */
const char *stage_base_check(struct stage_base *b, int root, const struct stage_change *c);
/* It was applied: what stands there now is ours. */
void stage_base_applied(struct stage_base *b, int root, const struct stage_change *c);
/* What code sees there is what is below again. */
void stage_base_forget(struct stage_base *b, const char *path);
/* All that was done in the workspace up to now was ours. */
void stage_base_ours(struct stage_base *b);
/* The layer's entry is as it was when it was applied: a difference is the user's later work. */
bool stage_base_stale(const struct stage_base *b, const struct stage_change *c);

bool stage_base_empty(const struct stage_base *b); /* nothing was ever seen */
/* A file of its own in the layer's folder. */
enum err_kind stage_base_save(const struct stage_base *b, const char *path, struct err *e);
enum err_kind stage_base_load(struct stage_base *b, const char *path, struct err *e);

#endif
