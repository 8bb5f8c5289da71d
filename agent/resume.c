/* Going on with a session. See resume.h, core/history.h.
 *
 * Options and config of now hold: what a former run allowed (network, paths, -y) is not allowed
 * again, because a file must not widen anything. Pinned by tests/e2e/test_sessions.py. */
#include <string.h>
#include <sys/stat.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/core/store.h"
#include "agent/resume.h"
#include "agent/ui/answer.h"

#define RESUME_SHOWN_MAX   (2 * KIB) /* bytes of the last reply that are shown again */
#define RESUME_SHOWN_LINES 6	     /* of what the user said last */

/* The newest session of this folder. */
static enum err_kind
resume_here(const struct app *a, const struct store *s, const struct store_file **out,
	    struct err *e)
{
	const char *cd = opt_str(a->opts, OPT_CD);
	AUTO_FREE char *here = realpath(cd ? cd : ".", NULL);

	for (size_t i = 0; i < s->n && here; i++) {
		struct history h;
		bool hit;

		history_init(&h);
		h.brief = true;
		hit = !store_read(&s->at[i], &h, NULL) && h.workspace &&
		      strcmp(h.workspace, here) == 0;
		history_release(&h);
		if (!hit)
			continue;
		*out = &s->at[i];
		return ERR_NONE;
	}
	err_set(e, ERR_USAGE, "no session was held in this folder");
	err_hint(e, "'sunaba sessions' lists all; 'sunaba resume --last' takes the newest");
	return ERR_USAGE;
}

static enum err_kind
resume_find(struct app *a, const struct store *s, const struct store_file **out,
	    struct err *e)
{
	const char *word = opts_args(a->opts, NULL)[0];
	enum err_kind kind;

	if (!s->n) {
		err_set(e, ERR_USAGE, "there is no session to resume");
		err_hint(e, "'sunaba' begins one");
		return ERR_USAGE;
	}
	if (opt_flag(a->opts, OPT_LAST)) {
		*out = &s->at[0];
		return ERR_NONE;
	}
	if (!word)
		return resume_here(a, s, out, e);
	kind = store_find(s, word, out, e);
	if (kind == ERR_NONE)
		opts_shift(a->opts);
	else if (strchr(word, ' '))
		err_hint(e, "the first word is a session's id: sunaba resume ID 'TASK', or "
			    "sunaba resume --last 'TASK'");
	return kind;
}

/* The session's own folder, unless -C names one. */
static enum err_kind
resume_folder(struct app *a, struct err *e)
{
	const struct history *h = a->past;
	struct stat st;

	if (opt_is_set(a->opts, OPT_CD))
		return ERR_NONE;
	if (!h->workspace || h->workspace[0] != '/')
		err_set(e, ERR_USAGE, "session %s does not say which folder it was held in",
			h->id);
	else if (stat(h->workspace, &st) < 0)
		err_sys(e, ERR_USAGE, "the folder of session %s, '%s'", h->id,
			h->workspace);
	else if (!S_ISDIR(st.st_mode))
		err_set(e, ERR_USAGE, "'%s', the folder of session %s, is none any more",
			h->workspace, h->id);
	else
		return opt_set(a->opts, OPT_CD, h->workspace, "the session", e);
	err_hint(e, "bring it back, or name another: sunaba resume %s -C DIR", h->id);
	return ERR_USAGE;
}

/* The session's own model, unless the command line, the environment or a profile names one. */
static enum err_kind
resume_model(struct app *a, struct err *e)
{
	if (!a->past->model || !*a->past->model ||
	    opt_rank(a->opts, OPT_MODEL) >= OPT_FROM_ENV)
		return ERR_NONE;
	return opt_set(a->opts, OPT_MODEL, a->past->model, "the session", e);
}

