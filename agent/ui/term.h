/* The one writer to the terminal.
 *
 * It owns standard output, and standard error or /dev/tty where questions and progress go. Rows
 * are committed for good, above a live tail of a few rows that may be redrawn (spinner, the
 * unfinished end of an answer). Each frame is one write(2). Span text passes the character gate
 * (gate classes of rule 7.1 in the terminal's design: control, bidi and invisible characters
 * become visible or are dropped and counted) before any escape sequence is put around it. */
#ifndef SUNABA_UI_TERM_H
#define SUNABA_UI_TERM_H

#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/ui/canvas.h"
#include "agent/ui/row.h"

enum term_when { TERM_AUTO, TERM_ALWAYS, TERM_NEVER };

struct term_opts {
	enum term_when color; /* NO_COLOR and CLICOLOR_FORCE are read under TERM_AUTO */
	bool plain;	      /* layout without escape sequences, ASCII markers */
	bool raw;	      /* standard output: exact bytes */
	int width;	      /* 0: ask the terminal, COLUMNS, else 80 */
	bool quiet;	      /* no progress, no notices; errors still */
};

struct term;
struct term *term_new(const struct term_opts *o);
/* Ends the live tail, restores modes and cursor, frees. Also reachable by mem_die(). */
void term_free(struct term *t);
void term_restore(void); /* async-signal-safe: modes, cursor, bracketed paste */

bool term_out_tty(const struct term *t); /* standard output is a terminal */
bool term_err_tty(const struct term *t);
bool term_can_ask(const struct term *t); /* keys can be read from a controlling terminal */
bool term_esc(const struct term *t);	 /* escape sequences are allowed */
bool term_color(const struct term *t);	 /* colours are allowed on standard output */
bool term_links(const struct term *t);	 /* the terminal is known to draw OSC 8 links */
bool term_unicode(const struct term *t);
/* Where keys come from: standard input if it is a terminal, else the controlling terminal; -1:
 * none. Borrowed. */
int term_key_fd(const struct term *t);
int term_width(const struct term *t); /* columns, 20 at least */
int term_height(const struct term *t);
void term_resized(struct term *t); /* after SIGWINCH */
/* Somebody else wrote on the screen (a shell, after Ctrl-Z): the tail is drawn anew below. */
void term_lost(struct term *t);

/* Where a row goes. */
enum term_to {
	TERM_ANSWER, /* standard output: the model's answer and nothing else */
	TERM_SIDE, /* standard error: progress, questions, warnings; on a terminal the same
			screen as the answer, in order with it */
	TERM_ASK,  /* a question that somebody must see: as TERM_SIDE where that is a
			terminal, else the controlling terminal */
};
/* Commits a row for good. On a terminal it appears above the tail. */
void term_row(struct term *t, enum term_to to, const struct row *r);
/* One line of a style; newlines in the text make further rows. Lines of STYLE_DIM and
 * STYLE_NOTICE for TERM_SIDE are left out when quiet. */
void term_line(struct term *t, enum term_to to, enum style_name s, const char *text);
void term_linef(struct term *t, enum term_to to, enum style_name s, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* Errors as every command prints them: "sunaba: message\n  hint". */
void term_error(struct term *t, const struct err *e);
/* What pictures are drawn with. The first call may ask the terminal, for 100 ms at the most; what
 * is typed meanwhile is kept for the next prompt. Borrowed. */
const struct canvas *term_canvas(struct term *t);
/* Bytes that came from the keyboard without a late answer to that question; how many are left. */
size_t term_without_answer(struct term *t, char *p, size_t n);
/* Commits what draws a picture on that canvas, made by us, above the tail, and writes it. False:
 * it holds something else, and nothing was written. */
bool term_picture(struct term *t, const char *p, size_t n);
/* Answer text when standard output is no terminal: the Markdown source, made safe unless raw,
 * flushed as it comes. */
void term_source(struct term *t, const char *p, size_t n);
/* The live tail: replaces the last one; n 0 takes it away. Ignored where it cannot be drawn. */
void term_tail(struct term *t, const struct row *rows, size_t n);
/* A one-line status below the tail ("thinking… 3 s"); NULL takes it away. */
void term_status(struct term *t, const char *text);
/* Writes what is pending; a frame in which nothing but the tail changed waits until 50 ms
 * have gone by since the last one. ERR_IO once standard output failed (disk full); a reader that went
 * away (EPIPE) is no error: later output is dropped quietly. */
enum err_kind term_flush(struct term *t, struct err *e);
/* Milliseconds between frames in which nothing but the tail changed; 50 unless set. 0 makes
 * every flush a frame, which tests want. */
void term_set_pace(struct term *t, int ms);
/* True when the next flush draws a frame: the moment for md_refresh(). Rows that wait to be
 * committed need it, or the tail would show them once more. */
bool term_ready(const struct term *t);
/* Milliseconds until a waiting frame may be drawn by term_flush(); -1: none waits. */
int term_due_ms(const struct term *t);
/* Keys one by one, unechoed, for a dialog; bracketed paste is on meanwhile, so that a paste can
 * be told from keys. Off: as it was. False when there is no terminal of ours. Type-ahead must
 * be off. */
bool term_key_mode(struct term *t, bool on);
/* Starts and ends a stretch in which readline or an editor owns the screen. */
void term_suspend(struct term *t);
void term_resume(struct term *t);
/* For the editor that owns the screen: a row as bytes, its escape sequences between \001 and
 * \002 as readline wants them; and a new row below everything, what stood there erased. */
void term_prompt(const struct term *t, struct buf *out, const struct row *r);
void term_below(struct term *t);
/* Reads keys while the program works: type-ahead is kept for the next prompt, Ctrl-C counts as
 * SIGINT. The bytes kept are handed over once. */
void term_typeahead(struct term *t, struct loop *l, bool on);
size_t term_take_typeahead(struct term *t, char *out, size_t max);
/* Keys typed ahead are shown to `fn` as they come, and what was typed before them; it takes what
 * concerns it out of `keys`. NULL: nobody. */
typedef void term_keys_fn(struct buf *keys, void *arg);
void term_on_keys(struct term *t, term_keys_fn *fn, void *arg);

/* ---- a step's program owns the screen ---- */

/* Whether it can be given away: keys come from a terminal, and there is one to write to. */
bool term_can_attach(const struct term *t);
/* What the writer has to show waits from now on; keys go to `fn`, raw, as they come. False when
 * the terminal is not ours. term_attach_begin() then shows what the program has there. */
typedef void term_typed_fn(const char *p, size_t n, void *arg);
bool term_attach(struct term *t, struct loop *l, term_typed_fn *fn, void *arg);
void term_attach_begin(struct term *t);
/* Bytes of the program from one of its streams (1 to TERM_STREAMS), through the allow-list of
 * vt.h. Attached or not, the screen is kept in mind; only what came since the last line's end,
 * or since the program took the whole screen, is shown when it is attached to. */
#define TERM_STREAMS 3
void term_attach_put(struct term *t, int stream, const char *p, size_t n);
/* A line of our own on the attached screen; never while a program has the whole of it. */
void term_attach_say(struct term *t, const char *text);
/* The screen and the modes of the terminal are ours again. */
void term_detach(struct term *t);
/* No program has anything on the screen any more. */
void term_attach_forget(struct term *t);
bool term_attached(const struct term *t);
/* The size in characters; false: not known. */
struct winsize;
bool term_winsize(const struct term *t, struct winsize *size);
/* Whether the screen must be drawn anew, because it was another's meanwhile (Ctrl-Z). */
bool term_attach_lost(struct term *t);

#endif
