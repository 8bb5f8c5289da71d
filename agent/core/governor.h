/* The limits of one task, and the ends of circles: steps, time, money, the same step again and
 * again, calls that cannot be run. When the time is over, whatever waits on the loop (a stream,
 * a retry, a step) is ended as by Ctrl-C, again and again until the task is. */
#ifndef SUNABA_CORE_GOVERNOR_H
#define SUNABA_CORE_GOVERNOR_H

#include "agent/core/session.h"

struct governor {
	struct session *s;
	int64_t began_ms;
	int64_t steps;	    /* of this task */
	char last_hash[65]; /* of the last step's code */
	char *last_output;
	int same;
	int problems; /* replies in a row with a call that could not be run */
	bool problem; /* the reply at hand has one */
	int fd;	      /* timerfd, or -1 */
	bool over;    /* the time is up: an interrupt may be ours */
	bool hold;    /* set by the caller: no interrupt now, somebody is being asked */
};

/* `g` must stay in place until governor_end(). Without a timer to be had, a look at the clock
 * between steps is what is left. */
void governor_begin(struct governor *g, struct session *s);
void governor_end(struct governor *g);

/* ERR_GOVERNOR when one of the limits is reached, ERR_TERMINATED. That of the steps counts only
 * where one is about to be run: the model may still speak about the last. */
enum err_kind governor_check(const struct governor *g, bool step, struct err *e);
/* A step was run. ERR_GOVERNOR: the same code with the same output, which costs money and ends
 * nowhere. */
enum err_kind governor_step(struct governor *g, const struct step *step,
			    const struct step_result *r, struct err *e);
/* A page of an earlier output was read: it counts as a step. ERR_GOVERNOR as above. */
enum err_kind
governor_page(struct governor *g, const struct output_ask *ask, struct err *e);
/* The calls of a reply begin. */
void governor_reply(struct governor *g);
/* A call could not be run. ERR_MODEL: a model that never gets one right would go on for ever. All
 * of one reply count once, for the model has not heard of the first when it makes the others. */
enum err_kind governor_problem(struct governor *g, struct err *e);

#endif
