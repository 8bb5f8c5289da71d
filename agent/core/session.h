/* A session: the conversation and everything it works with. The loop over one user message is
 * turn.h; deciding about a step is approve.h. */
#ifndef SUNABA_CORE_SESSION_H
#define SUNABA_CORE_SESSION_H

#include "agent/core/events.h"
#include "agent/core/parts.h"
#include "agent/core/prompt.h"
#include "agent/core/rules.h"
#include "agent/core/transcript.h"
#include "agent/model/spotlight.h"
#include "tools/output.h"

enum approve_mode {
	APPROVE_ASK,   /* each step is asked about */
	APPROVE_AUTO,  /* -y */
	APPROVE_NEVER, /* answer only, run nothing */
	APPROVE_MODES
};
extern const char *const approve_words[APPROVE_MODES]; /* "ask", … */

#define SESSION_KERNELS 16 /* rows of the languages table that "always" can be said for */

/* At the gate when nobody can be asked. */
enum on_gate { ON_GATE_STOP, ON_GATE_IGNORE, ON_GATE_ALLOW, ON_GATES };
extern const char *const on_gate_words[ON_GATES];

/* What the user set. Strings are borrowed from the options. */
struct session_conf {
	enum approve_mode approve;
	int64_t max_steps;		  /* per task; 0: no bound */
	int64_t max_time_ms;		  /* per task; 0: no bound */
	double max_cost;		  /* per session, USD; 0: no bound */
	double price_input, price_output; /* USD a million tokens; negative: unknown */
	double temperature;		  /* negative: the server's */
	const char *system;		  /* replaces the prompt, or NULL */
	const char *instructions;
	const char *workspace; /* canonical */
	const char
	    *spill_dir; /* for output that is too long to keep, seen by code; or NULL */
	const char *const *write;
	const char *network; /* what code can reach, for the model; NULL: nothing */
	bool staged;	     /* changes of the workspace wait in a layer */
	bool trusted;	     /* the user trusts what is in the workspace */
	bool reads_outside;  /* code is shown more than workspace and system */
	enum on_gate on_gate;
	struct rules rules;
	struct spotlight spotlight;
	struct sbx_limits limits;
	const struct sbx_stand *stand; /* what jail there is, once it is ready */
	struct sbx_policy policy;      /* what steps may do; to explain what they may not */
	struct execute_limits execute;
	bool terminal;	  /* the user's can be attached to steps */
	bool interactive; /* a next prompt follows: governors return to it */
};

struct session {
	struct session_conf conf;
	struct loop *loop;
	struct sink sink;
	struct model *model; /* NULL: none was found; only code of the user is run */
	struct executor *executor;
	struct transcript *transcript;
	struct msg_list msgs;
	bool begun;		      /* system message is there, session event written */
	unsigned steps;		      /* so far; numbers the next one */
	bool always[SESSION_KERNELS]; /* by row of the languages table */
	struct outputs outputs;	      /* of the steps, for the model to page through */
	struct usage total;
	double cost;	  /* USD so far; negative: unknown price */
	struct buf aside; /* output of code the user ran himself, for the next message */
	enum msg_label aside_label; /* the lowest of what is in it */
	char *news;   /* what the program has to tell the model before that, or NULL */
	bool widened; /* the policy was, since the session began */
	const char **lifted; /* ask rules that "always" was said to; borrowed texts */
	size_t nlifted;
	struct refusals refused;    /* actions that the user refused at the gate */
	struct buf typed;	    /* what he typed besides messages, see parts_typed() */
	struct gate_memory *memory; /* of texts that the gate read; may be NULL */
	bool transcript_failed;
};

/* Takes over `transcript` and `model` (may be NULL); the rest stays the caller's. */
struct session *
session_new(const struct session_conf *c, struct loop *loop, struct sbx_session *sandbox,
	    struct transcript *transcript, struct model *model, const struct sink *sink);
void session_free(struct session *s);
/* Both renew the system message, whose facts depend on them. */
void session_set_model(struct session *s, struct model *model);
/* The network changed: renews the system message. The text is borrowed. */
void session_set_network(struct session *s, const char *network);
/* The user trusts the folder from now on, or no longer: renews the system message. */
void session_set_trusted(struct session *s, bool trusted);
/* Steps run in another jail, which stands; the old one stays the caller's. `staged`: its changes wait. */
void session_move(struct session *s, struct sbx_session *sandbox, bool staged);
/* "Always" is forgotten. */
void session_set_approve(struct session *s, enum approve_mode mode);
/* A message is whole: numbers it, notes its label, writes it to the transcript, and looks for
 * instructions in what a tool said. */
enum err_kind
session_record(struct session *s, struct msg *m, const struct usage *u, struct err *e);
/* Writes the system message and the session event, once. */
enum err_kind session_begin(struct session *s, struct err *e);
struct history;
/* Goes on with what the file said: the conversation, the numbers, what was used. The transcript
 * was opened with it; the jail is ready. Calls whose result a kill took are answered, and the next
 * message tells the model what is gone. Writes the event "resume". *h has lost its messages. */
enum err_kind session_resume(struct session *s, struct history *h, struct err *e);
/* What the end of the program took away, in words. */
void session_resume_lost(const struct history *h, struct buf *out);
/* The events "session" or "resume" and the system message. */
enum err_kind session_write_begin(struct session *s, bool resumed, struct err *e);
/* Forgets the conversation and ends the interpreters. */
void session_reset(struct session *s);
/* Takes back the last user message and all that followed. false when there is none. */
bool session_undo(struct session *s);
/* What the user typed last, or NULL. */
const char *session_last_user(const struct session *s);
/* The text of the last reply, or NULL. */
const char *session_last_reply(const struct session *s);
void session_notice(struct session *s, enum notice_level level, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Says what an exchange cost, where prices are known. */
void session_price(const struct session *s, struct usage *u);
/* Adds what a priced exchange used; tells the sink. */
void session_account(struct session *s, const struct usage *u);

#endif
