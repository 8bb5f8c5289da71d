/* The agent's side, downwards: starting the jail and telling it what to do; event.c is the way
 * up. Contract in sandbox.h.
 *
 * The jail is executed in execute.c. Writes never block: what the socket does not take waits in a
 * bounded queue.
 *
 * Sources: unix(7). Pinned by tests/unit/test_session.c. */
#include "sandbox/session.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/jail.h"
#include "sandbox/net/proxy.h"
#include "sandbox/rights.h"
#include "sandbox/setup.h"
#include "sandbox/spawn.h"

#define DOWN_MAX     (64 * SBX_MIB) /* bytes waiting for the jail */
#define END_PATIENCE 1000	    /* ms until a jail that does not end is killed */
#define SESSION_FILES \
	320 /* the jail and its jobs put descriptors at 300 and above (spawn.c) */

bool
sbx_session_start(struct sbx_session **out, struct sbx_fail *f)
{
	return sbx_session_start_image(-1, out, f);
}

bool
sbx_session_start_image(int image, struct sbx_session **out, struct sbx_fail *f)
{
	struct sbx_session *s;
	int pair[2];
	pid_t pid;

	memset(f, 0, sizeof(*f));
	if (!sbx_files_allowed(SESSION_FILES, f))
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return sbx_fail_set(f, "socket pair", errno, NULL);
	pid = session_execute(image, pair[1], f);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return false;
	}
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	s = sbx_grow(NULL, sizeof(*s));
	memset(s, 0, sizeof(*s));
	s->fd = pair[0];
	s->pid = pid;
	s->rights = s->stage[0] = s->stage[1] = -1;
	for (int i = 0; i <= SBX_JOB_MAX; i++)
		s->terminal[i] = -1;
	*out = s;
	return true;
}

