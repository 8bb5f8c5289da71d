/* How much memory a process holds: see memory.h.
 *
 * Resident pages that are not of files, from statm. That misses what is mapped shared and
 * anonymous: such a page stays allocated when no process has it in its tables (MADV_DONTNEED, or
 * the toucher ended), and no counter of a process shows it. So where the size of what is mapped
 * and not private says that it could matter, the mappings are read and count in full.
 *
 * Sources: proc(5); mm/shmem.c, shmem_zero_setup(), for the name "/dev/zero".
 * Pinned by tests/jail/test_limits.py. */
#include "sandbox/memory.h"

#include <stdio.h>
#include <string.h>

#define SHARED_PLAIN (4 * SBX_MIB) /* shared bytes that are not worth a second look */
#define HUGE	     (64ull * 1024 * SBX_MIB) /* mapped bytes whose page tables count */
#define INODES	     1024		      /* shared mappings that are known apart */

static struct {
	uint64_t inode, most, now; /* bytes: in one process at most, in `pid` so far */
	pid_t pid;
} shared[INODES];
static size_t nshared;
static uint64_t own; /* what this process maps that is not private */

static size_t
slurp(char *into, size_t size, pid_t pid, const char *name)
{
	SBX_CLOSE int fd = usage_open(pid, name);
	ssize_t n = fd < 0 ? -1 : read(fd, into, size - 1);

	into[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

static uint64_t
kib_after(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtoull(p + strlen(name), NULL, 10) * SBX_KIB : 0;
}

/* In bytes: mapped, resident, resident of files and shared memory, mapped and not private. */
struct statm {
	uint64_t size, resident, shared, common;
};

static bool
read_statm(pid_t pid, struct statm *m)
{
	unsigned long size, resident, sh, text, data;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char line[256];

	slurp(line, sizeof(line), pid, "statm");
	if (sscanf(line, "%lu %lu %lu %lu %*u %lu", &size, &resident, &sh, &text, &data) !=
		5 ||
	    sh > resident)
		return false;
	m->size = size * page;
	m->resident = resident * page;
	m->shared = sh * page;
	m->common = size > data + text ? (size - data - text) * page : 0;
	return true;
}

/* Tables of a huge empty mapping are memory, too. */
static uint64_t
tables(const struct statm *m, const char *status)
{
	return m->size > HUGE ? kib_after(status, "VmPTE:") : 0;
}

void
memory_quick(pid_t pid, struct usage *u)
{
	char status[4096];
	struct statm m;

	if (!read_statm(pid, &m))
		return;
	u->memory += m.resident - m.shared;
	u->unseen += m.common;
	/* What a process shares is files of the system nearly always, which cost nothing. */
	if (m.shared <= SHARED_PLAIN && m.size <= HUGE)
		return;
	slurp(status, sizeof(status), pid, "status");
	u->memory += kib_after(status, "RssShmem:") + tables(&m, status);
}

/* The part of `bytes` that no process has shown yet. */
static uint64_t
count_shared(pid_t pid, uint64_t inode, uint64_t bytes)
{
	uint64_t more;
	size_t i = 0;

	while (i < nshared && shared[i].inode != inode)
		i++;
	if (i == INODES)
		return bytes;
	if (i == nshared) {
		nshared++;
		shared[i].inode = inode;
		shared[i].most = 0;
		shared[i].pid = 0;
	}
	if (shared[i].pid != pid)
		shared[i].now = 0;
	shared[i].pid = pid;
	shared[i].now += bytes;
	more = shared[i].now > shared[i].most ? shared[i].now - shared[i].most : 0;
	shared[i].most += more;
	return more;
}

/* False when the mappings may not be read. */
static bool
read_shared(pid_t pid, uint64_t *sum)
{
	int fd = usage_open(pid, "maps");
	FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	char line[512];
	bool any = false;

	*sum = 0;
	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long long from, to, inode;
		char rights[8];
		int name = 0;

		any = true;
		if (sscanf(line, "%llx-%llx %7s %*x %*x:%*x %llu %n", &from, &to, rights,
			   &inode, &name) == 4 &&
		    rights[3] == 's' && strncmp(line + name, "/dev/zero", 9) == 0)
			*sum += count_shared(pid, inode, to - from);
	}
	if (maps)
		fclose(maps);
	return any;
}

void
memory_begin(pid_t self)
{
	struct statm m;

	nshared = 0;
	own = read_statm(self, &m) ? m.common : 0;
}

void
memory_exact(pid_t pid, struct usage *u)
{
	uint64_t anon, shm, mapped = 0;
	char text[4096];
	struct statm m;

	if (!read_statm(pid, &m))
		return;
	slurp(text, sizeof(text), pid, "status");
	anon = m.resident - m.shared + tables(&m, text);
	shm = kib_after(text, "RssShmem:");
	/* A process that made itself unreadable has something to hide; a copy of this one, which
	 * executes the command next, has not. */
	if (m.common > SHARED_PLAIN && !read_shared(pid, &mapped))
		mapped = m.common > own ? m.common - own : 0;
	slurp(text, sizeof(text), pid, "smaps_rollup");
	if (strstr(text, "Pss_Anon:")) {
		anon = kib_after(text, "Pss_Anon:");
		shm = kib_after(text, "Pss_Shmem:");
	}
	u->memory += anon + (mapped > shm ? mapped : shm);
}
