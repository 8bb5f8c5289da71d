/* `sunaba staged [list | diff | apply | discard] [ID] [PATH...]`: changes that a run has kept.
 * Pinned by tests/e2e/test_staged.py. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/staged.h"

struct kept_run {
	struct app a;
	struct stage *stage;
	struct stage_list list;
	const char *const *paths;
};

static enum err_kind
kept_list(struct app *a)
{
	struct stage_kept_list l;

	stage_kept(&l);
	for (size_t i = 0; i < l.n; i++) {
		AUTO_FREE char *where = fs_shorten(l.at[i].workspace);
		char when[25];

		clock_iso(l.at[i].when, when);
		term_linef(a->term, TERM_ANSWER, STYLE_PLAIN, "%s  %.16s  %s%s", l.at[i].id,
			   when, where, l.at[i].used ? "  (a run uses it)" : "");
	}
	if (l.n == 0)
		term_line(a->term, TERM_SIDE, STYLE_NOTICE, "no changes are kept");
	stage_kept_release(&l);
	return ERR_NONE;
}

/* The first word after the verb is a layer's name if it looks like one. */
static bool
is_id(const char *word)
{
	return word && strlen(word) == STAGE_ID_MAX - 1 &&
	       strspn(word, "0123456789abcdef") == STAGE_ID_MAX - 1;
}

static enum err_kind
kept_open(struct kept_run *k, char **argv, struct err *e)
{
	AUTO_FREE char *here = realpath(".", NULL);
	bool named = is_id(argv[0]);
	enum err_kind kind = stage_take_up(named ? argv[0] : NULL, here, &k->stage, e);

	argv += named;
	k->paths = argv[0] ? (const char *const *)argv : NULL;
	if (!kind)
		stage_changes(k->stage, &k->list);
	return kind;
}

static enum err_kind
kept_apply(struct kept_run *k, struct err *e)
{
	bool fine = staged_apply(k->a.term, TERM_ANSWER, k->stage, &k->list, k->paths);

	stage_list_release(&k->list);
	stage_changes(k->stage, &k->list);
	if (stage_list_idle(&k->list))
		stage_drop(k->stage);
	if (fine)
		return ERR_NONE;
	return err_set(e, ERR_IO, "not every change could be applied to '%s'",
		       stage_workspace(k->stage));
}

static enum err_kind
kept_discard(struct kept_run *k, struct err *e)
{
	if (k->paths) {
		err_set(e, ERR_USAGE, "a kept layer is discarded as a whole");
		err_hint(e, "apply what you want of it first");
		return ERR_USAGE;
	}
	stage_drop(k->stage);
	term_linef(k->a.term, TERM_ANSWER, STYLE_PLAIN, "%zu discarded", k->list.n);
	return ERR_NONE;
}

static enum err_kind
kept_verb(struct kept_run *k, char **argv, struct err *e)
{
	const char *verb = argv[0];
	enum err_kind kind;

	if (!verb || strcmp(verb, "list") == 0)
		return kept_list(&k->a);
	if (strcmp(verb, "diff") != 0 && strcmp(verb, "apply") != 0 &&
	    strcmp(verb, "discard") != 0) {
		err_set(e, ERR_USAGE, "'%.60s' is none of: list, diff, apply, discard",
			verb);
		err_hint(e, "see 'sunaba help staged'");
		return ERR_USAGE;
	}
	kind = kept_open(k, argv + 1, e);
	if (kind)
		return kind;
	if (strcmp(verb, "diff") == 0)
		staged_show_diff(k->a.term, TERM_ANSWER, k->stage, &k->list, k->paths, 0);
	else if (strcmp(verb, "apply") == 0)
		kind = kept_apply(k, e);
	else
		kind = kept_discard(k, e);
	return kind;
}

int
cmd_staged(struct opts *o)
{
	struct kept_run k = {.a = {.opts = o}};
	struct term_opts t = app_term_opts(o);
	struct err e = {0};
	enum err_kind kind;
	int argc;
	char **argv = opts_args(o, &argc);

	k.a.term = term_new(&t);
	kind = kept_verb(&k, argv, &e);
	stage_list_release(&k.list);
	stage_free(k.stage);
	return app_end(&k.a, kind, &e);
}
