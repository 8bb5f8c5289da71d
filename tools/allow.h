/* Widening what the running sandbox shows: on the user's word only, never a model's. */
#ifndef SUNABA_TOOLS_ALLOW_H
#define SUNABA_TOOLS_ALLOW_H

#include "tools/execute.h"

/* Shows code `path` (relative: of the workspace), read-only or writable, also the code that runs.
 * *said, the caller's: "/path is shown to code (writable)". ERR_USAGE: not this path;
 * ERR_SANDBOX: the sandbox could not, or does not answer. */
enum err_kind executor_allow(struct executor *x, const char *path, bool write, char **said,
			     struct err *e);

#endif
