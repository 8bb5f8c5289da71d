/* Words and hosts that look like something else. Pure. */
#ifndef SUNABA_GATE_SUSPECT_H
#define SUNABA_GATE_SUSPECT_H

#include "agent/base/buf.h"

enum suspect {
	SUSPECT_NONE,
	SUSPECT_MIXED, /* a word of Latin letters and look-alikes of another script */
	SUSPECT_HOST,  /* the host of a URL that is not plain ASCII */
};

/* Looks at the word, or behind "://" at the host, that begins at p[i]. *len is its length in
 * bytes whatever the answer, so that a walker need not look into it again; 0: none begins. */
enum suspect suspect_at(const char *p, size_t n, size_t i, size_t *len);
/* Says in a few words what is wrong with it: "mixed script: р а (Cyrillic)". The text is safe
 * to show: letters only. */
void suspect_describe(struct buf *out, enum suspect kind, const char *p, size_t n,
		      bool japanese);

#endif
