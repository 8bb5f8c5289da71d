/* The memory of one process, added to a tree's. Internal to usage.c. */
#ifndef SUNABA_SANDBOX_MEMORY_H
#define SUNABA_SANDBOX_MEMORY_H

#include "sandbox/usage.h"

/* Adds to u->memory and u->unseen; one read. */
void memory_quick(pid_t pid, struct usage *u);
/* Adds to u->memory alone; after memory_begin(), what several processes map is added once. */
void memory_begin(pid_t self);
void memory_exact(pid_t pid, struct usage *u);

#endif
