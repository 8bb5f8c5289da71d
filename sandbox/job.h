/* Jobs, seen from pid 1 of the jail: starting one, its pipes, its end. */
#ifndef SUNABA_SANDBOX_JOB_H
#define SUNABA_SANDBOX_JOB_H

#include "sandbox/frame.h"
#include "sandbox/notify.h"
#include "sandbox/waits.h"

/* Why a job was killed, in FRAME_EXIT's flags. */
enum {
	KILLED_MEMORY = 1,
	KILLED_PROCESSES = 2,
	KILLED_PROTOCOL = 4,
};

#define JOB_IDLE_PROCESSES 2
#define JOB_TOKEN	   16 /* hexadecimal digits */

enum job_owes {
	OWES_NOTHING,
	OWES_DONE, /* once the output that came before has been passed on */
	OWES_EXIT,
};

struct job {
	int id;
	pid_t reaper;
	int pidfd, report, out[2], code, state; /* -1: closed */
	int order;    /* made ahead: where it gets its order; -1: it has it */
	bool asks;    /* made ahead: for a driver without a terminal */
	bool guarded; /* its tree ends by its reaper's hand, not with a pid namespace */
	bool driver, ready;
	bool crowd; /* more than reaper and driver live: somebody works in the background */
	unsigned running; /* codes sent and not answered */
	bool tokens;	  /* its driver answers with the token that came with the code */
	char token[JOB_TOKEN + 1]; /* of the code that runs */
	uint64_t step;		   /* number of the next code, 0: not told */
	struct queue to_driver;
	struct notify calls;	     /* refused ones */
	char record[SBX_RECORD_MAX]; /* from the driver, as far as it came */
	size_t record_len;
	enum job_owes owes;
	size_t drain[2]; /* bytes of output that come before what is owed */
	char *done;	 /* the record that is owed */
	int status;
	bool told; /* status came from the reaper */
	bool
	    over; /* nothing of it runs any more but its reaper, whose end need not be awaited */
	uint32_t flags;
	uint64_t cpu_us;
	struct waits waits; /* for its terminal */
};

/* A job without an order: its reaper and its command, which waits just before the exec, confined as
 * *s says now. NULL: there is none. The caller ends it like a job. */
struct job *job_ahead(const struct setup *s, bool asks);
/* Starts a job; NULL with *f filled. The far end of its terminal is sent over
 * `rights`, and *st gets variables that go with it. `ahead`, or NULL, is used up if it serves: its
 * pidfd is -1 then. */
struct job *job_start(int id, const struct setup *setup, struct start *st, int rights,
		      struct job *ahead, struct sbx_fail *f);
/* Kills what is left, frees. The caller has reaped it. */
void job_free(struct job *j);
void job_kill(struct job *j, uint32_t why);
void job_signal(const struct job *j, int signo);
/* Something of the job is at work: the watchdog looks often. */
bool job_busy(const struct job *j);
/* Queues code for the driver, with its head. */
void job_code(struct job *j, const void *code, uint32_t n);
/* Writes queued code as far as the driver takes it. */
void job_feed(struct job *j);

/* The next step of a job, each of which adds at most one frame to *up; false: nothing to do
 * now. `stream` is 0 or 1. */
bool job_pump_output(struct job *j, int stream, struct queue *up);
bool job_pump_state(struct job *j, struct queue *up);
/* Answers calls that its filter tells of; each new notice adds a frame. */
void job_serve_calls(struct job *j, const struct setup *s, struct queue *up);
/* A limit that the job met: a notice, once a step. */
void job_tell_limit(struct job *j, const char *what, uint64_t value, struct queue *up);
/* What the reaper tells: failures, the end. */
bool job_pump_report(struct job *j, struct queue *up);
/* Its reaper has ended, or said that it is over: collects status and time; EXIT is owed from now
 * on. Of what is over reaper and pidfd are left to the caller. */
void job_collect(struct job *j, struct queue *up);
/* Sends what is owed when nothing stands before it. True when the job is over. */
bool job_settle(struct job *j, struct queue *up);

/* Appends a frame. */
void up_frame(struct queue *up, enum frame_type type, uint8_t detail, int job,
	      const void *payload, size_t n);
void up_fail(struct queue *up, int job, const struct sbx_fail *f);
void up_notice(struct queue *up, int job, const struct sbx_notice *n);

#endif
