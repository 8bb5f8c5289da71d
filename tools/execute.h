/* The tool `execute {language, code}`: steps in persistent interpreters, seen from the agent.
 *
 * One struct executor per session owns the jobs of the sandbox session, one per language,
 * started when first used. A step is run to its end with the loop turning: output is handed to
 * the caller as it comes, folded and cut for the model, and spilled whole to a file when it is
 * long. Interrupts, time-outs and a jail that dies all end the step with a result; nothing here
 * waits without a bound. */
#ifndef SUNABA_TOOLS_EXECUTE_H
#define SUNABA_TOOLS_EXECUTE_H

#include <sys/ioctl.h>

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "sandbox/sandbox.h"
#include "tools/changes.h"
#include "tools/kernels/kernels.h"

struct execute_limits {
	int64_t wall_ms;     /* per step; 0: none */
	size_t keep_bytes;   /* of output kept in memory */
	size_t show_bytes;   /* of output shown to the model, first and last half */
	size_t spill_bytes;  /* of output written to the spill file */
	size_t spills_bytes; /* of all spill files together, once the step has ended */
};
extern const struct execute_limits
    execute_limits_default; /* 120 s, 1 MiB, 16 KiB, 256 MiB, 1 GiB */

enum step_end {
	STEP_DONE,	  /* the code ran to its end; `status` says how */
	STEP_EXITED,	  /* the interpreter ended (exit, crash, killed); state is lost */
	STEP_TIMEOUT,	  /* wall time over; interrupted or killed */
	STEP_INTERRUPTED, /* the user's Ctrl-C */
	STEP_NOT_RUN, /* no such language, not installed, could not be started: see `note` */
};

struct step_result {
	enum step_end end;
	int status;	 /* exit status of the code: 0 fine; 128+n for signal n */
	int signal;	 /* that killed the interpreter, or 0 */
	bool state_lost; /* the next step of this language gets a fresh interpreter */
	bool fresh; /* this step got a fresh interpreter because the last one was lost */
	int64_t wall_ms, cpu_ms;
	char *output; /* for the model: UTF-8, escapes removed, \r and \b folded, cut */
	size_t total_bytes;   /* written by the code */
	size_t omitted_bytes; /* missing in the middle of `output` */
	char *spill_path;     /* file that holds the whole, or NULL */
	char *cwd;	      /* set when it is not what it was before the step */
	char *note;	      /* what was hit, what to do; or NULL */
	char *notices;	      /* what the sandbox refused, a line each; or NULL */
	char *named;  /* the paths, hosts and calls in `notices`, a line each; or NULL */
	char *binary; /* "[binary output: …]" when it was no text: `output` is that line */
	struct change_list *changes; /* files of the workspace; NULL: none, or not known */
	unsigned step; /* set by the caller when the model can page through it; or 0 */
	size_t head;   /* set by the caller to what step_result_text() gave */
};
void step_result_release(struct step_result *r);
/* Adds the structured text that goes back to the model: the program's own lines, then the output.
 * The bytes of the former, with the newline behind them. */
size_t
step_result_text(const struct step_result *r, const struct kernel *k, struct buf *out);
/* Adds what the program's own lines name that others chose: folders, files, hosts. A line each. */
void step_result_named(const struct step_result *r, struct buf *out);

/* Raw bytes as they come, stream 1, 2, or EXECUTE_TERMINAL: written to the step's terminal. */
#define EXECUTE_TERMINAL 3
typedef void step_output_fn(int stream, const char *p, size_t n, void *arg);

/* What a step and its terminal come to. */
enum step_terminal {
	STEP_TERMINAL,	    /* it has one; its code is about to run */
	STEP_WAITS,	    /* it waits for what is typed */
	STEP_WAITS_NOT,	    /* no longer */
	STEP_TERMINAL_OVER, /* the step has ended, however; always told after STEP_TERMINAL */
};

