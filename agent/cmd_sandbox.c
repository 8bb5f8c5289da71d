/* `sunaba sandbox -- CMD ARG...`: any command under the sandbox that code steps get.
 * Pinned by tests/jail/test_sandbox.py. */
#include "agent/app.h"
#include "agent/commands.h"
#include "agent/net.h"
#include "agent/staged.h"

/* What waits in the layer after the command: the command's own failure is the exit code. */
static int
sandbox_end(struct app *a, int code)
{
	struct err e = {0};

	if (!a->stage)
		return code;
	if (!loop_new(&a->loop, &e) &&
	    staged_finish(a->term, a->loop, a->stage, staged_mode(a->opts), code != 0,
			  &e) &&
	    code == 0)
		code = app_fail(a, &e);
	stage_free(TAKE(a->stage));
	return code;
}

static int
sandbox_run(struct app *a, struct sbx_policy *p, char **argv)
{
	struct sbx_fail f = {.step = ""};
	struct term_opts t = app_term_opts(a->opts);
	struct err e = {0};
	int code;

	if (staged_open(a, p, &e))
		return app_fail(a, &e);
	/* Now, while the environment tells what the terminal can do: it is wiped. */
	if (a->stage)
		a->term = term_new(&t);
	code = sbx_run(p, argv, &f);
	if (code >= 0)
		return sandbox_end(a, code);
	app_policy_failed(a->opts, &f, &e);
	return app_fail(a, &e);
}

int
cmd_sandbox(struct opts *o)
{
	struct app a = {.opts = o};
	struct sbx_policy p = app_policy(o);
	struct sbx_fail f = {.step = ""};
	struct err e = {0};
	bool ask;
	int argc, code;
	char **argv = opts_args(o, &argc);

	if (argc == 0) {
		err_set(&e, ERR_USAGE, "a command to run is missing");
		err_hint(&e,
			 "sunaba sandbox [OPTION...] -- CMD ARG...; see 'sunaba sandbox "
			 "--help'");
		code = app_fail(&a, &e);
	} else if (net_policy(&a, &p, &ask, &e)) {
		code = app_fail(&a, &e);
	} else if (!sbx_policy_check(&p, a.workspace, &f)) {
		app_sandbox_failed(&f, ERR_USAGE, &e);
		code = app_fail(&a, &e);
	} else {
		p.workspace = a.workspace;
		p.checked = true;
		p.quiet = opt_flag(o, OPT_QUIET);
		code = sandbox_run(&a, &p, argv);
	}
	app_close(&a);
	return code;
}
