/* What programs say on standard error about paths that they may not change.
 *
 * A file system that refuses tells nobody, and asking before each file is opened made 3,000 new
 * files take more than twice as long. But who is refused mostly says so, on descriptor 2, and
 * writes there are few: pid 1 is told of them, wherever they go. Words are only the reason to look:
 * the path they name is opened (O_PATH) where the caller stands, and its mount is asked. What only
 * the host knows, whether something is hidden, is kept as a doubt for whoever sees the host.
 *
 * C programs write a line in pieces, so lines are put together, for a few callers at a time.
 * Sources: seccomp_unotify(2), error(3). Pinned by tests/unit/test_notify.c and
 * tests/jail/test_explain.py. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "sandbox/notify.h"
#include "sandbox/protect.h"
#include "sandbox/usage.h"

#define PARTS_MAX 8    /* of one writev */
#define READ_MAX  4096 /* bytes of one write that are looked at */

struct listener {
	struct notify *n;
	const struct setup *setup;
	uint64_t id;
	int pid;
	notify_tell_fn *tell;
	void *arg;
};

static struct notify_line *
line_of(struct notify *n, int pid)
{
	struct notify_line *l;

	for (size_t i = 0; i < NOTIFY_LINES; i++)
		if (n->line[i].pid == pid)
			return &n->line[i];
	l = &n->line[n->next_line++ % NOTIFY_LINES];
	l->pid = pid;
	l->n = 0;
	return l;
}

/* The end of a long line is what counts. */
static void
keep(struct notify_line *l, const char *p, size_t n)
{
	size_t over;

	if (n > sizeof(l->text)) {
		p += n - sizeof(l->text);
		n = sizeof(l->text);
	}
	over = l->n + n > sizeof(l->text) ? l->n + n - sizeof(l->text) : 0;
	memmove(l->text, l->text + over, l->n - over);
	l->n -= over;
	memcpy(l->text + l->n, p, n);
	l->n += n;
}

/* What is written to /dev/null the program expected. */
static void
doubt(struct notify *n, int pid, const char *path, int sys)
{
	struct stat st;

	if (usage_stat(pid, "fd/2", &st) && S_ISCHR(st.st_mode) &&
	    st.st_rdev == makedev(1, 3))
		return;
	for (unsigned i = 0; i < n->doubts; i++)
		if (strcmp(n->doubt[i].path, path) == 0)
			return;
	if (n->doubts == NOTIFY_DOUBTS || strlen(path) >= sizeof(n->doubt[0].path))
		return;
	n->doubt[n->doubts].sys = sys;
	snprintf(n->doubt[n->doubts++].path, sizeof(n->doubt[0].path), "%s", path);
}

static void
look(const struct listener *to, const struct notify_line *l)
{
	struct sbx_notice notice;
	char path[1024];
	size_t at = 0;
	bool read_only, guarded;

	/* Its number may be somebody else's by now. */
	if (!sbx_error_in(l->text, l->n) ||
	    ioctl(to->n->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &to->id))
		return;
	while (sbx_error_next(l->text, l->n, &at, path, &notice.sys)) {
		notice.kind = SBX_NOTE_FILE;
		notice.detail[0] = 0;
		read_only =
		    notify_read_only(to->pid, path, notice.what, sizeof(notice.what));
		if (notice.sys == EACCES || notice.sys == EPERM || notice.sys == ENOENT) {
			doubt(to->n, to->pid, notice.what, notice.sys);
			continue;
		}
		protect_explain(to->setup->protect, &notice);
		/* Mounts that guard are busy to those who would remove them, and a device of
		 * their own to links. */
		guarded = (notice.sys == EBUSY || notice.sys == EXDEV) &&
			  notice.kind != SBX_NOTE_FILE;
		/* Under --explain the call itself has told of it. */
		if ((guarded ||
		     (notice.sys == EROFS && read_only && !to->setup->explain)) &&
		    !notify_told(to->n, notice.what))
			notify_tell(to->n, &notice, to->tell, to->arg);
	}
}

static void
hear(const struct listener *to, const char *p, size_t n)
{
	struct notify_line *l = line_of(to->n, to->pid);

	while (n > 0) {
		const char *newline = memchr(p, '\n', n);
		size_t part = newline ? (size_t)(newline - p) : n;

		keep(l, p, part);
		if (!newline)
			return;
		look(to, l);
		l->n = 0;
		p += part + 1;
		n -= part + 1;
	}
}

void
notify_said(struct notify *n, const struct setup *s, uint64_t id, int pid, const char *call,
	    const uint64_t args[6], notify_tell_fn *tell, void *arg)
{
	const struct listener to = {n, s, id, pid, tell, arg};
	struct iovec part[PARTS_MAX];
	size_t parts = 1, got;
	char text[READ_MAX];

	if (strcmp(call, "writev") == 0)
		parts = notify_peek(pid, args[1], part, sizeof(part)) / sizeof(part[0]);
	else
		part[0] = (struct iovec){(void *)(uintptr_t)args[1], (size_t)args[2]};
	for (size_t i = 0; i < parts && (i == 0 || i < args[2]); i++) {
		got = part[i].iov_len < sizeof(text) ? part[i].iov_len : sizeof(text);
		got = got ? notify_peek(pid, (uintptr_t)part[i].iov_base, text, got) : 0;
		hear(&to, text, got);
	}
}
