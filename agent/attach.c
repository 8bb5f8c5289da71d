/* The terminal of steps, as options and `/attach` set it. See attach.h; what happens while one
 * runs is in ui/screen_attach.c. Pinned by tests/e2e/test_attach.py. */
#include <string.h>

#include "agent/attach.h"

static bool
attach_can(const struct app *a)
{
	return !a->jsonl && term_can_attach(a->term);
}

static void
attach_set(struct app *a, bool always)
{
	executor_set_terminal(a->session->executor,
			      always ? SBX_TERMINAL_ALL : SBX_TERMINAL_INPUT);
	screen_set_executor(a->screen, a->session->executor, always);
	a->session->conf.terminal = true;
}

void
attach_offer(struct app *a)
{
	bool always = opt_flag(a->opts, OPT_ATTACH);

	if (attach_can(a))
		attach_set(a, always);
	else if (always)
		session_notice(a->session, NOTICE_WARN,
			       "--attach: there is no terminal to give to steps");
}

enum slash_end
attach_slash(struct app *a, const char *arg)
{
	bool on = strcmp(arg, "on") == 0;
	const char *say =
	    "a step that waits for the terminal is told of; Ctrl-T, or /attach "
	    "typed meanwhile, attaches; /attach on: each step from its start";

	if (!attach_can(a)) {
		say = "there is no terminal to give to steps";
	} else if (on || strcmp(arg, "off") == 0) {
		attach_set(a, on);
		say = on ? "steps get the terminal from their start, Ctrl-] takes it back; "
			   "interpreters that run already keep their pipes until /restart"
			 : "steps get the terminal when you attach it";
	} else if (*arg) {
		say = "/attach takes 'on', 'off' or nothing";
	} else if (screen_attaches(a->screen)) {
		say = "steps get the terminal from their start; /attach off ends that";
	}
	term_line(a->term, TERM_SIDE, STYLE_NOTICE, say);
	return SLASH_DONE;
}
