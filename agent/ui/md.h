/* Markdown to rows, streamed: what is fed comes out as committed rows exactly once, and the
 * result does not depend on where the stream was cut.
 *
 * Parser: plain libcmark (CommonMark 0.30); GFM tables, task lists, strikethrough and bare
 * links are layers over its tree. A top-level block is final once the next one has begun; a
 * fence's lines and finished list items are final at once. */
#ifndef SUNABA_UI_MD_H
#define SUNABA_UI_MD_H

#include "agent/ui/row.h"

struct md_opts {
	int width;     /* columns; prose is wrapped at MIN(width, max_width) */
	int max_width; /* 0: 100 */
	bool unicode;  /* bullets, box drawing; else ASCII */
	bool attrs;    /* bold and italic can be shown; else *i* and **b** stay literal */
	bool color;
	bool links;    /* OSC 8; else "text (url)" */
	bool japanese; /* words of our own: 画像, not image */
	/* A row that is final. Borrowed for the call. */
	void (*commit)(const struct row *r, void *arg);
	/* The unfinished end as it would look now; n 0: none. NULL: not wanted. */
	void (*tail)(const struct row *rows, size_t n, void *arg);
	void *arg;
};

struct md;
struct md *md_new(const struct md_opts *o);
void md_free(struct md *m);
void md_feed(struct md *m, const char *p, size_t n); /* any bytes, any split */
void md_finish(struct md *m);		 /* commits what is left; can be fed again */
void md_resize(struct md *m, int width); /* for what is not committed yet */
/* Draws the tail now, if it changed. The caller limits how often. */
void md_refresh(struct md *m);

#endif
