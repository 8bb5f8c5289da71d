/* A step's output as it comes: folded into lines, bounded on the screen. */
#ifndef SUNABA_UI_LIVE_H
#define SUNABA_UI_LIVE_H

#include "agent/core/events.h"
#include "agent/ui/term.h"
#include "tools/execute.h"

#define LIVE_LINES_MAX 200	  /* lines of one step that are shown */
#define LIVE_BYTES_MAX (16 * KIB) /* bytes of one step that are shown */

struct live;
struct live *live_new(struct term *t);
void live_free(struct live *l);
void live_feed(struct live *l, const char *p, size_t n);
/* Shows the line that is not at its end yet: somebody is asked something there. */
void live_partial(struct live *l);
/* What stands on the line that has not ended, as text; "" when that is nothing. Borrowed until the
 * next call. */
const char *live_unfinished(struct live *l);
/* The last line, and a word about what was not shown. */
void live_end(struct live *l, const struct step_result *r);

/* The code of a step that nobody was asked about: a head, and the lines as they are. */
void live_code(struct term *t, const struct step *step);
/* A text from a file: at most so many lines, cut where they are too long, each shown so that
 * nothing in it hides or deceives. Returns the bytes that were taken. */
size_t live_text(struct term *t, const char *p, size_t n, size_t lines);
/* The files that a step changed, one line, and the pictures among them. NULL: nothing. */
void live_files(struct term *t, const struct change_list *l);

#endif
