/* What ends a task that would go on: steps, time, money, going round in circles. See governor.h.
 *
 * A look at the clock between steps is not enough: a step may take two minutes and a silent
 * server ten. All waits end on a pending interrupt already, so a timer makes one; turn.c tells
 * it from the user's by `over`. Pinned by tests/e2e/test_limits.py and tests/e2e. */
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "agent/core/governor.h"

#define GOVERNOR_SAME_MAX     3 /* identical steps with identical output, in a row */
#define GOVERNOR_PROBLEMS_MAX 5 /* replies in a row with calls that could not be run */
#define GOVERNOR_AGAIN_S      2 /* to the next interrupt, for a step that ignores the first */

static void
governor_on_timer(int fd, short revents, void *arg)
{
	struct governor *g = arg;
	uint64_t ticks;

	(void)revents;
	if (read(fd, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	g->over = true;
	if (!g->hold)
		loop_interrupt(g->s->loop);
}

void
governor_begin(struct governor *g, struct session *s)
{
	int64_t ms = s->conf.max_time_ms;
	struct itimerspec at = {
	    .it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000},
	    .it_interval = {.tv_sec = GOVERNOR_AGAIN_S}};

	*g = (struct governor){.s = s, .began_ms = clock_ms(), .fd = -1};
	if (ms > 0)
		g->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (g->fd < 0)
		return;
	timerfd_settime(g->fd, 0, &at, NULL);
	loop_watch(s->loop, g->fd, POLLIN, governor_on_timer, g);
}

void
governor_end(struct governor *g)
{
	if (g->fd >= 0) {
		loop_unwatch(g->s->loop, g->fd);
		close(g->fd);
	}
	g->fd = -1;
	free(g->last_output);
	g->last_output = NULL;
}

enum err_kind
governor_check(const struct governor *g, bool step, struct err *e)
{
	const struct session_conf *c = &g->s->conf;
	bool late =
	    g->over || (c->max_time_ms > 0 && clock_ms() - g->began_ms >= c->max_time_ms);

	if (loop_terminated(g->s->loop))
		return err_set(e, ERR_TERMINATED, "terminated");
	if (late) {
		err_set(e, ERR_GOVERNOR, "the time for a task (%g s) is used up",
			(double)c->max_time_ms / 1000);
		err_hint(e, "--max-time sets it");
		return ERR_GOVERNOR;
	}
	if (step && c->max_steps > 0 && g->steps >= c->max_steps) {
		err_set(e, ERR_GOVERNOR, "the steps for a task (%lld) are used up",
			(long long)c->max_steps);
		err_hint(e, "--max-steps sets it");
		return ERR_GOVERNOR;
	}
	if (c->max_cost > 0 && g->s->cost >= c->max_cost) {
		err_set(e, ERR_GOVERNOR, "the cost limit ($%.2f) is reached: $%.4f spent",
			c->max_cost, g->s->cost);
		err_hint(e, "--max-cost sets it");
		return ERR_GOVERNOR;
	}
	return ERR_NONE;
}

static enum err_kind
governor_same(struct governor *g, const char *key, const char *output, struct err *e)
{
	g->steps++;
	g->problems = 0;
	if (g->last_output && strcmp(g->last_hash, key) == 0 &&
	    strcmp(g->last_output, output) == 0) {
		g->same++;
	} else {
		g->same = 1;
		snprintf(g->last_hash, sizeof(g->last_hash), "%s", key);
		free(g->last_output);
		g->last_output = mem_strdup(output);
	}
	if (g->same < GOVERNOR_SAME_MAX)
		return ERR_NONE;
	g->same = 0;
	err_set(e, ERR_GOVERNOR,
		"the model ran the same code %d times with the same output",
		GOVERNOR_SAME_MAX);
	err_hint(e, "say what it should do instead");
	return ERR_GOVERNOR;
}

enum err_kind
governor_step(struct governor *g, const struct step *step, const struct step_result *r,
	      struct err *e)
{
	return governor_same(g, step->sha256, r->output ? r->output : "", e);
}

enum err_kind
governor_page(struct governor *g, const struct output_ask *ask, struct err *e)
{
	char key[65];

	snprintf(key, sizeof(key), "%lld %lld %lld", (long long)ask->step,
		 (long long)ask->from, (long long)ask->lines);
	return governor_same(g, key, "", e);
}

void
governor_reply(struct governor *g)
{
	g->problem = false;
}

enum err_kind
governor_problem(struct governor *g, struct err *e)
{
	if (g->problem)
		return ERR_NONE;
	g->problem = true;
	if (++g->problems < GOVERNOR_PROBLEMS_MAX)
		return ERR_NONE;
	err_set(e, ERR_MODEL,
		"the model made calls that cannot be run in %d replies in a row",
		GOVERNOR_PROBLEMS_MAX);
	err_hint(e, "try again, or take a model that is better with tools");
	return ERR_MODEL;
}
