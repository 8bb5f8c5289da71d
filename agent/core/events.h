/* What the core tells the user interface: one vtable, the sink.
 *
 * The core knows no screen. Deltas and progress are for showing; everything that counts is also
 * in the transcript, written before the sink is told. Text is repaired UTF-8 (step output: raw
 * bytes) and untrusted. A NULL slot means that nobody cares; without `ask` nobody can be asked. */
#ifndef SUNABA_CORE_EVENTS_H
#define SUNABA_CORE_EVENTS_H

#include "agent/model/provider.h"
#include "tools/execute.h"

struct gate; /* gate.h */

/* A piece of code that the model (or the user) wants run. */
struct step {
	unsigned number;	     /* counts from 1 in a session */
	const struct kernel *kernel; /* never NULL */
	const char *code;	     /* the exact bytes to be run */
	size_t len;
	char sha256[65]; /* of those bytes, hexadecimal */
	const char
	    *call_id; /* the call that asks for it; NULL: a fenced block, or the user */
	bool by_user; /* typed by the user: needs no question */
	enum msg_label label; /* of its output, once it ran */
	bool cleared;	      /* approve_step() let it pass: nothing else may set this */
	bool text;	      /* the model wrote it as text, where it may quote another's */
	bool unconfined;      /* there is no sandbox */
	bool hidden; /* its code holds what a reader could not have seen, or what deceives:
			nothing but the user's own word lets it pass */
	const char *rule; /* the user's own rule that decided or asks; or NULL */
	const struct gate
	    *gate; /* why it waits for the user's key; NULL: no tool is behind it */
};

enum decision_kind {
	DECIDE_RUN,
	DECIDE_NO, /* not this one; the model is told, with the reason if there is one */
	DECIDE_IGNORE, /* at the gate: the instructions behind it are taken out and refused */
	DECIDE_STOP,   /* the turn ends */
	DECIDE_NOBODY, /* nobody can be asked */
};

struct decision {
	enum decision_kind kind;
	bool always;  /* with DECIDE_RUN: this language without asking, for this session */
	char *reason; /* the user's words for the model, or NULL; owned by the core */
	char *
	    code; /* DECIDE_RUN: bytes to run in the step's place, or NULL; owned by the core */
	size_t len;
	char sha256[65]; /* DECIDE_RUN: of the bytes that were shown */
};

enum notice_level { NOTICE_INFO, NOTICE_WARN, NOTICE_DANGER };

struct sink {
	void *arg;
	/* A model's reply: begins, grows, ends. `final` when it holds no code to run. */
	void (*reply_begin)(void *arg);
	void (*text)(void *arg, const char *p, size_t n);
	void (*reasoning)(void *arg, const char *p, size_t n);
	void (*call_progress)(void *arg, const char *name, size_t bytes);
	void (*reply_end)(void *arg, bool final, bool aborted);
	/* A step: decided on, begun, grows, ends. `asked` when its code was just shown. */
	void (*step_begin)(void *arg, const struct step *s, bool asked);
	void (*step_output)(void *arg, int stream, const char *p, size_t n);
	void (*step_second)(void *arg, int64_t elapsed_ms, int64_t limit_ms);
	void (*step_terminal)(void *arg, enum step_terminal what);
	void (*step_end)(void *arg, const struct step *s, const struct step_result *r);
	/* Blocks until the user has decided. ERR_INTERRUPTED leaves the signal untaken. */
	enum err_kind (*ask)(void *arg, const struct step *s, struct decision *out,
			     struct err *e);
	/* A step waits at the gate: step->gate says why. Before ask(), or in its place. */
	void (*gate)(void *arg, const struct step *s);
	void (*notice)(void *arg, enum notice_level level, const char *text);
	void (*countdown)(void *arg, int64_t remaining_ms, const char *why);
	void (*usage)(void *arg, const struct usage *turn, double cost);
};

#endif
