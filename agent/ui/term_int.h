/* What the files of the terminal writer share; for term*.c only. */
#ifndef SUNABA_UI_TERM_INT_H
#define SUNABA_UI_TERM_INT_H

#include <termios.h>

#include "agent/ui/term.h"

#define TERM_FRAME_MS	 50		/* at most 20 frames in a second */
#define TERM_TAIL_ROWS	 20		/* rows of the live tail at the most */
#define TERM_PENDING_MAX (16 * MIB)	/* bytes waiting to be written */
#define TERM_WRITE_AT	 (64 * KIB)	/* bytes after which we write without being asked */
#define TERM_KEYS_MAX	 ((size_t)4096) /* bytes of type-ahead */

/* What a descriptor understands. */
struct term_face {
	bool sgr; /* attributes */
	bool color;
	bool links; /* OSC 8 */
	bool move;  /* the cursor can be put at a column */
};

struct term_sink {
	int fd;
	bool tty;
	bool gone;  /* the reader went away: drop quietly */
	int failed; /* errno of the first other failure */
	struct term_face face;
	struct buf pending;
};

struct term {
	struct term_opts o;
	struct term_sink out, err, ask; /* ask.fd -1: no controlling terminal */
	bool live;			/* a tail can be drawn on out */
	bool unicode;
	int width, height;

	/* Rendered rows, each with a newline behind. */
	struct buf commit; /* to go above the tail */
	struct buf tail;   /* as it should look */
	struct buf drawn;  /* as it looks; the cursor is at the end of its last row */
	struct buf status; /* one row or nothing */
	struct buf frame;
	bool changed; /* tail or status since the last frame */
	bool moved;   /* the screen was resized: drawn rows may be anywhere */
	bool suspended;
	int pace_ms;
	int64_t last_frame_ms;

	char held[4]; /* of the answer's source: start of a sequence, or a CR */
	size_t nheld;

	struct term_attached *attached; /* a step's program owns the screen; or NULL */
	struct term_program *program;	/* what a program has on it; or NULL */
	struct loop *keys_loop;		/* NULL: not watching */
	term_keys_fn *on_keys;		/* sees them first; or NULL */
	void *on_keys_arg;
	struct loop *resume_loop;
	struct buf keys;

	struct canvas canvas;
	bool canvas_known;
	int64_t answer_ms; /* until then an answer may still come; 0: none is missing */
};

/* term_sgr.c: a row as bytes. clip 0: whole; else at most so many columns. */
void term_render(struct buf *out, const struct row *r, const struct term_face *f, int clip);
/* term_frame.c */
void term_frame(struct term *t, bool force);
void term_set_tail(struct term *t, const struct row *rows, size_t n);
/* term_sink.c */
void term_sink_write(struct term_sink *s, const char *p, size_t n);
void term_sink_flush(struct term_sink *s);
void term_source_end(struct term *t);
/* term_env.c: what the environment and the descriptors say. */
void term_probe_env(struct term *t);
void term_probe_size(struct term *t);
/* term_keys.c */
void term_keys_arm(const struct term *t); /* for term_restore() */
void term_keys_disarm(void);
/* Keys one by one, unechoed, and as it was. False: there is no terminal of ours. */
bool term_modes(struct term *t, bool on);
/* All keys come as bytes, Ctrl-C too, and the screen is another's: what a signal handler has to
 * undo. *before and *raw are filled. False when the terminal is not ours. */
bool term_raw_enter(struct term *t, struct termios *before, struct termios *raw);
void term_raw_leave(void);
bool term_raw_stopped(void); /* the program was stopped and goes on, since the last call */

#endif
