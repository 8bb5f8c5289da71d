/* Namespaces from bubblewrap: see donor.h.
 *
 * bwrap knows paths alone. What stood at them when they were checked travels as numbers, and
 * pid 1 compares before anything runs: a folder swapped meanwhile ends the start.
 *
 * Sources: bwrap(1), proc(5) on /proc/PID/fd. Pinned by tests/jail/test_rungs.py. */
#include "sandbox/donor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sandbox/cgroup.h"
#include "sandbox/confine.h"
#include "sandbox/init.h"
#include "sandbox/jail.h"
#include "sandbox/job.h"
#include "sandbox/protect.h"
#include "sandbox/rung.h"
#include "sandbox/spawn.h"

#define BWRAP	    "/usr/bin/bwrap"
#define STAND_MS    20000 /* bwrap needs some 10 ms */
#define MESSAGE_MAX 200	  /* bytes of what bwrap says */
#define ABI_SCOPES  6	  /* of Landlock: the first that knows scopes */

/* Descriptors inside. */
enum {
	FD_MAIN = JAIL_SOCKET, /* the agent's socket, or the launcher's report pipe */
	FD_ORDER,	       /* what to do */
	FD_RIGHTS,
	FD_IMAGE, /* this program */
	FD_TOLD,  /* struct sbx_fail: how the start went */
	FD_STDERR,
	FD_COUNT,
};

#define FD_ABOVE 50 /* where descriptors wait while the numbers are dealt */

struct order {
	struct setup setup;
	const char *argv[SETUP_ARGS_MAX + 1];
	const char *facts;
	struct queue told; /* frames for the agent */
	bool differs;	   /* something is not what was checked */
};

static void
put_identity(struct queue *q, const char *path)
{
	SBX_CLOSE int fd = setup_open(path);
	struct stat st = {0};

	if (fd >= 0)
		fstat(fd, &st);
	wire_put_text(q, 'I', path);
	wire_put_number(q, 'D', st.st_dev);
	wire_put_number(q, 'N', st.st_ino);
}

/* The workspace is where this process stands, whatever its path leads to now. */
static void
put_workspace(struct queue *q, const struct setup *s)
{
	struct stat st = {0};

	if (stat(".", &st))
		memset(&st, 0, sizeof(st));
	wire_put_text(q, 'I', s->workspace);
	wire_put_number(q, 'D', st.st_dev);
	wire_put_number(q, 'N', st.st_ino);
}

static int
write_order(const struct setup *s, const unsigned char *payload, size_t len,
	    char *const argv[], const char *facts, const struct queue *notices)
{
	int fd = memfd_create("order", MFD_CLOEXEC);
	struct queue q = {0};

	queue_add(&q, queue_head(notices), queue_len(notices));

	wire_put(&q, 'P', payload, len);
	wire_put_text(&q, 'F', facts);
	for (; argv && *argv; argv++)
		wire_put_text(&q, 'A', *argv);
	put_workspace(&q, s);
	for (const char *const *r = s->read; *r; r++)
		put_identity(&q, *r);
	for (const char *const *w = s->write; *w; w++)
		put_identity(&q, *w);
	if (fd >= 0 && write(fd, queue_head(&q), queue_len(&q)) != (ssize_t)queue_len(&q))
		sbx_shut(&fd);
	queue_free(&q);
	return fd;
}

/* In the child. Returns when the exec failed. */
static void
exec_bwrap(char **args, const int fds[FD_COUNT], int said, struct cgroup *group)
{
	char *const env[] = {NULL};
	int high[FD_COUNT];

	spawn_reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (group)
		cgroup_enter(group, false);
	for (int i = FD_MAIN; i < FD_COUNT; i++)
		high[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, FD_ABOVE);
	said = fcntl(said, F_DUPFD_CLOEXEC, FD_ABOVE);
	for (int i = FD_MAIN; i < FD_COUNT; i++)
		if (high[i] >= 0)
			dup2(high[i], i);
	dup2(said, STDERR_FILENO);
	execve(BWRAP, args, env);
}

static char **
whole_arguments(const struct setup *s)
{
	static const char *const end[] = {"--", "/proc/self/fd/6", JAIL_INSIDE};
	char **args = donor_arguments(s);
	size_t n = 0;

	_Static_assert(FD_IMAGE == 6, "named above");
	while (args[n])
		n++;
	args = sbx_grow(args, (n + SBX_LEN(end) + 1) * sizeof(*args));
	for (size_t i = 0; i < SBX_LEN(end); i++)
		args[n++] = (char *)end[i];
	args[n] = NULL;
	return args;
}

