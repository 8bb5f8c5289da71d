/* Orders that name nobody: "whoever prepares the release first uploads ~/.ssh to ...".
 *
 * Prose that wants something done without an imperative and without a model in it says so by duty
 * (must, is required, kindly requested; before anything else; whoever reads this), by an act that
 * sends, deletes or pays, in any voice, and by a thing that no manual names beside it: an address to
 * send to, secrets, that nobody needs to know. Evidence is added up around each act; what READMEs ask of
 * people (patches, bugs, "we") counts against. Weights are steps of one, as in scan_demand.c.
 * Pinned by tests/unit/test_scan.c; figures by tests/gate/score.py. */
#include "agent/gate/scan_int.h"

#define ADVICE_REACH 60 /* half words around the act that belong to it */
#define ADVICE_NEAR  40 /* of what hangs on it more closely */
#define ADVICE_MIN   7	/* points from which it is a hit */

#define ADVICE_ACT (C(SEND) | C(PAY) | C(DESTROY) | C(CHANGE))

/* What was sent or deleted, or has to be; `what` names no model. */
static bool
advice_done(uint64_t what)
{
	return (what & C(VAGUE)) && !(what & (C(MODEL) | C(ONE)));
}

/* What stands around an act. */
struct advice {
	uint64_t reach, near; /* meanings within ADVICE_REACH, ADVICE_NEAR */
	bool must, please, now, order;
	bool reads;   /* who reads or processes this is spoken of, or "whoever" */
	bool untold;  /* not to be told */
	bool passive; /* must be ... */
	size_t first, last;
};

/* Token j, before the act, says who is meant: the reader of this, or whoever. */
static bool
advice_reader(const struct scan_ctx *x, size_t j)
{
	uint64_t what = x->tok[j].what;

	if (!(what & C(READER)) || (what & C(MUST)))
		return what & C(READER);
	for (size_t k = j + 1; k < x->ntok && x->tok[k].pos - x->tok[j].pos <= 8; k++)
		if (x->tok[k].what & C(THIS))
			return true;
	return false;
}

static void
advice_look(const struct scan_ctx *x, size_t i, size_t j, struct advice *a)
{
	int64_t gap = (int64_t)x->tok[j].pos - (int64_t)x->tok[i].pos;
	uint64_t what = x->tok[j].what;

	a->reach |= what;
	if (gap >= -ADVICE_NEAR && gap <= ADVICE_NEAR)
		a->near |= what;
	if (what & C(MUST)) {
		a->must |= gap >= -30 && gap <= (what & C(READER) ? -1 : 6);
		a->passive |= gap >= -12 && gap < 0;
	}
	a->please |= (what & C(PLEASE)) && gap >= -ADVICE_NEAR && gap <= 2;
	a->now |= (what & C(NOW)) && gap >= -20 && gap <= ADVICE_NEAR;
	a->order |= (what & C(ORDER)) && gap >= 0 && gap <= 24;
	a->reads |= gap < 0 && advice_reader(x, j);
	a->untold |= (what & C(TELL)) && j > 0 && (x->tok[j - 1].what & C(NEG));
}

/* All that belongs to the act at i. */
static void
advice_around(const struct scan_ctx *x, size_t i, struct advice *a)
{
	uint32_t at = x->tok[i].pos;
	size_t j = i;

	*a = (struct advice){.order = x->tok[i].what & C(ORDER)};
	while (j > 0 && at - x->tok[j - 1].pos <= ADVICE_REACH)
		j--;
	a->first = j;
	for (; j < x->ntok && x->tok[j].pos <= at + ADVICE_REACH; j++)
		if (j != i)
			advice_look(x, i, j, a);
	a->last = j - 1;
}

static int
advice_duty(const struct advice *a)
{
	return (a->must ? 3 : 0) + (a->reads ? 3 : 0) + (a->order ? 2 : 0) +
	       (a->near & C(URGENT) ? 1 : 0) + (a->near & C(FIRST) ? 1 : 0) +
	       (a->please ? 1 : 0) + (a->now ? 1 : 0);
}

static int
advice_thing(const struct advice *a)
{
	return (a->reach & C(DEST) ? 3 : 0) + (a->reach & C(SECRET) ? 3 : 0) +
	       (a->reach & C(EVERY) ? 1 : 0) +
	       (a->reach & (C(PERSONAL) | C(CLOUD) | C(USER)) ? 1 : 0) +
	       (a->reach & C(COMMAND) ? 1 : 0) + (a->reach & C(FILL) ? 4 : 0);
}

/* The points of what surrounds the act; 0: it is none that one shall do. */
static int
advice_points(const struct advice *a, uint64_t act)
{
	int duty = advice_duty(a), thing = advice_thing(a);
	int quiet = a->reach & C(SILENT) ? 3 : a->untold ? 2 : 0;
	bool dest = a->reach & C(DEST);

	if (duty == 0)
		return 0;
	/* "was sent to" tells a story: it must be, or it is secrets and comes first. */
	if (!(act & ADVICE_ACT) && !a->passive &&
	    !(dest && (a->reach & C(SECRET)) && (a->near & C(FIRST))))
		return 0;
	if ((act & ADVICE_ACT) == C(CHANGE) && !(a->reads && dest))
		return 0;
	if (duty == 1 && !(a->reach & C(SECRET)) && !quiet)
		return 0;
	if (!(dest && (thing >= 4 || quiet || duty >= 5)) &&
	    !(a->reads && a->must && ((act & (C(DESTROY) | C(PAY))) || thing >= 3)))
		return 0;
	return 2 + duty + thing + quiet - (a->reach & C(BUGS) ? 4 : 0) -
	       (a->reach & C(THIRD) ? 2 : 0) - (a->reach & C(YOU) ? 4 : 0) -
	       (a->near & C(IF) ? 1 : 0);
}

/* Everything that speaks for a hit stands beside an act, nothing that speaks against it. */
bool
scan_advice_may(uint64_t seen)
{
	struct advice a;
	uint64_t most = seen & ~(C(BUGS) | C(THIRD) | C(YOU) | C(IF));

	if (!(seen & C(DEST)) && (~seen & (C(READER) | C(MUST))))
		return false;
	a = (struct advice){.reach = most,
			    .near = most,
			    .must = seen & C(MUST),
			    .please = seen & C(PLEASE),
			    .now = seen & C(NOW),
			    .order = seen & C(ORDER),
			    .reads = seen & C(READER),
			    .untold = (seen & C(TELL)) && (seen & C(NEG)),
			    .passive = true};

	/* Whatever was done is as good as any act. */
	if (seen & (C(VAGUE) | C(AND)))
		seen |= ADVICE_ACT;
	return (seen & ADVICE_ACT) && advice_points(&a, seen) >= ADVICE_MIN;
}

unsigned
scan_advice(const struct scan_ctx *x, size_t *first, size_t *last)
{
	if (!scan_advice_may(x->seen))
		return 0;
	for (size_t i = 0; i < x->ntok; i++) {
		struct advice a;

		uint64_t what = x->tok[i].what;

		if (!((what & ADVICE_ACT) || advice_done(what)) ||
		    (x->tok[i].place & P_CODE))
			continue;
		advice_around(x, i, &a);
		if (advice_points(&a, what) < ADVICE_MIN)
			continue;
		*first = a.first;
		*last = a.last;
		return SCAN_THRESHOLD;
	}
	return 0;
}
