/* The command's process, made before its tree stands. What it needs no tree for - a network
 * namespace, limits, the system-call filter - it does beside pid 1, which builds the tree
 * meanwhile; then it waits. */
#ifndef SUNABA_SANDBOX_EARLY_H
#define SUNABA_SANDBOX_EARLY_H

#include <pthread.h>
#include <sys/types.h>

#include "sandbox/spawn.h"

struct early {
	struct spawn sp; /* its `early` is this, its `channel` the far end of `calls` */
	struct notify calls;
	bool net;     /* it makes the network namespace */
	int launcher; /* where groups to enter come from */
	dev_t dev;
	ino_t ino; /* of the root that it must find */
	pthread_t thread;
	pid_t pid;
	int sys; /* errno of a pid of -1 */
};

/* In pid 1, with SIGCHLD blocked. False with *f filled: nothing was started. */
bool early_start(struct early *e, struct sbx_fail *f);
/* Waits until the process is there, and enters its network namespace. Must come before pid 1
 * changes its root: the kernel changes it for all processes that it sees then. False with
 * f->step empty when the process gave up; it has told why. */
bool early_join(struct early *e, struct sbx_fail *f);
/* `root` is the root now, though the host's may still be mounted over it: the process goes on to
 * where it executes nothing yet. */
bool early_root(struct early *e, int root, struct sbx_fail *f);
/* The tree is complete. The pid of the process, which has executed the
 * command or told why not; -1 with errno. */
pid_t early_go(struct early *e);
/* In the process: from its start until early_root(), and until early_go(). */
bool early_wait(const struct early *e, int channel, struct sbx_fail *f);
bool early_last(int channel, struct sbx_fail *f);

#endif
