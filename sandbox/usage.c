/* One pass over /proc: see usage.h. About 15 us for each process.
 *
 * Every process is read, and belongs to the tree that its chain of parents leads to. The
 * kernel's lists of children would be fewer reads, but there is one for each thread.
 *
 * Sources: proc(5), clock_getcpuclockid(3). Pinned by tests/unit/test_session.c. */
#include "sandbox/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sandbox/memory.h"

#define LOOK_MS	      50 /* while something runs */
#define LOOK_CROWD_MS 10 /* when half of the limit is reached */
#define US_PER_S      1000000u
/* Where the kernel's listing of /proc goes from files to processes (FIRST_PROCESS_ENTRY in
 * fs/proc/root.c): the files take longer than all the rest. */
#define PROC_PIDS 256

struct process {
	pid_t pid, parent;
	unsigned threads;
	uint64_t ended_us; /* processor time of children that ended */
};

static int outside = -1; /* the host's /proc, where the jail has none */
static pid_t left_out;	 /* usage_leave_out() */

int
usage_open(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%d/%s", outside < 0 ? "/proc/" : "", pid, name);
	return openat(outside, path, O_RDONLY | O_CLOEXEC);
}

bool
usage_stat(pid_t pid, const char *name, struct stat *st)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%d/%s", outside < 0 ? "/proc/" : "", pid, name);
	return fstatat(outside, path, st, 0) == 0;
}

static void
slurp(char *into, size_t size, pid_t pid, const char *name)
{
	SBX_CLOSE int fd = usage_open(pid, name);
	ssize_t n;

	n = fd < 0 ? -1 : read(fd, into, size - 1);
	into[n > 0 ? n : 0] = 0;
}

static bool
read_process(pid_t pid, struct process *out)
{
	unsigned long long user = 0, sys = 0;
	long ticks = sysconf(_SC_CLK_TCK);
	char text[1024];
	const char *p;

	slurp(text, sizeof(text), pid, "stat");
	/* The name may hold anything, even brackets: the last one ends it. */
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1,
			 " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %llu %llu "
			 "%*d %*d %u",
			 &out->parent, &user, &sys, &out->threads) != 4)
		return false;
	out->pid = pid;
	out->ended_us = (user + sys) * US_PER_S / (uint64_t)(ticks > 0 ? ticks : 100);
	return true;
}

