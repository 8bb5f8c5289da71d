/* Loads the two programs that sandbox/gen/genfilter.c made from *.policy at build time.
 * Source: seccomp(2). Pinned by tests/jail. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "sandbox/confine.h"
#include "sandbox/filter.h"

#if defined(__x86_64__)
#define FILTER_NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_NATIVE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define FILTER_NATIVE AUDIT_ARCH_RISCV64
#else
#error "no sandbox filter for this architecture"
#endif
_Static_assert(FILTER_ARCH == FILTER_NATIVE,
	       "the filter was made for another architecture");

static bool
load(const struct sock_filter *ops, size_t n, struct sbx_fail *f)
{
	struct sock_fprog prog = {.len = (unsigned short)n,
				  .filter = (struct sock_filter *)ops};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		return sbx_fail_set(f, "system call filter", errno, NULL);
	return true;
}

bool
filter_load(struct sbx_fail *f)
{
	return load(filter_deny, SBX_LEN(filter_deny), f) &&
	       load(filter_allow, SBX_LEN(filter_allow), f);
}