struct executor;
struct executor_opts {
	struct loop *loop;
	struct sbx_session *sandbox; /* set up already or still being; borrowed */
	struct execute_limits limits;
	const char *spill_dir;		 /* made when first needed; NULL: no spill */
	const struct sbx_policy *policy; /* paths in errors are looked up here; or NULL */
	/* A line about what the sandbox refused, at once; results hold it too. Or NULL. */
	void (*on_notice)(const char *line, void *arg);
	/* Every millisecond figure below is measured with the loop turning. */
	void (*on_second)(int64_t elapsed_ms, int64_t limit_ms, void *arg); /* or NULL */
	void (*on_terminal)(enum step_terminal what, void *arg);	    /* or NULL */
	void *arg;
};
struct executor *executor_new(const struct executor_opts *o);
void executor_free(struct executor *x); /* kills the jobs */

/* Waits (loop turning, 5 s at most) until the jail stands. ERR_SANDBOX with its reason and
 * remedy; ERR_INTERRUPTED. */
enum err_kind executor_ready(struct executor *x, struct err *e);
/* Runs one step. ERR_NONE whenever there is a result (also a failed, timed out or interrupted
 * step); ERR_SANDBOX when the jail itself is gone. First SIGINT interrupts the step, a second
 * one kills its interpreter; the count is taken from the loop. */
enum err_kind
executor_run(struct executor *x, const char *language, const char *code, size_t n,
	     step_output_fn *live, void *arg, struct step_result *out, struct err *e);
/* The same for code of our own, which is no step of the session: what the background said and that
 * state was lost is told by the next step, files are not looked at. */
enum err_kind executor_ask(struct executor *x, const char *language, const char *code,
			   struct step_result *out, struct err *e);
/* What the user calls the next step: its interpreter names it in messages ("step 7"). Else each
 * interpreter counts for itself. */
void executor_number(struct executor *x, unsigned number);
/* The time a step may take, in ms, from the next on; 0: no bound. */
void executor_set_wall(struct executor *x, int64_t wall_ms);
/* A fact about the step that comes from elsewhere than the jail; false: nobody collects facts. */
bool executor_tell(struct executor *x, const struct sbx_notice *n);
/* A step may have to wait for the user (a host to be allowed): when `needed` says so, `attend` is
 * called from the step's own turn of the loop. The step's clock stands still meanwhile and its
 * output waits in the jail. */
struct executor_attend {
	bool (*needed)(void *arg);
	void (*attend)(void *arg);
	void *arg;
};
void executor_set_attend(struct executor *x, const struct executor_attend *a);
/* ---- the terminal of steps: see terminal.h ---- */

/* What interpreters that are started from now on have; SBX_TERMINAL_NONE at first: what a step
 * reads from standard input is the end of file then, which its result tells. */
void executor_set_terminal(struct executor *x, enum sbx_terminal what);
void executor_set_size(struct executor *x, const struct winsize *size);
/* The terminal of the step under way, to be asked for its modes; -1: it has none. Borrowed. */
int executor_terminal(const struct executor *x);
/* Types into it; false: it has none, or too much waits to be read. */
bool executor_type(struct executor *x, const char *p, size_t n);
/* The user is in front of the step's terminal: its clock stands still. */
void executor_hold(struct executor *x, bool on);
/* The user typed what ends programs (Ctrl-C): a step that ends soon was interrupted by him. */
void executor_typed_stop(struct executor *x);
/* A step is under way. */
bool executor_busy(const struct executor *x);
/* Frees an executor that ran nothing; the jail goes on. */
void executor_part(struct executor *x);
/* From now on steps run in another session of the sandbox, which stands. The interpreters of the old one end; it
 * stays the caller's. */
void executor_move(struct executor *x, struct sbx_session *sandbox);
/* Ends one language's interpreter, or all (NULL). The next step starts afresh. */
void executor_restart(struct executor *x, const char *language);

#endif
