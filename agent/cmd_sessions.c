/* `sunaba sessions [list | show ID | export ID | fork ID | rm ID...]`, `sunaba fork ID`: sessions
 * that were held. Reading takes no lock: a session that goes on can be looked at.
 * Pinned by tests/e2e/test_sessions.py. */
#include <string.h>
#include <time.h>

#include "agent/app.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/export.h"
#include "agent/sessions.h"
#include "agent/ui/escape.h"
#include "agent/ui/width.h"

#define WORDS_MIN_COLUMNS 12 /* of the first words, however narrow the terminal is */
#define WORDS_COLUMNS	  60 /* where there is no terminal */
#define FOLDER_COLUMNS	  20 /* on a terminal: the end of its path */

struct sessions {
	struct app a;
	char *dir; /* NULL: there is no home */
	struct store store;
};

static void
local_time(int64_t ns, char *out, size_t size)
{
	time_t t = (time_t)(ns / 1000000000);
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(out, size, "%Y-%m-%d %H:%M", &tm);
}

/* "$0.0123", or "-" where a price is not known. */
static void
cost_text(const struct history *h, char *out, size_t size)
{
	if (h->unpriced || (h->cost <= 0 && h->total.output > 0))
		snprintf(out, size, "-");
	else
		snprintf(out, size, "$%.4f", h->cost);
}

static void
list_json(struct app *a, const struct store_file *f, const struct history *h)
{
	AUTO_BUF struct buf line = BUF_INIT(4 * MIB);
	struct json_writer w = JSON_WRITER(&line);
	char changed[25];

	clock_iso(f->changed / 1000000, changed);
	json_open(&w, '{');
	json_kv_str(&w, "id", f->id);
	json_kv_str(&w, "began", h->began);
	json_kv_str(&w, "changed", changed);
	json_kv_str(&w, "workspace", h->workspace);
	json_kv_str(&w, "model", h->model);
	json_kv_int(&w, "steps", h->steps);
	json_kv_int(&w, "input_tokens", h->total.input);
	json_kv_int(&w, "output_tokens", h->total.output);
	json_key(&w, "cost_usd");
	if (h->unpriced)
		json_put_null(&w);
	else
		json_put_num(&w, h->cost);
	json_kv_str(&w, "forked_from", h->forked_from);
	json_kv_str(&w, "first", h->first);
	json_kv_str(&w, "path", f->path);
	json_close(&w, '}');
	buf_addc(&line, '\n');
	term_source(a->term, line.data, line.len);
}

/* The first words on one line, as much as there is room for. */
static void
list_words(const struct app *a, struct row *r, const char *text, int used)
{
	AUTO_BUF struct buf line = BUF_INIT(KIB);
	int room = term_out_tty(a->term) ? term_width(a->term) - used - 1 : WORDS_COLUMNS;
	size_t n;

	room = MAX_OF(room, WORDS_MIN_COLUMNS);
	for (const char *p = text; *p && line.len < KIB - 8; p++) {
		bool blank = strchr(" \t\r\n", *p) != NULL;

		if (!blank || (line.len && line.data[line.len - 1] != ' '))
			buf_addc(&line, (char)(blank ? ' ' : *p));
	}
	n = width_fit(buf_str(&line), line.len, room - 1, NULL);
	while (n > 0 && line.data[n - 1] == ' ')
		n--;
	escape_row(r, STYLE_PLAIN, buf_str(&line), n, ESCAPE_ONE_LINE);
	if (n < line.len)
		row_adds(r, STYLE_DIM, term_unicode(a->term) ? "…" : "...");
}

/* The end of a path; what it was cut to fit stands as a mark. */
static const char *
list_folder(const struct app *a, const char *path, const char **mark)
{
	int cols;

	*mark = "";
	if (!term_out_tty(a->term))
		return path;
	while (*path && width_of(path, strlen(path)) > FOLDER_COLUMNS) {
		path += width_cluster(path, strlen(path), &cols);
		*mark = term_unicode(a->term) ? "…" : "...";
	}
	return path;
}

