/* The command's process before its tree stands: see early.h.
 *
 * A thread of pid 1 makes it with vfork, which holds up that thread alone: nothing is copied,
 * and the thread's stack and errno are the process's until it executes the command. What both
 * share otherwise nobody writes: this half touches descriptors and its own credentials only.
 *
 * Sources: vfork(2), pthread_create(3), chroot_fs_refs() in fs/fs_struct.c of Linux 6.x.
 * Pinned by tests/jail/test_sandbox.py and test_network.py. */
#include "sandbox/early.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sandbox/cgroup.h"
#include "sandbox/confine.h"
#include "sandbox/ns.h"

#define STACK_SIZE (256 * SBX_KIB) /* bytes; execvp() needs two paths */

static void *
thread_main(void *arg)
{
	struct early *e = arg;

	e->pid = spawn_start(&e->sp);
	e->sys = errno;
	/* The other end hangs up with the process. */
	sbx_shut(&e->sp.channel);
	return NULL;
}

bool
early_start(struct early *e, struct sbx_fail *f)
{
	static char stack[STACK_SIZE] __attribute__((aligned(64)));
	pthread_attr_t attr;
	int sys;

	e->sp.early = e;
	if (!notify_open(&e->calls, &e->sp.channel))
		return sbx_fail_set(f, "socket pair", errno, NULL);
	pthread_attr_init(&attr);
	/* Given, it is neither mapped nor guarded, which takes longer than all the rest. */
	pthread_attr_setstack(&attr, stack, sizeof(stack));
	sys = pthread_create(&e->thread, &attr, thread_main, e);
	pthread_attr_destroy(&attr);
	return sys == 0 || sbx_fail_set(f, "fork", sys, NULL);
}

/* Why there is no process, where it could not say so itself. */
static bool
gone(struct early *e, struct sbx_fail *f)
{
	int status;

	f->step[0] = 0;
	pthread_join(e->thread, NULL);
	if (e->pid < 0)
		return sbx_fail_set(f, "fork", e->sys, NULL);
	while (waitpid(e->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? false : sbx_fail_set(f, "fork", EINTR, NULL);
}

bool
early_join(struct early *e, struct sbx_fail *f)
{
	struct pollfd p = {.fd = e->calls.channel, .events = POLLIN};
	char there;

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	if (read(p.fd, &there, 1) != 1)
		return gone(e, f);
	if (e->net && !ns_net_join(p.fd, f))
		return f->step[0] ? false : gone(e, f);
	/* Both in time before the command: what they made so far is little. */
	if (!cgroup_take(e->sp.setup->group, e->launcher, p.fd))
		_exit(1);
	return true;
}

/* Lost only when the process is gone, which is seen by its end. */
static void
go_on(const struct early *e)
{
	send(e->calls.channel, "", 1, MSG_NOSIGNAL);
}

bool
early_root(struct early *e, int root, struct sbx_fail *f)
{
	struct stat st;

	if (fstat(root, &st))
		return sbx_fail_set(f, "pivot root", errno, "/");
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	go_on(e);
	return true;
}

pid_t
early_go(struct early *e)
{
	go_on(e);
	pthread_join(e->thread, NULL);
	errno = e->sys;
	return e->pid;
}

/* Groups to enter come before. */
static void
wait_go(int channel)
{
	if (!cgroup_take(NULL, channel, -1))
		_exit(1);
}

bool
early_wait(const struct early *e, int channel, struct sbx_fail *f)
{
	struct stat st;

	if (write(channel, "", 1) != 1)
		return sbx_fail_set(f, "socket pair", errno, NULL);
	if ((e->net && !ns_net_make(channel, f)) || !confine_calls(e->sp.setup, channel, f))
		return false;
	wait_go(channel);
	/* Never the host's tree, whatever the kernel thought of a process this young. */
	if (stat("/", &st) || st.st_dev != e->dev || st.st_ino != e->ino)
		return sbx_fail_set(f, "pivot root", EXDEV, "/");
	return true;
}

bool
early_last(int channel, struct sbx_fail *f)
{
	struct stat above, root;

	wait_go(channel);
	/* What is mounted over a root shows above it alone. */
	if (stat("/..", &above) || stat("/", &root) || above.st_dev != root.st_dev ||
	    above.st_ino != root.st_ino)
		return sbx_fail_set(f, "pivot root", EBUSY, "/");
	return true;
}
