/* Folders whose content the user trusts: kept in $XDG_STATE_HOME/sunaba/trust.json, 0600, where no
 * code of a step can see it.
 *
 * The answer for a folder holds for what lies below it, the nearest answer counts. The home folder and
 * whatever contains it cannot be trusted as a whole. Paths are canonical. */
#ifndef SUNABA_TRUST_H
#define SUNABA_TRUST_H

#include "agent/base/err.h"

enum trust_answer {
	TRUST_UNASKED, /* nothing is known */
	TRUST_NO,
	TRUST_YES,
};

/* TRUST_UNASKED also when there is no such file. ERR_CONFIG: it is damaged; *out is then TRUST_NO. */
enum err_kind trust_look(const char *dir, enum trust_answer *out, struct err *e);
/* TRUST_UNASKED forgets. ERR_USAGE for a folder that cannot be trusted as a whole. */
enum err_kind trust_set(const char *dir, enum trust_answer answer, struct err *e);
/* Why this folder cannot be trusted, or NULL. Static storage. */
const char *trust_barred(const char *dir);
/* `path` is `top` or lies below it; both canonical. */
bool trust_below(const char *path, const char *top);
/* Calls fn for each answer, in the order they were given. */
enum err_kind trust_each(void (*fn)(const char *dir, enum trust_answer a, void *arg),
			 void *arg, struct err *e);

#endif