static bool
send_first(struct sbx_session *s, int workspace, int rights, uint32_t len)
{
	const int fds[2] = {workspace, rights};
	unsigned char head[FRAME_HEAD];
	char control[CMSG_SPACE(sizeof(fds))] __attribute__((aligned(8))) = {0};
	struct iovec iov = {.iov_base = head, .iov_len = sizeof(head)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	frame_head(head, FRAME_SETUP, 0, 0, len);
	/* The socket is empty still: a head fits. */
	return sendmsg(s->fd, &msg, MSG_NOSIGNAL) == FRAME_HEAD;
}

/* The first item of an encoded policy. */
static char *
workspace_of(const struct queue *q)
{
	const unsigned char *p = queue_head(q);
	size_t n = queue_len(q);
	struct wire_item it;

	return wire_next(&p, &n, &it) == 1 && wire_text(&it) ? strdup(wire_text(&it))
							     : NULL;
}

bool
sbx_session_setup(struct sbx_session *s, const struct sbx_policy *p, struct sbx_fail *f)
{
	struct queue q = {0};
	SBX_CLOSE int workspace = -1, theirs = -1;
	int rights[2];
	bool ok;

	if (s->setup_sent || s->dead)
		return sbx_fail_set(f, "session", EINVAL, NULL);
	if (!rights_pair(rights))
		return sbx_fail_set(f, "socket pair", errno, NULL);
	s->rights = rights[0];
	theirs = rights[1];
	workspace = setup_encode(p, &q, f);
	ok = workspace >= 0;
	if (ok && !send_first(s, workspace, theirs, (uint32_t)queue_len(&q)))
		ok = sbx_fail_set(f, "session", errno, NULL);
	if (ok) {
		s->setup_sent = true;
		s->workspace = workspace_of(&q);
		s->readonly = p->workspace_readonly;
		queue_add(&s->down, queue_head(&q), queue_len(&q));
		session_flush(s);
	}
	queue_free(&q);
	return ok;
}

void
session_flush(struct sbx_session *s)
{
	while (!s->dead && queue_len(&s->down)) {
		ssize_t n = send(s->fd, queue_head(&s->down), queue_len(&s->down),
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		/* A broken socket is found by the reader, after what it still holds. */
		if (n < 0)
			return;
		queue_drop(&s->down, (size_t)n);
	}
}

bool
sbx_session_stop(struct sbx_session *s)
{
	return session_down(s, FRAME_STOP, 0, 0, NULL, 0);
}

/* What the jail calls a staged workspace may be anything: only an overlay is taken. */
static bool
is_overlay(int fd)
{
	struct statfs fs;
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && fstatfs(fd, &fs) == 0 &&
	       fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

/* The far end of a pseudo-terminal, and nothing else: reading it never waits. */
static bool
is_terminal(int fd)
{
	unsigned number;

	return ioctl(fd, TIOCGPTN, &number) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

void
session_take_rights(struct sbx_session *s)
{
	enum rights_kind kind;
	uint32_t number;
	int fd, got = 0;

	while (s->rights >= 0 && (got = rights_recv(s->rights, &kind, &number, &fd)) == 1) {
		if (kind == RIGHTS_STAGE && number < SBX_LEN(s->stage) &&
		    s->stage[number] < 0 && is_overlay(fd))
			s->stage[number] = fd;
		else if (kind == RIGHTS_TERMINAL && number >= 1 && number <= SBX_JOB_MAX &&
			 s->live[number] && s->terminal[number] < 0 && is_terminal(fd))
			s->terminal[number] = fd;
		else if (s->proxy && (kind == RIGHTS_LISTEN || kind == RIGHTS_NAMES) &&
			 number <= UINT16_MAX)
			sbx_proxy_listen(s->proxy, (uint16_t)number, fd);
		else
			close(fd);
	}
	if (got < 0)
		sbx_shut(&s->rights);
}

bool
sbx_session_stands(const struct sbx_session *s)
{
	return s->stands;
}

int
sbx_session_stage(const struct sbx_session *s)
{
	return s->stage[0];
}

int
sbx_session_stage_linked(const struct sbx_session *s)
{
	return s->stage[1];
}

int
sbx_session_fd(const struct sbx_session *s)
{
	return s->fd;
}

bool
sbx_session_wants_write(const struct sbx_session *s)
{
	return !s->dead && queue_len(&s->down) > 0;
}

const struct sbx_stand *
sbx_session_stand(const struct sbx_session *s)
{
	return &s->stand;
}

pid_t
sbx_session_pid(const struct sbx_session *s)
{
	return s->pid;
}

void
sbx_session_free(struct sbx_session *s)
{
	int gone;

	if (!s)
		return;
	/* Its end of file ends pid 1, whose end the monitor waits for. */
	sbx_shut(&s->fd);
	sbx_shut(&s->rights);
	sbx_shut(&s->stage[0]);
	sbx_shut(&s->stage[1]);
	for (int i = 0; i <= SBX_JOB_MAX; i++)
		sbx_shut(&s->terminal[i]);
	if (s->pid > 0) {
		gone = (int)syscall(SYS_pidfd_open, s->pid, 0);
		if (gone >= 0) {
			struct pollfd p = {.fd = gone, .events = POLLIN};

			if (poll(&p, 1, END_PATIENCE) == 0)
				kill(s->pid, SIGKILL);
			close(gone);
		} else {
			kill(s->pid, SIGKILL);
		}
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	queue_free(&s->down);
	queue_free(&s->up);
	free(s->workspace);
	free(s);
}

bool
sbx_session_limits(struct sbx_session *s, const struct sbx_limits *l)
{
	struct queue q = {0};
	bool ok;

	limits_encode(l, &q);
	ok = session_down(s, FRAME_LIMITS, 0, 0, queue_head(&q), queue_len(&q));
	queue_free(&q);
	return ok;
}

bool
session_down(struct sbx_session *s, enum frame_type type, int detail, int job,
	     const void *p, size_t n)
{
	unsigned char head[FRAME_HEAD];

	if (s->dead || !s->setup_sent || job < 0 || job > SBX_JOB_MAX ||
	    n > FRAME_DOWN_MAX || queue_len(&s->down) + n > DOWN_MAX)
		return false;
	frame_head(head, type, (uint8_t)detail, (uint16_t)job, (uint32_t)n);
	queue_add(&s->down, head, sizeof(head));
	queue_add(&s->down, p, n);
	session_flush(s);
	return true;
}

bool
sbx_session_stage_changed(struct sbx_session *s)
{
	return session_down(s, FRAME_LAYER, 0, 0, NULL, 0);
}

bool
sbx_job_start(struct sbx_session *s, int job, const struct sbx_job_spec *spec)
{
	struct queue q = {0};
	bool ok;

	if (job < 1 || job > SBX_JOB_MAX || s->live[job])
		return false;
	start_encode(spec, &q);
	ok = session_down(s, FRAME_START, 0, job, queue_head(&q), queue_len(&q));
	if (ok) {
		s->live[job] = true;
		s->started[job] = false;
		s->runs[job] = 0;
	}
	queue_free(&q);
	return ok;
}

/* A job that ended meanwhile takes nothing more: its EXIT tells. */
static bool
down_live(struct sbx_session *s, enum frame_type type, int detail, int job, const void *p,
	  size_t n)
{
	if (job >= 1 && job <= SBX_JOB_MAX && !s->live[job])
		return !s->dead;
	if (job < 1)
		return false;
	return session_down(s, type, detail, job, p, n);
}

bool
sbx_job_run(struct sbx_session *s, int job, const void *code, size_t n)
{
	if (!down_live(s, FRAME_RUN, 0, job, code, n))
		return false;
	s->runs[job]++;
	return true;
}

bool
sbx_job_step(struct sbx_session *s, int job, uint64_t number)
{
	unsigned char p[8];

	wire_store64(p, number);
	return down_live(s, FRAME_STEP, 0, job, p, sizeof(p));
}

bool
sbx_job_signal(struct sbx_session *s, int job, int signo)
{
	return down_live(s, FRAME_SIGNAL, signo, job, NULL, 0);
}

bool
sbx_job_kill(struct sbx_session *s, int job)
{
	return down_live(s, FRAME_KILL, 0, job, NULL, 0);
}

bool
sbx_session_net_local(struct sbx_session *s, uint16_t port)
{
	const unsigned char p[2] = {(unsigned char)port, (unsigned char)(port >> 8)};

	if (!s->stands || !session_down(s, FRAME_NET, 0, 0, p, sizeof(p)))
		return false;
	s->net_asked++;
	return true;
}

void
sbx_session_net(struct sbx_session *s, struct sbx_proxy *proxy)
{
	unsigned char head[FRAME_HEAD];

	s->proxy = proxy;
	if (!proxy || !s->stands || s->dead || s->net_asked)
		return;
	s->net_asked++;
	frame_head(head, FRAME_NET, 0, 0, 0);
	queue_add(&s->down, head, sizeof(head));
	session_flush(s);
}
