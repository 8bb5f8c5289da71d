/* --explain: which path a call would change, and whether that is on something read-only.
 *
 * The answer is the kernel's own: the path is opened (O_PATH) where the caller's root, folder or
 * descriptor is, and the mount it lies on is asked. Only a notice comes of it; the call goes on
 * and fails by itself.
 *
 * Sources: openat(2), fstatfs(2), proc(5). Pinned by tests/jail/test_explain.py. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "sandbox/notify.h"
#include "sandbox/policy.h"

#define NONE 9 /* no such argument */

/* What a call does with a path that is there already. */
enum there {
	CHANGES, /* that one; it must be there */
	MAKES,	 /* fails by itself then */
	OPENS,	 /* as its flags say */
};

/* Where the paths of a call stand, and the descriptors of folders that they start from. A call
 * with two has two rows. */
static const struct {
	const char *call, *does;
	unsigned char at, path, flags;
	enum there there;
} calls[] = {
    {"open", "open for writing", NONE, 0, 1, OPENS},
    {"openat", "open for writing", 0, 1, 2, OPENS},
    {"creat", "create", NONE, 0, NONE, OPENS},
    {"truncate", "truncate", NONE, 0, NONE, CHANGES},
    {"mkdir", "make a folder", NONE, 0, NONE, MAKES},
    {"mkdirat", "make a folder", 0, 1, NONE, MAKES},
    {"rmdir", "remove", NONE, 0, NONE, CHANGES},
    {"unlink", "remove", NONE, 0, NONE, CHANGES},
    {"unlinkat", "remove", 0, 1, NONE, CHANGES},
    {"rename", "rename", NONE, 0, NONE, CHANGES},
    {"renameat", "rename", 0, 1, NONE, CHANGES},
    {"renameat2", "rename", 0, 1, NONE, CHANGES},
    {"rename", "rename to this", NONE, 1, NONE, OPENS},
    {"renameat", "rename to this", 2, 3, NONE, OPENS},
    {"renameat2", "rename to this", 2, 3, NONE, OPENS},
    {"link", "link", NONE, 1, NONE, MAKES},
    {"linkat", "link", 2, 3, NONE, MAKES},
    {"symlink", "link", NONE, 1, NONE, MAKES},
    {"symlinkat", "link", 1, 2, NONE, MAKES},
    {"mknod", "make", NONE, 0, NONE, MAKES},
    {"mknodat", "make", 0, 1, NONE, MAKES},
    {"chmod", "change the mode", NONE, 0, NONE, CHANGES},
    {"fchmodat", "change the mode", 0, 1, NONE, CHANGES},
    {"chown", "change the owner", NONE, 0, NONE, CHANGES},
    {"lchown", "change the owner", NONE, 0, NONE, CHANGES},
    {"fchownat", "change the owner", 0, 1, NONE, CHANGES},
};

/* The path in the caller's memory, to its NUL, page by page: the next one may not be there. */
bool
notify_peek_path(int pid, uint64_t at, char path[PATH_MAX])
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), have = 0;

	while (at && have < PATH_MAX) {
		size_t want = page - (size_t)((at + have) % page), got;

		want = want < PATH_MAX - have ? want : PATH_MAX - have;
		got = notify_peek(pid, at + have, path + have, want);
		if (memchr(path + have, 0, got))
			return path[0];
		if (got < want)
			return false;
		have += got;
	}
	return false;
}

