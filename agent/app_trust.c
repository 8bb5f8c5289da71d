/* What a run trusts, from options and earlier answers. See app.h. Pinned by tests/e2e/test_gate.py. */
#include <string.h>
#include <unistd.h>

#include "agent/app.h"
#include "agent/trust.h"

enum err_kind
app_look_trust(struct app *a, struct err *e)
{
	enum trust_answer answer = TRUST_UNASKED;
	enum err_kind kind = ERR_NONE;
	const char *barred = trust_barred(a->workspace);

	if (opt_flag(a->opts, OPT_TRUST_WORKSPACE) && barred) {
		err_set(e, ERR_USAGE, "--trust-workspace: '%s' %s", a->workspace, barred);
		err_hint(e, "start in the folder that the task is about");
		return ERR_USAGE;
	}
	if (!opt_flag(a->opts, OPT_TRUST_WORKSPACE))
		kind = trust_look(a->workspace, &answer, e);
	a->trusted = opt_flag(a->opts, OPT_TRUST_WORKSPACE) || answer == TRUST_YES;
	a->trust_unasked = !a->trusted && answer == TRUST_UNASKED && !barred;
	return kind;
}

void
app_trust_tour(const struct model *m, bool interactive, struct session_conf *c)
{
	if (!m || strcmp(m->provider->name, "demo") != 0)
		return;
	if (!interactive && c->on_gate == ON_GATE_STOP)
		c->on_gate = ON_GATE_IGNORE;
}

enum err_kind
app_check_on_gate(const struct opts *o, struct err *e)
{
	if (geteuid() != 0 || strcmp(opt_str(o, OPT_ON_GATE), "allow") != 0)
		return ERR_NONE;
	err_set(e, ERR_USAGE, "--on-gate=allow is refused for root");
	err_hint(e, "run as an ordinary user, or use --on-gate=ignore");
	return err_context(e, "%s", opt_source(o, OPT_ON_GATE));
}
