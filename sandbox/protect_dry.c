/* Guards without mounts of our own: see protect.h. bubblewrap is told to make them; where nobody
 * can, the sweep after each step still finds what is new.
 * Pinned by tests/jail/test_rungs.py. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "sandbox/policy.h"
#include "sandbox/protect_int.h"

static void
quiet(const struct sbx_notice *n, void *arg)
{
	(void)n;
	(void)arg;
}

bool
protect_without_mounts(struct setup *s, protect_tell *say, void *arg, struct sbx_fail *f)
{
	SBX_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	s->protect = protect_new(say ? say : quiet, arg);
	s->protect->dry = true;
	/* Nothing may be writable, so that no ground brings it. */
	s->protect->setup = s;
	if (root < 0)
		return sbx_fail_set(f, "guard", errno, "/");
	if (!s->workspace_readonly &&
	    !protect_ground(s->protect, s, root, s->workspace, true, f))
		return false;
	for (const char *const *w = s->write; *w; w++)
		if (!policy_below(*w, s->workspace) &&
		    !protect_ground(s->protect, s, root, *w, false, f))
			return false;
	return true;
}

static void
ground_free(struct ground *g)
{
	for (size_t i = 0; i < g->n; i++)
		guard_release(&g->guard[i]);
	for (size_t i = 0; i < g->nrepo; i++)
		free(g->repo[i].path);
	for (size_t i = 0; i < g->nwatch; i++)
		free(g->watch[i].path);
	walk_free(g->walk);
	sbx_shut(&g->top);
	free(g->guard);
	free(g->abs);
	free(g);
}

void
protect_free(struct protect *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		ground_free(p->ground[i]);
	for (size_t i = 0; i < p->nshown; i++)
		free(p->shown[i]);
	for (size_t i = 0; i < p->nlinked; i++)
		free(p->linked[i]);
	sbx_shut(&p->root);
	sbx_shut(&p->layers);
	free(p);
}

bool
protect_guard(const struct protect *p, size_t i, char path[PATH_MAX], enum protect_as *as)
{
	for (size_t k = 0; k < p->n; k++) {
		const struct ground *g = p->ground[k];
		const struct guard *u = &g->guard[i];

		if (i >= g->n) {
			i -= g->n;
			continue;
		}
		*as = u->kind == GUARD_PIN  ? PROTECT_PINNED
		      : u->kind == GUARD_RO ? PROTECT_READ_ONLY
					    : PROTECT_HIDDEN;
		path[0] = 0;
		if (u->kind != GUARD_OPEN)
			snprintf(path, PATH_MAX, "%s/%s", g->abs, u->path);
		return true;
	}
	return false;
}
