/* Staged mode, the agent's side: a layer over the workspace, what it changes, and what becomes
 * of that.
 *
 * A layer is a folder of the user's, mode 0700: "upper" and "work" for the overlay, "turns" with
 * the bytes that turns began with, "workspace", "base". It is locked while a run uses it. What
 * lies in "upper" was written by hostile code. Below "git" is the same once more, for a git
 * directory that lies elsewhere. */
#ifndef SUNABA_TOOLS_STAGE_H
#define SUNABA_TOOLS_STAGE_H

#include "tools/stage_apply.h"
#include "tools/stage_snap.h"

#define STAGE_ID_MAX 9 /* characters of a layer's name, with NUL */

struct stage;

/* A new layer for a workspace (canonical path), where a file system can hold one: below
 * XDG_STATE_HOME, XDG_RUNTIME_DIR, or in /dev/shm. Layers of runs that are gone and that hold
 * nothing are taken away. ERR_SANDBOX when there is no such place. */
enum err_kind stage_new(const char *workspace, struct stage **out, struct err *e);
/* A kept one. `id` NULL: the newest of this workspace (NULL: of any). ERR_USAGE when there is
 * none, or a run uses it. */
enum err_kind
stage_take_up(const char *id, const char *workspace, struct stage **out, struct err *e);
/* Its folder stays unless stage_drop() was called. */
void stage_free(struct stage *s);
/* The layer with all that is in it is to go. */
void stage_drop(struct stage *s);
/* It is not. No jail uses it any more. */
void stage_keep(struct stage *s);

const char *stage_id(const struct stage *s);
const char *stage_workspace(const struct stage *s);
const char *stage_folder(const struct stage *s); /* for sbx_policy.stage */
bool stage_in_memory(const struct stage *s);	 /* it goes with the machine's next start */

/* The trees as jobs see them (sbx_session_stage(), sbx_session_stage_linked()), borrowed: needed
 * to take changes back. */
void stage_view(struct stage *s, int view, int linked);
/* A look at what is changed; *out is released by the caller. In a linked worktree or submodule
 * the changes of the git directory elsewhere come last, with absolute paths; wherever a path is
 * wanted such a one may be given, and `.git` for all of them. */
void stage_changes(struct stage *s, struct stage_list *out);
/* Applies what was listed: everything, or what lies at or below `paths`. */
void stage_apply_list(struct stage *s, const struct stage_list *l, const char *const *paths,
		      stage_report_fn *report, void *arg);
/* Makes these paths (NULL: all) in view what they are below. */
enum err_kind stage_discard(struct stage *s, const char *const *paths,
			    snap_report_fn *report, void *arg, struct err *e);

/* A turn begins: what the layer holds is remembered. `message`: a message of the user's begins
 * it, not code of his own. */
void stage_turn(struct stage *s, bool message);
/* The last message was taken back in another way. */
void stage_message_gone(struct stage *s);
/* The kind of the turn that stage_undo() would take back; false when there is none. */
bool stage_last_turn(const struct stage *s, bool *message);
/* Takes back what the last turn did to files; that turn is forgotten. */
enum err_kind stage_undo(struct stage *s, snap_report_fn *report, void *arg, struct err *e);

/* What a new file was called before, or NULL. */
const char *
stage_was(const struct stage *s, const struct stage_list *l, const struct stage_change *c);
/* Descriptors for showing: the file in the layer, and in the workspace; -1 with errno. */
int stage_open_new(const struct stage *s, const char *path);
int stage_open_old(const struct stage *s, const char *path);
bool stage_read_link(const struct stage *s, const char *path, char target[STAGE_LINK_MAX]);

/* Kept layers, the newest first. */
struct stage_kept {
	char id[STAGE_ID_MAX];
	char *folder, *workspace;
	int64_t when; /* ms since 1970 */
	bool used;    /* by a run that lives */
};
struct stage_kept_list {
	struct stage_kept *at;
	size_t n;
};
void stage_kept(struct stage_kept_list *out);
void stage_kept_release(struct stage_kept_list *l);

#endif
