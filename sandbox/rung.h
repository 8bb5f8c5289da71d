/* The ladder: from the whole jail down to what a machine allows, and how a rung is left for the
 * next. The rungs themselves: jail.c and run.c (full), donor.c, bare.c. */
#ifndef SUNABA_SANDBOX_RUNG_H
#define SUNABA_SANDBOX_RUNG_H

#include "sandbox/util.h"

/* As it stands in READY's facts, in doctor and on the command line. */
const char *rung_name(enum sbx_rung rung);
/* The rung to try first: the wanted one, or the best. */
enum sbx_rung rung_first(enum sbx_rung wanted);
/* The rung below `rung` that can be tried when set-up failed with `f`; SBX_RUNG_BEST (0) when
 * there is none: the failure is not the machine's, or the user wants this rung alone. */
enum sbx_rung
rung_below(enum sbx_rung rung, enum sbx_rung wanted, const struct sbx_fail *f);
/* The machine does not give a right that the step needs. */
bool rung_refused(const struct sbx_fail *f);
/* A failure's sentence without the word that it begins with. */
const char *rung_plain(const char *msg);
/* Keeps in *why the failure that says most: the first, not that a donor is missing. */
void rung_remember(struct sbx_fail *why, const struct sbx_fail *f);
/* READY's payload: "key=value\n" lines; `why` may be NULL. */
size_t rung_facts(char *out, size_t n, enum sbx_rung rung, bool userns,
		  const struct sbx_fail *why);
/* What READY said; false when the lines are not of that kind. */
bool rung_read(const char *facts, size_t n, struct sbx_stand *out);

#endif
