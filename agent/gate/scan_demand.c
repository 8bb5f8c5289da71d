/* Demands: an imperative, what it is done to, for whom, and where it goes.
 *
 * No single word makes one: manuals say "send", letters say "please". So evidence is added up
 * around each verb in the imperative: a sentence that says "my" or names an account to an
 * assistant is not prose for readers, while "your", "we", bugs and patches are. The weights are
 * judged by what each word tells about the writer, in steps of one; SCAN_THRESHOLD is the sum
 * from which it is a hit. Pinned by tests/unit/test_scan.c; figures by tests/gate/score.py. */
#include "agent/gate/scan_int.h"

#define DEMAND_BEFORE	   10 /* half words before the verb that belong to it */
#define DEMAND_BEFORE_LAST 40 /* of a verb inside its clause */
#define DEMAND_AFTER	   70 /* half words behind it */
#define DEMAND_NEAR	   5  /* half words between "please" and its verb */
#define DEMAND_ORDER	   24 /* half words between a Japanese verb and the ending that orders */

#define DEMAND_ACTION (C(RUN) | C(SEND) | C(GET) | C(DESTROY) | C(PAY) | C(CHANGE) | C(SAY))

#define DEMAND_SEVERAL (C(PERSONAL) | C(CLOUD)) /* count up to DEMAND_TIMES */
#define DEMAND_TIMES   3
#define DEMAND_SECOND \
	(C(SEND) | C(DESTROY) | C(PAY) | C(RUN)) /* behind the verb: one more */

/* What a word nearby tells; each counts at most `times`. */
static const struct {
	uint64_t what;
	int points;
	int times;
} demand_evidence[] = {
    {C(MY), 4, 1},     {C(ME), 1, 1},
    {C(SECRET), 3, 1}, {DEMAND_SEVERAL, 1, DEMAND_TIMES},
    {C(DEST), 3, 1},   {C(EVERY), 1, 1},
    {C(NOTE), 2, 1},   {C(USER), 1, 1},
    {C(BUGS), -5, 1},  {C(THIRD), -2, 1},
    {C(YOU), -2, 1},   {C(IF), -2, 1},
    {C(SILENT), 3, 1}, {C(NOW), 1, 1},
    {C(URGENT), 1, 1}, {C(FILL), 4, 1},
    {C(PRIOR), 0, 1},
};

#define DEMAND_EVIDENCE                                                                 \
	(C(MY) | C(ME) | C(SECRET) | C(PERSONAL) | C(CLOUD) | C(DEST) | C(EVERY) |      \
	 C(NOTE) | C(USER) | C(BUGS) | C(THIRD) | C(YOU) | C(IF) | C(SILENT) | C(NOW) | \
	 C(URGENT) | C(FILL) | C(PRIOR))

/* What may make an order of a verb that does not begin its clause. */
#define DEMAND_MOOD                                                                \
	(C(PLEASE) | C(NOTE) | C(MODEL) | C(NOW) | C(FIRST) | C(URGENT) | C(AND) | \
	 C(OVERRIDE))

/* What tells that "todo: add" is more than its writer's own work, a comment as programs have
 * them. */
#define DEMAND_NOTED \
	(C(MY) | C(SECRET) | C(DEST) | C(SILENT) | C(FILL) | C(MODEL) | C(USER) | C(ORDER))

