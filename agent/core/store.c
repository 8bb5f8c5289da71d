/* The folder of sessions. See store.h.
 *
 * A name is taken only where it has the form that the program gives; links are not followed. The
 * order is that of the last event, so that a session that was gone on with comes first again.
 * Pinned by tests/e2e/test_sessions.py. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/mem.h"
#include "agent/core/store.h"
#include "agent/core/transcript.h"

#define STORE_EXT   ".jsonl"
#define STORE_FILES ".files"
#define STORE_NAMED 4 /* sessions named in a message */

/* Whether `name` is digits where the pattern has '0', hex where 'x', else the same character. */
static bool
store_matches(const char *name, const char *pattern)
{
	for (; *pattern; pattern++, name++) {
		if (*pattern == '0'   ? *name < '0' || *name > '9'
		    : *pattern == 'x' ? !*name || !strchr("0123456789abcdef", *name)
				      : *name != *pattern)
			return false;
	}
	return !*name;
}

/* Calls fn for each entry of a folder with such a name. */
static void
store_each(const char *dir, const char *pattern, void (*fn)(const char *path, void *arg),
	   void *arg)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		AUTO_FREE char *path = NULL;

		if (!store_matches(entry->d_name, pattern))
			continue;
		path = mem_printf("%s/%s", dir, entry->d_name);
		fn(path, arg);
	}
	if (d)
		closedir(d);
}

static void
store_add(const char *path, void *arg)
{
	struct store *s = arg;
	struct store_file *f;
	struct stat st;
	const char *name = strrchr(path, '/') + 1;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	s->at = mem_array(s->at, s->n + 1, sizeof(*s->at));
	f = &s->at[s->n++];
	f->path = mem_strdup(path);
	f->name = mem_strndup(name, strlen(name) - strlen(STORE_EXT));
	f->id = strrchr(f->name, '-') + 1;
	f->changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

static void
store_month(const char *path, void *arg)
{
	store_each(path, "00000000T000000-xxxxxxxx" STORE_EXT, store_add, arg);
}

static void
store_year(const char *path, void *arg)
{
	store_each(path, "00", store_month, arg);
}

static int
store_newer(const void *a, const void *b)
{
	const struct store_file *x = a, *y = b;

	if (x->changed != y->changed)
		return x->changed < y->changed ? 1 : -1;
	return strcmp(y->name, x->name);
}

void
store_list(const char *dir, struct store *out)
{
	*out = (struct store){0};
	if (dir)
		store_each(dir, "0000", store_year, out);
	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), store_newer);
}

void
store_release(struct store *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->at[i].path);
		free(s->at[i].name);
	}
	free(s->at);
	*s = (struct store){0};
}

/* Names the first few of those that a word may mean. */
static enum err_kind
store_several(const struct store *s, const char *word, size_t n, struct err *e)
{
	AUTO_BUF struct buf names = BUF_INIT(KIB);
	size_t named = 0, len = strlen(word);

	for (size_t i = 0; i < s->n && named < STORE_NAMED; i++)
		if (strncmp(s->at[i].id, word, len) == 0 ||
		    strncmp(s->at[i].name, word, len) == 0)
			buf_addf(&names, "%s%s", named++ ? ", " : "", s->at[i].id);
	err_set(e, ERR_USAGE, "'%.60s' may be %zu sessions", word, n);
	err_hint(e, "write more of the id: %s%s", buf_str(&names), n > named ? ", …" : "");
	return ERR_USAGE;
}

enum err_kind
store_find(const struct store *s, const char *word, const struct store_file **out,
	   struct err *e)
{
	size_t n = 0, len = strlen(word);

	for (size_t i = 0; i < s->n && len > 0; i++) {
		if (strcmp(s->at[i].id, word) == 0 || strcmp(s->at[i].name, word) == 0) {
			*out = &s->at[i];
			return ERR_NONE;
		}
		if (strncmp(s->at[i].id, word, len) != 0 &&
		    strncmp(s->at[i].name, word, len) != 0)
			continue;
		*out = &s->at[i];
		n++;
	}
	if (n == 1)
		return ERR_NONE;
	if (n > 1)
		return store_several(s, word, n, e);
	err_set(e, ERR_USAGE, "there is no session '%.200s'", word);
	err_hint(e, "'sunaba sessions' lists them");
	return ERR_USAGE;
}

static enum err_kind
store_open(const struct store_file *f, int flags, int *fd, struct err *e)
{
	*fd = open(f->path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd < 0)
		return err_sys(e, ERR_IO, "cannot open the session file '%s'", f->path);
	return ERR_NONE;
}

