/* What the files of pid 1 of a session share; for init*.c only. */
#ifndef SUNABA_SANDBOX_INIT_INT_H
#define SUNABA_SANDBOX_INIT_INT_H

#include "sandbox/job.h"
#include "sandbox/watch.h"

#define LEAVING_MAX  8
#define REST_LOOK_MS 10 /* from a step to the first look at idle interpreters */

struct init {
	int sock, rights;
	struct setup *setup;
	struct watch watch;
	uint64_t claimed; /* kills by the kernel that ended a job */
	bool
	    told_memory; /* that the limit of memory was hit, since what was killed has ended */
	struct queue up, down;
	struct job *job[SBX_JOB_MAX + 1];
	struct leaving {
		pid_t reaper;
		int pidfd;
	} leaving[LEAVING_MAX]; /* reapers of jobs that are over */
	size_t nleaving;
	struct job *ahead; /* made ahead; in no other list, and nobody knows of it */
	bool wants_ahead;  /* one is to be made when there is nothing else to do */
	bool asks;	   /* as the last job did */
	int first;	   /* jobs in front of the one that is served first */
	uint64_t watched_ms, waits_ms;
	int patience_ms;
	int rest_ms; /* the same while no step runs */
	bool rests;  /* nothing has run since the last look */
};

/* A fact for the agent; a protect_tell and a watch_note. */
void init_tell(const struct sbx_notice *n, void *arg);

/* initstart.c: a step begins, or a job. */
void init_begin_step(struct init *in);
void init_start(struct init *in, const struct frame *fr);
/* Makes the processes of the next job ahead. */
void init_make_ahead(struct init *in);
/* Ends them; init_drop_ahead() waits until nothing of them is left, and wants others. */
void init_end_ahead(struct init *in);
void init_drop_ahead(struct init *in);
/* initwatch.c: kills the largest job when all together are beyond a limit, tells other limits. */
void init_watch(struct init *in);
/* A step has ended: tells, before its result, that the kernel killed for memory in it. */
void init_claim(struct init *in, const struct job *j);
/* Tells whether a step waits for its terminal. */
void init_waits(struct init *in);
/* The same while no step runs: whether what is new is the user's. */
void init_settle(struct init *in);
/* initshow.c: the user allows one path more. */
void init_show(struct init *in, const struct frame *fr);
/* Reapers that have ended meanwhile; `all` of them are waited for. */
void init_reap(struct init *in, bool all);
/* The reaper is waited for from here on. */
void init_leave(struct init *in, struct job *j);
/* A job's reaper has ended, or has told that the job is over. */
void init_collect(struct init *in, struct job *j);

#endif
