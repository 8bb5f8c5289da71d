/* Control groups: the kernel's own bounds on memory and processes, where they can be had.
 *
 * Real root can make them, and a user to whom a part of the version 2 tree is delegated. They
 * bound what the watch sees too late, and processes of real root, whom RLIMIT_NPROC does not
 * hold. Where none can be made nothing is said: the watch alone keeps the limits then. */
#ifndef SUNABA_SANDBOX_CGROUP_H
#define SUNABA_SANDBOX_CGROUP_H

#include "sandbox/util.h"

#define SPARE_PROCESSES 2 /* of a job that is made ahead: job.h */

/* Processes of our own inside, beside those that are limited. */
#define CGROUP_RUN_SLACK     2
#define CGROUP_SESSION_SLACK (2 + SBX_JOB_MAX + SPARE_PROCESSES)
#define CGROUP_GROUPS	     2 /* version 1 has one for memory and one for processes */

struct cgroup {
	size_t n;
	struct {
		int parent; /* descriptor of the folder above, or -1 */
		int procs;  /* descriptor that takes processes in, or -1 */
	} at[CGROUP_GROUPS];
	char name[48];
	int lock[CGROUP_GROUPS]; /* the folders themselves, locked; -1 */
	int memory, pids;	 /* limits, open for writing; -1 */
	int killed;		 /* memory's events, open for reading; -1 */
	bool v2;
};

/* Where a controller's group of this process is, from the texts of /proc/self/cgroup and
 * /proc/self/mountinfo; `controller` "" means version 2. False when it is not mounted. Pure. */
bool cgroup_folder(const char *groups, const char *mounts, const char *controller,
		   char *path, size_t n);
/* In the process that outlives the jail: makes groups with these limits, puts away what killed
 * ones left. `slack`: processes of our own inside. *c is always usable afterwards. */
void cgroup_make(struct cgroup *c, const struct sbx_limits *l, uint32_t slack);
/* The same in two parts. Of version 2 at its usual place, in which a process is best born; then,
 * where there was none, of any: making them takes as long as a process needs to come up. */
void cgroup_begin(struct cgroup *c, const struct sbx_limits *l, uint32_t slack);
void cgroup_complete(struct cgroup *c, const struct sbx_limits *l, uint32_t slack);
/* The folder of a group of version 2, to be born in; -1 where there is none. */
int cgroup_birth(const struct cgroup *c);
/* In the child that will be pid 1: enters unless it was `born` inside, and keeps what
 * cgroup_limit() and cgroup_kills() need alone. False with errno when the limits could not be put
 * on it. */
bool cgroup_enter(struct cgroup *c, bool born);
/* cgroup_late.c. The launcher, when the child is there: hands on what was made since, and the end
 * of it. `born`: the child has entered what there is. */
void cgroup_offer(const struct cgroup *c, bool born, int to);
/* The child: enters, to the end of it; `relay`, unless -1, gets the same but for the end. `c` NULL:
 * a process of the child's. False when the other end is gone. */
bool cgroup_take(struct cgroup *c, int from, int relay);
void cgroup_limit(const struct cgroup *c, const struct sbx_limits *l, uint32_t slack);
/* Processes that the kernel killed for memory so far. */
uint64_t cgroup_kills(const struct cgroup *c);
/* When nobody is inside any more: the groups go. */
void cgroup_remove(struct cgroup *c);

#endif
