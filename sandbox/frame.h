/* Frames on the socket pair between agent and jail: a pure codec for both ends.
 *
 * A frame is an 8-byte head, little-endian, and its payload:
 *	u32 length of the payload | u8 type | u8 detail | u16 job
 * The agent treats whatever comes up as hostile: unknown types, lengths beyond FRAME_UP_MAX and
 * jobs it never started end the session. Fuzzed by tests/fuzz/fuzz_frame.c. */
#ifndef SUNABA_SANDBOX_FRAME_H
#define SUNABA_SANDBOX_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEAD     8
#define FRAME_UP_MAX   (128u * 1024)	   /* payload bytes, jail to agent */
#define FRAME_DOWN_MAX (16u * 1024 * 1024) /* payload bytes, agent to jail (code) */

enum frame_type {
	/* down */
	FRAME_SETUP = 1, /* the policy, as policy.c encodes it */
	FRAME_START,	 /* a job: strings of its spec */
	FRAME_RUN,	 /* payload: code for the job's driver */
	FRAME_SIGNAL,	 /* detail: signal number, to the job's foreground group */
	FRAME_KILL,	 /* the job's whole tree, at once */
	FRAME_STOP,	 /* everything ends */
	FRAME_SHOW, /* detail: SBX_SHOW_*; payload: a path whose descriptor comes beside */
	FRAME_LIMITS, /* new limits, as setup.c encodes them */
	FRAME_LAYER,  /* staged mode: the workspace below the layer was changed */
	FRAME_NET, /* listeners are wanted; they come beside, then FRAME_READY again. Payload:
			 none, or a port of 127.0.0.1 (u16) that alone is wanted */
	FRAME_STEP, /* payload: u64, the number of the step that comes with the next FRAME_RUN */
	/* up */
	FRAME_READY = 64, /* set-up done; payload: rung and facts, "key=value\n" lines */
	FRAME_FAIL,	  /* set-up or start failed; payload: "step\0errno\0path\0" */
	FRAME_STARTED,	  /* the job's driver said that it is ready */
	FRAME_OUT,	  /* detail: 1 stdout, 2 stderr; payload: bytes */
	FRAME_DONE,	  /* a step ended; payload: u64 cpu us, the driver's record */
	FRAME_EXIT,   /* the job is gone; payload: u32 wait status, u32 flags, u64 cpu us */
	FRAME_NOTICE, /* detail: enum sbx_notice_kind; payload: "errno\0what\0detail\0" */
	FRAME_WAITS,  /* detail: 1 when a step waits for the job's terminal, 0 no longer */
};

struct frame {
	enum frame_type type;
	uint8_t detail;
	uint16_t job;
	uint32_t len;
	const unsigned char *payload; /* borrowed from the caller's bytes */
};

enum frame_got {
	FRAME_MORE,  /* not whole yet */
	FRAME_WHOLE, /* *f is filled, *used bytes are spent */
	FRAME_BAD,   /* the peer broke the protocol */
};

/* Reads one frame from p[0..n). `up` says which direction is being read: a type of the other
 * direction, or a payload beyond that direction's bound, is FRAME_BAD. */
enum frame_got
frame_read(const unsigned char *p, size_t n, bool up, struct frame *f, size_t *used);
void frame_head(unsigned char head[FRAME_HEAD], enum frame_type type, uint8_t detail,
		uint16_t job, uint32_t len);

#endif
