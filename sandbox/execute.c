/* Executing the jail: a fresh image with an empty environment, so that nothing that the agent ever
 * held in memory is in it. See session.h.
 *
 * Sources: fork(2), execveat(2), close_range(2). Pinned by tests/unit/test_session.c and
 * tests/e2e/test_startup.py. */
#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/jail.h"
#include "sandbox/session.h"
#include "sandbox/spawn.h"

#define FD_HIGH 100

/* In the child: only async-signal-safe calls. Returns when the exec failed. */
static void
exec_jail(int image, int sock, int failed, pid_t parent)
{
	char *const argv[] = {(char *)JAIL_NAME, NULL}, *const env[] = {NULL};
	const char *self = (const char *)getauxval(AT_EXECFN);
	int null;

	spawn_servant(parent);
	sock = fcntl(sock, F_DUPFD_CLOEXEC, FD_HIGH);
	failed = fcntl(failed, F_DUPFD_CLOEXEC, FD_HIGH);
	image = fcntl(image, F_DUPFD_CLOEXEC, FD_HIGH);
	null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		if (null >= 0 && null != i)
			dup2(null, i);
	dup2(sock, JAIL_SOCKET);
	dup3(failed, JAIL_SOCKET + 1, O_CLOEXEC);
	if (image >= 0)
		dup3(image, JAIL_SOCKET + 2, O_CLOEXEC);
	syscall(SYS_close_range, JAIL_SOCKET + 2 + (image >= 0), ~0u, 0);
	if (image >= 0)
		syscall(SYS_execveat, JAIL_SOCKET + 2, "", argv, env, AT_EMPTY_PATH);
	execve("/proc/self/exe", argv, env);
	/* In a chroot there may be no /proc. */
	if (self)
		execve(self, argv, env);
	if (write(JAIL_SOCKET + 1, &errno, sizeof(errno)) < 0)
		_exit(1);
	_exit(1);
}

pid_t
session_execute(int image, int sock, struct sbx_fail *f)
{
	pid_t parent = getpid(), pid;
	int failed[2], sys = 0;
	ssize_t n;

	if (pipe2(failed, O_CLOEXEC))
		return sbx_fail_set(f, "pipe", errno, NULL), -1;
	pid = fork();
	if (pid == 0)
		exec_jail(image, sock, failed[1], parent);
	close(failed[1]);
	if (pid < 0) {
		sbx_fail_set(f, "fork", errno, NULL);
		close(failed[0]);
		return -1;
	}
	while ((n = read(failed[0], &sys, sizeof(sys))) < 0 && errno == EINTR)
		;
	close(failed[0]);
	if (n == 0)
		return pid;
	waitpid(pid, NULL, 0);
	sbx_fail_set(f, "execute the jail", sys, "/proc/self/exe");
	return -1;
}
