/* A session's inner state, shared by session.c (down) and event.c (up). */
#ifndef SUNABA_SANDBOX_SESSION_H
#define SUNABA_SANDBOX_SESSION_H

#include "sandbox/frame.h"
#include "sandbox/util.h"

struct sbx_session {
	int fd;
	pid_t pid; /* -1: reaped */
	bool setup_sent, stands, dead;
	unsigned net_asked; /* FRAME_NETs that were sent; as many more FRAME_READYs come */
	struct queue down, up;
	size_t spent;	 /* bytes of `up` that the last event borrowed */
	size_t received; /* bytes since SBX_NOTHING was answered */
	bool live[SBX_JOB_MAX + 1];
	bool started[SBX_JOB_MAX + 1];	/* it has said so, once */
	unsigned runs[SBX_JOB_MAX + 1]; /* codes sent whose end has not come */
	int terminal[SBX_JOB_MAX + 1];	/* far ends nobody has taken yet; -1: none */
	char *workspace;		/* canonical, once the set-up was sent */
	struct sbx_proxy *proxy;	/* borrowed; NULL: nobody serves the network */
	bool readonly;			/* it is */
	int rights;		  /* descriptors travel beside the frames: see rights.h */
	int stage[2];		  /* staged: the workspace, a git directory; or -1 */
	struct sbx_notice notice; /* the last event's */
	struct sbx_stand stand;	  /* after SBX_READY */
};

/* Queues a frame; job 0: of no job. False when the session is dead or too much waits. */
bool session_down(struct sbx_session *s, enum frame_type type, int detail, int job,
		  const void *p, size_t n);
/* Takes what came by `rights`. */
void session_take_rights(struct sbx_session *s);
/* Writes what the jail takes now. */
/* Forks, and executes the jail with `sock` as its socket; see sbx_session_start_image(). -1 with *f
 * filled. */
pid_t session_execute(int image, int sock, struct sbx_fail *f);
void session_flush(struct sbx_session *s);

#endif
