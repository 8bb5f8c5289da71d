/* Control groups: see cgroup.h.
 *
 * A group is named after its maker and locked by him (flock on the folder), so that the next one
 * knows which were left by a killed process and removes them; the kernel refuses to remove one
 * that is in use. Files are opened before the clone: inside there is no cgroup file system, and
 * the right to write them was asked for at the open.
 *
 * Sources: cgroups(7); Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst, pids.rst.
 * Pinned by tests/unit/test_cgroup.c and tests/jail/test_limits.py. */
#include "sandbox/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>

#define PREFIX	      "sunaba-"
#define TEXT_MAX      (64 * SBX_KIB) /* bytes of mountinfo that are looked at */
#define TEXT_FIRST    SBX_KIB	     /* the table of a process's groups is shorter */
#define LOCK_TRIES    50
#define LOCK_PAUSE_MS 2 /* between them */

static const char usual_v1[] =
    "0 0 0:0 / /sys/fs/cgroup/memory rw - cgroup none rw,memory\n"
    "0 0 0:0 / /sys/fs/cgroup/pids rw - cgroup none rw,pids\n";

static bool
has_word(const char *list, size_t n, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p < list + n; p += strcspn(p, ",") + 1) {
		size_t m = strcspn(p, ",");

		if (m > (size_t)(list + n - p))
			m = (size_t)(list + n - p);
		if (m == len && memcmp(p, word, len) == 0)
			return true;
	}
	return false;
}

/* The path of the process's group: "ID:CONTROLLERS:PATH" lines. */
static bool
own_group(const char *groups, const char *controller, char *path, size_t n)
{
	for (const char *p = groups; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *list = strchr(p, ':'),
			   *at = list ? strchr(list + 1, ':') : NULL;

		if (!at)
			continue;
		if (*controller ? has_word(list + 1, (size_t)(at - list - 1), controller)
				: at == list + 1)
			return snprintf(path, n, "%.*s", (int)strcspn(at + 1, "\n"),
					at + 1) < (int)n;
	}
	return false;
}

/* One line of mountinfo: where the hierarchy is mounted, and which group is there. */
static bool
mounted_at(const char *line, const char *controller, char *root, char *point)
{
	char type[32], options[512];
	const char *dash = strstr(line, " - ");
	const char *end = line + strcspn(line, "\n");

	if (!dash || dash > end ||
	    sscanf(line, "%*d %*d %*s %1023s %1023s", root, point) != 2 ||
	    sscanf(dash, " - %31s %*s %511s", type, options) != 2)
		return false;
	if (!*controller)
		return strcmp(type, "cgroup2") == 0;
	return strcmp(type, "cgroup") == 0 &&
	       has_word(options, strlen(options), controller);
}

bool
cgroup_folder(const char *groups, const char *mounts, const char *controller, char *path,
	      size_t n)
{
	char group[1024], root[1024], point[1024];
	size_t len;

	if (!own_group(groups, controller, group, sizeof(group)))
		return false;
	for (const char *p = mounts; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		if (!mounted_at(p, controller, root, point))
			continue;
		len = strcmp(root, "/") == 0 ? 0 : strlen(root);
		if (strncmp(group, root, len) != 0 || (group[len] && group[len] != '/'))
			continue;
		return snprintf(path, n, "%s%s", point,
				strcmp(group + len, "/") == 0 ? "" : group + len) < (int)n;
	}
	return false;
}

/* Heap; "" when it cannot be read. */
static char *
slurp(const char *path)
{
	SBX_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0, room = TEXT_FIRST;
	char *text = sbx_grow(NULL, room);
	ssize_t got;

	while (fd >= 0 && n < TEXT_MAX - 1 &&
	       (got = read(fd, text + n, room - 1 - n)) > 0) {
		n += (size_t)got;
		if (n == room - 1 && room < TEXT_MAX)
			text = sbx_grow(text, room *= 4);
	}
	text[n] = 0;
	return text;
}

static bool
put_number(int fd, uint64_t value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);

	return fd >= 0 && pwrite(fd, text, (size_t)n, 0) == n;
}

static int
open_in(int folder, const char *name, int flags)
{
	return openat(folder, name, flags | O_CLOEXEC);
}

/* Somebody else's may begin with the same word. */
static bool
is_ours(const char *name)
{
	const char *number = name + sizeof(PREFIX) - 1;

	return strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0 && *number &&
	       !number[strspn(number, "0123456789")];
}

/* Everybody who may read the folder can lock it, code on the reduced rung among them: not waited
 * for long. Without it a group may be swept before it is in use, which leaves the watch alone. */
static void
lock(int parent)
{
	const struct timespec pause = {0, LOCK_PAUSE_MS * 1000000L};

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(parent, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			return;
		nanosleep(&pause, NULL);
	}
}

static void
sweep_one(int parent, const char *name)
{
	SBX_CLOSE int fd = -1;

	if (!is_ours(name))
		return;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(parent, name, AT_REMOVEDIR);
}

/* Groups whose makers were killed. Read without the C library, whose buffer is mapped each time. */
static void
sweep(int parent)
{
	SBX_CLOSE int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char list[2 * SBX_KIB] __attribute__((aligned(8)));
	long n;

	while ((n = syscall(SYS_getdents64, fd, list, sizeof(list))) > 0)
		for (long at = 0; at < n;) {
			struct dirent64 *d = (struct dirent64 *)(void *)(list + at);

			sweep_one(parent, d->d_name);
			at += d->d_reclen;
		}
}

