/* Walks /proc/PID/task/PID/children: see usage.h. About 10 us for each process.
 * Sources: proc(5), clock_getcpuclockid(3). Pinned by tests/unit/test_session.c. */
#include "sandbox/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DEPTH_MAX     64   /* generations */
#define PROCESSES_MAX 4096 /* of one tree; the limit of a sandbox lies far below */
#define CHILDREN_MAX  4096 /* bytes of one list that are read */
#define US_PER_S      1000000u
#define LOOK_MS	      50 /* while something runs */
#define LOOK_CROWD_MS 10 /* when half of the limit is reached */

static ssize_t
slurp(char *into, size_t size, const char *path)
{
	SBX_CLOSE int fd = -1;
	ssize_t n;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, into, size - 1);
	into[n > 0 ? n : 0] = 0;
	return n;
}

/* Own time to the nanosecond from the process's clock; ended children's in ticks from stat. */
static uint64_t
cpu_of(pid_t pid)
{
	unsigned long long user = 0, sys = 0;
	long ticks = sysconf(_SC_CLK_TCK);
	struct timespec ts = {0, 0};
	char text[1024], path[64];
	const char *p;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		clock_gettime(clock, &ts);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	slurp(text, sizeof(text), path);
	/* The name may hold anything, even brackets: the last one ends it. */
	p = strrchr(text, ')');
	if (p)
		sscanf(p + 1,
		       " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %llu %llu",
		       &user, &sys);
	return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / 1000 +
	       (user + sys) * US_PER_S / (uint64_t)(ticks > 0 ? ticks : 100);
}

static uint64_t
memory_of(pid_t pid)
{
	unsigned long resident = 0, shared = 0;
	char text[128], path[64];

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	slurp(text, sizeof(text), path);
	if (sscanf(text, "%*u %lu %lu", &resident, &shared) != 2 || shared > resident)
		return 0;
	return (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The share of anonymous memory, in the kernel's own arithmetic. */
static uint64_t
share_of(pid_t pid)
{
	char text[2048], path[64];
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	slurp(text, sizeof(text), path);
	p = strstr(text, "Pss_Anon:");
	if (!p)
		return memory_of(pid);
	return strtoull(p + strlen("Pss_Anon:"), NULL, 10) * SBX_KIB;
}

static void
walk(pid_t pid, int depth, bool exact, struct usage *u)
{
	char list[CHILDREN_MAX], path[64], *p = list;

	if (!exact)
		u->cpu_us += cpu_of(pid);
	u->memory += exact ? share_of(pid) : memory_of(pid);
	if (++u->processes >= PROCESSES_MAX || depth >= DEPTH_MAX)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	slurp(list, sizeof(list), path);
	while (*p && u->processes < PROCESSES_MAX) {
		char *end;
		long child = strtol(p, &end, 10);

		if (end == p)
			break;
		walk((pid_t)child, depth + 1, exact, u);
		p = end + strspn(end, " ");
	}
}

void
usage_of_tree(pid_t pid, struct usage *u)
{
	memset(u, 0, sizeof(*u));
	walk(pid, 0, false, u);
}

uint64_t
usage_exact_memory(pid_t pid)
{
	struct usage u = {0};

	walk(pid, 0, true, &u);
	return u.memory;
}

int
usage_patience(uint32_t processes, uint32_t limit)
{
	return processes > limit / 2 ? LOOK_CROWD_MS : LOOK_MS;
}
