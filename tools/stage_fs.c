/* Descriptors below a root: see stage_fs.h.
 *
 * A file is written where it has no name (O_TMPFILE) and gets its name when it is whole, so that
 * a kill at any moment leaves the old file or the new one. A replacement needs a name for the
 * blink between link and rename; that name is fixed, so that the next attempt clears it.
 *
 * Sources: openat2(2), open(2) O_TMPFILE, ioctl_ficlone(2), Documentation/filesystems/
 * overlayfs.rst. Pinned by tests/unit/test_stage.c and tests/jail/test_staged.py. */
#include "tools/stage_fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "agent/base/mem.h"

#define COPY_STEP   (256 * KIB)
#define OPAQUE_NAME "user.overlay.opaque"

int
stage_open(int root, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
					  RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};

	if (strlen(path) > STAGE_PATH_MAX)
		return errno = ENAMETOOLONG, -1;
	if (!(flags & O_PATH))
		how.flags |= O_NONBLOCK | O_NOCTTY;
	return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
}

int
stage_parent(int root, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = slash ? mem_strndup(path, (size_t)(slash - path)) : NULL;

	*name = slash ? slash + 1 : path;
	if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
		return errno = EINVAL, -1;
	return stage_open(root, dir ? dir : "", O_PATH | O_DIRECTORY);
}

bool
stage_stat(int root, const char *path, struct stat *st)
{
	AUTO_CLOSE int fd = stage_open(root, path, O_PATH);

	return fd >= 0 && fstat(fd, st) == 0;
}

bool
stage_link(int root, const char *path, char target[STAGE_LINK_MAX])
{
	AUTO_CLOSE int fd = stage_open(root, path, O_PATH);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, STAGE_LINK_MAX - 1);

	target[n > 0 ? n : 0] = 0;
	return n > 0;
}

bool
stage_opaque(int dir)
{
	char value[4] = "";

	return fgetxattr(dir, OPAQUE_NAME, value, sizeof(value)) == 1 && value[0] == 'y';
}

/* ---- folders ---- */

int
stage_by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
stage_names_release(struct stage_names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i]);
	free(l->at);
	*l = (struct stage_names){.at = NULL};
}

bool
stage_names(int dir, struct stage_names *out)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	size_t cap = 0;
	bool ok = d;

	*out = (struct stage_names){.at = NULL};
	while (ok && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (out->n == cap) {
			cap = cap ? cap * 2 : 32;
			out->at = mem_array(out->at, cap, sizeof(char *));
		}
		out->at[out->n++] = mem_strdup(e->d_name);
		ok = out->n < STAGE_NAMES_MAX;
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	if (d && !ok)
		errno = E2BIG;
	if (ok && out->n > 1)
		qsort(out->at, out->n, sizeof(char *), stage_by_bytes);
	if (!ok)
		stage_names_release(out);
	return ok;
}

/* ---- contents ---- */

static ssize_t
fill(int fd, char *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = read(fd, p + got, n - got);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return (ssize_t)got;
}

bool
stage_same(int a, int b)
{
	AUTO_FREE char *both = mem_alloc(2 * COPY_STEP);
	char *x = both, *y = both + COPY_STEP;

	for (;;) {
		ssize_t n = fill(a, x, COPY_STEP), m = fill(b, y, COPY_STEP);

		if (n < 0 || m < 0)
			return false;
		errno = 0;
		if (n != m || memcmp(x, y, (size_t)n) != 0)
			return false;
		if (n == 0)
			return true;
	}
}

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno != EINTR)
			return false;
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
	return true;
}

/* The bytes from here to `end`. */
static bool
copy_stretch(int from, int to, off_t n, char *p)
{
	while (n > 0) {
		ssize_t got = fill(from, p, MIN_OF((size_t)n, COPY_STEP));

		if (got <= 0 || !write_all(to, p, (size_t)got))
			return got ==
			       0; /* it became shorter: who looks at its stat will see */
		n -= got;
	}
	return true;
}

bool
stage_append(int from, int to, off_t n)
{
	AUTO_FREE char *p = mem_alloc(MIN_OF((size_t)n, COPY_STEP) + 1);

	while (n > 0) {
		ssize_t got = fill(from, p, MIN_OF((size_t)n, COPY_STEP));

		if (got <= 0 || !write_all(to, p, (size_t)got))
			return false;
		n -= got;
	}
	return true;
}

