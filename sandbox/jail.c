/* The jail process, executed from this program's own image as "sunaba-jail": see sandbox.h.
 *
 * It waits for the policy, tries one rung of the ladder after the other until a pid 1 stands in
 * it, and stays as a monitor that holds nothing: it dies with the agent, pid 1 dies with it, and
 * its own end tells the agent that nothing is left. pid 1 alone keeps the socket, so the agent
 * sees its end at once.
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

#include "sandbox/bare.h"
#include "sandbox/cgroup.h"
#include "sandbox/confine.h"
#include "sandbox/donor.h"
#include "sandbox/frame.h"
#include "sandbox/init.h"
#include "sandbox/jail.h"
#include "sandbox/job.h"
#include "sandbox/net/inside.h"
#include "sandbox/ns.h"
#include "sandbox/protect.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"
#include "sandbox/rung.h"
#include "sandbox/spawn.h"

#define FACTS_MAX 2048 /* bytes of READY's payload */

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

/* What every rung is tried with. */
struct jail {
	struct setup setup;
	const unsigned char *payload; /* that `setup` borrows from */
	size_t len;
	struct ns_ids ids;
	int rights;
	struct sbx_fail why; /* the first rung that was tried did not stand */
};

/* In the process that will serve: its parent is told by the pipe's end, or by a failure. */
static void __attribute__((noreturn)) tell_parent(int told, const struct sbx_fail *f)
{
	if (write(told, f, sizeof(*f)) < 0)
		_exit(1);
	_exit(1);
}

/* Facts from the set-up, told with the word that the jail stands. */
static void
keep_notice(const struct sbx_notice *n, void *arg)
{
	up_notice(arg, 0, n);
}

