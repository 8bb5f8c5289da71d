/* What the two halves of one command's run share: run.c waits outside, runin.c is pid 1. */
#ifndef SUNABA_SANDBOX_RUN_INT_H
#define SUNABA_SANDBOX_RUN_INT_H

#include "sandbox/ns.h"
#include "sandbox/spawn.h"

#define EXIT_SIGNALLED 128 /* plus the signal, as shells say it */

/* The process that will be pid 1, or guard the tree where there is no pid namespace. fds: the
 * report pipe, the socket that tells of the launcher's life, the rights socket and the terminal's, or -1. */
void run_pid1(struct setup *s, char *const argv[], bool userns, const struct ns_ids *ids,
	      const int fds[4]) __attribute__((noreturn));

#endif
