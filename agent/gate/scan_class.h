/* Classes of characters for the tokeniser, and its small parts. Not for others. */
#ifndef SUNABA_GATE_SCAN_CLASS_H
#define SUNABA_GATE_SCAN_CLASS_H

#include "agent/gate/scan_int.h"

enum core_class {
	K_OTHER, /* nothing to do but to go on */
	K_SPACE, /* nor here */
	K_LETTER,
	K_DIGIT,
	K_WIDE,
	K_STOP,	  /* . ! ? and what has been made a break */
	K_CLAUSE, /* : ; " ' ( and others behind which a clause may begin */
	K_MARK,	  /* < [ > */
	K_AT,
	K_DOLLAR,
	K_OPEN, /* a clause may begin behind it, and nothing else */
	K_TICK,
};

/* What a character means beside a word, one bit each. */
enum core_side {
	S_SOLID = 1,  /* behind letters: they may be part of an encoded run */
	S_CODE = 2,   /* before letters: an identifier or a path */
	S_GROUP = 4,  /* between digits */
	S_ITEM = 8,   /* first on a line: it begins something new */
	S_AFTER = 16, /* behind a full stop: it ended a sentence */
	S_STOP = 32,  /* may end a sentence itself */
};

extern const uint8_t scan_class[256], scan_side[256];

static inline bool
core_is(const char *p, size_t n, size_t i, enum core_class k)
{
	return i < n && scan_class[(unsigned char)p[i]] == k;
}

static inline bool
core_beside(char c, unsigned what)
{
	return scan_side[(unsigned char)c] & what;
}

#define POS_WORD      2	 /* half words */
#define POS_YOURS     4	 /* between "your" and its word */
#define POS_LINE      4	 /* what a line's end counts */
#define SPACED_MIN    5	 /* lone letters that are read as a word */
#define SOLID_LETTERS 24 /* in a row, that may be base64 */
#define GLUED_MIN     14 /* letters of a word that may be several */

/* Letters from l->p[i], maybe beyond l->n; *hash as scan_hash() gives it for SCAN_WORD_MAX at the
 * most. */
size_t scan_letters(const struct scan_line *l, size_t i, uint64_t *hash);
/* Each reads what begins at i, enters its tokens and returns its end. */
size_t scan_number(struct scan *s, const struct scan_line *l, size_t i, size_t *checked);
size_t scan_address(struct scan *s, const struct scan_line *l, size_t i, size_t skip);
size_t scan_tick(struct scan *s, const struct scan_line *l, size_t i);
/* Meanings of a word that what stands beside it may take away, or tell more of. */
#define SCAN_BESIDE (C(MY) | C(MODEL) | C(ONE) | C(MUST) | C(PLEASE) | C(ONLY) | C(NOTE))
/* What of `what` the word l->p[i..end) means there; adds to *place. */
uint64_t scan_beside(const struct scan_line *l, size_t i, size_t end, uint64_t what,
		     unsigned *place);
/* The end of the option whose dash is at i; i: none begins or goes on there. */
size_t scan_option(const struct scan_line *l, size_t i);
/* Nothing of what was read so far has a say in what follows. */
static inline bool
scan_calm(const struct scan_ctx *x)
{
	return x->ntok == 0 && x->heat == 0;
}

/* Reads from i to byte `until`, and on until nothing of it matters any more or the line ends;
 * returns how far. */
size_t scan_read(struct scan *s, const struct scan_line *l, size_t i, size_t until,
		 size_t *checked);
/* Ends the sentence; what follows begins a clause. */
void scan_stop(struct scan *s, struct scan_ctx *x);

/* What is read now is not shown. */
static inline bool
scan_unseen(const struct scan_ctx *x)
{
	return x->comment || x->unseen;
}

/* The line p[0..n) ends the sentence before it: it is empty, a list item, a heading. */
static inline bool
scan_line_item(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && scan_class[(unsigned char)p[i]] == K_SPACE)
		i++;
	return i == n || core_beside(p[i], S_ITEM);
}

static inline void
scan_line_start(struct scan *s, const struct scan_line *l)
{
	struct scan_ctx *x = &s->ctx[l->depth];

	if (l->joined)
		return;
	x->pos += POS_LINE;
	x->place |= P_LINE;
	if (scan_line_item(l->p, l->n))
		scan_stop(s, x);
}

#endif
