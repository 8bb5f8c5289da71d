/* The rung on which bubblewrap, which the machine trusts with namespaces, makes them.
 *
 * Ubuntu lets only programs with an AppArmor profile of their own make user namespaces, and
 * /usr/bin/bwrap has one. bwrap builds the tree and runs this program's own image as pid 1 in it;
 * from there on everything is as on the first rung, except that pid 1 has no capability: jobs
 * share its pid namespace, and a job's tree is ended by repeated kills. */
#ifndef SUNABA_SANDBOX_DONOR_H
#define SUNABA_SANDBOX_DONOR_H

#include "sandbox/setup.h"

/* Starts pid 1 of a session inside; `payload` is the encoded policy. JAIL_SOCKET goes with it.
 * Returns bwrap's process once pid 1 serves; -1 with *f filled, step "bubblewrap". */
pid_t donor_session(const struct setup *s, const unsigned char *payload, size_t len,
		    int rights, const struct sbx_fail *why, struct sbx_fail *f);
/* The same for one command, which gets this process's streams; reports go to `report`. */
pid_t donor_command(const struct setup *s, const unsigned char *payload, size_t len,
		    char *const argv[], int report, struct sbx_fail *f);
/* What bwrap executes. */
void donor_inside(void) __attribute__((noreturn));

/* donorargs.c: bwrap's arguments for the tree that jobs see, NULL-terminated, without the command;
 * heap. */
char **donor_arguments(const struct setup *s);

/* run.c: pid 1 of one command, in namespaces that stand. */
void
run_inside(struct setup *s, const char *const *argv, int report) __attribute__((noreturn));

#endif
