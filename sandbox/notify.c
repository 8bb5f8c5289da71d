/* Answering calls that a filter tells of: see notify.h.
 *
 * What is refused is refused by the row of the policy that the registers fall under. Rows that
 * let through are there to be explained: an address outside of loopback is answered with what
 * the empty network namespace answers too, a path only gets its notice. Letting a call go on
 * after looking at its memory is no decision: another thread may have changed it, and what then
 * happens is up to the namespaces and mounts, which do not care.
 *
 * Sources: seccomp_unotify(2), include/uapi/linux/seccomp.h. Pinned by
 * tests/unit/test_notify.c, tests/jail/test_policy_lines.py, tests/jail/test_explain.py. */
#include "sandbox/notify.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "sandbox/addr.h"
#include "sandbox/calls.h"
#include "sandbox/protect.h"
#include "sandbox/rights.h"
#include "sandbox/usage.h"

/* Linux 6.6: caller and listener take turns, which saves looking for a processor. */
#define NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#define NOTIF_SYNC_WAKE (1UL << 0)

#define PORT_DNS   53
#define HASH_BEGIN 0xcbf29ce484222325u

#define NOTIF_ROOM 512 /* bytes; kernels to come may have longer structures */

union request {
	struct seccomp_notif n;
	char room[NOTIF_ROOM];
};

union answer {
	struct seccomp_notif_resp r;
	char room[NOTIF_ROOM];
};

void
notify_init(struct notify *n)
{
	memset(n, 0, sizeof(*n));
	n->channel = n->listener = -1;
}

bool
notify_open(struct notify *n, int *theirs)
{
	int pair[2];

	if (!rights_pair(pair))
		return false;
	n->channel = pair[0];
	*theirs = pair[1];
	return true;
}

void
notify_close(struct notify *n)
{
	sbx_shut(&n->channel);
	sbx_shut(&n->listener);
}

int
notify_fd(const struct notify *n)
{
	return n->listener >= 0 ? n->listener : n->channel;
}

void
notify_step(struct notify *n)
{
	n->told = n->doubts = 0;
}

