/* The transcript's file. See transcript.h. Append-only JSON Lines; one write(2) an event, so that
 * another process never sees half a line. The events are in transcript_events.c.
 *
 * A file that is gone on with is locked before it is read, so that nobody writes between the two;
 * what was torn off its end is cut away, and nothing else is ever changed in it.
 * Pinned by tests/unit/test_transcript.c and tests/unit/test_history.c. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/core/history.h"
#include "agent/core/transcript.h"

#define TRANSCRIPT_EVENT_MAX HISTORY_LINE_MAX /* bytes of one line */
#define TRANSCRIPT_READ_MAX  (64 * KIB)	      /* bytes at a time */

struct transcript {
	char *dir;
	char *path;
	char *files;	  /* as named */
	char *files_real; /* canonical, once it was made */
	char id[TRANSCRIPT_ID_MAX];
	unsigned part; /* the last number given */
	int fd;
	struct buf line;
	struct json_writer writer;
};

static struct transcript *
transcript_alloc(void)
{
	struct transcript *t = mem_alloc(sizeof(*t));

	t->fd = -1;
	buf_init(&t->line, TRANSCRIPT_EVENT_MAX);
	return t;
}

struct transcript *
transcript_new(const char *dir)
{
	struct transcript *t = transcript_alloc();
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char stamp[32], month[16];
	uint32_t salt = 0;
	struct tm tm;

	if (getrandom(&salt, sizeof(salt), 0) != sizeof(salt))
		salt = (uint32_t)clock_us();
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm);
	strftime(month, sizeof(month), "%Y/%m", &tm);
	snprintf(t->id, sizeof(t->id), "%08x", salt);
	if (dir) {
		t->dir = mem_printf("%s/%s", dir, month);
		t->path = mem_printf("%s/%s-%s.jsonl", t->dir, stamp, t->id);
		t->files = mem_printf("%s/%s-%s.files", t->dir, stamp, t->id);
	}
	return t;
}

/* Folders that were made in advance and nothing came into: rmdir leaves others alone. */
static void
transcript_clean(struct transcript *t)
{
	char *slash;

	if (!t->files_real)
		return;
	rmdir(t->files_real);
	for (int up = 0; up < 2 && rmdir(t->dir) == 0; up++) {
		slash = strrchr(t->dir, '/');
		*slash = '\0';
	}
}

void
transcript_free(struct transcript *t)
{
	if (!t)
		return;
	transcript_clean(t);
	free(t->files_real);
	if (t->fd >= 0)
		close(t->fd);
	buf_release(&t->line);
	free(t->dir);
	free(t->path);
	free(t->files);
	free(t);
}

const char *
transcript_id(const struct transcript *t)
{
	return t->id;
}

unsigned
transcript_next_part(struct transcript *t)
{
	return ++t->part;
}

const char *
transcript_path(const struct transcript *t)
{
	return t->fd >= 0 ? t->path : NULL;
}

const char *
transcript_files_dir(struct transcript *t)
{
	if (!t->files_real && t->files && !fs_mkdirs(t->files, 0700, NULL))
		t->files_real = realpath(t->files, NULL);
	return t->files_real;
}

static enum err_kind
transcript_make(struct transcript *t, struct err *e)
{
	enum err_kind kind = fs_mkdirs(t->dir, 0700, e);

	if (kind)
		return kind;
	t->fd = open(t->path,
		     O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (t->fd < 0)
		return err_sys(e, ERR_IO, "cannot make the session file '%s'", t->path);
	if (flock(t->fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, ERR_IO, "cannot lock the session file '%s'", t->path);
	return ERR_NONE;
}

struct json_writer *
transcript_begin(struct transcript *t, const char *type)
{
	char now[25];

	clock_iso(clock_wall_ms(), now);
	buf_reset(&t->line);
	t->writer = JSON_WRITER(&t->line);
	json_open(&t->writer, '{');
	json_kv_str(&t->writer, "type", type);
	json_kv_str(&t->writer, "time", now);
	return &t->writer;
}

enum err_kind
transcript_end(struct transcript *t, struct err *e)
{
	enum err_kind kind;

	json_close(&t->writer, '}');
	buf_addc(&t->line, '\n');
	if (!t->dir)
		return ERR_NONE;
	if (t->line.full)
		return err_set(e, ERR_LIMIT, "an event is larger than %zu bytes",
			       TRANSCRIPT_EVENT_MAX);
	if (t->fd < 0) {
		kind = transcript_make(t, e);
		if (kind) {
			err_hint(e, "set XDG_STATE_HOME to a folder that can be written");
			return kind;
		}
	}
	kind = fs_write_all(t->fd, t->line.data, t->line.len, e);
	return kind ? err_context(e, "session file '%s'", t->path) : ERR_NONE;
}

enum err_kind
transcript_raw(struct transcript *t, const char *p, size_t n, struct err *e)
{
	enum err_kind kind = t->fd >= 0 ? fs_write_all(t->fd, p, n, e) : ERR_NONE;

	return kind ? err_context(e, "session file '%s'", t->path) : ERR_NONE;
}

/* ---- a file that is there ---- */

/* The process that the kernel says holds the lock; 0: unknown (it may be in another namespace). */
static pid_t
transcript_locker(const struct stat *st)
{
	AUTO_FILE FILE *f = fopen("/proc/locks", "re");
	char line[256], kind[16];
	unsigned major_, minor_;
	unsigned long inode;
	int pid;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: %15s %*s %*s %d %x:%x:%lu", kind, &pid, &major_,
			   &minor_, &inode) == 5 &&
		    strcmp(kind, "FLOCK") == 0 && inode == st->st_ino &&
		    major_ == major(st->st_dev) && minor_ == minor(st->st_dev))
			return MAX_OF(pid, 0);
	return 0;
}