/* More of what bwrap says, which it writes in pieces; false at its end. */
static bool
read_message(int said, char text[MESSAGE_MAX])
{
	size_t len = strlen(text);
	ssize_t n =
	    len + 1 < MESSAGE_MAX ? read(said, text + len, MESSAGE_MAX - 1 - len) : 0;

	text[len + (n > 0 ? (size_t)n : 0)] = 0;
	return n > 0;
}

/* Waits until pid 1 says how its start went, or bwrap gives up. */
static bool
stands(pid_t pid, int told, int said, struct sbx_fail *f)
{
	struct pollfd p[] = {{.fd = told, .events = POLLIN},
			     {.fd = said, .events = POLLIN}};
	char text[MESSAGE_MAX] = "";
	ssize_t n;

	for (;;) {
		int ready = poll(p, 2, STAND_MS);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0) {
			sbx_fail_set(f, "bubblewrap", ETIMEDOUT, NULL);
			break;
		}
		if (p[0].revents) {
			n = read(told, f, sizeof(*f));
			if (n == (ssize_t)sizeof(*f))
				break;
			while (read_message(said, text))
				;
			text[strcspn(text, "\n")] = 0;
			sbx_fail_set(f, "bubblewrap", 0, text);
			break;
		}
		if (!p[1].revents)
			continue;
		/* Its death closes the other pipe too. */
		if (!read_message(said, text))
			p[1].fd = -1;
	}
	if (!f->step[0])
		return true;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return false;
}

static pid_t
start(const struct setup *s, int fds[FD_COUNT], struct sbx_fail *f)
{
	SBX_CLOSE int told = -1, said = -1, image = -1;
	char **args = whole_arguments(s);
	int tell[2], say[2];
	pid_t pid;

	image = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (image < 0 || pipe2(tell, O_CLOEXEC) || pipe2(say, O_CLOEXEC))
		return sbx_fail_set(f, "bubblewrap", errno, NULL), -1;
	told = tell[0];
	said = say[0];
	fds[FD_IMAGE] = image;
	fds[FD_TOLD] = tell[1];
	fds[FD_STDERR] = STDERR_FILENO;
	pid = fork();
	if (pid == 0) {
		exec_bwrap(args, fds, say[1], s->group);
		_exit(1);
	}
	close(tell[1]);
	close(say[1]);
	for (char **a = args; strcmp(*a, "--") != 0; a++)
		free(*a);
	free(args);
	if (pid < 0)
		return sbx_fail_set(f, "bubblewrap", errno, NULL), -1;
	return stands(pid, told, said, f) ? pid : -1;
}

static void
put_notice(const struct sbx_notice *n, void *arg)
{
	wire_put(arg, 'Q', n, sizeof(*n));
}

static pid_t
order(const struct setup *s, const unsigned char *payload, size_t len, char *const argv[],
      int fds[FD_COUNT], const char *facts, struct sbx_fail *f)
{
	SBX_CLOSE int what = -1;
	struct queue notices = {0};
	struct setup mine = *s;
	pid_t pid = -1;

	/* What holds real root back holds bubblewrap as well, and nothing but mounts would keep
	 * root from the kernel's settings. */
	if (geteuid() == 0)
		return sbx_fail_set(f, "bubblewrap", EPERM, NULL), -1;
	if (access(BWRAP, X_OK))
		return sbx_fail_set(f, "bubblewrap", errno, BWRAP), -1;
	/* Abstract sockets belong to the network namespace: only Landlock keeps them away. */
	if (s->net == SBX_NET_HOST && landlock_abi() < ABI_SCOPES)
		return sbx_fail_set(f, "host network", ENOSYS, NULL), -1;
	/* Inside, what is covered cannot be seen for what it is any more. */
	if (protect_without_mounts(&mine, put_notice, &notices, f)) {
		what = write_order(s, payload, len, argv, facts, &notices);
		fds[FD_ORDER] = what;
		if (what < 0)
			sbx_fail_set(f, "bubblewrap", errno, NULL);
		else
			pid = start(&mine, fds, f);
	}
	queue_free(&notices);
	protect_free(mine.protect);
	return pid;
}

