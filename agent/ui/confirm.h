/* A step put to the user: the dialog's answer as the core's decision. */
#ifndef SUNABA_UI_CONFIRM_H
#define SUNABA_UI_CONFIRM_H

#include "agent/base/loop.h"
#include "agent/core/events.h"
#include "agent/ui/term.h"

/* As ask_step(); *out is filled on ERR_NONE, its strings are the caller's. */
enum err_kind confirm_step(struct term *t, struct loop *l, const struct step *step,
			   struct decision *out, struct err *e);

#endif
