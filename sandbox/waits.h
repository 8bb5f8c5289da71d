/* Whether a process waits for a job's terminal, by what the kernel says of it.
 *
 * A process is taken to wait when it is found, in look after look, in a call that reads the
 * terminal or polls it for input. Nothing is guessed from output or silence. */
#ifndef SUNABA_SANDBOX_WAITS_H
#define SUNABA_SANDBOX_WAITS_H

#include <stdbool.h>
#include <sys/types.h>

#define WAITS_LOOK_MS 200 /* between two looks */

struct waits {
	dev_t terminal; /* 0: there is none, and nobody waits */
	pid_t pid;	/* was found waiting in the last look; 0: nobody */
	unsigned looks; /* in a row */
	bool told;
};

/* Looks at the processes below `top`. True when `told` has changed. */
bool waits_look(struct waits *w, pid_t top);
/* A step has ended, or begins: nobody waits. True when `told` has changed. */
bool waits_none(struct waits *w);

#endif
