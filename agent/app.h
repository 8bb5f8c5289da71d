/* The parts of a run, put together from the options: what main jobs share. */
#ifndef SUNABA_APP_H
#define SUNABA_APP_H

#include "agent/core/session.h"
#include "agent/model/models.h"
#include "agent/options.h"
#include "agent/policy.h"
#include "agent/ui/jsonl.h"
#include "agent/ui/screen.h"
#include "agent/ui/term.h"

struct app {
	struct opts *opts;
	struct loop *loop;
	struct term *term;
	struct screen *screen;
	struct jsonl *jsonl; /* with --json, in the screen's place as the sink */
	struct sbx_session *sandbox;
	struct session *session;
	char workspace[4096];	       /* canonical */
	struct transcript *transcript; /* until the session takes it over */
	const char **read;	       /* paths that code may read besides */
	struct buf allowed;	       /* lines of what /allow allowed */
	bool trusted;		       /* the user trusts what is in the workspace */
	bool trust_unasked;	       /* and was not asked yet */
	const char **net_allow;	       /* hosts that code may reach */
	struct net *net;	       /* the proxy of the session; see net.h */
	struct stage *stage;	       /* with --staged: where changes wait */
	bool stage_noted;	       /* the transcript names it */
	struct job_list *jobs;	       /* that /jobs showed last */
	char *system;		       /* text of --system */
	char *history;		       /* path of the prompt's history */
	bool resume;		       /* a former session is to go on: */
	struct history *past;	       /* what its file said */
	char *sessions;		       /* the folder of sessions, canonical */
	char *picture;		       /* the last one that a step made, or NULL */
};

/* Executes the jail's process. Before options other than the command line are read. */
enum err_kind app_start_jail(struct app *a, struct err *e);
/* Sends the policy, to which paths and layer are added, to the jail that was executed last. */
enum err_kind app_setup_jail(struct app *a, struct sbx_policy *p, struct err *e);
/* Loop, terminal, policy (the jail begins its set-up). */
enum err_kind app_open(struct app *a, bool interactive, struct err *e);
/* Finds the model and makes the session. `need_model` false: a session without one is fine
 * when none is configured; *why then says what model_open said. */
enum err_kind app_session(struct app *a, bool interactive, bool need_model, struct err *why,
			  struct err *e);
void app_close(struct app *a);
/* Says what jail stands when it is not the whole one; after executor_ready(). */
void app_say_rung(struct app *a);
/* What the options say of the terminal. */
struct term_opts app_term_opts(const struct opts *o);
/* What the options say of the wanted model. */
struct model_want app_want(const struct opts *o);

/* A run from its beginning, once the command line was read: the jail, configuration, then one of
 * the two below; the exit code. */
int app_job(struct app *a);
/* The two main jobs; each returns the exit code. */
int app_run_task(struct app *a);
int app_run_session(struct app *a);

/* What the user said of this folder, now or earlier. What cannot be read is not trusted.
 * ERR_CONFIG also: a step could write the settings or the prompt that this run was given. */
enum err_kind app_look_trust(struct app *a, struct err *e);
/* The tour goes on where nobody can be asked: without the step that is refused. */
void app_trust_tour(const struct model *m, bool interactive, struct session_conf *c);
/* Root must not be talked into a machine's loss by a tool. */
enum err_kind app_check_on_gate(const struct opts *o, struct err *e);

/* One object of `--json`: n pairs of key and value. */
void app_json_row(struct app *a, const char *const (*pairs)[2], size_t n);
/* The end of a command: what could not be written is an error, like `kind` before it. Frees the
 * parts; the exit code. */
int app_end(struct app *a, enum err_kind kind, struct err *e);

/* Prints the error and gives the exit code for it. */
int app_fail(struct app *a, const struct err *e);

#endif
