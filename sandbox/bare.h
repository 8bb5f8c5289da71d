/* The rung without namespaces: the host's own tree, held by Landlock and the filter alone.
 *
 * HOME and temporary files are real folders of mode 0700 below this program's state folder. They
 * are removed at the end; what a killed jail left is removed by the next one. */
#ifndef SUNABA_SANDBOX_BARE_H
#define SUNABA_SANDBOX_BARE_H

#include "sandbox/setup.h"

/* In the process that guards the tree, before any job: makes the folders and points *s and its
 * environment at them. With SBX_RUNG_NONE HOME is the user's. */
bool bare_enter(struct setup *s, struct sbx_fail *f);
/* Ends the tree of this process, then removes the folders. */
void bare_leave(void);
/* In a job's process: what no mount does is done by rules. */
bool bare_confine(const struct setup *s, struct sbx_fail *f);
/* Arguments that name SBX_SCRIPT_DIR, changed to name the private one. What is changed is heap,
 * meant for a process that executes soon. */
void bare_arguments(const struct setup *s, const char **argv);

/* barefilter.c: refuses sockets, System V names and reaching for other processes. */
bool bare_filter(int abi, enum sbx_net net, struct sbx_fail *f);

/* litter.c: removes the tree `name` below the folder `at`, whatever code made of it, without
 * following a link. False when something is left. */
bool litter_remove(int at, const char *name);

#endif