static void
list_row(struct app *a, const struct store_file *f, const struct history *h)
{
	AUTO_FREE char *folder = h->workspace ? fs_shorten(h->workspace) : mem_strdup("?");
	AUTO_FREE char *head = NULL;
	const char *mark, *shown = list_folder(a, folder, &mark);
	char when[32], cost[32];
	struct row r;
	int used;

	local_time(f->changed, when, sizeof(when));
	cost_text(h, cost, sizeof(cost));
	head = mem_printf("%s  %s  %3u step%s  %8s  ", f->id, when, h->steps,
			  h->steps == 1 ? " " : "s", cost);
	row_init(&r);
	row_adds(&r, STYLE_PLAIN, head);
	row_adds(&r, STYLE_DIM, mark);
	escape_row(&r, STYLE_DIM, shown, strlen(shown), ESCAPE_ONE_LINE);
	row_adds(&r, STYLE_PLAIN, "  ");
	used = (int)strlen(head) + width_of(shown, strlen(shown)) + 4;
	list_words(a, &r, h->first ? h->first : "", used);
	term_row(a->term, TERM_ANSWER, &r);
	row_release(&r);
}

static enum err_kind
verb_list(struct sessions *s, char **args, struct err *e)
{
	enum err_kind kind = ERR_NONE;

	if (args[0])
		return err_set(e, ERR_USAGE, "'list' takes no '%.60s'", args[0]);
	for (size_t i = 0; i < s->store.n && !kind; i++) {
		struct history h;

		history_init(&h);
		h.brief = true;
		kind = store_read(&s->store.at[i], &h, e);
		if (!kind && opt_flag(s->a.opts, OPT_JSON))
			list_json(&s->a, &s->store.at[i], &h);
		else if (!kind)
			list_row(&s->a, &s->store.at[i], &h);
		history_release(&h);
	}
	if (s->store.n == 0)
		term_line(s->a.term, TERM_SIDE, STYLE_NOTICE, "there are no sessions");
	return kind;
}

/* The one session that a verb is about. */
static enum err_kind
one_session(struct sessions *s, const char *verb, char **args,
	    const struct store_file **out, struct err *e)
{
	if (!args[0]) {
		err_set(e, ERR_USAGE, "'%s' needs the id of a session", verb);
		err_hint(e, "'sunaba sessions' lists them");
		return ERR_USAGE;
	}
	if (args[1])
		return err_set(e, ERR_USAGE, "'%s' takes one session: '%.60s' is too many",
			       verb, args[1]);
	return store_find(&s->store, args[0], out, e);
}

/* Reads a session as a whole; results that a kill took are stood in for. */
static enum err_kind
whole_session(const struct store_file *f, struct history *h, struct err *e)
{
	struct msg_list gaps = {0};
	enum err_kind kind = store_read(f, h, e);

	if (kind)
		return kind;
	history_gaps(h, &gaps);
	for (size_t i = 0; i < gaps.n; i++)
		msg_move(&h->msgs, &gaps.at[i]);
	msg_list_release(&gaps);
	return ERR_NONE;
}

static enum err_kind
verb_show(struct sessions *s, char **args, struct err *e)
{
	const struct store_file *f = NULL;
	struct history h;
	enum err_kind kind = one_session(s, "show", args, &f, e);

	if (kind)
		return kind;
	if (opt_flag(s->a.opts, OPT_JSON) && !opt_flag(s->a.opts, OPT_DECISIONS))
		return export_write(&s->a, f, "jsonl", NULL, e);
	history_init(&h);
	if (opt_flag(s->a.opts, OPT_DECISIONS))
		sessions_watch_decisions(&s->a, &h);
	kind = whole_session(f, &h, e);
	if (!kind && !opt_flag(s->a.opts, OPT_DECISIONS))
		sessions_show(&s->a, &h);
	if (!kind)
		sessions_show_problems(&s->a, &h);
	history_release(&h);
	return kind;
}

