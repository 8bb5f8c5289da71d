/* Showing the running jail one path more: the agent's side. Contract in sandbox.h.
 *
 * The jail has no way back to the host's tree, and the agent may have no right to clone mounts.
 * So a short-lived child in a user and a mount namespace of its own, which still sees the host's
 * tree, opens the path and makes the clone; its descriptor goes down to pid 1.
 * Sources: open_tree(2), user_namespaces(7), unix(7). Pinned by tests/e2e/test_allow.py. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "sandbox/frame.h"
#include "sandbox/ns.h"
#include "sandbox/policy.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"
#include "sandbox/session.h"
#include "sandbox/setup.h"

/* In the child: nothing that another thread's lock could stop. */
static void __attribute__((noreturn)) clone_and_send(const char *path, bool write, int sock)
{
	int fd = setup_open(path);
	int clone = fd < 0 ? -1 : root_clone(fd, "", write ? TREE_RW : TREE_RO);

	if (clone < 0)
		_exit(errno && errno < 256 ? errno : EIO);
	_exit(rights_send(sock, RIGHTS_SHOW, 0, clone) ? 0 : EIO);
}

/* A detached mount of the path, or -1 with *f filled. */
static int
clone_outside(const char *path, bool write, struct sbx_fail *f)
{
	enum rights_kind kind;
	int pair[2], fd = -1, status = 0;
	uint32_t number;
	pid_t pid;

	if (!rights_pair(pair))
		return sbx_fail_set(f, "socket pair", errno, NULL), -1;
	pid = ns_fork(CLONE_NEWUSER | CLONE_NEWNS, NULL);
	if (pid < 0 && geteuid() == 0)
		pid = ns_fork(CLONE_NEWNS, NULL);
	if (pid == 0)
		clone_and_send(path, write, pair[1]);
	close(pair[1]);
	if (pid < 0)
		sbx_fail_set(f, "user namespace", errno, NULL);
	else
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	if (pid > 0 && (!WIFEXITED(status) || WEXITSTATUS(status)))
		sbx_fail_set(f, "show", WIFEXITED(status) ? WEXITSTATUS(status) : EIO,
			     path);
	else if (pid > 0 && rights_recv(pair[0], &kind, &number, &fd) != 1)
		sbx_fail_set(f, "show", EIO, path);
	close(pair[0]);
	return fd;
}

/* What a relative path is relative to: the workspace, where code and user are. */
static void
from_workspace(const struct sbx_session *s, const char *path, char out[2 * PATH_MAX])
{
	if (path[0] == '/')
		snprintf(out, 2 * PATH_MAX, "%s", path);
	else
		snprintf(out, 2 * PATH_MAX, "%s/%s", s->workspace, path);
}

bool
sbx_session_show(struct sbx_session *s, const char *path, enum sbx_show how,
		 char real[4096], struct sbx_fail *f)
{
	char whole[2 * PATH_MAX], payload[PATH_MAX + 1];
	bool write = how == SBX_SHOW_WRITE, fresh = false, sent = true;
	int fd;

	memset(f, 0, sizeof(*f));
	if (s->dead || !s->workspace)
		return sbx_fail_set(f, "session", EINVAL, NULL);
	from_workspace(s, path, whole);
	if (!setup_path(whole, s->workspace, write ? &fresh : NULL, real, f))
		return false;
	if (write && policy_is_own(real))
		return sbx_fail_set(f, "policy path", EPERM, path);
	if (strlen(real) >= PATH_MAX - 1)
		return sbx_fail_set(f, "policy path", ENAMETOOLONG, path);
	/* Where nothing is mounted, a name is all that the jail wants. */
	if (sbx_session_stand(s)->rung == SBX_RUNG_FULL &&
	    (!policy_below(real, s->workspace) || (write && s->readonly && !fresh))) {
		fd = clone_outside(real, write, f);
		if (fd < 0)
			return false;
		sent = rights_send(s->rights, RIGHTS_SHOW, 0, fd);
		close(fd);
	}
	snprintf(payload, sizeof(payload), "%s", real);
	if (!sent ||
	    !session_down(s, FRAME_SHOW, (int)how, 0, payload, strlen(payload) + 1))
		return sbx_fail_set(f, "session", errno, NULL);
	return true;
}
