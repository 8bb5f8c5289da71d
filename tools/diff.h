/* The difference of two texts, line by line, in unified hunks. Pure.
 *
 * Fuzzed by tests/fuzz/fuzz_diff.c; pinned by tests/unit/test_diff.c. */
#ifndef SUNABA_TOOLS_DIFF_H
#define SUNABA_TOOLS_DIFF_H

#include <stddef.h>

#include "agent/base/util.h"

#define DIFF_BYTES_MAX (4 * MIB) /* of one text; a caller shows larger ones by size */
#define DIFF_LINES_MAX \
	((size_t)60000)	    /* of one text; beyond: all old lines, all new ones */
#define DIFF_EDITS_MAX 1500 /* lines that differ until the search gives up, likewise */
#define DIFF_CONTEXT   3    /* lines that stay, around a change */

enum diff_kind {
	DIFF_HUNK, /* "@@ -1,3 +1,4 @@" */
	DIFF_SAME, /* the other kinds: a line's bytes, without its newline */
	DIFF_DEL,
	DIFF_ADD,
	DIFF_NOEOL, /* the line before has no newline; no bytes */
};
typedef void diff_line_fn(enum diff_kind kind, const char *p, size_t n, void *arg);

struct diff_count {
	size_t added, deleted; /* lines */
};

/* Calls fn (NULL: only counts) for each line of each hunk, in order. Any bytes. Texts beyond
 * DIFF_BYTES_MAX are the caller's bug. */
struct diff_count
diff_text(const char *a, size_t na, const char *b, size_t nb, diff_line_fn *fn, void *arg);
/* Not to be shown as lines: a NUL among the first bytes. */
bool diff_is_binary(const char *p, size_t n);

#endif
