/* Limits and capabilities: see confine.h.
 *
 * No RLIMIT_AS or RLIMIT_DATA: they break WebAssembly and sanitizers; memory is watched from
 * pid 1 instead. Sources: capabilities(7), setrlimit(2), prctl(2). Pinned by tests/jail. */
#include "sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "sandbox/bare.h"

#define MEMLOCK_MAX (8 * SBX_MIB)
#define CAP_TRIES   64 /* more than any kernel has */

static bool
limit(int what, uint64_t value, const char *name, struct sbx_fail *f)
{
	struct rlimit old, r = {.rlim_cur = value, .rlim_max = value};

	/* A stricter limit of the user's stays: it cannot be raised without privilege. */
	if (getrlimit((__rlimit_resource_t)what, &old) == 0 && old.rlim_max < value)
		r.rlim_cur = r.rlim_max = old.rlim_max;
	if (setrlimit((__rlimit_resource_t)what, &r))
		return sbx_fail_set(f, "limit", errno, name);
	return true;
}

static bool
limits(const struct setup *s, struct sbx_fail *f)
{
	const struct sbx_limits *l = &s->limits;

	/* Without a user namespace the user's other processes count as well; a process that waits for
	 * the next job is none of the user's. */
	return limit(RLIMIT_NPROC, (uint64_t)l->processes + s->others + s->spare,
		     "processes", f) &&
	       limit(RLIMIT_NOFILE, l->files, "open files", f) &&
	       limit(RLIMIT_FSIZE, l->file_size, "file size", f) &&
	       limit(RLIMIT_CORE, 0, "core", f) &&
	       limit(RLIMIT_MEMLOCK, MEMLOCK_MAX, "locked memory", f) &&
	       limit(RLIMIT_MSGQUEUE, 0, "message queues", f);
}

static bool
holds(unsigned cap)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct have[2];

	memset(have, 0, sizeof(have));
	return syscall(SYS_capget, &head, have) == 0 &&
	       have[cap / 32].effective & (1u << (cap % 32));
}

bool
confine_exec(struct sbx_fail *f)
{
	/* Nothing is gained by exec either: no_new_privs comes before it. */
	if (!holds(CAP_SETPCAP))
		return true;
	for (int cap = 0; cap < CAP_TRIES; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0)) {
			if (errno == EINVAL && cap > CAP_LAST_CAP)
				break; /* beyond the kernel's last one */
			if (errno != EINVAL)
				return sbx_fail_set(f, "capabilities", errno, "bounding");
		}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0))
		return sbx_fail_set(f, "capabilities", errno, "secure bits");
	return true;
}

static bool
drop_capabilities(struct sbx_fail *f)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2];

	memset(none, 0, sizeof(none));
	if (syscall(SYS_capset, &head, none))
		return sbx_fail_set(f, "capabilities", errno, NULL);
	return true;
}

static bool
no_new_privileges(struct sbx_fail *f)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ||
	       sbx_fail_set(f, "no new privileges", errno, NULL);
}

void
confine_offer(void)
{
	SBX_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "1000", 4) < 0)
		return;
}

void
confine_offer_jobs(struct setup *s)
{
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, s->offer.own, sizeof(s->offer.own) - 1, 0);

	if (n > 0)
		s->offer.fd = fd;
	else
		sbx_shut(&fd);
}

void
confine_first(const struct setup *s, bool first)
{
	const char *value = first ? "1000" : s->offer.own;

	if (s->offer.fd > 0 && pwrite(s->offer.fd, value, strlen(value), 0) < 0)
		return;
}

bool
confine_calls(const struct setup *s, int channel, struct sbx_fail *f)
{
	return limits(s, f) && confine_exec(f) && no_new_privileges(f) &&
	       filter_load(s, channel, false, f);
}

bool
confine_rights(const struct setup *s, struct sbx_fail *f)
{
	return drop_capabilities(f) && landlock_confine(s, f);
}

bool
confine_ahead(const struct setup *s, int channel, bool asks, struct sbx_fail *f)
{
	return (s->exec_confined || confine_exec(f)) && no_new_privileges(f) &&
	       landlock_confine(s, f) && filter_load(s, channel, asks, f);
}

bool
confine_last(const struct setup *s, struct sbx_fail *f)
{
	return limits(s, f) && drop_capabilities(f);
}

bool
confine(const struct setup *s, int channel, bool asks, struct sbx_fail *f)
{
	if (s->rung == SBX_RUNG_NONE)
		return true;
	if (!limits(s, f) || (!s->exec_confined && !confine_exec(f)) ||
	    !drop_capabilities(f))
		return false;
	if (!no_new_privileges(f))
		return false;
	if (s->rung == SBX_RUNG_LANDLOCK)
		return bare_confine(s, f) && filter_load(s, channel, asks, f);
	return landlock_confine(s, f) && filter_load(s, channel, asks, f);
}
