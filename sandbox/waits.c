/* Who waits for a terminal: see waits.h.
 *
 * The kernel shows the call that a sleeping thread is in, with its registers, in
 * /proc/PID/task/TID/syscall. The descriptor it reads is compared by device with the job's
 * terminal; /dev/tty is that one too, since a job has no other. For poll, select and epoll the
 * set is read from the process's memory, or from fdinfo. Who only polls may wait for something
 * else as well, so he is believed later. What cannot be read does not wait.
 *
 * Sources: proc(5), syscall(2), select(2), epoll(7), tty(4). Pinned by
 * tests/unit/test_session.c and tests/e2e/test_attach.py. */
#include "sandbox/waits.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "sandbox/notify.h"
#include "sandbox/usage.h"

#define LOOKS_READ    2	  /* until a process that reads is believed to wait */
#define LOOKS_POLL    4	  /* one that polls */
#define PROCESSES_MAX 256 /* looked at, the newest ones */
#define THREADS_MAX   64  /* of one process */
#define POLLS_MAX     64  /* descriptors of one poll */
#define FDINFO_MAX    4096

struct call {
	pid_t pid;
	long nr;
	unsigned long arg[6];
};

static size_t
slurp(pid_t pid, const char *name, char *into, size_t size)
{
	SBX_CLOSE int fd = usage_open(pid, name);
	ssize_t n = fd < 0 ? -1 : read(fd, into, size - 1);

	into[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

static bool
is_terminal(const struct call *c, unsigned long fd, dev_t terminal)
{
	char name[32];
	struct stat st;

	snprintf(name, sizeof(name), "fd/%d", (int)fd);
	return usage_stat(c->pid, name, &st) && S_ISCHR(st.st_mode) &&
	       (st.st_rdev == terminal || st.st_rdev == makedev(5, 0));
}

static bool
polls(const struct call *c, dev_t terminal)
{
	struct pollfd p[POLLS_MAX];
	size_t n = c->arg[1] < POLLS_MAX ? c->arg[1] : POLLS_MAX;

	n = notify_peek(c->pid, c->arg[0], p, n * sizeof(*p)) / sizeof(*p);
	for (size_t i = 0; i < n; i++)
		if (p[i].fd >= 0 && (p[i].events & POLLIN) &&
		    is_terminal(c, (unsigned long)p[i].fd, terminal))
			return true;
	return false;
}

static bool
selects(const struct call *c, dev_t terminal)
{
	unsigned char set[FD_SETSIZE / 8] = {0};
	size_t n = c->arg[0] < FD_SETSIZE ? c->arg[0] : FD_SETSIZE;

	/* Words of a long: what lies behind the last descriptor is the caller's too. */
	n = 8 * notify_peek(c->pid, c->arg[1], set, (n + 7) / 8);
	for (size_t i = 0; i < n; i++)
		if ((set[i / 8] & 1u << i % 8) && is_terminal(c, i, terminal))
			return true;
	return false;
}

static bool
epolls(const struct call *c, dev_t terminal)
{
	char name[32], text[FDINFO_MAX];
	unsigned events;
	int fd;

	snprintf(name, sizeof(name), "fdinfo/%d", (int)c->arg[0]);
	slurp(c->pid, name, text, sizeof(text));
	for (const char *p = text; (p = strstr(p, "tfd:")); p++)
		if (sscanf(p, "tfd: %d events: %x", &fd, &events) == 2 &&
		    (events & EPOLLIN) && is_terminal(c, (unsigned long)fd, terminal))
			return true;
	return false;
}

/* In how many looks it must be found so; 0: it does not wait. */
static unsigned
looks_of(const struct call *c, dev_t terminal)
{
	bool so = false;

	switch (c->nr) {
	case SYS_read:
	case SYS_readv:
		return is_terminal(c, c->arg[0], terminal) ? LOOKS_READ : 0;
#ifdef SYS_poll
	case SYS_poll:
#endif
	case SYS_ppoll:
		so = polls(c, terminal);
		break;
#ifdef SYS_select
	case SYS_select:
#endif
	case SYS_pselect6:
		so = selects(c, terminal);
		break;
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
		so = epolls(c, terminal);
		break;
	default:
		break;
	}
	return so ? LOOKS_POLL : 0;
}

/* "NUMBER 0xARG 0xARG … 0xSP 0xPC" of a thread that sleeps in a call; else a word. */
static unsigned
thread_waits(pid_t pid, const char *tid, dev_t terminal)
{
	char name[64], text[256];
	struct call c = {.pid = pid};

	if (tid)
		snprintf(name, sizeof(name), "task/%.20s/syscall", tid);
	else
		snprintf(name, sizeof(name), "syscall");
	slurp(pid, name, text, sizeof(text));
	if (sscanf(text, "%ld %lx %lx %lx %lx %lx %lx", &c.nr, &c.arg[0], &c.arg[1],
		   &c.arg[2], &c.arg[3], &c.arg[4], &c.arg[5]) != 7)
		return 0;
	return looks_of(&c, terminal);
}

static unsigned
process_waits(pid_t pid, dev_t terminal)
{
	unsigned looks = thread_waits(pid, NULL, terminal);
	int fd = looks ? -1 : usage_open(pid, "task");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	for (int i = 0; d && !looks && i < THREADS_MAX && (e = readdir(d)); i++)
		if (e->d_name[0] != '.' && (pid_t)strtol(e->d_name, NULL, 10) != pid)
			looks = thread_waits(pid, e->d_name, terminal);
	if (d)
		closedir(d);
	return looks;
}

bool
waits_none(struct waits *w)
{
	bool changed = w->told;

	w->told = false;
	w->pid = 0;
	w->looks = 0;
	return changed;
}

bool
waits_look(struct waits *w, pid_t top)
{
	pid_t pids[PROCESSES_MAX];
	size_t n = usage_below(top, pids, PROCESSES_MAX);
	unsigned needed = 0;
	bool before = w->told;

	/* The newest first: what waits is mostly what was started last. */
	while (n > 0 && !(needed = process_waits(pids[n - 1], w->terminal)))
		n--;
	if (!n)
		return waits_none(w);
	w->looks = w->pid == pids[n - 1] ? w->looks + 1 : 1;
	w->pid = pids[n - 1];
	w->told |= w->looks >= needed;
	return w->told != before;
}
