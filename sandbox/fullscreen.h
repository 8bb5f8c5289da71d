/* Programs that draw on the whole screen, in jobs whose output is a pipe. */
#ifndef SUNABA_SANDBOX_FULLSCREEN_H
#define SUNABA_SANDBOX_FULLSCREEN_H

#include "sandbox/setup.h"

/* Puts names of editors and pagers that are there in front of the job's PATH: called so, one
 * whose standard output is the job's own, the pipe with the reading end `out`, draws on the
 * terminal instead. The new variables stay good until the next call. Where it cannot be done
 * such programs say that their output is no terminal, as anywhere. */
void fullscreen_offer(const struct setup *s, struct start *st, int out);

#endif
