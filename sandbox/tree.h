/* Ending trees of processes where no pid namespace does it: a subreaper and repeated kills. */
#ifndef SUNABA_SANDBOX_TREE_H
#define SUNABA_SANDBOX_TREE_H

#include "sandbox/util.h"

/* From here on orphans below this process become its children, SIGTERM waits to be taken by
 * spawn_reap(), and the end of the parent is told by SIGTERM. `life` as in ns.h. */
void tree_guard(int life);
/* After tree_guard(), before the first fork: where Landlock has scopes (version 6), nothing below
 * this process can signal anything but itself, and tree_kill() is one call that no fork outruns.
 * Without them nothing is done. */
void tree_scope(void);
/* Kills every descendant of this process and reaps its children, until none is left or
 * TREE_PATIENCE_MS are over. Only in a process that called tree_guard(). True: none is left. */
bool tree_kill(void);
#define TREE_PATIENCE_MS 20000 /* a bomb leaves little of the processor */

#endif
