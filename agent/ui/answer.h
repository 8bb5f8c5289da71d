/* A Markdown stream that ends on the terminal: the options of md.h filled from term.h. */
#ifndef SUNABA_UI_ANSWER_H
#define SUNABA_UI_ANSWER_H

#include "agent/ui/md.h"
#include "agent/ui/term.h"

/* `live`: the unfinished end is drawn too, where the terminal can. Free it with md_free(). */
struct md *answer_new(struct term *t, bool live);

#endif
