/* Namespaces: see ns.h.
 *
 * Everything is asked for in one clone: there is no moment with half of the namespaces. A chroot
 * may not make user namespaces (EPERM), but real root can do without: the other namespaces and
 * the loss of all capabilities before exec give the same view.
 *
 * Sources: user_namespaces(7), clone(2), netdevice(7), keyctl(2). Pinned by tests/jail. */
#include "sandbox/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sandbox/rights.h"

#define NS_ALL                                                                     \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)
#define NS_ALL_BUT_NET (NS_ALL & ~(unsigned long)CLONE_NEWNET)
#define HOST_NAME      "sandbox"

pid_t
ns_fork(unsigned long flags, int *pidfd)
{
	/* clone3 is refused by container filters of old; the raw call forks like fork(). */
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, pidfd, NULL, NULL);
}

/* Moving a process into a group later takes a lock whose grace period lasts 4 to 20 ms. Before
 * Linux 5.7, and where filters refuse clone3, it is moved all the same. */
static pid_t
fork_into(int *group, unsigned long flags)
{
	struct clone_args args = {.flags = flags | CLONE_INTO_CGROUP,
				  .exit_signal = SIGCHLD,
				  .cgroup = (unsigned)*group};
	pid_t pid = *group < 0 ? -1 : (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid >= 0)
		return pid;
	*group = -1;
	return ns_fork(flags, NULL);
}

pid_t
ns_clone(struct ns_ids *ids, bool *userns, struct sbx_fail *f)
{
	unsigned long flags = ids->host_net ? NS_ALL_BUT_NET : NS_ALL;
	pid_t pid = fork_into(&ids->group,
			      CLONE_NEWUSER | (ids->net_later ? NS_ALL_BUT_NET : flags));
	int first = errno;

	*userns = true;
	if (pid >= 0)
		return pid;
	if (geteuid() == 0) {
		*userns = ids->net_later = false;
		pid = ns_fork(flags, NULL);
		if (pid >= 0)
			return pid;
	}
	sbx_fail_set(f, "user namespace", first, NULL);
	return -1;
}

static bool
write_file(const char *path, const char *text, struct sbx_fail *f)
{
	SBX_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return sbx_fail_set(f, "id map", errno, path);
	return true;
}

static bool
map_ids(const struct ns_ids *ids, struct sbx_fail *f)
{
	char line[64];

	if (!write_file("/proc/self/setgroups", "deny", f))
		return false;
	snprintf(line, sizeof(line), "%u %u 1\n", ids->uid, ids->uid);
	if (!write_file("/proc/self/uid_map", line, f))
		return false;
	snprintf(line, sizeof(line), "%u %u 1\n", ids->gid, ids->gid);
	return write_file("/proc/self/gid_map", line, f);
}

/* A socket of the network namespace, whose lo is up; -1. */
static int
loopback_up(struct sbx_fail *f)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {.ifr_name = "lo"};

	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr)) {
		sbx_fail_set(f, "loopback", errno, NULL);
		sbx_shut(&fd);
	}
	return fd;
}

bool
ns_net_make(int channel, struct sbx_fail *f)
{
	SBX_CLOSE int lo = -1, net = -1;

	/* As the clone says it that makes all of them. */
	if (unshare(CLONE_NEWNET))
		return sbx_fail_set(f, "user namespace", errno, NULL);
	if ((lo = loopback_up(f)) < 0)
		return false;
	net = ioctl(lo, SIOCGSKNS);
	if (net < 0 || !rights_send(channel, RIGHTS_NET, 0, net))
		return sbx_fail_set(f, "network namespace", errno, NULL);
	return true;
}

bool
ns_net_join(int channel, struct sbx_fail *f)
{
	struct pollfd p = {.fd = channel, .events = POLLIN};
	SBX_CLOSE int net = -1;
	enum rights_kind kind;
	uint32_t number;

	f->step[0] = 0;
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	if (rights_recv(channel, &kind, &number, &net) != 1 || kind != RIGHTS_NET)
		return false;
	return setns(net, CLONE_NEWNET) == 0 ||
	       sbx_fail_set(f, "network namespace", errno, NULL);
}

void
ns_leave_keys(void)
{
	/* Where keyrings are not built or refused, there is none to leak. */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

bool
ns_enter(bool userns, const struct ns_ids *ids, struct sbx_fail *f)
{
	SBX_CLOSE int lo = -1;

	if (userns && !map_ids(ids, f))
		return false;
	/* Root of a container's user namespace may be denied this. */
	if (!userns && setgroups(0, NULL) && errno != EPERM)
		return sbx_fail_set(f, "groups", errno, NULL);
	if (sethostname(HOST_NAME, strlen(HOST_NAME)))
		return sbx_fail_set(f, "host name", errno, NULL);
	if (ids->host_net || ids->net_later)
		return true;
	lo = loopback_up(f);
	return lo >= 0;
}

void
ns_die_with_parent(int life)
{
	struct pollfd p = {.fd = life};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (life >= 0 && poll(&p, 1, 0) == 1 && p.revents & POLLHUP)
		_exit(1);
}
