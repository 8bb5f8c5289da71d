/* The detector of instruction-like text in what tools return. Pure, streaming, bounded.
 *
 * It chooses what the user is shown and when a local output asks for the question (gate.md,
 * rule 2a). It is not the gate: what it misses is still held by provenance.
 *
 *	struct scan *s = scan_new();
 *	scan_feed(s, p, n);			   any chunks: the hits do not depend on the cuts
 *	const struct scan_report *r = scan_end(s); r->alarm, r->hits; borrowed from s
 *	scan_free(s);
 *
 * Offsets are bytes of the input from its first byte; lines are counted from 1 by LF. Memory is
 * bounded by SCAN_LINE_MAX and SCAN_HITS_MAX whatever is fed. */
#ifndef SUNABA_GATE_SCAN_H
#define SUNABA_GATE_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "agent/base/buf.h"

#define SCAN_HITS_MAX  64	   /* hits kept; further ones are counted in `dropped` */
#define SCAN_LINE_MAX  (64 * 1024) /* bytes looked at as one piece; longer lines are cut */
#define SCAN_THRESHOLD 10	   /* score from which the report is an alarm */

/* What a piece of text does. The row of a name is in scan_group_name(). */
enum scan_group {
	SCAN_OVERRIDE, /* sets earlier instructions aside */
	SCAN_ADDRESS,  /* speaks to the model, or gives it a new part to play */
	SCAN_ROLE,    /* looks like a chat template, a role or the end of a tool's result */
	SCAN_SECRECY, /* asks to keep something from the user, or not to ask */
	SCAN_DEMAND,  /* asks to run, fetch, send, delete or pay something */
	SCAN_EXFIL,   /* sends data out: URLs with places to fill in, pictures */
	SCAN_FAKE,    /* a made-up approval, question or system message */
	SCAN_REPLY,   /* says what the answer has to say or look like */
	SCAN_LEAK,    /* asks for the prompt, keys or what was said before */
	SCAN_HIDDEN,  /* text that people do not see: tags, conceal, comments with orders */
	SCAN_GROUPS,
};

/* How the text was written; several may hold. */
enum scan_how {
	SCAN_PLAIN = 0,
	SCAN_INVISIBLE = 1, /* zero-width, tag or bidi characters among the letters */
	SCAN_LOOKALIKE = 2, /* letters of another script, digits for letters, s p a c e d */
	SCAN_ENCODED =
	    4, /* base64, hex, percent, entities, \u, a shifted alphabet, reversed */
	SCAN_UNSEEN = 8, /* hidden by HTML, by ANSI sequences or overwritten */
};

struct scan_hit {
	uint64_t start, end; /* input bytes [start, end), from sentence to sentence */
	uint64_t first_line, last_line; /* 1-based, of the bytes above */
	enum scan_group group;		/* the strongest of those found there */
	unsigned groups;		/* bit 1 << group for each of them */
	unsigned how;			/* bits of enum scan_how */
	unsigned weight;		/* evidence summed up within the sentence */
};

struct scan_report {
	const struct scan_hit *hits; /* in order of start; weight >= SCAN_THRESHOLD */
	size_t nhits;
	uint64_t dropped; /* hits beyond SCAN_HITS_MAX */
	uint64_t bytes, lines;
	unsigned score; /* the largest weight: length alone raises no alarm */
	bool alarm;	/* score >= SCAN_THRESHOLD */
};

struct scan;

struct scan *scan_new(void);
void scan_free(struct scan *s); /* NULL is fine */
void scan_feed(struct scan *s, const char *p, size_t n);
/* Ends the text. The report belongs to s and lives until scan_free(); feeding after the end is
 * a bug. A second call gives the same report. */
const struct scan_report *scan_end(struct scan *s);

/* A whole text at once; the caller frees with scan_free(). */
struct scan *scan_text(const char *p, size_t n, const struct scan_report **report);

/* "override", "demand": for events and tests. */
const char *scan_group_name(enum scan_group g);

/* Lines of the text `p[0..n)` that was scanned, [*from, *to), that hold hit `h` (the LF of the
 * last is not among them). For display: the bytes are hostile and must be escaped. */
void
scan_hit_lines(const struct scan_hit *h, const char *p, size_t n, size_t *from, size_t *to);

#endif
