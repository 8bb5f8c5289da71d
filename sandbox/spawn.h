/* The last steps of a job: from a forked process to the executed command. */
#ifndef SUNABA_SANDBOX_SPAWN_H
#define SUNABA_SANDBOX_SPAWN_H

#include "sandbox/notify.h"

/* What a reaper tells pid 1, or pid 1 the launcher, in one write each (below PIPE_BUF); each kind
 * but notices at most once. */
struct report {
	int kind;
	int status; /* REPORT_EXIT: wait status; REPORT_EXEC: exit code for a shell, 126 or 127 */
	bool over;	 /* REPORT_EXIT: nothing of the job runs any more but its reaper */
	uint64_t cpu_us; /* then: of all of it */
	union {
		struct sbx_fail fail;
		struct sbx_notice notice; /* REPORT_NOTICE, REPORT_DOUBT */
	};
};
_Static_assert(sizeof(struct report) <= 4096, "written at once");
enum {
	REPORT_FAIL = 1, /* the confinement failed */
	REPORT_EXEC,	 /* the command cannot be executed */
	REPORT_EXIT,	 /* the command ended */
	REPORT_LIMIT,	 /* a limit ended it; its name is the step */
	REPORT_NOTICE,	 /* a fact for the user; the run goes on */
	REPORT_ENDING,	 /* the command ended; nothing of its tree may fork any more */
	REPORT_DOUBT,	 /* a path that code failed at, for the host to judge */
};

struct spawn {
	const struct setup *setup;
	const char *const *argv;
	const char *const *env;
	const char *cwd;
	bool inherit;		   /* standard input as it is, else /dev/null */
	int in;			   /* unless `inherit`: standard input; 0: /dev/null */
	int fd[3];		   /* output, error, report; -1: as it is */
	int code, state;	   /* the driver's descriptors, or -1 */
	int channel;		   /* for the listener of refused calls, or -1 */
	int order;		   /* made ahead: where the rest comes from, or -1 */
	bool asks;		   /* what it reads from standard input is told of */
	bool fresh;		   /* signals are at their defaults but for SIGPIPE */
	bool terminal;		   /* standard input becomes its controlling terminal */
	const struct early *early; /* it waits for its tree: early.h; or NULL */
};

/* Signals to their defaults, none blocked. */
void spawn_reset_signals(void);
/* In a child of `parent` that is to execute this program again: it dies with its parent, has a
 * session of its own, and fresh signals. */
void spawn_servant(pid_t parent);
/* Whether so many open files are allowed that descriptors can be dealt their numbers; where not,
 * what they are for is done without. */
bool spawn_has_room(void);
/* Starts the command: descriptors, session, confinement, exec. Returns its pid once the exec was
 * done or failed, but for one made ahead, or -1 with errno; a failure of the steps goes to the report
 * pipe. */
pid_t spawn_start(const struct spawn *sp);
/* In pid 1 of a job: reaps until `main_pid` ends, passing on signal numbers that pid 1 of the
 * session queues with SIGUSR1. Returns the wait status. With `watch`, which returns the ms until
 * its next call, -1 is returned once that returns a negative number, or at SIGTERM where tree_guard()
 * was called. SIGCHLD and SIGUSR1 must be blocked. */
typedef int spawn_watch(const struct setup *s);
int spawn_reap(pid_t main_pid, spawn_watch *watch, const struct setup *s);
/* The same, where refused calls are told of too. */
struct spawn_calls {
	struct notify *notify;
	notify_tell_fn *tell;
	void *arg;
};
int spawn_reap_calls(pid_t main_pid, spawn_watch *watch, const struct setup *s,
		     const struct spawn_calls *calls);
void spawn_block_signals(void);

#endif
