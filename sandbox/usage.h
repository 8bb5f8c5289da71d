/* What jobs' trees of processes use right now, read from pid 1's own /proc. */
#ifndef SUNABA_SANDBOX_USAGE_H
#define SUNABA_SANDBOX_USAGE_H

#include <sys/stat.h>

#include "sandbox/util.h"

struct usage {
	uint64_t cpu_us; /* user and system time, of ended children too */
	uint64_t
	    memory; /* bytes resident, not of files; pages in common count for each process */
	uint64_t unseen; /* bytes mapped that could hold pages which no process shows */
	uint32_t processes;
	uint32_t threads; /* of all of them: what the kernel's limits of processes count */
};
/* Adds up the trees below and including each of pids[0..n), at most SBX_JOB_MAX, in one pass
 * over /proc. Processes that come and go meanwhile may be missed. `exact` makes memory count
 * pages shared between processes once, where the kernel tells, and what is mapped shared and
 * anonymous in full, shown or not: slow, for use when memory + unseen of the plain sum is beyond
 * the limit. */
void usage_of_trees(const pid_t *pids, size_t n, struct usage *u, bool exact);
void usage_of_tree(pid_t pid, struct usage *u);
/* A number for all processes of this pid namespace and the processor time that each has used, to
 * the nanosecond: while it stays the same, none of them ran. 0: it cannot be told. In pid 1. */
uint64_t usage_stamp(void);
/* A process that counts in no stamp from here on, nor what came of it; 0: none. usage_gone(): its
 * number may be another's now. */
void usage_leave_out(pid_t pid);
void usage_gone(pid_t pid);
#define USAGE_NOBODY 0xcbf29ce484222325u /* of pid 1 alone */
/* From here on the host's /proc, open at `fd`, is read: the jail has none. Process numbers in there
 * are others, so that only all trees together are known: they count as the first. */
void usage_outside(int fd);
/* A file of /proc/PID, for reading; -1. */
int usage_open(pid_t pid, const char *name);
/* What a name below /proc/PID leads to. */
bool usage_stat(pid_t pid, const char *name, struct stat *st);
/* `pid`, a process or thread, is `top` or came of it. */
bool usage_is_below(pid_t pid, pid_t top);
/* The processes below `top`, itself not among them, at most `max`. */
size_t usage_below(pid_t top, pid_t *pids, size_t max);
/* That are looked at: all of the machine's where there is no pid namespace. */
#define USAGE_PROCESSES_MAX 16384

/* Threads of this process's user on the whole machine, as RLIMIT_NPROC counts them. */
uint32_t usage_of_user(void);

/* How long to wait until the next look, in ms: shorter when many threads live, because real
 * root has no RLIMIT_NPROC and a fork bomb doubles quickly. */
int usage_patience(uint32_t threads, uint32_t limit);

#endif
