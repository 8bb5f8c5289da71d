/* A text being walked by windows. Not for others; see scan_walk.c. */
#ifndef SUNABA_GATE_SCAN_WALK_H
#define SUNABA_GATE_SCAN_WALK_H

#include "agent/gate/scan_class.h"
#include "agent/gate/scan_window.h"

/* A text being walked: a line, or several with an LF behind each. */
struct walk {
	struct scan *s;
	struct scan_ctx *x;
	struct scan_line
	    l;	    /* from the first byte; `n` up to the end of the line looked at */
	size_t n;   /* bytes */
	bool lines; /* several */
	bool last;  /* its end is the end of a sentence */
	/* Where reading would begin; s and x are what they are there. */
	size_t back, back_checked;
	/* The end of the last word, and what is there. */
	struct {
		size_t at;
		uint64_t line;
		bool tag, block;
	} word;
	size_t base;	      /* of the window */
	size_t next;	      /* where the next one begins */
	size_t end;	      /* bit where this one ends */
	size_t checked;	      /* for scan_solid_look() */
	uint64_t line;	      /* number of the line at `base` */
	uint64_t seen;	      /* what the words since the last certain end may mean */
	uint64_t loose;	      /* of it, what is in no token of s->near[0..nnear) */
	size_t nnear, nspans; /* of s->near, s->span */
	bool crowded;	      /* there are more */
	uint64_t wanted;      /* what is in the window that is not told by letters */
	bool tag, block;      /* at `base` */
	struct scan_window w;
	uint64_t words, numbers; /* first bytes */
	uint64_t hung, hangs;	 /* apostrophes, and what hangs by them */
	uint64_t joined;	 /* words by one, of which reading begins with the first */
	uint64_t apart, within;	 /* of words: see walk_apart() */
	uint64_t inner;		 /* other bytes of them */
	uint64_t stops;		 /* a sentence certainly ends before this byte or with it */
	uint64_t marks, tags,
	    blocks; /* where markup begins or ends, and inside of what then */
};

/* The first n bits, n < 64. */
static inline uint64_t
walk_below(size_t n)
{
	return (UINT64_C(1) << n) - 1;
}

/* The index of the highest bit. */
static inline size_t
walk_top(uint64_t bits)
{
	return 63 - (size_t)__builtin_clzll(bits);
}

/* False: a sentence whose words mean `seen` is certainly no hit and prepares none. */
static inline bool
walk_may(const struct walk *k, uint64_t seen)
{
	return scan_may(k->s, seen, scan_unseen(k->x));
}

/* What hangs by apostrophes on words [from, to) of the window. */
static inline uint64_t
walk_hung(const struct walk *k, size_t from, size_t to)
{
	return k->hung & walk_below(to) & ~walk_below(from) ? k->hangs : 0;
}

/* A new sentence begins, of which there is nothing yet but what `loose` means. */
static inline void
walk_begins(struct walk *k, uint64_t loose)
{
	k->seen = k->loose = loose;
	k->nnear = k->nspans = 0;
	k->crowded = false;
}

/* The end of the line in which byte i is. */
size_t walk_line_end(const struct walk *k, size_t i);
/* Looks at the bits of `odd` up to the window's end, which may come nearer. */
void walk_look(struct walk *k, uint64_t odd);
/* Follows markup through the window. */
void walk_markup(struct walk *k, uint64_t events);
/* Passes text beyond ASCII at k->base; false: what is before k->next has to be read. */
bool walk_wide(struct walk *k);

#endif
