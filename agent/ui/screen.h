/* The sink that shows a session on the terminal, or on two pipes.
 *
 * Answer text goes through the streaming Markdown renderer on a terminal, and as its source to
 * anything else; code, output, questions and notices go beside it. */
#ifndef SUNABA_UI_SCREEN_H
#define SUNABA_UI_SCREEN_H

#include "agent/base/loop.h"
#include "agent/core/events.h"
#include "agent/ui/term.h"

struct screen_opts {
	struct term *term;
	struct loop *loop;
	bool render;	  /* lay the answer out even when standard output is no terminal */
	bool final_only;  /* the answer's text only when it is the last (quiet) */
	bool can_ask;	  /* questions can be put to the user */
	bool interactive; /* a prompt comes back after each answer */
	int verbose;
	/* Shows the files that a step changed: live_files(), and more. Called with NULL
	 * where nothing changed. */
	void (*files)(const struct change_list *l, void *arg);
	void *files_arg;
};

struct screen;
struct screen *screen_new(const struct screen_opts *o);
void screen_free(struct screen *s);
struct sink screen_sink(struct screen *s);
/* While the program works: keys are kept, the status ticks. */
void screen_busy(struct screen *s, bool busy);
/* Steps of this executor have terminals, which the user's can be attached to: see
 * screen_attach.c. `always`: from the beginning of each step on. */
struct executor;
void screen_set_executor(struct screen *s, struct executor *x, bool always);
bool screen_attaches(const struct screen *s);
/* Takes the terminal back from the step under way; true when it had it. And gives it again. */
bool screen_detach(struct screen *s);
void screen_attach(struct screen *s);
/* Where notices go while it reads; NULL: there is no prompt any more. */
struct line;
void screen_set_line(struct screen *s, struct line *l);
/* The size of the terminal changed. */
void screen_resized(struct screen *s);
/* Answer bytes that were held back by final_only are dropped or shown at reply_end. */

#endif
