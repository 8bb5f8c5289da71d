/* Loads one of the programs that sandbox/gen/genfilter.c made from *.policy at build time, and looks up
 * their rows: see calls.h.
 *
 * Loading brings the listener, which is sent to pid 1 and closed before any code runs: whoever
 * holds it may wave its own calls through. Where nobody can listen (an outer sandbox listens
 * already), the shape that fails silently is loaded.
 *
 * Sources: seccomp(2), seccomp_unotify(2). Pinned by tests/unit/test_filter.c, tests/jail. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "sandbox/calls.h"
#include "sandbox/confine.h"
#include "sandbox/filter.h"
#include "sandbox/rights.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

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

const struct sock_fprog *
filter_program(enum filter_tell tell, bool debug, bool asks)
{
	return &filter_programs[((int)tell * 2 + debug) * 2 + asks];
}

static bool
row_fits(const struct filter_row *r, int nr, const uint64_t args[6])
{
	if (r->nr != nr)
		return false;
	for (unsigned i = 0; i < r->n; i++) {
		uint64_t v = args[r->range[i].arg] & r->range[i].mask;

		if (v < r->range[i].low || v > r->range[i].high)
			return false;
	}
	return true;
}

const struct filter_row *
filter_row_of(int nr, const uint64_t args[6])
{
	const struct filter_row *told = NULL;

	for (size_t i = 0; i < SBX_LEN(filter_rows); i++) {
		if (!row_fits(&filter_rows[i], nr, args))
			continue;
		if (filter_rows[i].error)
			return &filter_rows[i];
		told = &filter_rows[i];
	}
	return told;
}

const struct filter_row *
filter_row_at(size_t i)
{
	return i < SBX_LEN(filter_rows) ? &filter_rows[i] : NULL;
}

static int
install(const struct sock_fprog *p, unsigned flags)
{
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, p);
}

/* Refuses aloud. False when that cannot be had; nothing is loaded then. */
static bool
install_told(const struct setup *s, int channel, bool asks)
{
	const bool bare = s->rung == SBX_RUNG_LANDLOCK;
	const struct sock_fprog *p =
	    filter_program(s->explain ? (bare ? FILTER_BARE_EXPLAINED : FILTER_EXPLAINED)
				      : (bare ? FILTER_BARE : FILTER_TOLD),
			   s->debug, asks);
	int fd = -1;

	if (channel < 0)
		return false;
	/* Signals wait for an answer that is under way: Linux 5.19. */
	fd = install(p, SECCOMP_FILTER_FLAG_NEW_LISTENER |
			    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	if (fd < 0 && errno == EINVAL)
		fd = install(p, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (fd < 0)
		return false;
	/* Lost: the calls fail with ENOSYS then. */
	rights_send(channel, RIGHTS_CALLS, 0, fd);
	close(fd);
	return true;
}

bool
filter_load(const struct setup *s, int channel, bool asks, struct sbx_fail *f)
{
	if (!install_told(s, channel, asks) &&
	    install(filter_program(FILTER_SILENT, s->debug, false), 0))
		return sbx_fail_set(f, "system call filter", errno, NULL);
	return true;
}
