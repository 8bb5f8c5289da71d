/* Output of programs as text: what a terminal would show in the end, without its escapes.
 *
 * Bytes go in as they come, in any cut; UTF-8 comes out. A carriage return starts the line
 * afresh (the last state wins, "\r\n" is a line's end), a backspace takes one character back,
 * escape sequences go whole (CSI, OSC, DCS, APC, PM, SOS, also in their C1 form), other control
 * characters but \n and \t go, ill-formed UTF-8 becomes U+FFFD. Time is linear, memory is
 * FOLD_LINE_MAX. For a screen, colours can stay: as marks of sgr.h among the text. */
#ifndef SUNABA_TOOLS_FOLD_H
#define SUNABA_TOOLS_FOLD_H

#include "agent/base/buf.h"
#include "tools/sgr.h"

#define FOLD_LINE_MAX	(64 * KIB) /* bytes of a line that \r and \b can still reach */
#define FOLD_CSI_MAX	256	   /* bytes of a CSI sequence; a longer one ends there */
#define FOLD_PARAMS_MAX 64	   /* bytes of an SGR sequence; a longer one says nothing */
#define FOLD_STRING_MAX (64 * KIB) /* bytes of an OSC, DCS, … without its end */

/* Gets whole characters, n > 0. */
typedef void fold_sink_fn(const char *p, size_t n, void *arg);

enum fold_state {
	FOLD_TEXT,
	FOLD_ESC,      /* behind ESC */
	FOLD_ESC_MORE, /* behind ESC and an intermediate byte */
	FOLD_CSI,
	FOLD_OSC,     /* ends at a newline too: that is never part of one */
	FOLD_STRING,  /* DCS, APC, PM, SOS */
	FOLD_OSC_ESC, /* ESC within an OSC: ST, or a new sequence */
	FOLD_STRING_ESC,
};

struct fold {
	fold_sink_fn *sink;
	void *arg;
	struct buf line; /* the line that may still change */
	bool returned;	 /* a \r was last: what comes next begins the line again */
	enum fold_state state;
	size_t taken;	      /* bytes of the sequence that is under way */
	unsigned char before; /* the last byte of a string: U+009C ends it too */
	char held[4];	      /* start of a character whose rest has not come */
	size_t nheld;
	bool colours; /* marks are wanted */
	bool marked;  /* `shown` is what the last mark among the line's text says */
	struct sgr sgr, shown;
	char params[FOLD_PARAMS_MAX]; /* of the CSI sequence that is under way */
};

void fold_init(struct fold *f, fold_sink_fn *sink, void *arg);
/* The same; SGR sequences become marks. The state before the first one is the plain one. */
void fold_init_colours(struct fold *f, fold_sink_fn *sink, void *arg);
void fold_release(struct fold *f);
void fold_feed(struct fold *f, const char *p, size_t n);
/* The end of the output: what is held goes to the sink. */
void fold_end(struct fold *f);

#endif
