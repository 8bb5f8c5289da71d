/* Pid 1 of a session's jail. */
#ifndef SUNABA_SANDBOX_INIT_H
#define SUNABA_SANDBOX_INIT_H

#include "sandbox/setup.h"

/* Serves the socket until it ends; the jail stands already. Descriptors come and go by
 * `rights`. `facts` is READY's payload; the frames in *told go before
 * it. */
void init_serve(int sock, int rights, struct setup *s, const char *facts,
		struct queue *told) __attribute__((noreturn));

#endif
