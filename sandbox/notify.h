/* What pid 1 does about calls that a job's filter tells it of: answers them, and turns refused
 * ones into notices.
 *
 * The listener of a job comes over a socket pair before its command is executed. A refusal looks
 * at registers only; what is read from the job's memory is for the notice, or stands in for what
 * the network namespace would answer anyway. Nothing here waits: a caller that is gone, or whose
 * memory cannot be read, costs its notice at most. */
#ifndef SUNABA_SANDBOX_NOTIFY_H
#define SUNABA_SANDBOX_NOTIFY_H

#include "sandbox/setup.h"

#define NOTIFY_STEP_MAX 64 /* notices of one step */
#define NOTIFY_ROUND	32 /* calls answered before others get their turn */
#define NOTIFY_LINES	4  /* that are being written to standard error */
#define NOTIFY_DOUBTS	8  /* paths of one step, or one command */

/* What a thread has written of a line to standard error. */
struct notify_line {
	int pid;
	size_t n;
	char text[1024];
};

struct notify {
	int channel;			 /* where the listener comes from, or -1 */
	int listener;			 /* or -1 */
	unsigned told;			 /* notices since the step began */
	uint64_t seen[NOTIFY_STEP_MAX];	 /* hashes of them: each is sent once */
	uint64_t about[NOTIFY_STEP_MAX]; /* of what they are about alone */
	struct notify_line line[NOTIFY_LINES];
	unsigned next_line;
	struct {
		int sys;
		char path[512];
	} doubt
	    [NOTIFY_DOUBTS]; /* paths that code failed at, which only the host can judge */
	unsigned doubts;
};

typedef void notify_tell_fn(const struct sbx_notice *n, void *arg);

void notify_init(struct notify *n);
/* Makes the pair; *theirs, close-on-exec, goes to the job. False: refused calls fail without a
 * word then. */
bool notify_open(struct notify *n, int *theirs);
/* Calls that are still told of fail with ENOSYS from here on. */
void notify_close(struct notify *n);
/* The descriptor to poll for POLLIN; -1: none. */
int notify_fd(const struct notify *n);
/* To be called when it is readable, or has hung up. */
void notify_serve(struct notify *n, const struct setup *s, notify_tell_fn *tell, void *arg);
/* A new step begins: what was told may be told again. */
void notify_step(struct notify *n);
/* Tells unless this was told in this step already, or too much was. */
void notify_tell(struct notify *n, const struct sbx_notice *what, notify_tell_fn *tell,
		 void *arg);

/* Something was told about this path in this step. */
bool notify_told(const struct notify *n, const char *what);

/* notify_said.c: bytes that the call `id` is about to write to standard error; tells of read-only
 * paths that programs say they could not change. */
void notify_said(struct notify *n, const struct setup *s, uint64_t id, int pid,
		 const char *call, const uint64_t args[6], notify_tell_fn *tell, void *arg);
/* Whether a path, as this process would find it, is on something read-only, or would be made
 * there; absolute in `out` in any case. */
bool notify_read_only(int pid, const char *path, char *out, size_t size);
/* notify_file.c: whether this call, made by process `pid`, is refused because a path of it is on
 * something read-only; *out is filled then. */
bool notify_file(int pid, const char *call, const uint64_t args[6], struct sbx_notice *out);
/* notify_mode.c: on the rung without mounts, the calls that Landlock has no right for are made
 * here. True when `call` is one of them: *error is its errno then, 0 when it was made. */
bool notify_mode(int listener, uint64_t id, int pid, const struct setup *s,
		 const char *call, const uint64_t args[6], int *error);
/* A path in the process's memory, to its NUL; false when it is empty or cannot be read. */
bool notify_peek_path(int pid, uint64_t at, char path[4096]);
/* The first path that a call names, absolute; false when it names none or cannot be read. */
bool notify_path(int pid, const char *call, const uint64_t args[6], char *out, size_t size);
/* Up to n bytes of a process's memory; what could be read, 0 when nothing. */
size_t notify_peek(int pid, uint64_t at, void *into, size_t n);

#endif
