/* Descriptors beside the frames: one packet carries one descriptor and a number that says what
 * it is for. The socket is a SOCK_SEQPACKET pair made with the session; its far end travels with
 * the policy. Both ends treat what comes as hostile: a packet of another shape is dropped.
 *
 * Source: unix(7), SCM_RIGHTS. Pinned by tests/unit/test_rights.c. */
#ifndef SUNABA_SANDBOX_RIGHTS_H
#define SUNABA_SANDBOX_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

enum rights_kind {
	RIGHTS_SHOW = 1, /* down: what a FRAME_SHOW names */
	RIGHTS_LISTEN,	 /* up: a listening socket of the jail; number: its port */
	RIGHTS_NAMES,	 /* up: the datagram socket of the jail's name server */
	RIGHTS_CALLS,	 /* a job to pid 1: the listener for its refused calls */
	RIGHTS_TERMINAL, /* up: the far end of the command's terminal */
	RIGHTS_STAGE, /* up: as staged mode shows them to jobs, number 0: the workspace; 1: the
			    git directory elsewhere that it belongs to */
	RIGHTS_NET,   /* the command's process to pid 1: the network namespace it made */
	RIGHTS_GROUP, /* the launcher to pid 1: number 0: a group to enter; 1: its kills */
	RIGHTS_LAST = RIGHTS_GROUP,
};

/* A pair, close-on-exec, non-blocking at [0]. */
bool rights_pair(int pair[2]);
/* False with errno when the packet could not be sent at once. */
bool rights_send(int sock, enum rights_kind kind, uint32_t number, int fd);
/* One packet: 1: *fd is the caller's; 0: it was of another shape; -1 with errno, ECONNRESET when
 * the other end is gone. */
int rights_next(int sock, enum rights_kind *kind, uint32_t *number, int *fd);
/* 1: *fd is the caller's, close-on-exec; 0: nothing is there; -1: the other end is gone. */
int rights_recv(int sock, enum rights_kind *kind, uint32_t *number, int *fd);

#endif
