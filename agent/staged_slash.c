/* Commands of a session about staged changes: see staged.h.
 *
 * What is taken back is taken back under the running interpreters: they see the files as they
 * were. Pinned by tests/e2e/test_staged.py. */
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/net.h"
#include "agent/staged.h"

#define DIFF_LINES_SHOWN 200 /* of /diff without a path */
#define BACK_SHOWN	 20  /* paths that are named when they are taken back */

static bool
is_on(struct app *a)
{
	if (a->stage)
		return true;
	term_line(a->term, TERM_SIDE, STYLE_NOTICE,
		  "steps write to the workspace itself; /staged on lets changes wait");
	return false;
}

/* A jail goes, and the layer in which nothing waits. */
static void
drop_jail(struct sbx_session *sandbox, struct stage *layer)
{
	sbx_session_free(sandbox);
	if (layer)
		stage_drop(layer);
	stage_free(layer);
}

/* The steps' own executor stays with the jail that runs until the other one stands. */
static enum err_kind
wait_for_jail(struct app *a, struct err *e)
{
	struct executor_opts o = {.loop = a->loop, .sandbox = a->sandbox};
	struct executor *x = executor_new(&o);
	enum err_kind kind = executor_ready(x, e);

	executor_part(x);
	return kind;
}

/* Another jail with or without a layer in the place of the one that runs, which stays when that
 * fails. */
static enum err_kind
other_jail(struct app *a, const char *word, struct err *e)
{
	struct sbx_policy p = app_policy(a->opts);
	struct sbx_session *old = TAKE(a->sandbox);
	struct stage *layer = TAKE(a->stage);
	AUTO_FREE char *before = mem_strdup(opt_str(a->opts, OPT_STAGED));
	enum err_kind kind = opt_set(a->opts, OPT_STAGED, word, "/staged", e);

	if (!kind)
		kind = app_start_jail(a, e);
	if (!kind)
		kind = app_setup_jail(a, &p, e);
	if (!kind)
		kind = wait_for_jail(a, e);
	if (!kind) {
		session_move(a->session, a->sandbox, a->stage != NULL);
		drop_jail(old, layer);
		return ERR_NONE;
	}
	drop_jail(a->sandbox, a->stage);
	a->sandbox = old;
	a->stage = layer;
	opt_set(a->opts, OPT_STAGED, before, "/staged", NULL);
	return kind;
}

static bool
something_waits(struct app *a)
{
	struct stage_list l;
	bool waits;

	stage_changes(a->stage, &l);
	waits = !stage_list_idle(&l);
	stage_list_release(&l);
	return waits;
}

static void
turn_staged(struct app *a, bool on)
{
	struct err e = {0};

	if (on == (a->stage != NULL)) {
		term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "staged mode is %s already",
			   on ? "on" : "off");
	} else if (!net_is_off(a)) {
		term_line(a->term, TERM_SIDE, STYLE_NOTICE,
			  "not while the network is open: start with --staged");
	} else if (!on && something_waits(a)) {
		term_line(a->term, TERM_SIDE, STYLE_NOTICE,
			  "changes wait: /apply or /discard them first");
	} else if (other_jail(a, on ? "ask" : "off", &e)) {
		term_error(a->term, &e);
	} else {
		buf_reset(&a->allowed);
		staged_ready(a);
		term_linef(
		    a->term, TERM_SIDE, STYLE_NOTICE,
		    "%s; the interpreters start afresh, and what /allow allowed must "
		    "be allowed again",
		    on ? "from now on changes wait until /apply"
		       : "from now on steps write to the workspace itself");
		buf_addf(
		    &a->session->aside,
		    "The sandbox and the interpreters were started afresh by me; changes "
		    "in the workspace now %s.\n",
		    on ? "wait until I apply them" : "are made at once");
	}
}

