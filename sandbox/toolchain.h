/* Toolchains below HOME that the user works with: found through PATH, shown read-only, without
 * the files in them that hold credentials. */
#ifndef SUNABA_SANDBOX_TOOLCHAIN_H
#define SUNABA_SANDBOX_TOOLCHAIN_H

#include "sandbox/util.h"

#define TOOLS_MAX      24 /* folders */
#define TOOL_HIDES_MAX 32 /* credential files in them */

struct tools {
	char *at[TOOLS_MAX];   /* below HOME as HOME is spelled */
	char *real[TOOLS_MAX]; /* where that leads to, canonical */
	size_t n;
	char *hide[TOOL_HIDES_MAX];
	size_t nhide;
};

/* `path` is PATH's value or NULL. What leads into the workspace is left out: it is there
 * already. The strings are the caller's until tools_release(). */
void tools_find(struct tools *t, const char *path, const char *home, const char *workspace);
void tools_release(struct tools *t);
/* The folder is shown because of them. */
bool tools_show(const struct tools *t, const char *folder);

#endif
