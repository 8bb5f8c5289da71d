/* The interpreters of a session and what they left running, for `/jobs` and `/kill`. */
#ifndef SUNABA_TOOLS_JOBLIST_H
#define SUNABA_TOOLS_JOBLIST_H

#include "tools/execute.h"
#include "tools/process.h"

#define JOB_ROWS_MAX 64

struct job_row {
	const struct kernel *kernel; /* of the interpreter, or that it belongs to */
	size_t at;		     /* in `all`; SIZE_MAX: not found in /proc */
	bool interpreter;
	bool busy;	   /* a step of it is under way */
	size_t count;	   /* processes: itself and all below; an interpreter's: all */
	int64_t cpu_ms;	   /* of them */
	uint64_t memory;   /* of them, bytes; pages in common count for each */
	size_t stray;	   /* interpreter: bytes of output that wait for its next step */
	size_t stray_lost; /* and that were not kept */
	char *last;	   /* the last line of that output, written out; or NULL */
};

struct job_list {
	struct process_list all;
	struct job_row row[JOB_ROWS_MAX]; /* each interpreter, then its processes */
	size_t n;
};

void executor_list(struct executor *x, struct job_list *out);
void job_list_release(struct job_list *l);

#endif
