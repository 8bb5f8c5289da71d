/* The jail process, executed from this program's own image as "sunaba-jail": see sandbox.h.
 *
 * It waits for the policy, clones pid 1 into the namespaces and stays as a monitor that holds
 * nothing: it dies with the agent, pid 1 dies with it, and its own end tells the agent that
 * nothing is left. pid 1 alone keeps the socket, so the agent sees its end at once.
 *
 * Pinned by tests/unit/test_session.c and tests/jail. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sandbox/confine.h"
#include "sandbox/frame.h"
#include "sandbox/init.h"
#include "sandbox/jail.h"
#include "sandbox/job.h"
#include "sandbox/net/inside.h"
#include "sandbox/ns.h"
#include "sandbox/protect.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"
#include "sandbox/spawn.h"

static void
tell_failure(const struct sbx_fail *f)
{
	struct queue q = {0};

	up_fail(&q, 0, f);
	/* A lost message is an end of file for the agent, which is a failure too. */
	if (send(JAIL_SOCKET, queue_head(&q), queue_len(&q), MSG_NOSIGNAL) < 0)
		_exit(1);
	_exit(1);
}

/* The first frame's head brings the workspace's descriptor and that of the rights socket. */
static unsigned char *
read_setup(size_t *len, int fds[2])
{
	unsigned char head[FRAME_HEAD], *payload;
	char control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov = {.iov_base = head, .iov_len = sizeof(head)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c;

	if (recvmsg(JAIL_SOCKET, &msg, MSG_WAITALL | MSG_CMSG_CLOEXEC) != FRAME_HEAD)
		return NULL;
	c = CMSG_FIRSTHDR(&msg);
	if (head[4] != FRAME_SETUP || !c || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return NULL;
	memcpy(fds, CMSG_DATA(c), 2 * sizeof(int));
	*len = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 |
	       (size_t)head[3] << 24;
	if (*len == 0 || *len > SETUP_MAX)
		return NULL;
	payload = sbx_grow(NULL, *len);
	if (recv(JAIL_SOCKET, payload, *len, MSG_WAITALL) != (ssize_t)*len)
		return NULL;
	return payload;
}

static void
raise_descriptors(void)
{
	struct rlimit r;

	/* Each job takes seven. */
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max < 4096 ? r.rlim_max : 4096;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* Facts from the set-up, told with the word that the jail stands. */
static void
keep_notice(const struct sbx_notice *n, void *arg)
{
	up_notice(arg, 0, n);
}

/* The current directory is the workspace as jobs see it. */
static bool
give_stage(int rights, struct sbx_fail *f)
{
	SBX_CLOSE int tree = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return (tree >= 0 && rights_send(rights, RIGHTS_STAGE, 0, tree)) ||
	       sbx_fail_set(f, "staged folder", errno, ".");
}

static void __attribute__((noreturn))
pid1(struct setup *s, bool userns, const struct ns_ids *ids, const int life[2], int rights)
{
	struct sbx_fail f = {.step = ""};
	struct queue told = {0};
	char facts[128];

	close(life[1]);
	ns_die_with_parent(life[0]);
	raise_descriptors();
	s->protect = protect_new(keep_notice, &told);
	if (!ns_enter(userns, ids, &f) || !inside_begin(s, rights, &f) ||
	    !root_build(s, userns, &f))
		tell_failure(&f);
	/* What is allowed later must show in the jobs that run. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL)) {
		sbx_fail_set(&f, "shared mounts", errno, "/");
		tell_failure(&f);
	}
	confine_offer();
	prctl(PR_SET_DUMPABLE, 0);
	if (s->stage && !give_stage(rights, &f))
		tell_failure(&f);
	snprintf(facts, sizeof(facts), "rung=full\nuserns=%s\nlandlock=%d\n",
		 userns ? "yes" : "no", landlock_abi());
	init_serve(JAIL_SOCKET, rights, s, facts, &told);
}

static void __attribute__((noreturn)) jail_main(void)
{
	struct ns_ids ids = {.uid = geteuid(), .gid = getegid()};
	struct sbx_fail f = {.step = ""};
	struct setup setup;
	unsigned char *payload;
	int fds[2] = {-1, -1}, life[2];
	bool userns;
	size_t len;
	pid_t pid;

	prctl(PR_SET_NAME, JAIL_NAME);
	payload = read_setup(&len, fds);
	if (!payload)
		_exit(0);
	if (!setup_decode(payload, len, &setup))
		sbx_fail_set(&f, "policy", EINVAL, NULL);
	else if (fchdir(fds[0]))
		sbx_fail_set(&f, "workspace", errno, setup.workspace);
	if (f.step[0] || pipe2(life, O_CLOEXEC))
		tell_failure(&f);
	close(fds[0]);
	ids.host_net = setup.net == SBX_NET_HOST;
	pid = ns_clone(&ids, &userns, &f);
	if (pid < 0)
		tell_failure(&f);
	if (pid == 0)
		pid1(&setup, userns, &ids, life, fds[1]);
	close(JAIL_SOCKET);
	close(fds[1]);
	prctl(PR_SET_DUMPABLE, 0);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	_exit(0);
}

void
sbx_jail_main_if_asked(int argc, char **argv)
{
	int kind;
	socklen_t n = sizeof(kind);

	if (argc != 1 || strcmp(argv[0], JAIL_NAME) != 0)
		return;
	/* Somebody gave the program this name by hand. */
	if (getsockopt(JAIL_SOCKET, SOL_SOCKET, SO_TYPE, &kind, &n) || kind != SOCK_STREAM)
		_exit(2);
	jail_main();
}