static enum err_kind
verb_export(struct sessions *s, char **args, struct err *e)
{
	const struct store_file *f = NULL;
	enum err_kind kind = one_session(s, "export", args, &f, e);

	return kind ? kind
		    : export_write(&s->a, f, opt_str(s->a.opts, OPT_FORMAT),
				   opt_str(s->a.opts, OPT_OUTPUT), e);
}

static enum err_kind
verb_fork(struct sessions *s, char **args, struct err *e)
{
	const struct store_file *f = NULL;
	AUTO_FREE char *id = NULL;
	enum err_kind kind = one_session(s, "fork", args, &f, e);

	if (!kind)
		kind = store_fork(s->dir, f, (unsigned)opt_int(s->a.opts, OPT_AT), &id, e);
	if (kind)
		return kind;
	if (opt_flag(s->a.opts, OPT_JSON)) {
		const char *const pairs[][2] = {{"id", id}, {"forked_from", f->id}};

		app_json_row(&s->a, pairs, ARRAY_LEN(pairs));
		return ERR_NONE;
	}
	term_line(s->a.term, TERM_ANSWER, STYLE_PLAIN, id);
	term_linef(s->a.term, TERM_SIDE, STYLE_NOTICE,
		   "a copy of %s: sunaba resume %s goes on with it", f->id, id);
	return ERR_NONE;
}

/* All are found before the first is removed. */
static enum err_kind
verb_rm(struct sessions *s, char **args, struct err *e)
{
	const struct store_file *f = NULL;
	enum err_kind kind = ERR_NONE;

	if (!args[0])
		return one_session(s, "rm", args, &f, e);
	for (size_t i = 0; args[i] && !kind; i++)
		kind = store_find(&s->store, args[i], &f, e);
	for (size_t i = 0; args[i] && !kind; i++) {
		store_find(&s->store, args[i], &f, NULL);
		kind = store_remove(f, e);
		if (!kind)
			term_linef(s->a.term, TERM_ANSWER, STYLE_PLAIN, "%s removed",
				   f->id);
		else
			err_context(e, "session %s", f->id);
	}
	return kind;
}

static enum err_kind
sessions_verb(struct sessions *s, char **args, struct err *e)
{
	static const struct {
		const char *name;
		enum err_kind (*run)(struct sessions *s, char **args, struct err *e);
	} verbs[] = {{"list", verb_list},
		     {"show", verb_show},
		     {"export", verb_export},
		     {"fork", verb_fork},
		     {"rm", verb_rm}};

	if (!args[0])
		return verb_list(s, args, e);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(args[0], verbs[i].name) == 0)
			return verbs[i].run(s, args + 1, e);
	err_set(e, ERR_USAGE, "'%.60s' is none of: list, show, export, fork, rm", args[0]);
	err_hint(e, "see 'sunaba help sessions'");
	return ERR_USAGE;
}

static int
sessions_run(struct opts *o, enum err_kind (*run)(struct sessions *, char **, struct err *))
{
	struct sessions s = {.a = {.opts = o}, .dir = fs_xdg_path(FS_STATE, "sessions")};
	struct term_opts t = app_term_opts(o);
	struct err e = {0};
	enum err_kind kind;
	int code;

	s.a.term = term_new(&t);
	kind = store_list(s.dir, &s.store, &e);
	if (!kind)
		kind = run(&s, opts_args(o, NULL), &e);
	code = app_end(&s.a, kind, &e);
	store_release(&s.store);
	free(s.dir);
	return code;
}

int
cmd_sessions(struct opts *o)
{
	return sessions_run(o, sessions_verb);
}

int
cmd_fork(struct opts *o)
{
	return sessions_run(o, verb_fork);
}
