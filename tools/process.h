/* Processes of the jail as the host's /proc shows them: for telling the user, and for ending one. */
#ifndef SUNABA_TOOLS_PROCESS_H
#define SUNABA_TOOLS_PROCESS_H

#include <sys/types.h>

#include "agent/base/buf.h"

#define PROCESSES_MAX 512 /* of one listing */

struct process {
	pid_t pid, parent;
	uint64_t start; /* clock ticks since the machine's start; with the pid: which one */
	int64_t cpu_ms;
	int64_t age_ms;
	uint64_t memory; /* bytes resident */
	bool ours;	 /* the jail's own, not code's */
	char *
	    command; /* words with blanks between, as the process has them; its name if none */
};

struct process_list {
	struct process *at; /* parents before their children */
	size_t n;
};

/* Every process below `top`, itself not among them. What ends meanwhile may be missing. */
void processes_below(pid_t top, struct process_list *out);
void process_list_release(struct process_list *l);
/* Whether at[i] is below at[k], or the same. */
bool process_is_below(const struct process_list *l, size_t i, size_t k);
/* Ends at[k] and what is below it: SIGTERM, and what is left after PROCESS_PATIENCE_MS SIGKILL.
 * False when it had ended before. */
bool process_end(const struct process_list *l, size_t k);
#define PROCESS_PATIENCE_MS 500

#endif