/* What makes token i an order: 0, or the points of it. */
static int
demand_mood(const struct scan_ctx *x, size_t i)
{
	const struct scan_token *t = &x->tok[i];
	int points = t->place & P_START ? 3 : 0;

	if ((t->place & P_COLON) && !(t->what & C(ORDER)))
		return 0; /* a key, not a verb */
	if (t->what & C(ORDER))
		points = 3;
	for (size_t j = i; j-- > 0 && t->pos - x->tok[j].pos <= DEMAND_NEAR;) {
		const struct scan_token *b = &x->tok[j];

		if ((b->what & C(PLEASE)) && (b->place & P_START) &&
		    !((b[1].what & C(NEG)) && b[1].pos == b->pos)) /* "can't" */
			return 5;
		if ((b->what & C(NOTE)) && (b->place & P_COLON))
			return !(b->place & P_OWN) || (x->seen & DEMAND_NOTED) ||
				       (t->what & C(TELL))
				   ? 6
				   : 3;
		if ((b->what & C(MODEL)) && (b->place & P_COLON) && points == 0)
			points = 2;
		if ((b->what & (C(NOW) | C(FIRST) | C(URGENT) | C(AND) | C(OVERRIDE))) &&
		    points == 0)
			points = 2;
	}
	for (size_t j = i + 1; j < x->ntok && x->tok[j].pos - t->pos <= DEMAND_ORDER; j++)
		if (x->tok[j].what & C(ORDER))
			return MAX_OF(points, 3);
	return points;
}

/* What token j tells about verb i. */
static uint64_t
demand_tells(const struct scan_ctx *x, size_t i, size_t j)
{
	const struct scan_token *t = &x->tok[i], *o = &x->tok[j];
	uint64_t what = o->what;

	/* Where the verb comes first, what stands before it is not where it goes: a list of
	 * links, each with what was changed. But "https://...: send the keys". */
	if (j < i && (t->place & P_START) && !(t->what & (C(ORDER) | C(SEND))))
		what &= ~C(DEST);
	/* Nor is a folder's name whose it is. */
	if (o->place & P_CODE)
		what &= ~(C(MY) | C(ME));
	/* A variable is no secret, unless it goes somewhere. */
	if ((o->place & P_NAME) && !(o->place & P_CAPS) && !(x->seen & (C(DEST) | C(USER))))
		what &= ~C(SECRET);
	return what;
}

/* Adds up what stands around verb i. */
static int
demand_around(const struct scan_ctx *x, size_t i, size_t *first, size_t *last)
{
	const struct scan_token *t = &x->tok[i];
	int times[ARRAY_LEN(demand_evidence)] = {0};
	int points = t->what & (C(DESTROY) | C(PAY)) ? 1 : 0;
	/* Where the verb comes last, its objects stand before it. */
	uint32_t before = t->place & P_START ? DEMAND_BEFORE : DEMAND_BEFORE_LAST;
	bool second = false, model = false;
	uint64_t seen = 0;
	size_t j;

	*first = *last = i;
	for (j = i; j > 0 && x->tok[j - 1].pos + before >= t->pos;)
		j--;
	for (; j < x->ntok && x->tok[j].pos <= t->pos + DEMAND_AFTER; j++) {
		const struct scan_token *o = &x->tok[j];
		uint64_t what;

		if (j == i)
			continue;
		what = demand_tells(x, i, j);
		seen |= what;
		for (size_t k = 0; what & DEMAND_EVIDENCE && k < ARRAY_LEN(demand_evidence);
		     k++) {
			if (!(what & demand_evidence[k].what) ||
			    times[k] == demand_evidence[k].times)
				continue;
			times[k]++;
			points += demand_evidence[k].points;
			*first = MIN_OF(*first, j);
			*last = MAX_OF(*last, j);
		}
		second = second || (j > i && (o->what & DEMAND_SECOND));
		model = model || ((o->what & C(MODEL)) && (o->place & P_COLON));
	}
	if ((t->what & C(SEND)) && (seen & C(SECRET)) && (seen & C(DEST)))
		points += 2;
	return points + (second ? 1 : 0) + (model ? 4 : 0);
}

unsigned
scan_demand(const struct scan_ctx *x, size_t *first, size_t *last)
{
	int best = (int)scan_advice(x, first, last);

	if (!(x->seen & DEMAND_ACTION))
		return (unsigned)best;
	for (size_t i = 0; i < x->ntok; i++) {
		size_t a, b;
		int mood, sum;

		if (!(x->tok[i].what & DEMAND_ACTION) || (x->tok[i].place & P_CODE) ||
		    (mood = demand_mood(x, i)) == 0)
			continue;
		sum = mood + demand_around(x, i, &a, &b);
		if (sum > best) {
			best = sum;
			*first = a;
			*last = b;
		}
	}
	return (unsigned)best;
}