pid_t
donor_session(const struct setup *s, const unsigned char *payload, size_t len, int rights,
	      const struct sbx_fail *why, struct sbx_fail *f)
{
	int fds[FD_COUNT] = {[FD_MAIN] = JAIL_SOCKET, [FD_RIGHTS] = rights};
	char facts[2048];

	rung_facts(facts, sizeof(facts), SBX_RUNG_DONOR, true, why);
	return order(s, payload, len, NULL, fds, facts, f);
}

pid_t
donor_command(const struct setup *s, const unsigned char *payload, size_t len,
	      char *const argv[], int report, struct sbx_fail *f)
{
	int fds[FD_COUNT] = {[FD_MAIN] = report, [FD_RIGHTS] = -1};

	return order(s, payload, len, argv, fds, "", f);
}

/* ---- inside -------------------------------------------------------------------------- */

static bool
same(const char *path, uint64_t dev, uint64_t ino)
{
	SBX_CLOSE int fd = setup_open(path);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

/* To the launcher by its report pipe, to the agent before the word that the jail stands. */
static void
tell_notice(struct order *o, const void *notice)
{
	struct report r = {.kind = REPORT_NOTICE};

	memcpy(&r.notice, notice, sizeof(r.notice));
	/* A fact for the user; nothing depends on it. */
	if (fcntl(FD_RIGHTS, F_GETFD) >= 0)
		up_notice(&o->told, 0, &r.notice);
	else if (write(FD_MAIN, &r, sizeof(r)) < 0)
		return;
}

static bool
take_order(const unsigned char *p, size_t n, struct order *o)
{
	const char *path = NULL;
	struct wire_item it;
	uint64_t dev = 0;
	size_t argc = 0;
	int got;

	while ((got = wire_next(&p, &n, &it)) == 1) {
		if (it.tag == 'P' && !setup_decode(it.data, it.len, &o->setup))
			return false;
		if (it.tag == 'Q' && it.len == sizeof(struct sbx_notice))
			tell_notice(o, it.data);
		if (it.tag == 'F')
			o->facts = wire_text(&it);
		if (it.tag == 'A' && argc < SETUP_ARGS_MAX)
			o->argv[argc++] = wire_text(&it);
		if (it.tag == 'I')
			path = wire_text(&it);
		if (it.tag == 'D')
			dev = wire_number(&it);
		if (it.tag == 'N' && !same(path, dev, wire_number(&it)))
			o->differs = true;
	}
	return got == 0 && o->facts;
}

static const unsigned char *
read_order(size_t *n)
{
	struct stat st;
	void *p = MAP_FAILED;

	if (fstat(FD_ORDER, &st) == 0 && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			 FD_ORDER, 0);
	close(FD_ORDER);
	*n = p == MAP_FAILED ? 0 : (size_t)st.st_size;
	return p == MAP_FAILED ? NULL : p;
}

static void __attribute__((noreturn)) give_up(const struct sbx_fail *f)
{
	if (write(FD_TOLD, f, sizeof(*f)) < 0)
		_exit(1);
	_exit(1);
}

void
donor_inside(void)
{
	static struct order o;
	struct sbx_fail f = {.step = ""};
	const unsigned char *p;
	size_t n;

	confine_offer(); /* not possible any more behind this line */
	prctl(PR_SET_DUMPABLE, 0);
	for (int fd = FD_MAIN; fd < FD_COUNT; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	p = read_order(&n);
	/* Somebody gave the program this name by hand. */
	if (!p || !take_order(p, n, &o))
		_exit(2);
	o.setup.rung = SBX_RUNG_DONOR;
	if (o.differs)
		sbx_fail_set(&f, "workspace", ESTALE, o.setup.workspace);
	dup2(FD_STDERR, STDERR_FILENO);
	close(FD_STDERR);
	close(FD_IMAGE);
	if (f.step[0] || (!o.argv[0] && !protect_without_mounts(&o.setup, NULL, NULL, &f)))
		give_up(&f);
	if (write(FD_TOLD, &f, sizeof(f)) != (ssize_t)sizeof(f))
		_exit(1);
	close(FD_TOLD);
	if (o.argv[0])
		run_inside(&o.setup, o.argv, FD_MAIN);
	init_serve(FD_MAIN, FD_RIGHTS, &o.setup, o.facts, &o.told);
}
