/* Whole outputs of earlier steps, page by page: what the tool `output {step, from, lines}` gives.
 *
 * A long output lies in its spill file, a short one is kept here while all of those take at most
 * OUTPUTS_KEEP_MAX bytes; the oldest go first. Pages are made of rows: a line, or a part of a
 * line longer than OUTPUT_ROW_MAX, so that every byte can be reached. Text is folded row by row
 * as in fold.h. */
#ifndef SUNABA_TOOLS_OUTPUT_H
#define SUNABA_TOOLS_OUTPUT_H

#include "agent/base/buf.h"
#include "tools/execute.h"

#define OUTPUT_LINES_MAX 400	    /* rows of a page */
#define OUTPUT_LINES	 200	    /* when the model does not say */
#define OUTPUT_BYTES_MAX (16 * KIB) /* of a page's text */
#define OUTPUT_ROW_MAX	 (4 * KIB)  /* bytes, then a line goes on in the next row */
#define OUTPUTS_KEEP_MAX MIB	    /* bytes of short outputs */

struct output_kept {
	unsigned step;
	char *path;    /* spill file, or NULL: */
	char *text;    /* as the model got it; NULL when it was dropped */
	size_t bytes;  /* written by the code; of `path` maybe less is in there */
	bool partial;  /* the text is not the whole, and there is no file */
	char *binary;  /* what it is when it is no text, or NULL */
	unsigned mark; /* the caller's word on where it is from; not looked at here */
};

/* Zeroed, it is empty. */
struct outputs {
	struct output_kept *at; /* by step, rising */
	size_t n;
	size_t kept; /* bytes of all texts */
};

struct output_ask {
	int64_t step;
	int64_t from;  /* row, from 1; negative: counted from the end, -1 the last */
	int64_t lines; /* at most; 0: OUTPUT_LINES */
};

void outputs_add(struct outputs *o, unsigned step, const struct step_result *r);
/* Marks the output that was added last. */
void outputs_set_mark(struct outputs *o, unsigned step, unsigned mark);
/* The mark of that step's output; UINT_MAX: there is none. */
unsigned outputs_mark(const struct outputs *o, int64_t step);
void outputs_release(struct outputs *o); /* the files stay */
/* A line of facts in brackets and the rows; or what there is instead, in words for the model.
 * False in the second case. `out` must hold OUTPUT_BYTES_MAX and 1 KiB more. */
bool output_page(const struct outputs *o, const struct output_ask *ask, struct buf *out);

#endif
