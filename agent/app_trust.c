/* What a run trusts, from options and earlier answers. See app.h. Pinned by tests/e2e/test_gate.py. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/app.h"
#include "agent/trust.h"

/* Where a step could write the file: the folder, canonical, or NULL. */
static const char *
app_written_place(const struct app *a, const char *file, char place[PATH_MAX])
{
	char real[PATH_MAX];
	size_t n;
	const char *const *list = opt_list(a->opts, OPT_ALLOW_WRITE, &n);

	if (!realpath(file, real))
		return NULL;
	if (!opt_flag(a->opts, OPT_READ_ONLY) && trust_below(real, a->workspace))
		return a->workspace;
	for (size_t i = 0; i < n; i++)
		if (realpath(list[i], place) && trust_below(real, place))
			return place;
	return NULL;
}

/* Settings and the system prompt of the next run are not for a step to write; the latter is let
 * pass in a trusted folder. */
static enum err_kind
app_check_files(const struct app *a, struct err *e)
{
	static const int ids[] = {OPT_CONFIG_FILE, OPT_SYSTEM};
	char at[PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const char *file = opt_str(a->opts, ids[i]);
		const char *place = file ? app_written_place(a, file, at) : NULL;

		if (!place || (ids[i] == OPT_SYSTEM && a->trusted))
			continue;
		err_set(e, ERR_CONFIG, "'%.400s' lies where steps may write, in '%.400s'",
			file, place);
		err_hint(e, ids[i] == OPT_SYSTEM
				? "what it says counts as your word: put it elsewhere, or "
				  "trust the folder"
				: "what it says counts as your word: put it elsewhere");
		return err_context(e, "%s", opt_source(a->opts, ids[i]));
	}
	return ERR_NONE;
}

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
	return kind ? kind : app_check_files(a, e);
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
