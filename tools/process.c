/* Processes below one. See process.h.
 *
 * One pass over /proc, then the tree is walked from the top. Code may fork and end meanwhile, and
 * may write what it likes into its own name and arguments. A signal goes through a pidfd that is
 * taken first and compared by start time then, so that a number that was given out again is never
 * hit.
 *
 * Sources: proc(5), pidfd_open(2). Pinned by tests/unit/test_process.c. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "tools/process.h"

#define JAIL_NAME   "sunaba-jail"
#define COMMAND_MAX 1024  /* bytes of a command that are read */
#define MACHINE_MAX 65536 /* processes of the machine that are looked at */

static size_t
proc_read(pid_t pid, const char *name, char *into, size_t size)
{
	char path[64];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, into, size - 1);
	into[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static bool
process_read(pid_t pid, struct process *p)
{
	unsigned long long user = 0, sys = 0, start = 0;
	long ticks = sysconf(_SC_CLK_TCK), pages = 0;
	char text[1024], *open, *end;

	proc_read(pid, "stat", text, sizeof(text));
	open = strchr(text, '(');
	end = strrchr(text, ')'); /* the name may hold anything, even brackets */
	*p = (struct process){.pid = pid};
	if (!open || !end ||
	    sscanf(end + 1,
		   " %*c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %*s %*s %*s %*s "
		   "%*s %*s %llu %*s %ld",
		   &p->parent, &user, &sys, &start, &pages) != 5)
		return false;
	*end = '\0';
	p->ours = strcmp(open + 1, JAIL_NAME) == 0;
	p->start = start;
	p->cpu_ms = (int64_t)((user + sys) * 1000 / (unsigned long long)ticks);
	p->memory = (uint64_t)MAX_OF(pages, 0L) * (uint64_t)sysconf(_SC_PAGESIZE);
	p->command = mem_strdup(open + 1);
	return true;
}

/* The words of its command line; and how long it has been there. */
static void
process_more(struct process *p)
{
	char text[COMMAND_MAX];
	size_t n = proc_read(p->pid, "cmdline", text, sizeof(text));
	struct timespec now;
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);

	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (n > 0) {
		free(p->command);
		p->command = mem_strndup(text, n);
	}
	clock_gettime(CLOCK_BOOTTIME, &now);
	p->age_ms = (int64_t)now.tv_sec * 1000 - (int64_t)(p->start * 1000 / ticks);
	p->age_ms = MAX_OF(p->age_ms, (int64_t)0);
}

/* All of the machine, for the walk from the top. */
static size_t
machine_read(struct process **all)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	size_t n = 0, cap = 0;

	*all = NULL;
	while (d && n < MACHINE_MAX && (entry = readdir(d))) {
		struct process p;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !process_read((pid_t)strtol(entry->d_name, NULL, 10), &p))
			continue;
		if (n == cap) {
			cap = cap ? 2 * cap : 256;
			*all = mem_array(*all, cap, sizeof(**all));
		}
		(*all)[n++] = p;
	}
	if (d)
		closedir(d);
	return n;
}

static void
list_children(struct process_list *l, struct process *all, size_t n, pid_t parent)
{
	for (size_t i = 0; i < n && l->n < PROCESSES_MAX; i++) {
		if (!all[i].command || all[i].parent != parent)
			continue;
		l->at[l->n] = all[i];
		all[i].command = NULL;
		process_more(&l->at[l->n++]);
	}
}

void
processes_below(pid_t top, struct process_list *out)
{
	struct process *all;
	size_t n = machine_read(&all);

	*out =
	    (struct process_list){.at = mem_array(NULL, PROCESSES_MAX, sizeof(*out->at))};
	list_children(out, all, n, top);
	for (size_t i = 0; i < out->n; i++)
		list_children(out, all, n, out->at[i].pid);
	for (size_t i = 0; i < n; i++)
		free(all[i].command);
	free(all);
}

void
process_list_release(struct process_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i].command);
	free(l->at);
	*l = (struct process_list){0};
}

bool
process_is_below(const struct process_list *l, size_t i, size_t k)
{
	while (i > k) { /* parents come first */
		size_t up = 0;

		while (up < i && l->at[up].pid != l->at[i].parent)
			up++;
		if (up == i)
			return false;
		i = up;
	}
	return i == k;
}

/* Of this very process; -1: it has ended. */
static int
process_open(const struct process *p)
{
	int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	struct process now;
	bool same = fd >= 0 && process_read(p->pid, &now);

	if (same) {
		same = now.start == p->start;
		free(now.command);
	}
	if (!same && fd >= 0)
		close(TAKE_FD(fd));
	return fd;
}

bool
process_end(const struct process_list *l, size_t k)
{
	int64_t end = clock_ms() + PROCESS_PATIENCE_MS;
	int fds[PROCESSES_MAX];
	bool there = false;

	for (size_t i = k; i < l->n; i++) {
		fds[i] = process_is_below(l, i, k) ? process_open(&l->at[i]) : -1;
		if (fds[i] >= 0)
			syscall(SYS_pidfd_send_signal, fds[i], SIGTERM, NULL, 0);
		there |= i == k && fds[i] >= 0;
	}
	for (size_t i = k; i < l->n; i++) {
		struct pollfd p = {.fd = fds[i], .events = POLLIN};

		if (fds[i] < 0)
			continue;
		if (poll(&p, 1, (int)MAX_OF(end - clock_ms(), (int64_t)0)) <= 0)
			syscall(SYS_pidfd_send_signal, fds[i], SIGKILL, NULL, 0);
		close(fds[i]);
	}
	return there;
}
