/* What a path or a link in a layer means for the user's other programs. Pure. */
#ifndef SUNABA_TOOLS_STAGE_PATH_H
#define SUNABA_TOOLS_STAGE_PATH_H

#include <stdbool.h>

/* Programs outside run what stands there without being asked to: hooks and configuration of git,
 * settings of editors, direnv's file, this program's own. `path` is relative to the workspace. */
bool stage_autorun(const char *path);
/* `path` is where a repository's settings are, and nothing else that is run. */
bool stage_git_config(const char *path);
/* The part of the path that would be run if its folder were a git repository ("config", "hooks/x"),
 * or NULL. */
const char *stage_bare_git(const char *path);
/* A link at `path` with this target leads out of the workspace (or may: an absolute one does). */
bool stage_link_out(const char *path, const char *target);
/* `path` is `top` or lies below it; "" and "." stand for all. */
bool stage_below(const char *path, const char *top);

#endif
