/* Namespaces: cloning into them and the few settings that belong to them. */
#ifndef SUNABA_SANDBOX_NS_H
#define SUNABA_SANDBOX_NS_H

#include "sandbox/util.h"

/* Taken before the clone: inside, the ids read as overflow ones until they are mapped. */
struct ns_ids {
	uid_t uid;
	gid_t gid;
	bool host_net;	/* the host's network stays */
	bool net_later; /* the command's process makes the network namespace: early.h */
	int group;	/* cgroup_birth(): the control group to be born in, or -1 */
};

/* fork() into namespaces of its own: returns as fork does, -1 with *f filled. *userns says
 * whether there is a user namespace; real root goes on without one where it is refused, as in a
 * chroot, and then makes all the others at once: ids->net_later is cleared. ids->group becomes -1
 * where the child is not in that group. */
pid_t ns_clone(struct ns_ids *ids, bool *userns, struct sbx_fail *f);
/* In the child, before it forks: the session's keys stay behind. */
void ns_leave_keys(void);
/* In the child: maps its own user and group, brings lo up, sets the host name. */
bool ns_enter(bool userns, const struct ns_ids *ids, struct sbx_fail *f);
/* A network namespace for the calling process alone, with lo up. Its descriptor is sent over
 * `channel`, the end of a rights_pair(). */
bool ns_net_make(int channel, struct sbx_fail *f);
/* Waits for it at the other end and enters it. False with f->step empty: the sender is gone. */
bool ns_net_join(int channel, struct sbx_fail *f);
/* release.c: at the end of this process, the last of its mount namespace, the kernel takes the
 * namespace down in its own time, instead of before the parent hears of it. */
void ns_release_later(void);
/* clone() with flags, returning like fork; *pidfd when flags hold CLONE_PIDFD. */
pid_t ns_fork(unsigned long flags, int *pidfd);
/* Dies with the parent. `life` is the end of a pipe or socket whose other end only the parent holds:
 * its hang-up tells that the parent was gone before the request was made. */
void ns_die_with_parent(int life);

#endif