/* What a path starts from, and its name in this process's /proc. */
static int
open_base(int pid, const char *path, bool here, int at, char name[64])
{
	if (path[0] == '/')
		snprintf(name, 64, "/proc/%d/root", pid);
	else if (here || at == AT_FDCWD)
		snprintf(name, 64, "/proc/%d/cwd", pid);
	else
		snprintf(name, 64, "/proc/%d/fd/%d", pid, at);
	return open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool
read_only(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_flags & ST_RDONLY;
}

/* Whether it may not be made: the folder it would stand in is on something read-only. */
static bool
parent_read_only(int base, const char *path)
{
	char parent[2 * PATH_MAX];
	SBX_CLOSE int fd = -1;
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	while ((slash = strrchr(parent, '/')) && !slash[1] && slash != parent)
		*slash = 0;
	if (slash)
		slash[1] = 0;
	fd = openat(base, slash ? parent : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && read_only(fd);
}

/* The same for what is not there, but may be a link to what is not there: one step is followed,
 * as the mount that matters is nearly always found by then. */
static bool
target_read_only(int base, const char *path)
{
	char target[PATH_MAX], whole[2 * PATH_MAX];
	ssize_t n = readlinkat(base, path, target, sizeof(target) - 1);
	const char *slash = strrchr(path, '/');

	if (n <= 0)
		return parent_read_only(base, path);
	target[n] = 0;
	if (target[0] == '/')
		return parent_read_only(AT_FDCWD, target);
	snprintf(whole, sizeof(whole), "%.*s%s", slash ? (int)(slash - path) + 1 : 0, path,
		 target);
	return parent_read_only(base, whole);
}

static bool
refused(int base, const char *path, enum there there, int flags)
{
	int follow = there == OPENS ? 0 : O_NOFOLLOW;
	SBX_CLOSE int fd = openat(base, path, O_PATH | O_CLOEXEC | follow);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT && there != CHANGES &&
		       (there != OPENS || flags & O_CREAT) && target_read_only(base, path);
	if (there == MAKES || fstat(fd, &st))
		return false;
	/* Devices and pipes are written through read-only mounts. */
	if (there == OPENS && !S_ISREG(st.st_mode))
		return false;
	if (there == OPENS && (flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC))
		return false;
	return read_only(fd);
}

/* From its root, not from this process's. */
static const char *
relative(const char *path)
{
	if (path[0] != '/')
		return path;
	path += strspn(path, "/");
	return path[0] ? path : ".";
}

/* Where `base_name`, a link in /proc/PID, leads, from the root of that process: this one's may be
 * above it, when the program was started in a chroot. */
static void
read_base(int pid, const char *base_name, char base[PATH_MAX])
{
	char name[64], root[PATH_MAX];
	ssize_t n = readlink(base_name, base, PATH_MAX - 1), above;

	base[n > 0 ? n : 0] = 0;
	snprintf(name, sizeof(name), "/proc/%d/root", pid);
	above = readlink(name, root, sizeof(root) - 1);
	if (above > 1 && n >= above && memcmp(base, root, (size_t)above) == 0 &&
	    (base[above] == '/' || !base[above]))
		memmove(base, base + above, (size_t)(n - above) + 1);
}

/* Absolute, as the caller would say it. */
static void
say_path(int pid, const char *base_name, const char *path, char *out, size_t size)
{
	char base[PATH_MAX] = "", plain[PATH_MAX];

	if (path[0] != '/')
		read_base(pid, base_name, base);
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	snprintf(out, size, "%.*s%s%.*s", (int)(size / 2), base,
		 base[0] && strcmp(base, "/") != 0 ? "/" : "", (int)(size / 2 - 2), path);
	/* As guards are named. */
	if (policy_plain(out, plain))
		snprintf(out, size, "%.*s", (int)size - 1, plain);
}

/* Looks at one row of the table. `path` and the descriptor of what it starts from are filled;
 * -1 when they cannot be had. */
static int
look(int pid, size_t row, const uint64_t args[6], char path[PATH_MAX], char name[64])
{
	bool here = calls[row].at == NONE;

	if (!notify_peek_path(pid, args[calls[row].path], path))
		return -1;
	return open_base(pid, path, here, here ? AT_FDCWD : (int)args[calls[row].at], name);
}

bool
notify_file(int pid, const char *call, const uint64_t args[6], struct sbx_notice *out)
{
	char path[PATH_MAX], name[64];

	for (size_t i = 0; i < SBX_LEN(calls); i++) {
		int flags =
		    calls[i].flags == NONE ? O_WRONLY | O_CREAT : (int)args[calls[i].flags];
		SBX_CLOSE int base = -1;

		if (strcmp(calls[i].call, call) != 0)
			continue;
		base = look(pid, i, args, path, name);
		if (base < 0 || !refused(base, relative(path), calls[i].there, flags))
			continue;
		out->kind = SBX_NOTE_FILE;
		out->sys = EROFS;
		say_path(pid, name, path, out->what, sizeof(out->what));
		snprintf(out->detail, sizeof(out->detail), "%s", calls[i].does);
		return true;
	}
	return false;
}

bool
notify_read_only(int pid, const char *path, char *out, size_t size)
{
	char name[64];
	SBX_CLOSE int base = open_base(pid, path, true, AT_FDCWD, name), fd = -1;

	say_path(pid, name, path, out, size);
	if (base < 0)
		return false;
	path = relative(path);
	fd = openat(base, path, O_PATH | O_CLOEXEC);
	return fd < 0 ? target_read_only(base, path) : read_only(fd);
}

bool
notify_path(int pid, const char *call, const uint64_t args[6], char *out, size_t size)
{
	char path[PATH_MAX], name[64];

	for (size_t i = 0; i < SBX_LEN(calls); i++)
		if (strcmp(calls[i].call, call) == 0) {
			SBX_CLOSE int base = look(pid, i, args, path, name);

			if (base < 0)
				return false;
			say_path(pid, name, path, out, size);
			return true;
		}
	return false;
}
