/* The terminal of steps: who may have it, and `/attach`. */
#ifndef SUNABA_ATTACH_H
#define SUNABA_ATTACH_H

#include "agent/slash.h"

/* Where somebody sits in front of a terminal, steps can have it. Once there is a session. */
void attach_offer(struct app *a);
enum slash_end attach_slash(struct app *a, const char *arg);

#endif
