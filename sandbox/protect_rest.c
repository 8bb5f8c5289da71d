/* Whose a new file is: see protect.h.
 *
 * Files say nothing about who made them: code has the user's number. But code that did not run
 * made nothing. So after a step, once the jail's processes have come to rest and nothing stands
 * there that a sweep would put aside, their processor times are noted, to the nanosecond; when the next step is to begin, or the jail
 * to end, and the times are what they were, all that is new since is the user's, and is guarded
 * like what was there at the start. While something goes on running in the jail nothing can be
 * known: then what is new is put aside, and its notice says how it comes back.
 *
 * Sources: clock_getcpuclockid(3). Pinned by tests/e2e/test_allow.py. */
#include "sandbox/protect_int.h"

#include "sandbox/usage.h"

static void
sweep_ground(struct protect *p, struct ground *g)
{
	struct look l = {p, g};

	if (g->again) {
		walk_free(g->walk);
		g->walk = walk_new(g->top);
		g->again = false;
	}
	walk_run(g->walk, protect_see, &l);
	git_sweep(p, g);
	tell_cut(p, g);
}

void
protect_sweep(struct protect *p)
{
	if (!p)
		return;
	protect_check(p);
	/* What a layer holds is asked about when it is applied. */
	if (p->setup->stage)
		return;
	p->swept = true;
	p->rest = p->stamp = 0;
	for (size_t i = 0; i < p->n; i++)
		sweep_ground(p, p->ground[i]);
}

/* Nothing is there that a sweep would put aside. */
static bool
is_clean(struct protect *p)
{
	p->swept = p->peek = true;
	p->found = false;
	for (size_t i = 0; i < p->n; i++)
		sweep_ground(p, p->ground[i]);
	p->peek = false;
	for (size_t i = 0; i < p->n; i++)
		p->ground[i]->again |= p->found;
	return !p->found;
}

bool
protect_settle(struct protect *p)
{
	uint64_t now;

	if (!p || p->setup->stage || p->rest)
		return true;
	now = usage_stamp();
	if (!now)
		return true; /* it will never be known */
	if (now != p->stamp) {
		p->stamp = now;
		return false;
	}
	if (!is_clean(p))
		return true; /* whose that is nobody knows: the next sweep decides */
	p->stamp = usage_stamp();
	p->rest = now == p->stamp ? now : 0;
	return p->rest;
}

/* What the user made. A guard that cannot be put up is none: the next sweep comes to it. */
static void
look_at_ground(struct protect *p, struct ground *g)
{
	struct look l = {p, g};
	struct sbx_fail f;
	size_t kept = g->n;

	g->old = g->n;
	walk_run(g->walk, protect_see, &l);
	git_look(p, g);
	for (size_t i = g->old; i < g->n; i++) {
		if (guard_apply(p, g, &g->guard[i], &f))
			g->guard[kept++] = g->guard[i];
		else
			guard_release(&g->guard[i]);
	}
	g->again |= kept < g->n;
	g->n = kept;
}

/* The next sweep looks at everything once more. */
static void
take_back(struct ground *g)
{
	struct sbx_fail f;

	while (g->n > g->old) {
		guard_down(g, &g->guard[g->n - 1], &f);
		guard_release(&g->guard[--g->n]);
	}
	g->again = true;
}

static void
look_at_users(struct protect *p)
{
	p->swept = false;
	p->users = true;
	for (size_t i = 0; i < p->n; i++)
		look_at_ground(p, p->ground[i]);
	p->users = false;
	if (p->rest == usage_stamp())
		return;
	/* Something woke up meanwhile: what was found may be its own. */
	for (size_t i = 0; i < p->n; i++)
		take_back(p->ground[i]);
}

void
protect_look(struct protect *p)
{
	if (!p)
		return;
	protect_check(p);
	if (!p->setup->stage && p->rest && p->rest == usage_stamp())
		look_at_users(p);
	/* What begins now runs. */
	p->rest = p->stamp = 0;
}
