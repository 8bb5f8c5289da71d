/* What a job's tree of processes uses right now, read from pid 1's own /proc. */
#ifndef SUNABA_SANDBOX_USAGE_H
#define SUNABA_SANDBOX_USAGE_H

#include "sandbox/util.h"

struct usage {
	uint64_t cpu_us; /* user and system time, of ended children too */
	uint64_t
	    memory; /* bytes resident, not of files; forked pages count for each process */
	uint32_t processes;
};
/* Adds up the tree below and including `pid`. Processes that come and go meanwhile may be
 * missed; the kernel's list of children must be built in, else only `pid` itself counts. */
void usage_of_tree(pid_t pid, struct usage *u);

/* The memory alone, pages shared between processes counted once: slow, for use when the sum
 * above says that a limit may be passed. Where the kernel does not tell, the plain sum. */
uint64_t usage_exact_memory(pid_t pid);
/* How long to wait until the next look, in ms: shorter when many processes live, because real
 * root has no RLIMIT_NPROC and a fork bomb doubles quickly. */
int usage_patience(uint32_t processes, uint32_t limit);

#endif