enum slash_end
staged_slash_staged(struct app *a, const char *arg)
{
	AUTO_FREE char *where = NULL, *count = NULL;
	struct stage_list l;

	if (strcmp(arg, "on") == 0 || strcmp(arg, "off") == 0) {
		turn_staged(a, arg[1] == 'n');
		return SLASH_DONE;
	}
	if (!is_on(a))
		return SLASH_DONE;
	stage_changes(a->stage, &l);
	where = fs_shorten(stage_folder(a->stage));
	count = staged_count(l.n, "change");
	term_linef(a->term, TERM_SIDE, STYLE_NOTICE,
		   "%s in %s%s; /diff shows, /apply writes, /discard takes back", count,
		   where, stage_in_memory(a->stage) ? " (in memory)" : "");
	staged_show_list(a->term, TERM_SIDE, a->stage, &l);
	stage_list_release(&l);
	return SLASH_DONE;
}

enum slash_end
staged_slash_diff(struct app *a, const char *arg)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE const char **paths = NULL;
	struct stage_list l;

	if (!is_on(a))
		return SLASH_DONE;
	paths = staged_paths(arg, &text);
	stage_changes(a->stage, &l);
	staged_show_diff(a->term, TERM_SIDE, a->stage, &l, paths,
			 paths ? 0 : DIFF_LINES_SHOWN);
	stage_list_release(&l);
	return SLASH_DONE;
}

enum slash_end
staged_slash_apply(struct app *a, const char *arg)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE const char **paths = NULL;
	struct stage_list l;

	if (!is_on(a))
		return SLASH_DONE;
	paths = staged_paths(arg, &text);
	stage_changes(a->stage, &l);
	staged_apply(a->term, TERM_SIDE, a->stage, &l, paths);
	sbx_session_stage_changed(a->sandbox);
	stage_list_release(&l);
	return SLASH_DONE;
}

struct back {
	struct app *a;
	size_t done, failed;
};

static void
taken_back(const char *path, bool lower, const char *why, void *arg)
{
	struct back *b = arg;

	(void)lower;
	b->done += !why;
	b->failed += why != NULL;
	if (why)
		term_linef(b->a->term, TERM_SIDE, STYLE_ERROR, "  %s stays: %s", path, why);
	else if (b->done <= BACK_SHOWN)
		term_linef(b->a->term, TERM_SIDE, STYLE_DIM, "  %s is as it was", path);
}

static void
say_rest(const struct back *b)
{
	if (b->done > BACK_SHOWN)
		term_linef(b->a->term, TERM_SIDE, STYLE_DIM, "  … and %zu more",
			   b->done - BACK_SHOWN);
}

enum slash_end
staged_slash_discard(struct app *a, const char *arg)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE const char **paths = NULL;
	struct back b = {.a = a};
	struct err e = {0};

	if (!is_on(a))
		return SLASH_DONE;
	paths = staged_paths(arg, &text);
	if (stage_discard(a->stage, paths, taken_back, &b, &e))
		term_error(a->term, &e);
	else if (!b.done && !b.failed)
		term_line(a->term, TERM_SIDE, STYLE_NOTICE,
			  paths ? "nothing is changed there" : "nothing is changed");
	say_rest(&b);
	return SLASH_DONE;
}

/* The files of the last turn, and with a turn that a message began that message. */
static void
undo_staged(struct app *a, bool files_only)
{
	struct back b = {.a = a};
	struct err e = {0};
	bool message;

	if (!stage_last_turn(a->stage, &message)) {
		term_line(a->term, TERM_SIDE, STYLE_NOTICE, "there is nothing to undo");
		return;
	}
	if (stage_undo(a->stage, taken_back, &b, &e)) {
		term_error(a->term, &e);
		return;
	}
	if (!b.done && !b.failed)
		term_line(a->term, TERM_SIDE, STYLE_NOTICE,
			  "the last turn changed no file");
	say_rest(&b);
	if (message && !files_only && session_undo(a->session))
		term_line(a->term, TERM_SIDE, STYLE_NOTICE,
			  "its message and all that followed is forgotten");
}

enum slash_end
staged_slash_undo(struct app *a, const char *arg)
{
	if (a->stage) {
		undo_staged(a, strcmp(arg, "files") == 0);
		return SLASH_DONE;
	}
	term_line(a->term, TERM_SIDE, STYLE_NOTICE,
		  session_undo(a->session)
		      ? "the last message and all that followed is forgotten; what its "
			"steps did to files stays"
		      : "there is nothing to undo");
	return SLASH_DONE;
}
