/* Deciding whether a step is run. Every step passes approve_step(), whoever asks for it; the
 * decision is in the transcript before it takes effect. */
#ifndef SUNABA_CORE_APPROVE_H
#define SUNABA_CORE_APPROVE_H

#include "agent/core/session.h"

/* Fills kernel, number, code (borrowed) and hash of a step. */
void approve_prepare(struct session *s, struct step *step, const struct kernel *k,
		     const char *code, size_t n, bool by_user);
/* Asks where it must. On DECIDE_RUN, step->code are the bytes to run (edited ones belong to
 * `out`), and their hash has been compared with that of what was shown. ERR_INTERRUPTED: the signal is
 * untaken. ERR_IO: the transcript cannot be written. */
enum err_kind approve_step(struct session *s, struct step *step, struct decision *out,
			   bool *asked, struct err *e);
void approve_release(struct decision *d);

#endif
