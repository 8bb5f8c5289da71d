/* Starting jobs, and having the processes of the next one ready: see init_int.h.
 *
 * Of what a start takes, executing the program is the smaller part: the larger one, namespaces, a
 * /proc and the confinement, depends on no job. It is done ahead, when pid 1 has nothing else to
 * do, for one job of the last one's kind. What is ready is used by the next start that it fits, or
 * thrown away: with every word that changes what jobs get, and when it died. Whatever is wrong
 * with it, the job is started afresh, and only that can fail.
 *
 * Pinned by tests/unit/test_spare.c. */
#include <errno.h>
#include <sys/wait.h>

#include "sandbox/init_int.h"
#include "sandbox/protect.h"
#include "sandbox/usage.h"

static void
refuse(struct init *in, int id, const struct sbx_fail *f)
{
	unsigned char none[16] = {0};

	up_fail(&in->up, id, f);
	up_frame(&in->up, FRAME_EXIT, 0, id, none, sizeof(none));
}

void
init_begin_step(struct init *in)
{
	protect_look(in->setup->protect);
	in->rest_ms = REST_LOOK_MS;
	in->rests = false;
}

void
init_start(struct init *in, const struct frame *fr)
{
	struct sbx_fail f = {.step = ""};
	struct start st;

	if (!start_decode(fr->payload, fr->len, in->setup, &st)) {
		sbx_fail_set(&f, "job description", EINVAL, NULL);
	} else {
		init_begin_step(in);
		in->job[fr->job] =
		    job_start(fr->job, in->setup, &st, in->rights, in->ahead, &f);
		in->asks = st.driver && st.terminal == SBX_TERMINAL_NONE;
		in->wants_ahead = in->setup->spare > 0;
		init_end_ahead(in);
	}
	if (!in->job[fr->job])
		refuse(in, fr->job, &f);
	start_release(&st);
}

void
init_make_ahead(struct init *in)
{
	in->wants_ahead = false;
	if (in->ahead)
		return;
	in->ahead = job_ahead(in->setup, in->asks);
	/* What waits makes no files: whose new ones are can be told with it as without. */
	usage_leave_out(in->ahead ? in->ahead->reaper : 0);
}

void
init_end_ahead(struct init *in)
{
	if (!in->ahead)
		return;
	if (in->ahead->pidfd >= 0) {
		job_kill(in->ahead, 0);
		init_leave(in, in->ahead);
	} else {
		usage_leave_out(0);
	}
	job_free(in->ahead);
	in->ahead = NULL;
}

/* Until it is gone: it must not be taken for something that still runs. */
void
init_drop_ahead(struct init *in)
{
	if (!in->ahead)
		return;
	init_end_ahead(in);
	init_reap(in, true);
	in->wants_ahead = true;
}