enum err_kind
resume_check_model(const struct app *a, const struct model *m, struct err *e)
{
	bool named = opt_rank(a->opts, OPT_MODEL) != OPT_FROM_SESSION ||
		     opt_is_set(a->opts, OPT_API_BASE);

	if (!a->past || !a->past->local || !m || m->local || named)
		return ERR_NONE;
	err_set(e, ERR_USAGE,
		"the session was held with a model on this machine, and '%s' is none now",
		a->past->model);
	err_hint(
	    e, "if the conversation may leave it: -m %s; else --api-base names the server",
	    a->past->model);
	return ERR_USAGE;
}

static enum err_kind
resume_take(struct app *a, const char *dir, const struct store_file *f, struct err *e)
{
	enum err_kind kind;

	a->past = mem_alloc(sizeof(*a->past));
	history_init(a->past);
	a->sessions = realpath(dir, NULL);
	a->past->files_root = a->sessions;
	kind = transcript_open(f->path, a->past, &a->transcript, e);
	if (!kind)
		kind = resume_folder(a, e);
	if (!kind)
		kind = resume_model(a, e);
	return kind;
}

enum err_kind
resume_open(struct app *a, struct err *e)
{
	AUTO_FREE char *dir = fs_xdg_path(FS_STATE, "sessions");
	const struct store_file *f = NULL;
	struct store s;
	enum err_kind kind;

	kind = store_list(dir, &s, e);
	if (!kind)
		kind = resume_find(a, &s, &f, e);
	if (!kind)
		kind = resume_take(a, dir, f, e);
	store_release(&s);
	return kind;
}

enum err_kind
resume_go_on(struct app *a, struct err *e)
{
	AUTO_BUF struct buf lost = BUF_INIT(4 * KIB);
	size_t messages;
	enum err_kind kind;

	if (!a->past)
		return ERR_NONE;
	messages = a->past->msgs.n - 1;
	session_resume_lost(a->past, &lost);
	kind = session_resume(a->session, a->past, e);
	if (kind)
		return kind;
	session_notice(a->session, NOTICE_INFO,
		       "session %s goes on: %zu messages, %u step%s. Gone: %s. Kept: the "
		       "conversation, the files of the workspace",
		       a->past->id, messages, a->past->steps,
		       a->past->steps == 1 ? "" : "s", buf_str(&lost));
	return ERR_NONE;
}

/* The first lines of a text that may be long. */
static size_t
resume_head(const char *text, size_t lines, size_t max)
{
	size_t n = 0, len = strlen(text);

	while (n < len && n < max && lines > 0) {
		const char *nl = memchr(text + n, '\n', len - n);

		lines--;
		n = nl ? (size_t)(nl - text) + 1 : len;
	}
	if (n > max)
		for (n = max; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
			n--;
	return n;
}

static void
resume_show_reply(struct app *a, const char *reply)
{
	struct md *m = answer_new(a->term, false);
	size_t n = resume_head(reply, SIZE_MAX, RESUME_SHOWN_MAX);

	md_feed(m, reply, n);
	md_finish(m);
	md_free(m);
	if (reply[n])
		term_line(a->term, TERM_SIDE, STYLE_DIM, "[…]");
}

void
resume_show(struct app *a)
{
	const struct session *s = a->session;
	const char *last, *reply;
	size_t n;

	if (!a->past || !(last = session_last_user(s)))
		return;
	n = resume_head(last, RESUME_SHOWN_LINES, RESUME_SHOWN_MAX);
	term_linef(a->term, TERM_SIDE, STYLE_PROMPT, "> %.*s%s", (int)n, last,
		   last[n] ? "…" : "");
	reply = session_last_reply(s);
	if (reply && s->msgs.at[s->msgs.n - 1].role == MSG_ASSISTANT)
		resume_show_reply(a, reply);
	else
		term_line(a->term, TERM_SIDE, STYLE_NOTICE,
			  "no answer came to this: /retry asks again");
}

void
resume_close(struct app *a)
{
	if (a->past)
		history_release(a->past);
	free(TAKE(a->past));
	free(TAKE(a->sessions));
}

int
cmd_resume(struct opts *o)
{
	struct app a = {.opts = o, .resume = true};
	int code = app_job(&a);

	app_close(&a);
	return code;
}
