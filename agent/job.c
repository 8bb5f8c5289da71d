/* A run: a session or a task. See app.h.
 *
 * The jail's process is executed before configuration and keys are read, so that they never were
 * in its memory. */
#include <string.h>
#include <sys/prctl.h>

#include "agent/app.h"
#include "agent/model/models.h"
#include "agent/resume.h"

/* Whether a prompt is wanted: no task, and somebody at a terminal. */
static bool
job_is_interactive(const struct app *a)
{
	int n;

	opts_args(a->opts, &n);
	return n == 0 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int
app_job(struct app *a)
{
	struct err e = {0};
	bool interactive;
	const char *model;

	if (app_start_jail(a, &e) || opts_load(a->opts, &e))
		return app_fail(a, &e);
	prctl(PR_SET_DUMPABLE, 0);
	if (a->resume && resume_open(a, &e))
		return app_fail(a, &e);
	interactive = job_is_interactive(a);
	model = opt_str(a->opts, OPT_MODEL);
	if (!model || (strncmp(model, "script:", 7) != 0 && strcmp(model, "demo") != 0))
		model_preload();
	if (app_open(a, interactive, &e))
		return app_fail(a, &e);
	return interactive ? app_run_session(a) : app_run_task(a);
}