/* The usual place of groups may be a folder like any other. */
static bool
holds_groups(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

/* A group below `folder`, as an open descriptor that also holds its lock; -1. */
static int
make_group(struct cgroup *c, const char *folder)
{
	int parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;

	if (parent < 0 || !holds_groups(parent))
		return sbx_shut(&parent), -1;
	lock(parent);
	sweep(parent);
	if (mkdirat(parent, c->name, 0755) == 0) {
		fd = openat(parent, c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			flock(fd, LOCK_EX | LOCK_NB);
	}
	flock(parent, LOCK_UN);
	if (fd < 0) {
		close(parent);
		return -1;
	}
	c->at[c->n].parent = parent;
	/* Whoever enters has one thread. Moving itself alone takes no lock of all processes, whose
	 * grace period lasts 4 to 20 ms; version 2 has no such file. */
	c->at[c->n].procs = open_in(fd, "tasks", O_WRONLY);
	if (c->at[c->n].procs < 0)
		c->at[c->n].procs = open_in(fd, "cgroup.procs", O_WRONLY);
	c->n++;
	return fd;
}

static void
make_v1(struct cgroup *c, const char *groups, const char *mounts)
{
	char path[PATH_MAX];

	if (c->lock[0] < 0 && cgroup_folder(groups, mounts, "memory", path, sizeof(path))) {
		c->lock[0] = make_group(c, path);
		c->memory = open_in(c->lock[0], "memory.limit_in_bytes", O_WRONLY);
		c->killed = open_in(c->lock[0], "memory.oom_control", O_RDONLY);
	}
	if (c->lock[1] < 0 && cgroup_folder(groups, mounts, "pids", path, sizeof(path))) {
		c->lock[1] = make_group(c, path);
		c->pids = open_in(c->lock[1], "pids.max", O_WRONLY);
	}
}

/* Version 2 gives controllers to groups without processes alone: beside this process's group,
 * then, not below it, but where that is the root. */
static void
make_v2(struct cgroup *c, const char *groups, const char *mounts)
{
	char path[PATH_MAX], control[PATH_MAX + 32];
	char *text, *slash;

	if (!cgroup_folder(groups, mounts, "", path, sizeof(path)))
		return;
	for (int up = 0; up < 2 && c->lock[0] < 0; up++) {
		snprintf(control, sizeof(control), "%s/cgroup.subtree_control", path);
		text = slurp(control);
		if (strstr(text, "memory") && strstr(text, "pids"))
			c->lock[0] = make_group(c, path);
		free(text);
		slash = strrchr(path, '/');
		if (!slash || slash == path)
			break;
		*slash = 0;
	}
	c->v2 = c->lock[0] >= 0;
	if (!c->v2)
		return;
	c->memory = open_in(c->lock[0], "memory.max", O_WRONLY);
	c->pids = open_in(c->lock[0], "pids.max", O_WRONLY);
	c->killed = open_in(c->lock[0], "memory.events", O_RDONLY);
}

void
cgroup_begin(struct cgroup *c, const struct sbx_limits *l, uint32_t slack)
{
	struct statfs fs;
	char *groups;

	memset(c, 0, sizeof(*c));
	c->memory = c->pids = c->killed = c->lock[0] = c->lock[1] = -1;
	snprintf(c->name, sizeof(c->name), PREFIX "%d", (int)getpid());
	if (statfs("/sys/fs/cgroup", &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return;
	groups = slurp("/proc/self/cgroup");
	make_v2(c, groups, "0 0 0:0 / /sys/fs/cgroup rw - cgroup2 none rw\n");
	free(groups);
	cgroup_limit(c, l, slack);
}

void
cgroup_complete(struct cgroup *c, const struct sbx_limits *l, uint32_t slack)
{
	char *groups, *mounts;

	if (geteuid() != 0 || c->v2)
		return;
	groups = slurp("/proc/self/cgroup");
	make_v1(c, groups, usual_v1);
	/* The table of mounts is long: looked at where root misses one at the usual places. */
	if (c->lock[0] < 0 || c->lock[1] < 0) {
		mounts = slurp("/proc/self/mountinfo");
		if (!c->n)
			make_v2(c, groups, mounts);
		if (!c->v2)
			make_v1(c, groups, mounts);
		free(mounts);
	}
	free(groups);
	cgroup_limit(c, l, slack);
}

void
cgroup_make(struct cgroup *c, const struct sbx_limits *l, uint32_t slack)
{
	cgroup_begin(c, l, slack);
	cgroup_complete(c, l, slack);
}

int
cgroup_birth(const struct cgroup *c)
{
	return c->v2 ? c->lock[0] : -1;
}

bool
cgroup_enter(struct cgroup *c, bool born)
{
	bool ok = true;

	for (size_t i = 0; i < c->n; i++) {
		if (!born && write(c->at[i].procs, "0", 1) != 1)
			ok = false;
		sbx_shut(&c->at[i].procs);
		sbx_shut(&c->at[i].parent);
		sbx_shut(&c->lock[i]);
	}
	return ok;
}

void
cgroup_limit(const struct cgroup *c, const struct sbx_limits *l, uint32_t slack)
{
	put_number(c->memory, l->memory);
	put_number(c->pids, (uint64_t)l->processes + slack);
}

uint64_t
cgroup_kills(const struct cgroup *c)
{
	char text[512];
	const char *p;
	ssize_t n;

	if (c->killed < 0)
		return 0;
	n = pread(c->killed, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	p = strstr(text, "oom_kill ");
	return p ? strtoull(p + strlen("oom_kill "), NULL, 10) : 0;
}

void
cgroup_remove(struct cgroup *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->at[i].parent >= 0)
			unlinkat(c->at[i].parent, c->name, AT_REMOVEDIR);
		sbx_shut(&c->at[i].parent);
		sbx_shut(&c->at[i].procs);
		sbx_shut(&c->lock[i]);
	}
	c->n = 0;
	sbx_shut(&c->memory);
	sbx_shut(&c->pids);
	sbx_shut(&c->killed);
}
