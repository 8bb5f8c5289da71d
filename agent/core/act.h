/* Running a step that was let pass, the model's or the user's own. */
#ifndef SUNABA_CORE_ACT_H
#define SUNABA_CORE_ACT_H

#include "agent/core/session.h"

/* Runs it and writes its event; step->label is what its output deserves. `text` gets the result as
 * the model shall read it; `asked`: its code was just shown. ERR_INTERNAL: approve_step() did not let
 * it pass. */
enum err_kind act_run(struct session *s, struct step *step, bool asked,
		      struct step_result *r, struct buf *text, struct err *e);
/* "step 3, shell: cat README.md": the step's first line names its output. The caller frees. */
char *act_source(const struct step *step);

#endif
