/* Between the files that read an action's constants. See link_fold.c. */
#ifndef SUNABA_GATE_LINK_FOLD_H
#define SUNABA_GATE_LINK_FOLD_H

#include "agent/gate/link_int.h"

/* What is read. */
struct fold {
	const char *p;
	size_t n;
	unsigned depth; /* of parentheses and calls around */
	/* The last literal without an end, by mark, and once more where there are three. */
	struct fold_endless {
		size_t from, to;
	} endless[2][3];
};

/* A constant. */
struct value {
	struct buf text;
	bool made;	 /* its letters stood in another form */
	unsigned joined; /* parts put together */
};

/* The word stands at i. */
bool fold_is(const struct fold *f, size_t i, const char *word);
/* Behind the blanks at i, a few. */
size_t fold_blanks(const struct fold *f, size_t i);
/* Part of a name. */
bool fold_name_char(char c);
/* Digits of a base at *i, at most `most`, as many as there are, *i behind them; false: fewer than
 * `least`. */
bool fold_digits(const struct fold *f, size_t *i, int base, size_t least, size_t most,
		 uint32_t *out);
/* What stands at *i is added to v and *i put behind it; false: it is none. A literal from its quotation
 * mark on; "114, 109, 32, 45", which are letters; chr(114). */
bool fold_literal(struct fold *f, size_t *i, struct value *v);
bool fold_codes(const struct fold *f, size_t *i, struct value *v);
bool fold_chr(const struct fold *f, size_t *i, struct value *v);

#endif
