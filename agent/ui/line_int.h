/* What the files of the line editor share; for line*.c only. */
#ifndef SUNABA_UI_LINE_INT_H
#define SUNABA_UI_LINE_INT_H

#include "agent/ui/line.h"

#define LINE_SETTLE_MS 30   /* bytes that come within this belong together */
#define LINE_AFTER_MS  1000 /* after a paste: a burst that ends in Enter may be its rest */
#define LINE_QUIT_MS   1000 /* two Ctrl-C within this: leave */

struct line {
	struct term *t;
	struct loop *l;
	char *history;
	struct line_command *commands;
	size_t ncommands;
	bool danger;
	const char *below_command, *below; /* of struct line_opts */
	bool loaded;			   /* readline and the history are set up */

	int fd;
	struct buf in; /* bytes read, not yet taken by readline */
	bool burst;    /* more than one byte came at once */
	bool eof, ready;
	int64_t paste_end_ms, cancel_ms; /* clock_ms() of the last; 0: never */

	bool reading, done; /* a prompt is shown; readline handed its line over */
	char *result;	    /* NULL with done: end of file */
	const char *prefill;
	struct buf notices; /* texts that came while readline was inside a key */
	int inside;
};

/* The editor that readline's hooks, which take no argument, belong to. */
extern struct line *line_now;

/* line_rl.c: readline's side. */
void line_rl_setup(struct line *n);
void line_rl_begin(struct line *n, const char *prompt);
void line_rl_end(struct line *n);  /* takes readline away; the cursor is on a new row */
void line_rl_take(struct line *n); /* gives readline what is in n->in */
void line_rl_resized(struct line *n);
bool line_rl_print(struct line *n, enum style_name s, const char *text);
/* line_keys.c: our own editing keys. */
void line_keys_bind(void);
/* line_feed.c: bytes from the terminal. */
void line_feed_watch(struct line *n, bool on);
bool line_feed_more(struct line *n, int timeout_ms); /* reads; false: nothing came */
/* A paste at the front of n->in, whole, goes to *text: its bytes are taken; false: there is
 * none. */
bool line_feed_paste(struct line *n, struct buf *text);
/* line_plain.c: standard input is no terminal. */
enum line_end line_plain_read(struct line *n, struct buf *out);
/* complete.c */
void complete_setup(void);

#endif
