/* `sunaba sandbox -- CMD ARG...`: any command under the sandbox that code steps get.
 * Pinned by tests/jail/test_sandbox.py. */
#include "agent/app.h"
#include "agent/commands.h"

int
cmd_sandbox(struct opts *o)
{
	struct app a = {.opts = o};
	struct sbx_policy p = app_policy(o);
	struct sbx_fail f = {.step = ""};
	struct err e = {0};
	int argc, code;
	char **argv = opts_args(o, &argc);

	if (argc == 0) {
		err_set(&e, ERR_USAGE, "a command to run is missing");
		err_hint(&e,
			 "sunaba sandbox [OPTION...] -- CMD ARG...; see 'sunaba sandbox "
			 "--help'");
		code = app_fail(&a, &e);
	} else if (!sbx_policy_check(&p, a.workspace, &f)) {
		app_sandbox_failed(&f, ERR_USAGE, &e);
		code = app_fail(&a, &e);
	} else {
		p.workspace = a.workspace;
		code = sbx_run(&p, argv, &f);
		if (code < 0) {
			app_policy_failed(o, &f, &e);
			code = app_fail(&a, &e);
		}
	}
	app_close(&a);
	return code;
}