/* Some file systems name another device there: then who wrote that it runs, if it still does. */
static pid_t
transcript_writer(int fd)
{
	struct history h;
	pid_t pid = 0;

	history_init(&h);
	if (!transcript_read(fd, "", &h, NULL) && h.pid > 0 && h.pid <= INT32_MAX &&
	    (kill((pid_t)h.pid, 0) == 0 || errno == EPERM))
		pid = (pid_t)h.pid;
	history_release(&h);
	return pid;
}

enum err_kind
transcript_lock(int fd, const char *path, struct err *e)
{
	struct stat st = {0};
	pid_t pid;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return ERR_NONE;
	if (errno != EWOULDBLOCK)
		return err_sys(e, ERR_IO, "cannot lock the session file '%s'", path);
	fstat(fd, &st);
	pid = transcript_locker(&st);
	if (!pid)
		pid = transcript_writer(fd);
	if (pid)
		err_set(e, ERR_USAGE, "the session is in use by process %d", (int)pid);
	else
		err_set(e, ERR_USAGE, "the session is in use by another process");
	err_hint(e, "end it there first, or go on with a copy: sunaba sessions fork ID");
	return ERR_USAGE;
}

enum err_kind
transcript_read(int fd, const char *path, struct history *h, struct err *e)
{
	AUTO_FREE char *chunk = mem_alloc(TRANSCRIPT_READ_MAX);
	off_t at = 0;

	for (;;) {
		ssize_t n = pread(fd, chunk, TRANSCRIPT_READ_MAX, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_IO, "cannot read the session file '%s'",
				       path);
		if (n == 0)
			break;
		history_feed(h, chunk, (size_t)n);
		at += n;
	}
	history_end(h);
	return ERR_NONE;
}

enum err_kind
transcript_check(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_IO, "cannot read the session file '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "'%s' is no session file: it is no regular file",
			       path);
	if (st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return ERR_NONE;
	err_set(e, ERR_IO, "others can write to the session file '%s'", path);
	err_hint(e, "what it says is not to be trusted then; if you know that nobody has: "
		    "chown it to yourself, chmod 600");
	return ERR_IO;
}

/* Takes the torn end away, or gives a whole last event its newline. */
static enum err_kind
transcript_repair(int fd, const char *path, const struct history *h, struct err *e)
{
	char last = '\n';

	if (h->torn && ftruncate(fd, (off_t)h->whole) < 0)
		return err_sys(e, ERR_IO, "cannot repair the session file '%s'", path);
	if (h->whole && pread(fd, &last, 1, (off_t)h->whole - 1) == 1 && last != '\n')
		return fs_write_all(fd, "\n", 1, e);
	return ERR_NONE;
}

/* "DIR/TIME-ID.jsonl" in its parts. */
static void
transcript_name(struct transcript *t, const char *path, const char *id)
{
	const char *slash = strrchr(path, '/');
	size_t n = strlen(path), ext = sizeof(".jsonl") - 1;

	t->path = mem_strdup(path);
	t->dir = slash ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup(".");
	t->files = mem_printf("%.*s.files", (int)(n > ext ? n - ext : n), path);
	snprintf(t->id, sizeof(t->id), "%s", id);
}

enum err_kind
transcript_open(const char *path, struct history *h, struct transcript **out, struct err *e)
{
	AUTO_CLOSE int fd =
	    open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	enum err_kind kind;

	if (fd < 0)
		return err_sys(e, ERR_IO, "cannot open the session file '%s'", path);
	kind = transcript_check(fd, path, e);
	if (!kind)
		kind = transcript_lock(fd, path, e);
	if (!kind && (fstat(fd, &st) < 0 || st.st_nlink == 0))
		kind = err_set(e, ERR_USAGE, "the session was removed just now");
	if (!kind)
		kind = transcript_read(fd, path, h, e);
	if (!kind && !h->id)
		kind = err_set(e, ERR_PARSE, "'%s' is no session file: nothing says which",
			       path);
	if (!kind)
		kind = transcript_repair(fd, path, h, e);
	if (kind)
		return kind;
	*out = transcript_alloc();
	transcript_name(*out, path, h->id);
	(*out)->part = h->part;
	(*out)->fd = TAKE_FD(fd);
	return ERR_NONE;
}
