/* A new repository's settings in a layer. Internal to tools/. */
#ifndef SUNABA_TOOLS_STAGE_GIT_H
#define SUNABA_TOOLS_STAGE_GIT_H

#include "tools/stage_fs.h"

/* The file at `path` below `root`, in the state `as`, makes nothing run, and git writes no file of
 * the user's outside of the workspace because of it. Its bytes go to `copy` as well, unless that
 * is -1. */
bool stage_git_harmless(int root, const char *path, const struct stat *as, int copy);

#endif
