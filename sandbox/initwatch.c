/* The watch of pid 1: what all jobs use together, and what happens at a limit. See init_int.h.
 * Pinned by tests/unit/test_session.c and tests/jail/test_limits.py. */
#include <string.h>
#include <sys/wait.h>

#include "sandbox/cgroup.h"
#include "sandbox/init_int.h"
#include "sandbox/protect.h"
#include "sandbox/usage.h"

#define IDLE_LOOK_MS 1000 /* between looks at interpreters that no step runs in */

static void
note_limit(struct init *in, const struct job *j, const char *what, uint64_t bytes)
{
	struct sbx_notice n;

	watch_limit(&n, what, bytes, "");
	up_notice(&in->up, j ? j->id : 0, &n);
}

void
init_reap(struct init *in, bool all)
{
	size_t kept = 0;

	for (size_t i = 0; i < in->nleaving; i++) {
		struct leaving *l = &in->leaving[i];

		if (waitpid(l->reaper, NULL, all ? 0 : WNOHANG) == 0) {
			in->leaving[kept++] = *l;
			continue;
		}
		usage_gone(l->reaper);
		close(l->pidfd);
	}
	in->nleaving = kept;
}

void
init_leave(struct init *in, struct job *j)
{
	if (in->nleaving == LEAVING_MAX)
		init_reap(in, true);
	in->leaving[in->nleaving++] = (struct leaving){j->reaper, j->pidfd};
	j->pidfd = -1;
}

/* One kill is seen in several places: by the looks at the limits, at the end of what was killed
 * and at the end of the step. Whichever is first tells. */
static void
tell_memory(struct init *in, const struct job *j)
{
	if (!in->told_memory)
		note_limit(in, j, "memory", in->setup->limits.memory);
	in->told_memory = true;
}

/* All is told that was killed so far. */
static void
memory_told(struct init *in, uint64_t kills)
{
	in->watch.kills = kills;
	in->told_memory = false;
}

void
init_claim(struct init *in, const struct job *j)
{
	const struct setup *s = in->setup;

	if (!s->group)
		return;
	in->claimed = cgroup_kills(s->group);
	if (in->claimed > in->watch.kills)
		tell_memory(in, j);
	memory_told(in, in->claimed);
}

/* What ends after the kernel killed for memory, which may have been a part of it alone, was ended
 * by the limit. */
void
init_collect(struct init *in, struct job *j)
{
	const struct setup *s = in->setup;
	uint64_t kills = s->group ? cgroup_kills(s->group) : 0;

	job_collect(j, &in->up);
	if (j->pidfd >= 0 && j->over)
		init_leave(in, j);
	if (!j->flags && kills > in->claimed) {
		j->flags |= KILLED_MEMORY;
		tell_memory(in, j);
	}
	if (j->flags & KILLED_MEMORY)
		memory_told(in, kills);
	in->claimed = kills;
}

struct total {
	uint64_t memory, unseen, threads;
	struct job *worst, *crowd; /* the ones with most memory, most threads */
};

static void
add_up(struct init *in, bool exact, struct total *t)
{
	struct job *jobs[SBX_JOB_MAX];
	pid_t pids[SBX_JOB_MAX];
	struct usage u[SBX_JOB_MAX];
	uint64_t most = 0, crowd = 0;
	size_t n = 0;

	for (int i = 1; i <= SBX_JOB_MAX; i++)
		if (in->job[i] && in->job[i]->pidfd >= 0) {
			pids[n] = in->job[i]->reaper;
			jobs[n++] = in->job[i];
		}
	memset(t, 0, sizeof(*t));
	usage_of_trees(pids, n, u, exact);
	for (size_t i = 0; i < n; i++) {
		jobs[i]->crowd = u[i].processes > JOB_IDLE_PROCESSES;
		t->memory += u[i].memory;
		t->unseen += u[i].unseen;
		t->threads += u[i].threads;
		if (!t->worst || u[i].memory > most)
			t->worst = jobs[i];
		most = u[i].memory > most ? u[i].memory : most;
		if (!t->crowd || u[i].threads > crowd)
			t->crowd = jobs[i];
		crowd = u[i].threads > crowd ? u[i].threads : crowd;
	}
}

/* Kills the largest job when all together are beyond a limit. */
void
init_watch(struct init *in)
{
	const struct sbx_limits *l = &in->setup->limits;
	struct total t;

	add_up(in, false, &t);
	if (t.memory + t.unseen > l->memory)
		add_up(in, true, &t);
	/* Shares of what processes share were read one after the other: when some of them ended
	 * meanwhile the sum is too large. */
	if (t.memory > l->memory)
		add_up(in, true, &t);
	in->patience_ms = usage_patience((uint32_t)t.threads, l->processes);
	/* Pid 1 and its monitor count for the kernel's limit too. */
	if (t.crowd && t.threads + 2 >= l->processes)
		job_tell_limit(t.crowd, "processes", l->processes, &in->up);
	/* Reapers count as one each, beside the limit that the kernel keeps for users. */
	if (watch_look(&in->watch, in->setup, init_tell, in))
		tell_memory(in, NULL);
	if (t.worst && t.memory > l->memory && !(t.worst->flags & KILLED_MEMORY)) {
		tell_memory(in, t.worst);
		job_kill(t.worst, KILLED_MEMORY);
	}
	if (t.crowd && t.threads > (uint64_t)l->processes + SBX_JOB_MAX)
		job_kill(t.crowd, KILLED_PROCESSES);
}

/* A step has ended, or nothing has come to rest yet: looks again and again, less and less often. */
void
init_settle(struct init *in)
{
	in->rests = protect_settle(in->setup->protect);
	in->rest_ms =
	    in->rests || in->rest_ms * 2 > IDLE_LOOK_MS ? IDLE_LOOK_MS : in->rest_ms * 2;
}

void
init_waits(struct init *in)
{
	for (int i = 1; i <= SBX_JOB_MAX; i++) {
		struct job *j = in->job[i];

		if (!j || !j->waits.terminal || j->pidfd < 0)
			continue;
		if (j->running ? waits_look(&j->waits, j->reaper) : waits_none(&j->waits))
			up_frame(&in->up, FRAME_WAITS, j->waits.told, i, NULL, 0);
	}
}
