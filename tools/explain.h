/* What the sandbox refused during a step, in words for the user and the model.
 *
 * Two sources: notices of the jail, and paths that a failed step's error output names beside the
 * kernel's error texts. Such a path is only a reason to look: what is said about it is what the
 * policy says, and whether it is there outside. So who can make a step fail can learn whether a
 * path exists, of EXPLAIN_PATHS_MAX a step, but nothing that is in it. */
#ifndef SUNABA_TOOLS_EXPLAIN_H
#define SUNABA_TOOLS_EXPLAIN_H

#include "agent/base/buf.h"
#include "sandbox/sandbox.h"

#define EXPLAIN_PATHS_MAX 8	     /* of one step */
#define EXPLAIN_TEXT_MAX  (16 * KIB) /* bytes at the end of standard error that are read */
#define EXPLAIN_LINES_MAX (32 * KIB) /* bytes of lines for one result */

/* "sandbox: … is refused: … - /net allow …": one line, valid UTF-8, the caller's. */
char *explain_line(const struct sbx_notice *n);
/* Adds what it names that is not the program's own words: the same bytes as there, a line. */
void explain_named(const struct sbx_notice *n, struct buf *out);

typedef void explain_fn(const struct sbx_notice *n, void *arg);

/* What a step's standard error is judged by. */
struct explain_step {
	const struct sbx_policy *policy;
	const char *cwd; /* where it began */
	bool failed; /* else only "read-only file system" is looked at, which is no guess */
};
/* Looks at text, the end of standard error. Calls fn for each path that the policy keeps from
 * the step, and for limits that the kernel names. */
void explain_errors(const char *text, size_t n, const struct explain_step *s,
		    explain_fn *fn, void *arg);
/* "memory", "processes", "file size", "open files": that limit was hit. */
void explain_limit(const char *what, const struct sbx_limits *l, explain_fn *fn, void *arg);

#endif