/* FNV-1a: somebody who makes two texts collide hides one of his own notices. */
static uint64_t
hash_text(uint64_t h, const char *p)
{
	for (; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	return h;
}

static uint64_t
hash(const struct sbx_notice *n)
{
	uint64_t h = HASH_BEGIN ^ (uint64_t)n->kind;

	/* One for all name servers. */
	return hash_text(hash_text(h, sbx_notice_idle(n) ? "" : n->what), n->detail);
}

bool
notify_told(const struct notify *n, const char *what)
{
	uint64_t h = hash_text(HASH_BEGIN, what);

	for (unsigned i = 0; i < n->told; i++)
		if (n->about[i] == h)
			return true;
	return false;
}

void
notify_tell(struct notify *n, const struct sbx_notice *what, notify_tell_fn *tell,
	    void *arg)
{
	const struct sbx_notice last = {
	    .kind = SBX_NOTE_LIMIT, .what = "notices", .detail = "more was refused"};
	uint64_t h = hash(what);

	for (unsigned i = 0; i < n->told; i++)
		if (n->seen[i] == h)
			return;
	if (n->told == NOTIFY_STEP_MAX)
		return;
	n->about[n->told] = hash_text(HASH_BEGIN, what->what);
	n->seen[n->told++] = h;
	tell(n->told == NOTIFY_STEP_MAX ? &last : what, arg);
}

size_t
notify_peek(int pid, uint64_t at, void *into, size_t n)
{
	struct iovec mine = {.iov_base = into, .iov_len = n};
	struct iovec theirs = {.iov_base = (void *)(uintptr_t)at, .iov_len = n};
	ssize_t got = pid > 0 && at ? process_vm_readv(pid, &mine, 1, &theirs, 1, 0) : -1;

	return got > 0 ? (size_t)got : 0;
}

/* Where a call's address stands in the job's memory; its length, 0 for none. */
static size_t
find_address(const struct seccomp_notif *req, const char *call, uint64_t *at)
{
	struct {
		uint64_t name;
		uint32_t len;
	} head;

	if (strcmp(call, "sendmsg") == 0) {
		if (notify_peek((int)req->pid, req->data.args[1], &head, sizeof(head)) !=
		    sizeof(head))
			return 0;
		*at = head.name;
		return head.name ? head.len : 0;
	}
	if (strcmp(call, "connect") == 0) {
		*at = req->data.args[1];
		return (size_t)(uint32_t)req->data.args[2];
	}
	*at = req->data.args[4];
	return strcmp(call, "sendto") == 0 ? (size_t)(uint32_t)req->data.args[5] : 0;
}

/* The errno for a call that names an address out of reach, with *out filled; else 0. */
static int
look_at_address(const struct seccomp_notif *req, const char *call, enum sbx_net net,
		struct sbx_notice *out)
{
	unsigned char bytes[ADDR_BYTES];
	char text[ADDR_TEXT];
	uint64_t at = 0;
	size_t len = find_address(req, call, &at);
	unsigned port = 0;
	enum addr where;

	len = len < sizeof(bytes) ? len : sizeof(bytes);
	len = len ? notify_peek((int)req->pid, at, bytes, len) : 0;
	where = addr_of(bytes, len, text, &port);
	/* Nobody in the jail can be the name server at that port. */
	if (where != ADDR_AWAY && !(where == ADDR_OWN && port == PORT_DNS && !net))
		return 0;
	out->kind = SBX_NOTE_CONNECT;
	out->sys = ENETUNREACH;
	snprintf(out->what, sizeof(out->what), "%s", text);
	if (net == SBX_NET_LIST)
		snprintf(out->detail, sizeof(out->detail), NOTE_BY_NAME);
	else if (port == PORT_DNS)
		snprintf(out->detail, sizeof(out->detail), NOTE_LOOKUP);
	return where == ADDR_AWAY ? ENETUNREACH : 0;
}

/* Standard input that is /dev/null: who reads it wants an answer. */
static void
look_at_input(int pid, struct sbx_notice *out)
{
	struct stat st;

	if (!usage_stat(pid, "fd/0", &st) || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(1, 3))
		return;
	out->kind = SBX_NOTE_INPUT;
	snprintf(out->what, sizeof(out->what), "standard input");
}

/* What a refused call was about, where that can be said. */
static void
describe(const struct filter_row *row, int pid, const uint64_t args[6],
	 struct sbx_notice *out)
{
	out->kind = SBX_NOTE_CALL;
	out->sys = row->error;
	snprintf(out->what, sizeof(out->what), "%s", row->name);
	if (strcmp(row->name, "socket") == 0 || strcmp(row->name, "socketpair") == 0)
		snprintf(out->detail, sizeof(out->detail), "address family %d",
			 (int)args[0]);
	else
		notify_path(pid, row->name, args, out->detail, sizeof(out->detail));
}

/* On the rung without namespaces, where affinity is anybody's. Whoever has the number by the time
 * that the call goes on got it within microseconds. */
static int
look_at_affinity(const uint64_t args[6])
{
	pid_t pid = (pid_t)args[0];

	return pid == 0 || usage_is_below(pid, getpid()) ? 0 : EPERM;
}

/* The errno to answer, 0 to let the call go on, unless it was *made here; *out's kind is 0 when nothing is to be told. */
static int
judge(const struct notify *n, const struct seccomp_notif *req, const struct filter_row *row,
      const uint64_t args[6], const struct setup *s, struct sbx_notice *out, bool *made)
{
	int error;

	if (row->error) {
		describe(row, (int)req->pid, args, out);
		return row->error;
	}
	if (strcmp(row->name, "read") == 0 || strcmp(row->name, "readv") == 0)
		return look_at_input((int)req->pid, out), 0;
	if (strcmp(row->name, "sched_setaffinity") == 0)
		return look_at_affinity(args);
	if (s->rung == SBX_RUNG_LANDLOCK &&
	    notify_mode(n->listener, req->id, (int)req->pid, s, row->name, args, &error))
		return *made = true, error;
	/* Paths are of the rows that --explain adds, and of renaming. */
	if (notify_file((int)req->pid, row->name, args, out)) {
		protect_explain(s->protect, out);
		return 0;
	}
	return s->net == SBX_NET_HOST ? 0 : look_at_address(req, row->name, s->net, out);
}

/* It goes to standard error, as the row says. */
static bool
says(const char *call)
{
	return strcmp(call, "write") == 0 || strcmp(call, "writev") == 0;
}

/* Takes one call in and answers it; false when there is none. */
static bool
serve_one(struct notify *n, const struct setup *s, notify_tell_fn *tell, void *arg)
{
	struct sbx_notice notice = {.sys = 0};
	union answer ans;
	const struct filter_row *row;
	uint64_t args[6];
	union request req;
	bool made = false;

	memset(&req, 0, sizeof(req));
	memset(&ans, 0, sizeof(ans));
	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_RECV, &req)) {
		/* The caller died meanwhile; else something is wrong that would stay so. */
		if (errno != EINTR && errno != ENOENT && errno != EAGAIN)
			sbx_shut(&n->listener);
		return errno == EINTR;
	}
	ans.r.id = req.n.id;
	for (int i = 0; i < 6; i++)
		args[i] = req.n.data.args[i];
	row = filter_row_of(req.n.data.nr, args);
	/* Cannot be: the programs and the rows are made of one text. */
	if (!row)
		ans.r.error = -EPERM;
	else if (says(row->name))
		notify_said(n, s, req.n.id, (int)req.n.pid, row->name, args, tell, arg);
	else
		ans.r.error = -judge(n, &req.n, row, args, s, &notice, &made);
	if (!ans.r.error && !made)
		ans.r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	/* Its number may be somebody else's by now: what was read is not the caller's then. */
	if (notice.kind && ioctl(n->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &req.n.id) == 0)
		notify_tell(n, &notice, tell, arg);
	/* ENOENT: the caller is gone. */
	return ioctl(n->listener, SECCOMP_IOCTL_NOTIF_SEND, &ans) == 0 || errno == ENOENT;
}

static void
take_listener(struct notify *n)
{
	enum rights_kind kind;
	uint32_t number;
	int got, fd = -1;

	got = rights_recv(n->channel, &kind, &number, &fd);
	if (got == 0)
		return;
	sbx_shut(&n->channel);
	if (got != 1 || kind != RIGHTS_CALLS) {
		sbx_shut(&fd);
		return;
	}
	n->listener = fd;
	/* EINVAL before Linux 6.6, where it is only slower. */
	if (ioctl(fd, NOTIF_SET_FLAGS, NOTIF_SYNC_WAKE))
		return;
}

void
notify_serve(struct notify *n, const struct setup *s, notify_tell_fn *tell, void *arg)
{
	if (n->listener < 0 && n->channel >= 0)
		take_listener(n);
	for (int i = 0; n->listener >= 0 && i < NOTIFY_ROUND; i++) {
		struct pollfd p = {.fd = n->listener, .events = POLLIN};

		/* Receiving would wait: the caller may have died since the last look. */
		if (poll(&p, 1, 0) <= 0)
			return;
		if (!(p.revents & POLLIN)) {
			sbx_shut(&n->listener);
			return;
		}
		if (!serve_one(n, s, tell, arg))
			return;
	}
}
