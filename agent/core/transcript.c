/* The transcript. See transcript.h. Append-only JSON Lines; one write(2) an event, so that
 * another process never sees half a line. Pinned by tests/unit/test_transcript.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/core/transcript.h"

#define TRANSCRIPT_EVENT_MAX (64 * MIB) /* bytes of one line */

struct transcript {
	char *dir;
	char *path;
	char *files;	  /* as named */
	char *files_real; /* canonical, once it was made */
	char id[24];
	int fd;
	struct buf line;
	struct json_writer writer;
};

struct transcript *
transcript_new(const char *dir)
{
	struct transcript *t = mem_alloc(sizeof(*t));
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
	t->fd = -1;
	buf_init(&t->line, TRANSCRIPT_EVENT_MAX);
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
transcript_open(struct transcript *t, struct err *e)
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
		kind = transcript_open(t, e);
		if (kind) {
			err_hint(e, "set XDG_STATE_HOME to a folder that can be written");
			return kind;
		}
	}
	kind = fs_write_all(t->fd, t->line.data, t->line.len, e);
	return kind ? err_context(e, "session file '%s'", t->path) : ERR_NONE;
}

enum err_kind
transcript_session(struct transcript *t, const char *workspace, const char *model,
		   struct err *e)
{
	struct json_writer *w = transcript_begin(t, "session");

	json_kv_str(w, "id", t->id);
	json_kv_str(w, "version", SUNABA_VERSION);
	json_kv_str(w, "workspace", workspace);
	json_kv_str(w, "model", model);
	return transcript_end(t, e);
}

static void
transcript_usage(struct json_writer *w, const struct usage *u)
{
	json_key(w, "usage");
	json_open(w, '{');
	json_kv_int(w, "input_tokens", u->input);
	json_kv_int(w, "cached_input_tokens", u->cached);
	json_kv_int(w, "output_tokens", u->output);
	json_kv_int(w, "reasoning_output_tokens", u->reasoning);
	json_close(w, '}');
}

enum err_kind
transcript_msg(struct transcript *t, const struct msg *m, const struct usage *u,
	       struct err *e)
{
	static const char *const labels[] = {[LABEL_USER] = "user",
					     [LABEL_LOCAL] = "local",
					     [LABEL_UNTRUSTED] = "untrusted"};
	struct json_writer *w = transcript_begin(t, msg_role_word(m->role));

	json_kv_str(w, "label", labels[m->label]);
	if (m->source)
		json_kv_str(w, "source", m->source);
	json_kv_str(w, "text", m->text);
	if (m->reasoning)
		json_kv_str(w, "reasoning", m->reasoning);
	if (m->call_id)
		json_kv_str(w, "call_id", m->call_id);
	if (m->ncalls) {
		json_key(w, "calls");
		json_open(w, '[');
		for (size_t i = 0; i < m->ncalls; i++) {
			json_open(w, '{');
			json_kv_str(w, "id", m->calls[i].id);
			json_kv_str(w, "name", m->calls[i].name);
			json_kv_str(w, "arguments", m->calls[i].args);
			json_close(w, '}');
		}
		json_close(w, ']');
	}
	if (u)
		transcript_usage(w, u);
	return transcript_end(t, e);
}

static void
transcript_step_head(struct json_writer *w, const struct step *s)
{
	json_kv_int(w, "step", s->number);
	json_kv_str(w, "language", s->kernel->name);
	json_kv_str(w, "sha256", s->sha256);
}

enum err_kind
transcript_decision(struct transcript *t, const struct step *s, const struct decision *d,
		    const char *by, struct err *e)
{
	static const char *const words[] = {[DECIDE_RUN] = "run",
					    [DECIDE_NO] = "no",
					    [DECIDE_STOP] = "stop",
					    [DECIDE_NOBODY] = "nobody"};
	struct json_writer *w = transcript_begin(t, "decision");

	transcript_step_head(w, s);
	json_kv_str(w, "decision", words[d->kind]);
	json_kv_str(w, "by", by);
	if (d->always)
		json_kv_bool(w, "always", true);
	if (d->code)
		json_kv_bool(w, "edited", true);
	if (d->reason)
		json_kv_str(w, "reason", d->reason);
	json_key(w, "code");
	json_put_strn(w, s->code, s->len);
	return transcript_end(t, e);
}

enum err_kind
transcript_step(struct transcript *t, const struct step *s, const struct step_result *r,
		struct err *e)
{
	static const char *const ends[] = {[STEP_DONE] = "done",
					   [STEP_EXITED] = "exited",
					   [STEP_TIMEOUT] = "timeout",
					   [STEP_INTERRUPTED] = "interrupted",
					   [STEP_NOT_RUN] = "not_run"};
	struct json_writer *w = transcript_begin(t, "step");

	transcript_step_head(w, s);
	json_kv_str(w, "end", ends[r->end]);
	json_kv_int(w, "status", r->status);
	json_kv_int(w, "wall_ms", r->wall_ms);
	json_kv_int(w, "cpu_ms", r->cpu_ms);
	json_kv_int(w, "total_bytes", (int64_t)r->total_bytes);
	json_kv_int(w, "omitted_bytes", (int64_t)r->omitted_bytes);
	if (r->spill_path)
		json_kv_str(w, "spill", r->spill_path);
	if (r->cwd)
		json_kv_str(w, "cwd", r->cwd);
	if (r->note)
		json_kv_str(w, "note", r->note);
	if (r->notices)
		json_kv_str(w, "sandbox", r->notices);
	if (r->changes) {
		AUTO_BUF struct buf files = BUF_INIT(64 * KIB);

		change_list_text(r->changes, CHANGES_MAX, &files);
		json_kv_str(w, "files", buf_str(&files));
	}
	json_kv_str(w, "output", r->output ? r->output : "");
	return transcript_end(t, e);
}

enum err_kind
transcript_note(struct transcript *t, const char *type, const char *text, struct err *e)
{
	json_kv_str(transcript_begin(t, type), "text", text);
	return transcript_end(t, e);
}
