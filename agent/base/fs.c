/* Files of the user. See fs.h. Pinned by tests/unit/test_fs.c. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"

enum err_kind
fs_read(const char *path, struct buf *out, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char chunk[16384];

	if (fd < 0)
		return err_sys(e, ERR_IO, "cannot read '%s'", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_IO, "cannot read '%s'", path);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return err_sys(e, ERR_IO, "cannot read '%s'", path);
	}
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "cannot read '%s': not a regular file", path);
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_IO, "cannot read '%s'", path);
		if (n == 0)
			return ERR_NONE;
		if (!buf_add(out, chunk, (size_t)n))
			return err_set(e, ERR_LIMIT, "'%s' is larger than %zu bytes", path,
				       out->max);
	}
}

enum err_kind
fs_write_all(int fd, const void *p, size_t n, struct err *e)
{
	const char *at = p;

	while (n > 0) {
		ssize_t k = write(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && errno == EAGAIN) { /* whoever shares it made it non-blocking */
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
			continue;
		}
		if (k < 0)
			return err_sys(e, ERR_IO, "write failed");
		at += k;
		n -= (size_t)k;
	}
	return ERR_NONE;
}

/* Devices and FIFOs are written to: a rename would put a file in the place of /dev/null. */
static enum err_kind
fs_write_special(const char *path, const void *p, size_t n, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, ERR_IO, "cannot write '%s'", path);
	if (fs_write_all(fd, p, n, e))
		return err_context(e, "cannot write '%s'", path), ERR_IO;
	return ERR_NONE;
}

static mode_t
fs_umask(void)
{
	mode_t mask = umask(077);

	umask(mask);
	return mask;
}

enum err_kind
fs_write(const char *path, const void *p, size_t n, mode_t mode, struct err *e)
{
	AUTO_FREE char *real =
	    realpath(path, NULL); /* a link stays one; NULL: a new file */
	AUTO_FREE char *tmp = mem_printf("%s.XXXXXX", real ? real : path);
	AUTO_CLOSE int fd = -1;
	enum err_kind kind;
	struct stat st;

	if (real && stat(real, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return fs_write_special(real, p, n, e);
		mode = st.st_mode & 0777; /* a private file stays private */
	} else {
		mode &= ~fs_umask();
	}
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, ERR_IO, "cannot write beside '%s'", path);
	kind = fs_write_all(fd, p, n, e);
	if (!kind &&
	    (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(tmp, real ? real : path) < 0))
		kind = err_sys(e, ERR_IO, "cannot write '%s'", path);
	if (kind)
		unlink(tmp);
	return kind;
}

enum err_kind
fs_mkdirs(const char *path, mode_t mode, struct err *e)
{
	AUTO_FREE char *dir = mem_strdup(path);
	struct stat st;

	if (!path[0])
		return err_set(e, ERR_IO, "cannot make a folder without a name");
	for (char *slash = strchr(dir + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(dir, mode) < 0 && errno != EEXIST)
			return err_sys(e, ERR_IO, "cannot make the folder '%s'", dir);
		if (!slash)
			break;
		*slash = '/';
	}
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(e, ERR_IO, "'%s' is not a folder", path);
	return ERR_NONE;
}

char *
fs_home(void)
{
	const char *home = getenv("HOME");
	struct passwd pw, *found = NULL;
	char text[4096];

	if (home && home[0] == '/')
		return mem_strdup(home);
	if (getpwuid_r(getuid(), &pw, text, sizeof(text), &found) == 0 && found &&
	    found->pw_dir[0] == '/')
		return mem_strdup(found->pw_dir);
	return NULL;
}

char *
fs_xdg_path(enum fs_xdg which, const char *rest)
{
	static const struct {
		const char *variable, *under_home;
	} rows[] = {
	    [FS_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
	    [FS_STATE] = {"XDG_STATE_HOME", ".local/state"},
	    [FS_CACHE] = {"XDG_CACHE_HOME", ".cache"},
	    [FS_DATA] = {"XDG_DATA_HOME", ".local/share"},
	};
	const char *dir = getenv(rows[which].variable);
	const char *slash = rest ? "/" : "";
	AUTO_FREE char *home = NULL;

	if (!rest)
		rest = "";
	if (dir && dir[0] == '/')
		return mem_printf("%s/sunaba%s%s", dir, slash, rest);
	home = fs_home();
	if (!home)
		return NULL;
	return mem_printf("%s/%s/sunaba%s%s", home, rows[which].under_home, slash, rest);
}

char *
fs_expand(const char *path)
{
	AUTO_FREE char *home = NULL;

	if (path[0] != '~' || (path[1] != '/' && path[1] != '\0'))
		return mem_strdup(path);
	home = fs_home();
	return home ? mem_printf("%s%s", home, path + 1) : mem_strdup(path);
}

char *
fs_shorten(const char *path)
{
	AUTO_FREE char *home = fs_home();
	size_t n = home ? strlen(home) : 0;

	while (n > 1 && home[n - 1] == '/')
		n--;
	if (n <= 1 || strncmp(path, home, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return mem_strdup(path);
	return mem_printf("~%s", path + n);
}

void
fs_fill_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}
