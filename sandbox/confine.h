/* What a job's process loses just before exec: limits, capabilities, file rights, calls. */
#ifndef SUNABA_SANDBOX_CONFINE_H
#define SUNABA_SANDBOX_CONFINE_H

#include "sandbox/setup.h"

/* All of it, in the order in which it must happen. In the job's own process and namespaces. By
 * `channel` the listener for refused calls is sent (RIGHTS_CALLS); -1: they fail silently.
 * `asks`: what reads standard input is told of too. */
bool confine(const struct setup *s, int channel, bool asks, struct sbx_fail *f);

/* The same in two parts, in a job's own namespaces: what needs no order, then the rest. */
bool confine_ahead(const struct setup *s, int channel, bool asks, struct sbx_fail *f);
bool confine_last(const struct setup *s, struct sbx_fail *f);
/* The same in two parts, where there are namespaces: what needs no tree, then the rest. */
bool confine_calls(const struct setup *s, int channel, struct sbx_fail *f);
bool confine_rights(const struct setup *s, struct sbx_fail *f);
/* What exec could bring back is given up: by a job's process itself, or once by pid 1, which
 * executes nothing, for all that come from it (setup.exec_confined). */
bool confine_exec(struct sbx_fail *f);
/* In pid 1, while it is dumpable, for all that come from it: code goes first when the machine
 * runs out of memory. Without it the kernel only chooses less well. */
void confine_offer(void);
/* The same for a session: jobs alone go first, since pid 1's end would be that of all of them.
 * confine_first() says so for what is forked next, and takes it back. */
void confine_offer_jobs(struct setup *s);
void confine_first(const struct setup *s, bool first);

/* landlock.c: the kernel's version, 0 when there is none. */
int landlock_abi(void);
/* Nothing may be written but the writable folders of the view. True without doing anything
 * below ABI 2, whose rules would forbid every rename between folders: the mounts stand alone
 * there. */
bool landlock_confine(const struct setup *s, struct sbx_fail *f);

/* filter.c: loads the filter compiled from *.policy. */
bool filter_load(const struct setup *s, int channel, bool asks, struct sbx_fail *f);

#endif
