/* The interpreters of a session: one job of the sandbox per language, and its state as the
 * events of the jail tell it. Internal to execute.c, which decides what to run and when to stop.
 *
 * Nothing here waits: jobs_read() takes in what is there, and the state says the rest. */
#ifndef SUNABA_TOOLS_JOBS_H
#define SUNABA_TOOLS_JOBS_H

#include "agent/base/buf.h"
#include "sandbox/sandbox.h"
#include "tools/kernels/kernels.h"
#include "tools/terminal.h"

#define JOBS_MAX 16 /* languages */
#define JOBS_STRAY_MAX \
	(64 * KIB) /* bytes of output between steps that are kept per language in memory */
#define JOBS_STRAY_FILE_MAX (16 * MIB) /* and in a file */

enum job_state {
	JOB_NONE,     /* no interpreter */
	JOB_STARTING, /* its driver has not yet said that it is ready */
	JOB_IDLE,
	JOB_BUSY, /* code was sent, its end has not come */
};

struct job {
	const struct kernel *kernel;
	enum job_state state;
	int number;	      /* the sandbox's, while there is an interpreter */
	unsigned step;	      /* what the user calls the next code; 0: nothing */
	bool lost;	      /* one was there before and is gone: state is lost */
	bool untold;	      /* this one is fresh, and no result has said so */
	int status;	      /* of the last step */
	int wait_status;      /* of the interpreter that is gone */
	const char *limit;    /* that killed it, or NULL */
	struct sbx_fail fail; /* why it could not be started; step "" when it could */
	char *cwd;	      /* after the last step; NULL while unknown */
	uint64_t cpu_us;      /* used by the interpreter's tree so far */
	struct buf stray;     /* output that came while no step ran */
	int stray_fd;	      /* a file without a name that holds what came then, or -1 */
	size_t stray_filed;   /* bytes in there */
	size_t stray_lost;    /* bytes for which there was no room */
	bool stray_told;      /* another language's result has said that it waits */
	struct terminal terminal;
	bool waits;	  /* its step waits for the terminal */
	struct jobs *all; /* that it is one of */
};

/* Output of the step that runs: stream 1, 2 or TERMINAL_STREAM. */
typedef void jobs_output_fn(int stream, const char *p, size_t n, void *arg);

/* A fact from the jail, whether a step runs or not. */
typedef void jobs_notice_fn(const struct sbx_notice *n, void *arg);

struct jobs {
	struct sbx_session *session; /* borrowed */
	struct loop *loop;	     /* that terminals are watched in; borrowed */
	enum sbx_terminal want;	     /* of interpreters that are started from now on */
	struct winsize size;	     /* of their terminals; 0 columns: not known */
	bool ready, failed, dead;    /* of the jail itself */
	struct sbx_fail fail;	     /* when `failed` */
	struct job job[JOBS_MAX];
	bool taken[SBX_JOB_MAX + 1]; /* numbers of jobs that may still send events */
	const char *stray_dir;	/* where output between steps is filed; NULL: nowhere */
	size_t stray_max;	/* bytes of a language that are filed */
	jobs_output_fn *output; /* or NULL: none wanted */
	void *arg;
	struct sbx_notice shown; /* the last answer to sbx_session_show(); kind 0: none */
	jobs_notice_fn *notice;	 /* or NULL */
	void *notice_arg;
};

void jobs_init(struct jobs *j, struct sbx_session *session, struct loop *l);
void jobs_release(struct jobs *j); /* kills them */
/* Takes in every event that is there. */
void jobs_read(struct jobs *j);
struct job *jobs_of(struct jobs *j, const struct kernel *k);
/* Hands over what came between steps, the first bytes first, and forgets it. */
void jobs_take_stray(struct job *job, jobs_output_fn *to, void *arg);
/* JOB_NONE to JOB_STARTING. False when the jail is dead or has no number left. */
bool jobs_start(struct jobs *j, struct job *job);
/* JOB_IDLE to JOB_BUSY. */
bool jobs_run(struct jobs *j, struct job *job, const char *code, size_t n);
void jobs_signal(struct jobs *j, struct job *job, int signo);
void jobs_kill(struct jobs *j, struct job *job);
/* Off: what interpreters write to their terminals waits there. */
void jobs_watch_terminals(struct jobs *j, bool on);
void jobs_size(struct jobs *j, const struct winsize *size);
/* Kills it and goes on as if it were gone; its late events are passed over. */
void jobs_abandon(struct jobs *j, struct job *job);

#endif
