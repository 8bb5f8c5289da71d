/* The output of one step: first and last part for the model, the whole in a file.
 *
 * Raw bytes go in. Memory is bounded by 3 * show + FOLD_LINE_MAX whatever comes. The spill file
 * (mode 0600, made when more than `show` raw bytes have come) holds the raw bytes up to its own
 * bound. A spill that cannot be written costs only the file: collect_spill_error says why. */
#ifndef SUNABA_TOOLS_COLLECT_H
#define SUNABA_TOOLS_COLLECT_H

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "tools/fold.h"
#include "tools/magic.h"

#define COLLECT_LAST_MAX KIB

struct collect {
	struct fold fold;
	size_t half;	    /* bytes of text kept at the start, and at the end */
	struct buf head;    /* the first `half` bytes of text */
	struct buf tail;    /* at most the last 2 * half of the others */
	size_t text_bytes;  /* of folded text in all */
	size_t total_bytes; /* of raw output in all */
	struct buf raw;	    /* until there is a spill file */
	const char *dir;    /* NULL: no spill */
	char *path;	    /* of the spill file, or NULL */
	int fd;		    /* of the spill file, or -1 */
	size_t spill_max, spilled;
	struct buf sniff;	/* the first MAGIC_BYTES */
	struct buf last;	/* the last COLLECT_LAST_MAX raw bytes, or some more */
	struct err spill_error; /* kind ERR_NONE while all is well */
};

/* `dir` is borrowed and made when first needed. */
void collect_init(struct collect *c, size_t show, const char *dir, size_t spill_max);
void collect_release(struct collect *c); /* the file stays */
void collect_add(struct collect *c, const char *p, size_t n);
bool collect_full(const struct collect *c); /* more came than the spill may hold */
/* Ends the output. The text, the caller's: whole, or its two ends around a line that says how
 * much is left out, cut between lines where one ends near by. *omitted: bytes of text left
 * out, of output where that has fewer. */
char *collect_end(struct collect *c, size_t *omitted);
/* Whole lines of text at the end of output that is none, the caller's; or NULL. */
char *collect_last_text(const struct collect *c);
/* "[binary output: 4.2 KB, PNG image 640x480]" when it is no text, the caller's; else NULL.
 * *front: so many of the first bytes, in `sniff`, are whole lines of text before it. */
char *collect_binary(const struct collect *c, size_t *front);

#endif
