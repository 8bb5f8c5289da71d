/* Staged mode for the user: --staged, its end, and the session's /staged, /diff, /apply,
 * /discard, /undo. */
#ifndef SUNABA_STAGED_H
#define SUNABA_STAGED_H

#include "agent/app.h"
#include "agent/slash.h"
#include "tools/stage.h"

enum staged_end { STAGED_OFF, STAGED_APPLY, STAGED_DISCARD, STAGED_ASK, STAGED_KEEP };
enum staged_end staged_mode(const struct opts *o);

/* With --staged: makes the layer and names it in the policy. */
enum err_kind staged_open(struct app *a, struct sbx_policy *p, struct err *e);
/* The jail stands: its tree can be used; says where the layer lies. */
void staged_ready(struct app *a);
/* Around each message (or piece of the user's own code): remembers, and says what changed. */
void staged_turn(struct app *a, bool message);
void staged_turn_over(struct app *a);
/* The end of a run: applies, discards, asks or keeps, as --staged says. The jail must be gone.
 * `failed`: the run itself did not end well, and nothing is applied without a question. ERR_IO
 * when a change that was to be applied could not be. */
enum err_kind staged_finish(struct term *t, struct loop *l, struct stage *s,
			    enum staged_end how, bool failed, struct err *e);

/* The same for a run of the agent's, whose jail it ends. */
enum err_kind staged_end(struct app *a, bool failed, struct err *e);
/* A run that came to no end of its own: what waits is kept. */
void staged_close(struct app *a);

enum slash_end staged_slash_staged(struct app *a, const char *arg);
enum slash_end staged_slash_diff(struct app *a, const char *arg);
enum slash_end staged_slash_apply(struct app *a, const char *arg);
enum slash_end staged_slash_discard(struct app *a, const char *arg);
enum slash_end staged_slash_undo(struct app *a, const char *arg);

/* ---- showing ---- */

/* One line for each change, what deserves a look in words behind it; the rest is counted. */
void staged_show_list(struct term *t, enum term_to to, const struct stage *s,
		      const struct stage_list *l);
/* Differences, of `paths` (NULL: all); at most `lines` of them (0: no bound). */
void staged_show_diff(struct term *t, enum term_to to, const struct stage *s,
		      const struct stage_list *l, const char *const *paths, size_t lines);
/* Applies and reports each path; true when nothing was refused. */
bool staged_apply(struct term *t, enum term_to to, struct stage *s,
		  const struct stage_list *l, const char *const *paths);
/* "3 changes" */
char *staged_count(size_t n, const char *what);
/* Words of a line as NULL-terminated paths; NULL for none or "all". In *text, which the caller
 * frees with the result. */
const char **staged_paths(const char *arg, char **text);

#endif
