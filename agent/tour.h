/* The offline tour, as the main jobs play it. */
#ifndef SUNABA_TOUR_H
#define SUNABA_TOUR_H

#include "agent/app.h"

bool tour_is_on(const struct app *a);
/* The task that a text means, its number or its words; demo_count() for none. */
size_t tour_find(const char *text);
/* Puts a task's sample files into the jail before its words go out: "1", or the task's own text.
 * Anything else needs nothing. */
enum err_kind tour_prepare(struct app *a, const char *text, struct err *e);
/* All tasks, one after the other. */
enum err_kind tour_play(struct app *a, struct err *e);

#endif
