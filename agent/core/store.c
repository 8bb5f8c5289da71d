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

enum store_level { STORE_YEAR, STORE_MONTH, STORE_FILE };

/* Names of other forms were not made by the program. */
static bool
store_fits(const char *name, enum store_level level)
{
	static const char digits[] = "0123456789";
	size_t n = strlen(name), ext = strlen(STORE_EXT);

	if (level != STORE_FILE)
		return n == (level == STORE_YEAR ? 4 : 2) && strspn(name, digits) == n;
	return n > ext && name[0] != '.' && strcmp(name + n - ext, STORE_EXT) == 0 &&
	       strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "-_.") == n;
}

struct store_walk {
	struct store *out;
	int sys; /* errno of the first folder that could not be read, or 0 */
};

static void
store_add(struct store *s, const char *path)
{
	struct store_file *f;
	struct stat st;
	const char *name = strrchr(path, '/') + 1, *dash;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	s->at = mem_array(s->at, s->n + 1, sizeof(*s->at));
	f = &s->at[s->n++];
	f->path = mem_strdup(path);
	f->name = mem_strndup(name, strlen(name) - strlen(STORE_EXT));
	dash = strrchr(f->name, '-');
	f->id = dash && dash[1] ? dash + 1 : f->name;
	f->changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* The folder and those below it. */
static void
store_walk(struct store_walk *w, const char *dir, enum store_level level)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d && errno != ENOENT && errno != ENOTDIR && !w->sys)
		w->sys = errno;
	while (d && (entry = readdir(d))) {
		AUTO_FREE char *path = NULL;

		if (!store_fits(entry->d_name, level))
			continue;
		path = mem_printf("%s/%s", dir, entry->d_name);
		if (level == STORE_FILE)
			store_add(w->out, path);
		else
			store_walk(w, path, level + 1);
	}
	if (d)
		closedir(d);
}

static int
store_newer(const void *a, const void *b)
{
	const struct store_file *x = a, *y = b;

	if (x->changed != y->changed)
		return x->changed < y->changed ? 1 : -1;
	return strcmp(y->name, x->name);
}

enum err_kind
store_list(const char *dir, struct store *out, struct err *e)
{
	struct store_walk w = {.out = out};

	*out = (struct store){0};
	if (!dir)
		return err_set(e, ERR_CONFIG,
			       "there is no folder for sessions: no HOME is set");
	store_walk(&w, dir, STORE_YEAR);
	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), store_newer);
	if (!w.sys)
		return ERR_NONE;
	errno = w.sys;
	return err_sys(e, ERR_IO, "cannot read the sessions below '%s'", dir);
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
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			unlinkat(fd, entry->d_name, 0);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
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

/* What the user refused later than the copy's end is refused in the copy. */
static enum err_kind
fork_refusals(struct transcript *t, const struct fork *f, struct err *e)
{
	const struct msg_list *l = &f->h.msgs;
	struct refusal none = {0};
	enum err_kind kind = ERR_NONE;

	for (size_t i = 1; i < l->n && !kind; i++) {
		bool reply = l->at[i].role == MSG_ASSISTANT;
		struct refusal r = {.msg = reply ? 0 : i, .reply = reply ? i : 0};

		if (l->at[i].refused && l->at[i].part && l->at[i].part <= f->at)
			kind = transcript_refused(t, l, &r, NULL, e);
	}
	for (size_t i = 0; i < f->h.refused.n && !kind; i++)
		kind = transcript_refused(t, l, &none, f->h.refused.at[i], e);
	return kind;
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
	if (!kind && f->at)
		kind = fork_refusals(t, f, e);
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