/* The current directory is the workspace as jobs see it. */
static bool
give_stage(const struct setup *s, int rights, struct sbx_fail *f)
{
	const char *const trees[] = {".", protect_staged(s->protect)};

	for (uint32_t i = 0; i < SBX_LEN(trees) && trees[i]; i++) {
		SBX_CLOSE int tree = open(trees[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (tree < 0 || !rights_send(rights, RIGHTS_STAGE, i, tree))
			return sbx_fail_set(f, "staged folder", errno, trees[i]);
	}
	return true;
}

static bool
build(struct setup *s, bool userns, const struct ns_ids *ids, int rights,
      struct queue *notices, struct sbx_fail *f)
{
	s->protect = protect_new(keep_notice, notices);
	ns_leave_keys();
	if (!ns_enter(userns, ids, f) || !inside_begin(s, rights, f) ||
	    !root_build(s, userns, f))
		return false;
	/* What is allowed later must show in the jobs that run; what they mount on /proc only there. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) ||
	    (root_has_proc(-1) && mount(NULL, "/proc", NULL, MS_PRIVATE, NULL)))
		return sbx_fail_set(f, "shared mounts", errno, "/");
	s->exec_confined = confine_exec(f);
	return s->exec_confined && (!s->stage || give_stage(s, rights, f));
}

static void __attribute__((noreturn))
pid1(struct jail *j, bool userns, const int life[2], const int told[2])
{
	struct sbx_fail f = {.step = ""};
	struct queue notices = {0};
	struct setup *s = &j->setup;
	char facts[FACTS_MAX];

	close(life[1]);
	close(told[0]);
	ns_die_with_parent(life[0]);
	if (s->group)
		cgroup_enter(s->group, s->rung == SBX_RUNG_FULL && j->ids.group >= 0);
	raise_descriptors();
	if (s->rung == SBX_RUNG_FULL && !build(s, userns, &j->ids, j->rights, &notices, &f))
		tell_parent(told[1], &f);
	if (s->rung == SBX_RUNG_LANDLOCK && !protect_without_mounts(s, NULL, NULL, &f))
		tell_parent(told[1], &f);
	close(told[1]);
	if (s->rung != SBX_RUNG_NONE)
		confine_offer_jobs(s);
	/* Without a /proc processes cannot be told apart, nor left out. */
	if (s->rung == SBX_RUNG_FULL && root_has_proc(-1))
		s->spare = SPARE_PROCESSES;
	prctl(PR_SET_DUMPABLE, 0);
	if (s->rung == SBX_RUNG_FULL && !root_has_proc(-1))
		sbx_fail_set(&j->why, "mount proc", EPERM, "/proc");
	rung_facts(facts, sizeof(facts), s->rung, userns, &j->why);
	init_serve(JAIL_SOCKET, j->rights, s, facts, &notices);
}

/* The process that serves, standing; -1 with *f filled and nothing left of it. */
static pid_t
stand(struct jail *j, const int life[2], struct sbx_fail *f)
{
	bool userns = false;
	int told[2];
	ssize_t n;
	pid_t pid;

	if (j->setup.rung == SBX_RUNG_DONOR)
		return donor_session(&j->setup, j->payload, j->len, j->rights, &j->why, f);
	if (j->setup.rung == SBX_RUNG_LANDLOCK && landlock_abi() < 1)
		return sbx_fail_set(f, "landlock", ENOSYS, NULL), -1;
	if (j->setup.rung != SBX_RUNG_FULL) {
		/* From here on something on the host is to be put away. The agent's end is that
		 * of the socket too, which ends what serves it. */
		prctl(PR_SET_PDEATHSIG, 0);
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		if (!bare_enter(&j->setup, f)) {
			bare_leave();
			return -1;
		}
	}
	if (pipe2(told, O_CLOEXEC))
		return sbx_fail_set(f, "pipe", errno, NULL), -1;
	pid = j->setup.rung == SBX_RUNG_FULL ? ns_clone(&j->ids, &userns, f) : fork();
	if (pid == 0)
		pid1(j, userns, life, told);
	close(told[1]);
	if (pid < 0 && !f->step[0])
		sbx_fail_set(f, "fork", errno, NULL);
	while (pid > 0 && (n = read(told[0], f, sizeof(*f))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(told[0]);
	return pid;
}

/* From the first rung down to one that stands. */
static pid_t
climb_down(struct jail *j, const int life[2], struct sbx_fail *f)
{
	enum sbx_rung wanted = j->setup.rung, rung = rung_first(wanted);

	for (;;) {
		pid_t pid;

		memset(f, 0, sizeof(*f));
		j->setup.rung = rung;
		pid = stand(j, life, f);
		if (pid >= 0)
			return pid;
		rung_remember(&j->why, f);
		rung = rung_below(rung, wanted, f);
		if (rung == SBX_RUNG_BEST)
			break;
	}
	/* That Landlock is missing too says less than what was refused first. */
	if (j->why.step[0])
		*f = j->why;
	return -1;
}

/* Waits for pid 1's end; holds nothing meanwhile. */
static void __attribute__((noreturn)) watch_over(const struct jail *j, pid_t pid)
{
	bool guard = j->setup.rung > SBX_RUNG_DONOR;

	close(JAIL_SOCKET);
	close(j->rights);
	prctl(PR_SET_DUMPABLE, 0);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (guard)
		bare_leave();
	if (j->setup.group)
		cgroup_remove(j->setup.group);
	_exit(0);
}

static void __attribute__((noreturn)) jail_main(void)
{
	static struct cgroup group;
	struct jail j = {.ids = {.uid = geteuid(), .gid = getegid(), .group = -1}};
	struct sbx_fail f = {.step = ""};
	int fds[2] = {-1, -1}, life[2];
	pid_t pid;

	prctl(PR_SET_NAME, JAIL_NAME);
	j.payload = read_setup(&j.len, fds);
	if (!j.payload)
		_exit(0);
	if (!setup_decode(j.payload, j.len, &j.setup))
		sbx_fail_set(&f, "policy", EINVAL, NULL);
	else if (fchdir(fds[0]))
		sbx_fail_set(&f, "workspace", errno, j.setup.workspace);
	if (f.step[0] || pipe2(life, O_CLOEXEC))
		tell_failure(&f);
	close(fds[0]);
	j.rights = fds[1];
	j.ids.host_net = j.setup.net == SBX_NET_HOST;
	if (j.setup.rung != SBX_RUNG_NONE) {
		cgroup_make(&group, &j.setup.limits, CGROUP_SESSION_SLACK);
		j.setup.group = &group;
		j.ids.group = cgroup_birth(&group);
	}
	pid = climb_down(&j, life, &f);
	if (pid < 0 && j.setup.group)
		cgroup_remove(&group);
	if (pid < 0)
		tell_failure(&f);
	watch_over(&j, pid);
}

void
sbx_jail_main_if_asked(int argc, char **argv)
{
	int kind;
	socklen_t n = sizeof(kind);

	if (argc == 2 && strcmp(argv[1], JAIL_INSIDE) == 0)
		donor_inside();
	if (argc != 1 || strcmp(argv[0], JAIL_NAME) != 0)
		return;
	/* Somebody gave the program this name by hand. */
	if (getsockopt(JAIL_SOCKET, SOL_SOCKET, SO_TYPE, &kind, &n) || kind != SOCK_STREAM)
		_exit(2);
	jail_main();
}
