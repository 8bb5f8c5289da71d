/* The history file. See line_hist.h.
 *
 * The lock is taken on the file itself; since a writer may rename a new file over it meanwhile,
 * the name is looked up again once the lock is held, and if it is another file by now, that one
 * is locked. A crash in mid-append leaves a last line without newline: the next append begins
 * with one. Pinned by tests/unit/test_line_hist.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/ui/line_hist.h"
#include "agent/ui/line_text.h"

#define HIST_FILE_MAX	(16 * MIB) /* bytes; of a longer file only the end is read */
#define HIST_REWRITE_AT (2 * MIB)  /* bytes after which it is written anew */

void
hist_encode(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_adds(out, "\\n");
		else if (*text == '\\')
			buf_adds(out, "\\\\");
		else
			buf_addc(out, *text);
	}
}

bool
hist_decode(struct buf *out, const char *p, size_t n)
{
	if (n == 0 || n > 2 * HIST_ENTRY_MAX || memchr(p, '\0', n) || !utf8_valid(p, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (line_text_c1(p + i, n - i))
			return false;
		if (c == '\\') {
			if (++i == n || (p[i] != 'n' && p[i] != '\\'))
				return false;
			c = p[i] == 'n' ? '\n' : '\\';
		}
		if (!buf_addc(out, c))
			return false;
	}
	return true;
}

/* Entries of the file, oldest first, with doubles. */
struct hist_list {
	char **text;
	size_t n, cap;
};

static void
list_add(struct hist_list *l, char *text)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->text = mem_array(l->text, l->cap, sizeof(*l->text));
	}
	l->text[l->n++] = text;
}

static void
list_release(struct hist_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->text[i]);
	free(l->text);
}

static int
list_compare(const void *a, const void *b)
{
	char *const *x = *(char **const *)a, *const *y = *(char **const *)b;
	int by_text = strcmp(*x, *y);

	return by_text ? by_text : (x > y) - (x < y);
}

/* Of equal texts the last one stays, in its place; then the newest HIST_ENTRIES_MAX. */
static void
list_tidy(struct hist_list *l)
{
	AUTO_FREE char ***order = NULL;
	size_t kept = 0, drop;

	if (l->n == 0)
		return;
	order = mem_array(NULL, l->n, sizeof(*order));
	for (size_t i = 0; i < l->n; i++)
		order[i] = &l->text[i];
	qsort(order, l->n, sizeof(*order), list_compare);
	for (size_t i = 0; i + 1 < l->n; i++) {
		if (strcmp(*order[i], *order[i + 1]) == 0) {
			free(*order[i]);
			*order[i] = NULL;
			/* its twin is compared next through order[i + 1] */
		}
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->text[i])
			l->text[kept++] = l->text[i];
	drop = kept > HIST_ENTRIES_MAX ? kept - HIST_ENTRIES_MAX : 0;
	for (size_t i = 0; i < drop; i++)
		free(l->text[i]);
	memmove(l->text, l->text + drop, (kept - drop) * sizeof(*l->text));
	l->n = kept - drop;
}

static void
list_parse(struct hist_list *l, const char *p, size_t n)
{
	while (n > 0) {
		const char *end = memchr(p, '\n', n);
		size_t len = end ? (size_t)(end - p) : n;
		struct buf text = BUF_INIT(HIST_ENTRY_MAX);

		if (hist_decode(&text, p, len))
			list_add(l, buf_take(&text));
		else
			buf_release(&text);
		len += end != NULL;
		p += len;
		n -= len;
	}
}

/* Opens without following a device or a FIFO; -1 with errno. */
static int
hist_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

static bool
hist_read(int fd, struct hist_list *l)
{
	AUTO_BUF struct buf all = BUF_INIT(HIST_FILE_MAX);
	off_t size = lseek(fd, 0, SEEK_END);
	char chunk[16384];
	ssize_t n;

	lseek(fd, size > (off_t)HIST_FILE_MAX ? size - (off_t)HIST_FILE_MAX : 0, SEEK_SET);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		if (!buf_add(&all, chunk, (size_t)n))
			break;
	list_parse(l, all.data, all.len);
	list_tidy(l);
	return n >= 0;
}

enum err_kind
hist_load(const char *path, hist_fn *fn, void *arg, struct err *e)
{
	AUTO_CLOSE int fd = hist_open(path, O_RDONLY);
	struct hist_list list = {0};
	bool ok;

	if (fd < 0 && errno == ENOENT)
		return ERR_NONE;
	if (fd < 0)
		return err_sys(e, ERR_IO, "cannot read the history '%s'", path);
	ok = hist_read(fd, &list);
	for (size_t i = 0; i < list.n; i++)
		fn(list.text[i], arg);
	list_release(&list);
	return ok ? ERR_NONE : err_sys(e, ERR_IO, "cannot read the history '%s'", path);
}

/* The file that has this name now, locked. */
static int
hist_lock(const char *path)
{
	for (int tries = 0; tries < 16; tries++) {
		int fd = hist_open(path, O_RDWR | O_CREAT | O_APPEND);
		struct stat here, named;

		if (fd < 0)
			return -1;
		while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
			;
		if (fstat(fd, &here) == 0 && stat(path, &named) == 0 &&
		    here.st_ino == named.st_ino && here.st_dev == named.st_dev)
			return fd;
		close(fd);
	}
	errno = EAGAIN;
	return -1;
}

static enum err_kind
hist_rewrite(int fd, const char *path, struct err *e)
{
	AUTO_BUF struct buf all = BUF_INIT(HIST_FILE_MAX);
	struct hist_list list = {0};

	hist_read(fd, &list);
	/* entries are large: keep half of what starts a rewrite, or it comes every time */
	for (size_t i = list.n, bytes = 0; i > 0; i--) {
		bytes += strlen(list.text[i - 1]);
		if (bytes > HIST_REWRITE_AT / 2) {
			for (size_t k = 0; k < i; k++)
				list.text[k][0] = '\0';
			break;
		}
	}
	for (size_t i = 0; i < list.n; i++) {
		if (list.text[i][0] == '\0')
			continue;
		hist_encode(&all, list.text[i]);
		buf_addc(&all, '\n');
	}
	list_release(&list);
	return fs_write(path, all.data, all.len, 0600, e);
}

enum err_kind
hist_append(const char *path, const char *text, struct err *e)
{
	AUTO_BUF struct buf entry = BUF_INIT(2 * HIST_ENTRY_MAX + 2);
	AUTO_CLOSE int fd = -1;
	off_t size;
	char last = '\n';

	if (text[0] == ' ' || text[0] == '\0' || strlen(text) > HIST_ENTRY_MAX)
		return ERR_NONE;
	fd = hist_lock(path);
	if (fd < 0)
		return err_sys(e, ERR_IO, "cannot write the history '%s'", path);
	size = lseek(fd, 0, SEEK_END);
	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n')
		buf_addc(&entry, '\n');
	hist_encode(&entry, text);
	buf_addc(&entry, '\n');
	if (fs_write_all(fd, entry.data, entry.len, e) != ERR_NONE)
		return err_context(e, "history '%s'", path);
	if (size + (off_t)entry.len > (off_t)HIST_REWRITE_AT)
		return hist_rewrite(fd, path, e);
	return ERR_NONE;
}