static size_t
read_all(struct process *all, size_t max, bool quick)
{
	const char *name = outside < 0 ? "/proc" : ".";
	DIR *proc = fdopendir(openat(outside, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;
	size_t n = 0;

	if (!proc)
		return 0;
	if (quick)
		seekdir(proc, PROC_PIDS);
	while (n < max && (e = readdir(proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid > 0 && read_process(pid, &all[n]))
			n++;
	}
	closedir(proc);
	return n;
}

/* Listed in ascending order by the kernel. */
static const struct process *
find(const struct process *all, size_t n, pid_t pid)
{
	size_t from = 0;

	while (from < n) {
		size_t mid = from + (n - from) / 2;

		if (all[mid].pid == pid)
			return &all[mid];
		if (all[mid].pid < pid)
			from = mid + 1;
		else
			n = mid;
	}
	return NULL;
}

/* The index in pids of the tree that p belongs to, or n. */
static size_t
tree_of(const struct process *all, size_t count, const struct process *p, const pid_t *pids,
	size_t n)
{
	for (size_t steps = 0; p && steps <= count; steps++) {
		for (size_t i = 0; i < n; i++)
			if (p->pid == pids[i])
				return i;
		p = find(all, count, p->parent);
	}
	return n;
}

static uint64_t
own_time(pid_t pid)
{
	struct timespec ts = {0, 0};
	clockid_t clock;

	if (outside < 0 && clock_getcpuclockid(pid, &clock) == 0)
		clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / 1000;
}

static struct process all[USAGE_PROCESSES_MAX];

static size_t
look(void)
{
	size_t count = read_all(all, USAGE_PROCESSES_MAX, true);

	/* pid 1 is always there: without it the shortcut is none. */
	if (!count || all[0].pid != 1)
		count = read_all(all, USAGE_PROCESSES_MAX, false);
	return count;
}

size_t
usage_below(pid_t top, pid_t *pids, size_t max)
{
	size_t count = look(), n = 0;

	for (size_t i = 0; i < count && n < max; i++)
		if (all[i].pid != top && tree_of(all, count, &all[i], &top, 1) == 0)
			pids[n++] = all[i].pid;
	return n;
}

bool
usage_is_below(pid_t pid, pid_t top)
{
	struct process p;

	for (unsigned steps = 0; pid > 1 && steps < USAGE_PROCESSES_MAX; steps++) {
		if (pid == top)
			return true;
		if (!read_process(pid, &p))
			return false;
		pid = p.parent;
	}
	return pid == top;
}

/* FNV-1a, byte by byte. */
static uint64_t
mix(uint64_t h, uint64_t v)
{
	for (int i = 0; i < 8; i++, v >>= 8)
		h = (h ^ (v & 0xff)) * 0x100000001b3u;
	return h;
}

uint64_t
usage_stamp(void)
{
	size_t count = outside < 0 && getpid() == 1 ? look() : 0;
	uint64_t h = USAGE_NOBODY;
	struct timespec ts;
	clockid_t clock;

	if (!count || count == USAGE_PROCESSES_MAX)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (all[i].pid == 1 ||
		    (left_out && tree_of(all, count, &all[i], &left_out, 1) == 0))
			continue;
		if (clock_getcpuclockid(all[i].pid, &clock) || clock_gettime(clock, &ts))
			return 0;
		h = mix(mix(mix(h, (uint64_t)all[i].pid), (uint64_t)ts.tv_sec),
			(uint64_t)ts.tv_nsec);
	}
	return h ? h : 1;
}

void
usage_leave_out(pid_t pid)
{
	left_out = pid;
}

void
usage_gone(pid_t pid)
{
	if (left_out == pid)
		left_out = 0;
}

void
usage_outside(int fd)
{
	outside = fd;
}

static pid_t
outside_self(void)
{
	char text[16] = "";

	return readlinkat(outside, "self", text, sizeof(text) - 1) > 0
		   ? (pid_t)strtol(text, NULL, 10)
		   : -1;
}

void
usage_of_trees(const pid_t *pids, size_t n, struct usage *u, bool exact)
{
	size_t count = look();
	pid_t self;

	memset(u, 0, n * sizeof(*u));
	if (exact)
		memory_begin(outside < 0 ? getpid() : outside_self());
	if (outside >= 0 && n > 0) {
		self = outside_self();
		pids = &self;
		n = 1;
	}
	for (size_t i = 0; i < count; i++) {
		size_t t = tree_of(all, count, &all[i], pids, n);

		if (t == n)
			continue;
		u[t].cpu_us += all[i].ended_us + own_time(all[i].pid);
		if (exact)
			memory_exact(all[i].pid, &u[t]);
		else
			memory_quick(all[i].pid, &u[t]);
		u[t].processes++;
		u[t].threads += all[i].threads;
	}
}

void
usage_of_tree(pid_t pid, struct usage *u)
{
	usage_of_trees(&pid, 1, u, false);
}

static uint32_t
threads_of(pid_t pid)
{
	unsigned threads = 0;
	char text[1024];
	const char *p;

	slurp(text, sizeof(text), pid, "stat");
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1,
			 " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
			 " %*d %u",
			 &threads) != 1)
		return 0;
	return threads;
}

uint32_t
usage_of_user(void)
{
	DIR *proc = opendir("/proc");
	uint32_t sum = 0;
	struct dirent *e;
	struct stat st;

	while (proc && (e = readdir(proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid > 0 && fstatat(dirfd(proc), e->d_name, &st, 0) == 0 &&
		    st.st_uid == geteuid())
			sum += threads_of(pid);
	}
	if (proc)
		closedir(proc);
	return sum;
}

int
usage_patience(uint32_t threads, uint32_t limit)
{
	return threads > limit / 2 ? LOOK_CROWD_MS : LOOK_MS;
}