/* Holes stay holes, or a layer of some bytes could fill the disk. */
bool
stage_copy(int from, int to)
{
	AUTO_FREE char *p = NULL;
	off_t at = 0, end;
	struct stat st;

	if (ioctl(to, FICLONE, from) == 0)
		return true;
	if (fstat(from, &st) || ftruncate(to, st.st_size))
		return false;
	p = mem_alloc(COPY_STEP);
	while (at < st.st_size && (at = lseek(from, at, SEEK_DATA)) >= 0) {
		end = lseek(from, at, SEEK_HOLE);
		if (end < 0 || lseek(from, at, SEEK_SET) < 0 || lseek(to, at, SEEK_SET) < 0)
			return false;
		end = MIN_OF(end, st.st_size);
		if (!copy_stretch(from, to, end - at, p))
			return false;
		at = end;
	}
	return at >= 0 || errno == ENXIO; /* no more data */
}

bool
stage_unchanged(const struct stat *was, const struct stat *is)
{
	return was->st_ino == is->st_ino && was->st_dev == is->st_dev &&
	       (was->st_mode & S_IFMT) == (is->st_mode & S_IFMT) &&
	       was->st_size == is->st_size && was->st_mtim.tv_sec == is->st_mtim.tv_sec &&
	       was->st_mtim.tv_nsec == is->st_mtim.tv_nsec &&
	       was->st_ctim.tv_sec == is->st_ctim.tv_sec &&
	       was->st_ctim.tv_nsec == is->st_ctim.tv_nsec;
}

/* ---- putting ---- */

/* The last look before a name changes hands. */
static bool
as_expected(int dir, const char *name, const struct stage_put *p)
{
	struct stat is;
	bool there = fstatat(dir, name, &is, AT_SYMLINK_NOFOLLOW) == 0;

	if (there && S_ISDIR(is.st_mode))
		return errno = EISDIR, false;
	if (p->any || (!there && !p->expect))
		return true;
	if (there && p->expect && stage_unchanged(p->expect, &is))
		return true;
	errno = ESTALE;
	return false;
}

/* Gives a whole file that has a temporary name, or none yet, its own. */
static bool
publish(int dir, int fd, const char *name, const struct stage_put *p)
{
	char self[40];

	if (!as_expected(dir, name, p))
		return false;
	if (fd >= 0) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		if (!p->expect && linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW) == 0)
			return true;
		if (linkat(AT_FDCWD, self, dir, p->temp, AT_SYMLINK_FOLLOW))
			return false;
	}
	/* A new name must not take anything away. */
	if (!p->any && !p->expect)
		return renameat2(dir, p->temp, dir, name, RENAME_NOREPLACE) == 0;
	return renameat(dir, p->temp, dir, name) == 0;
}

static void
clear_temp(int dir, const char *temp)
{
	int sys = errno;

	unlinkat(dir, temp, 0);
	errno = sys;
}

/* Code may write to the file while it is copied. */
static bool
copy_whole(int from, int to, const struct stage_put *p)
{
	struct stat st;

	if (!stage_copy(from, to))
		return false;
	if (!p->source || (fstat(from, &st) == 0 && stage_unchanged(p->source, &st)))
		return true;
	errno = EAGAIN;
	return false;
}

bool
stage_put_file(int root, const char *path, int from, const struct stage_put *p)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, p->mtime};
	const char *name;
	AUTO_CLOSE int dir = stage_parent(root, path, &name), fd = -1;
	bool named = false, ok;

	if (dir < 0)
		return false;
	clear_temp(dir, p->temp);
	fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0) {
		fd = openat(dir, p->temp,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		named = true;
	}
	ok = fd >= 0 && copy_whole(from, fd, p) && fchmod(fd, p->mode & 0777) == 0 &&
	     futimens(fd, times) == 0 && publish(dir, named ? -1 : fd, name, p);
	if (!ok)
		clear_temp(dir, p->temp);
	return ok;
}

bool
stage_put_link(int root, const char *path, const char *target, const struct stage_put *p)
{
	const char *name;
	AUTO_CLOSE int dir = stage_parent(root, path, &name);
	bool ok;

	if (dir < 0)
		return false;
	clear_temp(dir, p->temp);
	ok = symlinkat(target, dir, p->temp) == 0 && publish(dir, -1, name, p);
	if (!ok)
		clear_temp(dir, p->temp);
	return ok;
}

bool
stage_put_dir(int root, const char *path, const struct stage_put *p)
{
	const char *name;
	AUTO_CLOSE int dir = stage_parent(root, path, &name);
	struct stat st;

	if (dir < 0)
		return false;
	if (mkdirat(dir, name, p->mode & 0777) == 0)
		return stage_chmod(root, path, p->mode);
	return errno == EEXIST && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (S_ISDIR(st.st_mode) || (errno = ENOTDIR, false));
}

bool
stage_chmod(int root, const char *path, mode_t mode)
{
	AUTO_CLOSE int fd = stage_open(root, path, O_PATH);
	struct stat st;
	char self[40];

	if (fd < 0 || fstat(fd, &st))
		return false;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return errno = EINVAL, false;
	/* fchmod() takes no O_PATH descriptor, and a file without read bits none other. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return chmod(self, mode & 0777) == 0;
}
