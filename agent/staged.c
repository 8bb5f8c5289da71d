/* Staged mode in a run: see staged.h. Pinned by tests/e2e/test_staged.py. */
#include "agent/staged.h"

#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/ui/ask.h"

#define STAGED_NAMES 5 /* paths named after a turn */

enum staged_end
staged_mode(const struct opts *o)
{
	static const char *const words[] = {[STAGED_OFF] = "off",
					    [STAGED_APPLY] = "apply",
					    [STAGED_DISCARD] = "discard",
					    [STAGED_ASK] = "ask",
					    [STAGED_KEEP] = "keep"};
	const char *word = opt_str(o, OPT_STAGED);

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], word) == 0)
			return (enum staged_end)i;
	return STAGED_OFF;
}

enum err_kind
staged_open(struct app *a, struct sbx_policy *p, struct err *e)
{
	enum err_kind kind;

	if (staged_mode(a->opts) == STAGED_OFF)
		return ERR_NONE;
	kind = stage_new(a->workspace, &a->stage, e);
	if (kind)
		return kind;
	p->stage = stage_folder(a->stage);
	return ERR_NONE;
}

void
staged_ready(struct app *a)
{
	AUTO_FREE char *where = NULL;

	if (!a->stage)
		return;
	stage_view(a->stage, sbx_session_stage(a->sandbox),
		   sbx_session_stage_linked(a->sandbox));
	where = fs_shorten(stage_folder(a->stage));
	term_linef(a->term, TERM_SIDE, STYLE_DIM, "staged: changes wait in %s%s", where,
		   stage_in_memory(a->stage) ? " (in memory: gone at the next start)" : "");
}

void
staged_turn(struct app *a, bool message)
{
	if (a->stage)
		stage_turn(a->stage, message);
}

void
staged_turn_over(struct app *a)
{
	AUTO_BUF struct buf names = BUF_INIT(4 * KIB);
	AUTO_FREE char *count = NULL;
	struct stage_list l;

	if (!a->stage)
		return;
	stage_changes(a->stage, &l);
	if (l.n && !a->stage_noted)
		transcript_note(a->session->transcript, "staged", stage_folder(a->stage),
				NULL);
	a->stage_noted |= l.n > 0;
	count = staged_count(l.n, "change");
	for (size_t i = 0; i < l.n && i < STAGED_NAMES; i++)
		buf_addf(&names, "%s%.200s", i ? ", " : "", l.at[i].path);
	if (l.n > STAGED_NAMES)
		buf_adds(&names, ", …");
	if (l.n)
		term_linef(a->term, TERM_SIDE, STYLE_DIM, "staged: %s wait%s (%s)", count,
			   l.n == 1 ? "s" : "", buf_str(&names));
	stage_list_release(&l);
}

/* ---- the end ---- */

static void
say_kept(struct term *t, struct stage *s)
{
	term_linef(t, TERM_ASK, STYLE_NOTICE,
		   "kept: 'sunaba staged diff %s' shows them, 'sunaba staged apply %s' and "
		   "'sunaba staged discard %s' end it",
		   stage_id(s), stage_id(s), stage_id(s));
	if (stage_in_memory(s))
		term_line(t, TERM_ASK, STYLE_WARN,
			  "they lie in memory: the machine's next start takes them away");
}

static enum staged_end
ask_how(struct term *t, struct loop *loop, struct stage *s, const struct stage_list *l)
{
	static const struct ask_choice keys[] = {{'a', "apply them to the workspace"},
						 {'f', "show the difference"},
						 {'d', "discard them"},
						 {'k', "keep them for later"}};
	static const enum staged_end ends[] = {STAGED_APPLY, STAGED_ASK, STAGED_DISCARD,
					       STAGED_KEEP};
	size_t chosen = 1;

	staged_show_list(t, TERM_ASK, s, l);
	while (chosen == 1) {
		if (ask_key(t, loop, "What is to become of these changes?", keys,
			    ARRAY_LEN(keys), ARRAY_LEN(keys) - 1, &chosen, NULL))
			return STAGED_KEEP;
		if (chosen == 1)
			staged_show_diff(t, TERM_ASK, s, l, NULL, 0);
	}
	return ends[chosen];
}

/* What is left of the list after an apply; the layer goes when that is nothing. */
static enum err_kind
apply_end(struct term *t, struct stage *s, struct stage_list *l, struct err *e)
{
	bool fine = staged_apply(t, TERM_SIDE, s, l, NULL);

	stage_list_release(l);
	stage_changes(s, l);
	if (stage_list_idle(l))
		stage_drop(s);
	else
		say_kept(t, s);
	if (fine)
		return ERR_NONE;
	return err_set(e, ERR_IO, "not every change could be applied to '%s'",
		       stage_workspace(s));
}

enum err_kind
staged_finish(struct term *t, struct loop *loop, struct stage *s, enum staged_end how,
	      bool failed, struct err *e)
{
	AUTO_FREE char *count = NULL;
	enum err_kind kind = ERR_NONE;
	struct stage_list l;

	stage_changes(s, &l);
	count = staged_count(l.n, "change");
	if (how == STAGED_ASK && term_can_ask(t) && l.n)
		how = ask_how(t, loop, s, &l);
	else if (how == STAGED_ASK || (how == STAGED_APPLY && failed))
		how = STAGED_KEEP;
	if (l.n == 0 || how == STAGED_DISCARD) {
		if (l.n)
			term_linef(t, TERM_SIDE, STYLE_NOTICE, "staged: %s discarded",
				   count);
		stage_drop(s);
	} else if (how == STAGED_APPLY) {
		stage_keep(s);
		kind = apply_end(t, s, &l, e);
	} else {
		stage_keep(s);
		term_linef(t, TERM_ASK, STYLE_NOTICE, "staged: %s in '%s' not applied",
			   count, stage_workspace(s));
		say_kept(t, s);
	}
	stage_list_release(&l);
	return kind;
}

enum err_kind
staged_end(struct app *a, bool failed, struct err *e)
{
	enum err_kind kind = ERR_NONE;

	if (!a->stage)
		return ERR_NONE;
	/* Nothing may write there any more. */
	session_free(TAKE(a->session));
	sbx_session_free(TAKE(a->sandbox));
	stage_view(a->stage, -1, -1);
	kind = staged_finish(a->term, a->loop, a->stage, staged_mode(a->opts), failed, e);
	stage_free(TAKE(a->stage));
	return kind;
}

void
staged_close(struct app *a)
{
	if (!a->stage)
		return;
	if (a->term)
		staged_finish(a->term, a->loop, a->stage, STAGED_KEEP, true, NULL);
	stage_free(TAKE(a->stage));
}
