/* A step under way: the machine that turns the loop until a step's job has come to its end.
 * Internal to tools/: execute.c uses it.
 *
 * Whatever wants the step to stop (the clock, the user, too much output) goes the same way:
 * SIGINT, SIGINT again, the kill, giving the interpreter up. Each has its bound, so that no
 * step waits for ever. */
#ifndef SUNABA_TOOLS_STEP_H
#define SUNABA_TOOLS_STEP_H

#include "tools/collect.h"
#include "tools/execute.h"
#include "tools/explain.h"
#include "tools/jobs.h"
#include "tools/spill.h"

struct executor {
	struct executor_opts o;
	struct jobs jobs;
	short watching;		/* poll events asked for */
	unsigned number;	/* of the next step, for the user; 0: none given */
	struct sbx_notice idle; /* waits for the step to fail; kind 0: none */
	struct buf told;	/* lines about what was refused, for the next result */
	struct buf named;	/* what those lines name, a line each */
	struct executor_attend attend;
	bool busy;	   /* a step is under way */
	struct step *step; /* it, or NULL */
	struct spills spills;
	struct changes *changes; /* NULL: nobody says where the workspace is */
};
/* Watches the jail's descriptor; for writability only while something waits to be written. */
void executor_watch(struct executor *x);

enum step_why { WHY_NOT, WHY_TIME, WHY_USER, WHY_OUTPUT };
enum step_stage { STAGE_RUNS, STAGE_ASKED, STAGE_ASKED_AGAIN, STAGE_KILLED };

struct step {
	struct executor *x;
	struct job *job;
	struct collect out;
	struct buf err;	      /* the last part of standard error */
	bool ours;	      /* no step of the session: what is owed to one stays owed */
	step_output_fn *live; /* or NULL */
	void *arg;
	int64_t start, limit; /* ms; limit 0: none */
	int64_t stood;	      /* ms that the clock stood, by which start was moved */
	int64_t second;	      /* ms, the next call of on_second; INT64_MAX: none */
	enum step_why why;    /* it is to stop */
	enum step_stage stage;
	int64_t stage_end;	   /* ms, when the next stage comes */
	size_t stray, stray_lost;  /* bytes from the background, before the code ran */
	struct terminal_text text; /* what its terminal shows, for the model */
	bool waits;		   /* as on_terminal was told */
	int64_t held;		   /* ms: since when the clock stands; 0: it goes */
	int64_t stopped; /* ms: when the user typed what ends programs; 0: not yet */
};
/* It has typed_stop and has ended soon after: the user's interrupt. */
bool step_was_stopped(const struct step *s);

/* Sets the clock. `told`: on_second is called. */
/* execute.c: a fact told to the user now and to the model with the result; an explain_fn. */
void executor_say(const struct sbx_notice *n, void *arg);
/* step_result.c: fills *r once the step has ended; what was so before it ran is for comparison. */
void step_fill_result(struct step *s, struct step_result *r, const char *cwd_before,
		      uint64_t cpu_before);
void step_begin(struct step *s, int64_t limit_ms, bool told);
/* Output of the step's code; a jobs_output_fn. */
void step_output(int stream, const char *p, size_t n, void *arg);
/* Output that came while no step ran becomes the step's first. */
void step_take_stray(struct step *s);
/* Notes the workspace's files; what was changed since goes into the result. */
void step_files_before(struct step *s);
void step_files_after(struct step *s, struct step_result *r);
/* Ends the output: text for the model, or what it is. */
void step_take_output(struct step *s, struct step_result *r);
/* Turns the loop until the job leaves `state`; takes the loop's interrupts. */
void step_wait(struct step *s, enum job_state state);

#endif
