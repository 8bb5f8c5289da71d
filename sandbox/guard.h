/* A guard over the user's terminal while it is raw: a process that holds nothing but the
 * terminal, and restores it when the one that made it raw is killed.
 *
 * With sandbox.h the one header of this folder that the agent's terminal may include. */
#ifndef SUNABA_SANDBOX_GUARD_H
#define SUNABA_SANDBOX_GUARD_H

#include <sys/types.h>
#include <termios.h>

struct guard {
	int fd; /* while it is open, the guard waits; -1: none */
	pid_t pid;
};

/* `undo` is written to `screen` before the modes are put back; NULL: nothing. Both only while
 * the terminal is in `mode` still. Without a process to be had there is no guard. */
void guard_post(struct guard *g, int terminal, const struct termios *before,
		const struct termios *mode, int screen, const char *undo);
/* Once the terminal is as it was. */
void guard_dismiss(struct guard *g);

/* Stops this process as Ctrl-Z does by default: nothing happens where no shell could continue it
 * (its group is orphaned). Returns once it goes on; SIGTSTP is handled as before. May be called
 * from its handler. */
void guard_stop(void);

#endif
