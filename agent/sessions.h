/* Showing sessions that were held. */
#ifndef SUNABA_SESSIONS_H
#define SUNABA_SESSIONS_H

#include "agent/app.h"
#include "agent/core/store.h"

/* The conversation as it stands, each part with its number, label and source. */
void sessions_show(struct app *a, const struct history *h);
/* From now on each decision that is read is printed, one line each: when, what, by whom, why. */
void sessions_watch_decisions(struct app *a, struct history *h);
/* Lines that could not be read, as warnings. */
void sessions_show_problems(struct app *a, const struct history *h);

#endif
