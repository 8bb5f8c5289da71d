/* Modes, owners and times where nothing is mounted: calls that Landlock has no right for.
 *
 * Code could take /dev/null from everybody as root, or open its user's folders to others. So the
 * caller waits while pid 1 opens what is meant, looks where that lies, and makes the call itself,
 * on what it opened: nothing can be put in its place in between. The kernel would ask for the
 * right of the owner; this process may have more, so that is looked at as well.
 *
 * Sources: seccomp_unotify(2), landlock(7) "Limitations", proc(5) on /proc/PID/fd.
 * Pinned by tests/jail/test_rungs.py. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "sandbox/notify.h"
#include "sandbox/policy.h"

#define NONE	   9 /* no such argument */
#define NS_PER_US  1000
#define GROUPS_MAX 256
#define SELF	   "/proc/self/"

enum does { MODE, OWNER, TIMES };

/* Where arguments stand: the folder's descriptor, the path, the first value, the flags. */
static const struct row {
	const char *call;
	enum does does;
	unsigned char at, path, value, flags;
	bool nofollow;
} rows[] = {
    {"chmod", MODE, NONE, 0, 1, NONE, false},	{"fchmod", MODE, 0, NONE, 1, NONE, false},
    {"fchmodat", MODE, 0, 1, 2, NONE, false},	{"chown", OWNER, NONE, 0, 1, NONE, false},
    {"fchown", OWNER, 0, NONE, 1, NONE, false}, {"lchown", OWNER, NONE, 0, 1, NONE, true},
    {"fchownat", OWNER, 0, 1, 2, 4, false},	{"utime", TIMES, NONE, 0, 1, NONE, false},
    {"utimes", TIMES, NONE, 0, 1, NONE, false}, {"futimesat", TIMES, 0, 1, 2, NONE, false},
    {"utimensat", TIMES, 0, 1, 2, 3, false},
};

/* What the caller's descriptor is open on. */
static int
open_descriptor(int pid, int fd)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/fd/%d", pid, fd);
	fd = open(name, O_PATH | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		errno = EBADF;
	return fd;
}

static int
open_path(int pid, const char *path, int at, int follow)
{
	char name[PATH_MAX + 64];
	SBX_CLOSE int base = -1;

	/* The caller's own, not this process's. */
	if (strncmp(path, SELF, strlen(SELF)) == 0) {
		snprintf(name, sizeof(name), "/proc/%d/%s", pid, path + strlen(SELF));
		return open(name, O_PATH | O_CLOEXEC | follow);
	}
	if (path[0] == '/')
		return open(path, O_PATH | O_CLOEXEC | follow);
	snprintf(name, sizeof(name), "/proc/%d/cwd", pid);
	base = at == AT_FDCWD ? open(name, O_PATH | O_CLOEXEC) : open_descriptor(pid, at);
	return base < 0 ? -1 : openat(base, path, O_PATH | O_CLOEXEC | follow);
}

/* What the call means, O_PATH. */
static int
open_target(int pid, const struct row *r, const uint64_t args[6])
{
	int at = r->at == NONE ? AT_FDCWD : (int)args[r->at];
	int flags = r->flags == NONE ? 0 : (int)args[r->flags];
	bool nofollow = r->nofollow || flags & AT_SYMLINK_NOFOLLOW;
	char path[PATH_MAX], first = 0;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return errno = EINVAL, -1;
	if (r->path == NONE || (r->does == TIMES && r->at != NONE && !args[r->path]))
		return open_descriptor(pid, at);
	if (!notify_peek_path(pid, args[r->path], path)) {
		if (notify_peek(pid, args[r->path], &first, 1) != 1)
			return errno = EFAULT, -1;
		if (first)
			return errno = ENAMETOOLONG, -1;
		if (!(flags & AT_EMPTY_PATH))
			return errno = ENOENT, -1;
		return at == AT_FDCWD ? open_path(pid, ".", at, 0)
				      : open_descriptor(pid, at);
	}
	return open_path(pid, path, at, nofollow ? O_NOFOLLOW : 0);
}

static bool
in_writable_place(int fd, const struct setup *s)
{
	char name[64], path[PATH_MAX];
	const char *const own[] = {s->home, s->tmp,
				   s->workspace_readonly ? NULL : s->workspace};
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path) - 1);
	if (n <= 0 || path[0] != '/')
		return false;
	path[n] = 0;
	for (size_t i = 0; i < SBX_LEN(own); i++)
		if (own[i] && policy_below(path, own[i]))
			return true;
	for (const char *const *w = s->write; *w; w++)
		if (policy_below(path, *w))
			return true;
	return false;
}

static bool
has_group(gid_t gid)
{
	gid_t list[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, list);

	while (n > 0)
		if (list[--n] == gid)
			return true;
	return gid == getegid();
}

/* Whoever has no capability gives nothing away, and only to groups that he is in. */
static int
set_owner(int fd, uid_t uid, gid_t gid)
{
	if ((uid != (uid_t)-1 && uid != geteuid()) || (gid != (gid_t)-1 && !has_group(gid)))
		return EPERM;
	return fchownat(fd, "", uid, gid, AT_EMPTY_PATH) ? errno : 0;
}

static int
set_mode(int fd, mode_t mode)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return chmod(name, mode & 01777) ? errno : 0;
}

/* The caller's times; false when they cannot be read. */
static bool
read_times(int pid, const char *call, uint64_t at, struct timespec out[2])
{
	struct utimbuf whole;
	struct timeval us[2];

	if (strcmp(call, "utimensat") == 0)
		return notify_peek(pid, at, out, 2 * sizeof(*out)) == 2 * sizeof(*out);
	if (strcmp(call, "utime") == 0) {
		if (notify_peek(pid, at, &whole, sizeof(whole)) != sizeof(whole))
			return false;
		out[0] = (struct timespec){.tv_sec = whole.actime};
		out[1] = (struct timespec){.tv_sec = whole.modtime};
		return true;
	}
	if (notify_peek(pid, at, us, sizeof(us)) != sizeof(us))
		return false;
	for (int i = 0; i < 2; i++)
		out[i] = (struct timespec){us[i].tv_sec, us[i].tv_usec * NS_PER_US};
	return true;
}

static int
set_times(int fd, int pid, const char *call, uint64_t at)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

	if (at && !read_times(pid, call, at, times))
		return EFAULT;
	return utimensat(fd, "", times, AT_EMPTY_PATH) ? errno : 0;
}

bool
notify_mode(int listener, uint64_t id, int pid, const struct setup *s, const char *call,
	    const uint64_t args[6], int *error)
{
	const struct row *r = rows;
	SBX_CLOSE int fd = -1;
	struct stat st;

	while (r < rows + SBX_LEN(rows) && strcmp(r->call, call) != 0)
		r++;
	if (r == rows + SBX_LEN(rows))
		return false;
	fd = open_target(pid, r, args);
	*error = fd < 0 || fstat(fd, &st) ? errno : 0;
	if (!*error && (st.st_uid != geteuid() || !in_writable_place(fd, s)))
		*error = EPERM;
	/* Its number may be somebody else's by now. */
	if (!*error && ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id))
		*error = ESRCH;
	if (*error)
		return true;
	if (r->does == MODE)
		*error = set_mode(fd, (mode_t)args[r->value]);
	else if (r->does == OWNER)
		*error = set_owner(fd, (uid_t)args[r->value], (gid_t)args[r->value + 1]);
	else
		*error = set_times(fd, pid, call, args[r->value]);
	return true;
}
