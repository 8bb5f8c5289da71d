/* Which folders may be a workspace, and what counts as part of the system. Paths are compared
 * as text, so both sides must be canonical. */
#ifndef SUNABA_SANDBOX_POLICY_H
#define SUNABA_SANDBOX_POLICY_H

#include "sandbox/util.h"

/* Folders that the jail shows read-only when they exist; NULL-terminated. */
extern const char *const policy_system[];

/* What only root can read and code has no business with, from "/" without the slash;
 * NULL-terminated. */
extern const char *const policy_masked[];

/* `path` is `top` or lies below it. */
bool policy_below(const char *path, const char *top);
bool policy_is_system(const char *path);
/* This program's configuration and state: the canonical path is, holds or lies in one of them. */
bool policy_is_own(const char *path);
/* Where the private HOME is mounted: $HOME when it is usable, else "/home/sandbox". */
const char *policy_home(void);
/* This program's own folder of state; false when the environment names none. */
bool policy_state(char path[4096]);

#endif
