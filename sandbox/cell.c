/* A cell: a process of this program's own image that can do nothing but compute. Contract in
 * sandbox.h.
 *
 * For decoders of formats that are known for their holes. A jail is for code that must find
 * files and start programs; a decoder needs neither, so it gets less than any jail: no path is
 * ever looked up after the lock, no descriptor made but by what it has, and the filter kills at
 * the first other call. The lock comes after the libraries were loaded and before the first byte
 * of input. It needs no namespaces and no rights, so it stands on every rung.
 *
 * Sources: seccomp(2), setrlimit(2), prctl(2). Pinned by tests/unit/test_cell.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "sandbox/cell_filter.h"
#include "sandbox/spawn.h"
#include "sandbox/util.h"

#define CELL_FD_HIGH 100

/* A sanitizer maps terabytes for its shadow. */
#if defined(__SANITIZE_ADDRESS__)
#define CELL_BOUNDS_MEMORY false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CELL_BOUNDS_MEMORY false
#endif
#endif
#ifndef CELL_BOUNDS_MEMORY
#define CELL_BOUNDS_MEMORY true
#endif

/* In the child: only async-signal-safe calls. */
static void __attribute__((noreturn))
cell_exec(const char *const *argv, int in, int out, pid_t parent)
{
	char *const env[] = {NULL};
	const char *self = (const char *)getauxval(AT_EXECFN);
	int null;

	spawn_servant(parent);
	in = fcntl(in, F_DUPFD_CLOEXEC, CELL_FD_HIGH);
	out = fcntl(out, F_DUPFD_CLOEXEC, CELL_FD_HIGH);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (in < 0 || out < 0 || null < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(null, 2) < 0)
		_exit(1);
	syscall(SYS_close_range, 3, ~0u, 0);
	execve("/proc/self/exe", (char *const *)argv, env);
	/* In a chroot there may be no /proc. */
	if (self)
		execve(self, (char *const *)argv, env);
	_exit(1);
}

bool
sbx_cell_start(const char *const *argv, int in, int *out, pid_t *pid, struct sbx_fail *f)
{
	pid_t parent = getpid();
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC))
		return sbx_fail_set(f, "pipe", errno, NULL);
	*pid = fork();
	if (*pid == 0)
		cell_exec(argv, in, pipes[1], parent);
	close(pipes[1]);
	*out = pipes[0];
	if (*pid > 0)
		return true;
	sbx_fail_set(f, "fork", errno, NULL);
	close(pipes[0]);
	return false;
}

static bool
cell_limit(int what, rlim_t most, struct sbx_fail *f)
{
	struct rlimit l = {.rlim_cur = most, .rlim_max = most};

	return setrlimit((__rlimit_resource_t)what, &l) == 0 ||
	       sbx_fail_set(f, "limits of a cell", errno, NULL);
}

static bool
cell_filter_load(struct sbx_fail *f)
{
	const struct sock_fprog program = {SBX_LEN(cell_filter),
					   (struct sock_filter *)cell_filter};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ||
	       sbx_fail_set(f, "system call filter", errno, NULL);
}

bool
sbx_cell_lock(uint64_t memory, unsigned cpu_s, struct sbx_fail *f)
{
	if ((CELL_BOUNDS_MEMORY && !cell_limit(RLIMIT_AS, memory, f)) ||
	    !cell_limit(RLIMIT_CPU, cpu_s, f) || !cell_limit(RLIMIT_FSIZE, 0, f) ||
	    !cell_limit(RLIMIT_CORE, 0, f) || !cell_limit(RLIMIT_NPROC, 0, f) ||
	    !cell_limit(RLIMIT_NOFILE, 3, f))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0))
		return sbx_fail_set(f, "no new privileges", errno, NULL);
	return cell_filter_load(f);
}