void
scan_demand_init(struct scan_index *x)
{
	for (size_t k = 0; k < ARRAY_LEN(demand_evidence); k++) {
		int most = MAX_OF(demand_evidence[k].points, 0) * demand_evidence[k].times;

		for (size_t i = 0; i < sizeof(x->demand); i++)
			if (demand_evidence[k].what >> i / 256 * 8 & i % 256)
				x->demand[i / 256][i % 256] += (uint8_t)most;
	}
}

/* Evidence is counted as often as it may be, what speaks against a demand not at all. */
int
scan_demand_most(const struct scan_index *x, uint64_t seen)
{
	bool colon = seen & SCAN_COLON;
	int points = colon && (seen & C(NOTE)) ? 6 : seen & C(PLEASE) ? 5 : 3;

	if (!(seen & DEMAND_ACTION))
		return 0;
	for (size_t k = 0; k < ARRAY_LEN(x->demand); k++)
		points += x->demand[k][seen >> 8 * k & 255];
	points += seen & (C(DESTROY) | C(PAY)) ? 1 : 0;
	points += seen & DEMAND_SECOND ? 1 : 0;
	points += colon && (seen & C(MODEL)) ? 4 : 0;
	return points + (~seen & (C(SEND) | C(SECRET) | C(DEST)) ? 0 : 2);
}

/* The most points of what makes an order of token i; 0: nothing does. */
static int
demand_near_mood(const struct scan_near *t, size_t i, uint64_t seen, uint64_t loose)
{
	uint64_t before = loose;

	for (size_t j = i; j-- > 0 && t[i].at - t[j].at <= DEMAND_NEAR;)
		before |= t[j].what;
	if ((before & C(NOTE)) && (seen & SCAN_COLON))
		return 6;
	if (before & C(PLEASE))
		return 5;
	if (!t[i].inside || (seen & C(ORDER)))
		return 3;
	return before & DEMAND_MOOD ? 2 : 0;
}

/* The most points of the demand whose verb is token i. */
static int
demand_near_sum(const struct scan_near *t, size_t n, size_t i, uint64_t seen,
		uint64_t loose)
{
	uint64_t verb = t[i].what, others = loose, behind = loose;
	int several = loose & DEMAND_SEVERAL ? DEMAND_TIMES : 0;
	int points = demand_near_mood(t, i, seen, loose);

	if (points == 0)
		return 0;
	for (size_t j = i; j-- > 0 && t[i].at - t[j].at <= DEMAND_BEFORE_LAST;) {
		others |= t[j].what;
		several += t[j].what & DEMAND_SEVERAL ? 1 : 0;
	}
	for (size_t j = i + 1; j < n && t[j].at - t[i].at <= DEMAND_AFTER; j++) {
		behind |= t[j].what;
		several += t[j].what & DEMAND_SEVERAL ? 1 : 0;
	}
	others |= behind;
	for (size_t k = 0; k < ARRAY_LEN(demand_evidence); k++)
		if (demand_evidence[k].times == 1 && (others & demand_evidence[k].what))
			points += MAX_OF(demand_evidence[k].points, 0);
	points += MIN_OF(several, DEMAND_TIMES);
	points += verb & (C(DESTROY) | C(PAY)) ? 1 : 0;
	points += behind & DEMAND_SECOND ? 1 : 0;
	points += (seen & SCAN_COLON) && (others & C(MODEL)) ? 4 : 0;
	return points + ((verb & C(SEND)) && !(~others & (C(SECRET) | C(DEST))) ? 2 : 0);
}

bool
scan_demand_near(const struct scan_near *t, size_t n, uint64_t seen, uint64_t loose,
		 int needed)
{
	if (loose & DEMAND_ACTION)
		return true;
	for (size_t i = 0; i < n; i++)
		if ((t[i].what & DEMAND_ACTION) &&
		    demand_near_sum(t, n, i, seen, loose) >= needed)
			return true;
	return false;
}