enum err_kind
store_read(const struct store_file *f, struct history *h, struct err *e)
{
	AUTO_CLOSE int fd = -1;
	enum err_kind kind = store_open(f, O_RDONLY, &fd, e);

	return kind ? kind : transcript_read(fd, f->path, h, e);
}

/* The folder beside it holds plain files alone; what else is there is not ours to remove. */
static void
store_remove_files(const struct store_file *f)
{
	AUTO_FREE char *dir = mem_printf(
	    "%.*s%s", (int)(strlen(f->path) - strlen(STORE_EXT)), f->path, STORE_FILES);
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

enum err_kind
store_remove(const struct store_file *f, struct err *e)
{
	AUTO_FREE char *dir = mem_strdup(f->path);
	AUTO_CLOSE int fd = -1;
	enum err_kind kind = store_open(f, O_RDONLY, &fd, e);

	if (!kind)
		kind = transcript_lock(fd, f->path, e);
	if (kind)
		return kind;
	if (unlink(f->path) < 0)
		return err_sys(e, ERR_IO, "cannot remove '%s'", f->path);
	store_remove_files(f);
	for (int up = 0; up < 2; up++) { /* month and year, when they are empty */
		*strrchr(dir, '/') = '\0';
		if (rmdir(dir) < 0)
			break;
	}
	return ERR_NONE;
}

/* ---- copies ---- */

struct fork {
	struct history h;
	unsigned at;
	size_t lines; /* up to the one that holds the part; 0: not met */
};

static void
fork_event(void *arg, const char *type, const cJSON *event)
{
	struct fork *f = arg;
	int64_t part;

	(void)type;
	if (!f->lines && json_int(event, "part", &part) && part == f->at &&
	    json_str(event, "text"))
		f->lines = f->h.lines;
}

/* Copies so many whole lines. */
static enum err_kind
fork_copy(int from, size_t lines, size_t bytes, struct transcript *t, struct err *e)
{
	AUTO_FREE char *chunk = mem_alloc(64 * KIB);
	enum err_kind kind = ERR_NONE;
	size_t at = 0, seen = 0;
	bool ended = true;

	while (at < bytes && seen < lines && !kind) {
		ssize_t n = pread(from, chunk, MIN_OF(64 * KIB, bytes - at), (off_t)at);
		size_t take = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(e, ERR_IO, "cannot read the session file");
		while (take < (size_t)n && seen < lines)
			seen += chunk[take++] == '\n';
		kind = transcript_raw(t, chunk, take, e);
		at += (size_t)n;
		ended = take == 0 || chunk[take - 1] == '\n';
	}
	return kind || ended ? kind : transcript_raw(t, "\n", 1, e);
}

static enum err_kind
fork_write(const char *dir, struct fork *f, int from, char **id, struct err *e)
{
	struct transcript *t = transcript_new(dir);
	struct transcript_run run = {.workspace = f->h.workspace,
				     .model = f->h.model,
				     .sandbox = f->h.sandbox,
				     .fork_id = f->h.id,
				     .fork_part = f->at ? f->at : f->h.part};
	enum err_kind kind = transcript_run(t, &run, e);

	if (!kind)
		kind = fork_copy(from, f->at ? f->lines : SIZE_MAX, f->h.whole, t, e);
	if (!kind && f->h.whole)
		kind = transcript_note(t, "forked", f->h.id, e);
	if (!kind)
		*id = mem_strdup(transcript_id(t));
	else if (transcript_path(t))
		unlink(transcript_path(t));
	transcript_free(t);
	return kind;
}

enum err_kind
store_fork(const char *dir, const struct store_file *file, unsigned at, char **id,
	   struct err *e)
{
	struct fork f = {.at = at};
	AUTO_CLOSE int fd = -1;
	enum err_kind kind = store_open(file, O_RDONLY, &fd, e);

	history_init(&f.h);
	f.h.on_event = fork_event;
	f.h.arg = &f;
	if (!kind)
		kind = transcript_check(fd, file->path, e);
	if (!kind)
		kind = transcript_read(fd, file->path, &f.h, e);
	if (!kind && !f.h.id)
		kind = err_set(e, ERR_PARSE, "'%s' is no session file", file->path);
	if (!kind && at && !f.lines) {
		kind = err_set(e, ERR_USAGE, "there is no part %u in the session", at);
		err_hint(e, "'sunaba sessions show %s' numbers them; the last is %u",
			 file->id, f.h.part);
	}
	if (!kind)
		kind = fork_write(dir, &f, fd, id, e);
	history_release(&f.h);
	return kind;
}
