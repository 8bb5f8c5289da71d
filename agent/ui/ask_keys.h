/* Keys for a question: one at a time, and only those pressed after the question was seen. */
#ifndef SUNABA_UI_ASK_KEYS_H
#define SUNABA_UI_ASK_KEYS_H

#include "agent/base/loop.h"
#include "agent/ui/term.h"

#define ASK_QUIET_MS  400 /* after drawing: keys are thrown away */
#define ASK_AGAIN_MS  200 /* more of it after each key thrown away: somebody is typing */
#define ASK_SETTLE_MS 30  /* bytes that come within this belong together */
#define ASK_DRAG_MS   100 /* sizes that change within this are one change */
#define ASK_BURST_MAX 64  /* bytes of a burst that are kept */

enum ask_event {
	ASK_KEY,       /* one byte, alone */
	ASK_BURST,     /* several: pasted, an arrow key, or a hurried hand */
	ASK_EOF,       /* Ctrl-D */
	ASK_GONE,      /* the terminal hung up */
	ASK_INTERRUPT, /* Ctrl-C or a termination; stays counted */
	ASK_RESIZE,    /* or the program was stopped and goes on; no key before it counts */
};

struct ask_keys {
	struct term *t;
	struct loop *l;
	int fd;
	bool ready;
	int64_t quiet_until; /* clock_ms() */
	char bytes[ASK_BURST_MAX];
	size_t n;
};

/* Takes the terminal's keys one by one, unechoed; false when there is none. Type-ahead stops. */
bool ask_keys_open(struct ask_keys *k, struct term *t, struct loop *l);
void ask_keys_close(struct ask_keys *k); /* as it was; what is unread is thrown away */
/* Call after drawing: throws away what was typed till now and in the next ASK_QUIET_MS. */
void ask_keys_quiet(struct ask_keys *k);
/* Draws what is pending and waits. The bytes of ASK_KEY and ASK_BURST are in k->bytes. */
enum ask_event ask_keys_next(struct ask_keys *k);

#endif
