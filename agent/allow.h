/* `/allow`: what code may see and write besides the workspace. */
#ifndef SUNABA_ALLOW_H
#define SUNABA_ALLOW_H

#include "agent/slash.h"

/* "read PATH", "write PATH", or "": what is allowed now. */
enum slash_end slash_allow(struct app *a, const char *arg);

#endif
