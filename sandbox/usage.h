/* What a job's tree of processes uses right now, read from pid 1's own /proc. */
#ifndef SUNABA_SANDBOX_USAGE_H
#define SUNABA_SANDBOX_USAGE_H

#include "sandbox/util.h"

struct usage {
	uint64_t cpu_us; /* user and system time, of ended children too */
	uint64_t memory; /* bytes resident and not shared with files */
	uint32_t processes;
};
/* Adds up the tree below and including `pid`. Processes that come and go meanwhile may be
 * missed; the kernel's list of children must be built in, else only `pid` itself counts. */
void usage_of_tree(pid_t pid, struct usage *u);

/* How long to wait until the next look, in ms: shorter when many processes live, because real
 * root has no RLIMIT_NPROC and a fork bomb doubles quickly. */
int usage_patience(uint32_t processes, uint32_t limit);

#endif
