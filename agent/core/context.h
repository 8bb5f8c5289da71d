/* Keeping the conversation inside the model's context window. Pure.
 *
 * Oldest outputs of steps and of code that the user ran himself are shortened first (head and tail
 * stay), then the code of old calls and old replies, and only where that is not enough those of
 * the last exchange; the system message, the user's own words and data that came with them just
 * now are never touched. What was dropped is told to the user by the caller. */
#ifndef SUNABA_CORE_CONTEXT_H
#define SUNABA_CORE_CONTEXT_H

#include "agent/model/msg.h"

/* Estimate, in tokens: four ASCII bytes or one other character a token. Errs on the high side
 * for English prose and is close for Japanese. */
int64_t context_tokens(const char *p, size_t n);
int64_t context_list_tokens(const struct msg_list *l);

struct context_cut {
	size_t outputs; /* step outputs shortened now */
	size_t replies; /* replies and calls shortened now */
	size_t bytes;	/* dropped in all */
};
/* Shortens until the estimate is at most `budget` tokens. Returns false when even that is not
 * enough; the list is then as short as it can be. */
bool context_fit(struct msg_list *l, int64_t budget, struct context_cut *cut);
/* What context_fit() does to one message whose text it shortens: label and source stay. */
void context_shorten_msg(struct msg *m);

#endif
