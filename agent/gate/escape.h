/* Untrusted bytes as a view that hides nothing and can be turned back.
 *
 * For code that is to be run, and for names, reasons and other words from outside. Letters,
 * digits and symbols stand for themselves. Everything else is written out in brackets:
 *
 *   ⟨U+202E RLO⟩   a code point that is invisible, moves others, or is not assigned
 *   ⟨\xFF⟩         a byte that is not UTF-8
 *   ⟨SP×12⟩ ⟨TAB⟩ ⟨CR⟩ ⟨LF×5⟩   spaces that would not be seen, folded blank lines
 *   ⇥ and 3 spaces a tab in the indentation;   □   one ideographic space
 *
 * ⟨, □ and ⇥ themselves are written ⟨U+27E8⟩ and so on: the view cannot be forged, and
 * escape_decode() gives the bytes back. Where the terminal has no Unicode the brackets are
 * < and >, the sign × is *, and every byte beyond ASCII is written out. Pure. */
#ifndef SUNABA_GATE_ESCAPE_H
#define SUNABA_GATE_ESCAPE_H

#include "agent/base/buf.h"

enum escape_mode {
	ESCAPE_ASCII = 1 << 0,	  /* the view is ASCII */
	ESCAPE_ONE_LINE = 1 << 1, /* newlines become ⟨LF⟩: names, reasons */
	ESCAPE_JAPANESE = 1 << 2, /* the notes are Japanese */
};

enum escape_kind {
	ESCAPE_TEXT,	/* as in the source */
	ESCAPE_SUSPECT, /* as in the source, part of a deceiving word or host */
	ESCAPE_BLANK,	/* a stand-in for white space: □, ⇥ */
	ESCAPE_MARK,	/* one bracket */
	ESCAPE_NEWLINE, /* "\n" */
	ESCAPE_NOTE,	/* words about the stretch that follows; no part of the view */
};

/* How many of each were met. */
struct escape_findings {
	size_t control, bidi, invisible, unassigned, bad_bytes;
	size_t marks;	  /* combining marks beyond two, or without a base */
	size_t mixed;	  /* words of mixed script */
	size_t hosts;	  /* hosts beyond ASCII */
	size_t rtl;	  /* right-to-left letters */
	size_t fullwidth; /* full-width ASCII outside strings and comments */
	size_t spaces;	  /* spaces other than U+0020 and U+3000 */
	size_t lines;	  /* a last line without newline counts */
	bool no_final_newline;
};

typedef void escape_fn(enum escape_kind kind, const char *p, size_t n, void *arg);

/* Calls fn with the view piece by piece and adds to *f; either may be NULL. */
void escape_walk(const char *p, size_t n, unsigned mode, escape_fn *fn, void *arg,
		 struct escape_findings *f);
/* Bytes of the view for one of the source, at most. */
#define ESCAPE_GROWTH 24
/* The view as text; false when the buffer's bound was met (it is full up to there). */
bool escape_text(struct buf *out, const char *p, size_t n, unsigned mode);
/* The bytes of a view; false when it is none, or the buffer's bound was met. */
bool escape_decode(struct buf *out, const char *p, size_t n, unsigned mode);

/* Something that a reader could not have seen, or that deceives: one key is not enough. */
bool escape_is_suspicious(const struct escape_findings *f);
/* "2 invisible, 1 bidi, 1 mixed script" into out; empty when there is nothing to say. */
void escape_summary(struct buf *out, const struct escape_findings *f);
void escape_summary_in(struct buf *out, const struct escape_findings *f, bool japanese);

#endif
