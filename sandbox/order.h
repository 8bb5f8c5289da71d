/* The order of a process that was made ahead of its job: what to execute, where, with which
 * descriptors. One packet over a SOCK_SEQPACKET pair that only pid 1 and the process hold, and one
 * byte back: from then on it is the job, before it nothing of the order was done. */
#ifndef SUNABA_SANDBOX_ORDER_H
#define SUNABA_SANDBOX_ORDER_H

#include "sandbox/spawn.h"

#define ORDER_MAX (64 * SBX_KIB) /* bytes; what does not fit is started afresh */

/* In pid 1: sends argv, env, cwd and the streams of *sp, and waits for the answer. False: nothing
 * of it was or will be done; the process is of no use any more. `pidfd` is that of pid 1 of its
 * namespace. */
bool order_give(int sock, int pidfd, const struct spawn *sp);
/* In the process: waits. True: *sp is filled, its texts borrowed from *o. False: there will be no
 * order. */
struct order {
	struct start start;
	unsigned char text[ORDER_MAX];
};
bool order_take(int sock, struct spawn *sp, struct order *o);

#endif
