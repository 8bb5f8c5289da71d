/* Fenced code blocks in a model's reply (CommonMark 0.30, section 4.5), byte-exact.
 *
 * For models without tools: each block whose info string names a language is a step. Backticks
 * and tildes of any length from three, fences indented by up to three spaces beyond the list item
 * they stand in (the content loses as much), fences inside longer fences, prose behind the code. A
 * block without a language is text: nothing is run by guess. A block whose end never came is
 * marked. Pure. */
#ifndef SUNABA_CORE_FENCE_H
#define SUNABA_CORE_FENCE_H

#include "agent/base/buf.h"

struct fence {
	char language[32]; /* first word of the info string, lower case; "" when none */
	char *code;	   /* with its last newline */
	size_t len;
	bool closed;
};

struct fence_list {
	struct fence *at;
	size_t n;
};

#define FENCE_MAX 64 /* blocks of one reply; later ones are left alone */

void fence_find(const char *text, size_t n, struct fence_list *out);
void fence_release(struct fence_list *l);

#endif
