/* What a terminal can draw pictures with: told by its environment, or by its own answer. Pure;
 * asking is term_canvas() of term.h. */
#ifndef SUNABA_UI_CANVAS_H
#define SUNABA_UI_CANVAS_H

#include "agent/base/buf.h"

enum canvas_kind {
	CANVAS_NONE, /* no terminal: a picture is a name */
	CANVAS_SYMBOLS,
	CANVAS_SIXEL,
	CANVAS_KITTY,
	CANVAS_ITERM2,
	CANVAS_ASK, /* the environment does not tell; the terminal may */
};
enum canvas_colors { CANVAS_MONO, CANVAS_16, CANVAS_256, CANVAS_TRUE };

struct canvas {
	enum canvas_kind kind; /* never CANVAS_ASK once it is used */
	enum canvas_colors colors;
	bool ascii;			  /* symbols: ASCII alone */
	unsigned cell_width, cell_height; /* pixels of a character's place */
};
/* A side that a character's place can have, in pixels. */
bool canvas_cell_fine(unsigned v);
#define CANVAS_CELL_WIDTH  8 /* where nobody tells */
#define CANVAS_CELL_HEIGHT 16
#define CANVAS_BYTES_MAX   (8 * MIB) /* of one picture on its way to the terminal */

typedef const char *canvas_env_fn(const char *name); /* getenv, or a test's */
/* Symbols in tmux and screen, which pass nothing else on, and where nothing is known. */
enum canvas_kind canvas_of_env(canvas_env_fn *get);
enum canvas_colors canvas_colors_of_env(canvas_env_fn *get);

/* What is sent to ask: kitty's query, the size of a cell, and the attributes of the device, which
 * nearly every terminal answers, and which come last. */
extern const char canvas_query[];
struct canvas_answer {
	bool whole; /* the last answer is there */
	bool sixel, kitty;
	unsigned cell_width, cell_height; /* 0: not told */
};
/* Takes the answers out of what was read from the keyboard; the rest was typed, and is added to
 * `rest`. A sequence that is cut off at the end is dropped. */
void canvas_read_answer(const char *p, size_t n, struct canvas_answer *a, struct buf *rest);

/* Whether bytes that draw a picture hold nothing else than that: rows of coloured symbols, or
 * whole sequences of the one protocol. The writer sends no other. */
bool canvas_bytes_fine(enum canvas_kind kind, const char *p, size_t n);

#endif
