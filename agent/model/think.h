/* Thinking that a server left in the text as <think>…</think>, taken out while it streams.
 *
 * Only a block at the very start of the answer (or right behind another such block) counts, so
 * that a text which speaks about the tag keeps it. Tags may be cut at any byte. */
#ifndef SUNABA_MODEL_THINK_H
#define SUNABA_MODEL_THINK_H

#include "agent/base/util.h"

#define THINK_HOLD 64 /* bytes of white space and tag that may wait */

struct think {
	enum { THINK_START, THINK_INSIDE, THINK_AFTER, THINK_TEXT } at;
	char held[THINK_HOLD];
	size_t nheld;
};

typedef void think_fn(void *arg, bool reasoning, const char *p, size_t n);

/* Zeroed struct: ready to begin. */
void think_feed(struct think *t, const char *p, size_t n, think_fn *fn, void *arg);
void think_end(struct think *t, think_fn *fn, void *arg);
/* For a whole text whose thinking was closed but never opened: a line that is just "</think>",
 * outside fenced code. Returns where the thinking ends and sets *rest to where the answer
 * begins; 0 when there is none. */
size_t think_unopened(const char *text, size_t *rest);

#endif
