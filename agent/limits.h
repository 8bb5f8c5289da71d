/* `/limits`: the bounds of a step, a task and the sandbox. */
#ifndef SUNABA_LIMITS_H
#define SUNABA_LIMITS_H

#include "agent/slash.h"

/* "": shows them; "NAME VALUE": changes one for this session, from now on. */
enum slash_end slash_limits(struct app *a, const char *arg);

#endif
