/* Commands of a session. See slash.h. Pinned by tests/e2e/test_session.py. */
#include <stdarg.h>
#include <string.h>

#include "agent/allow.h"
#include "agent/attach.h"
#include "agent/background.h"
#include "agent/export.h"
#include "agent/limits.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/core/context.h"
#include "agent/model/models.h"
#include "agent/net.h"
#include "agent/save.h"
#include "agent/show.h"
#include "agent/sources.h"
#include "agent/slash.h"
#include "agent/staged.h"

static void slash_say(struct app *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
slash_say(struct app *a, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	term_line(a->term, TERM_SIDE, STYLE_NOTICE, text);
}

static enum slash_end
slash_help(struct app *a, const char *arg)
{
	(void)arg;
	for (size_t i = 0; i < slash_count; i++) {
		AUTO_FREE char *left =
		    mem_printf("/%s %s", slash_table[i].name, slash_table[i].args);

		term_linef(a->term, TERM_SIDE, STYLE_PLAIN, "  %-26s %s", left,
			   slash_table[i].help);
	}
	term_line(
	    a->term, TERM_SIDE, STYLE_PLAIN,
	    "  !COMMAND                   run a shell command yourself, in the same "
	    "sandbox\n"
	    "  ```python … ```            run code yourself\n"
	    "  \"\"\" … \"\"\"                a message of several lines (also "
	    "Alt-Enter, Ctrl-J)\n"
	    "  Ctrl-C                     stop the model or the step; twice: kill it");
	return SLASH_DONE;
}

static enum slash_end
slash_quit(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	return SLASH_QUIT;
}

static enum slash_end
slash_model(struct app *a, const char *arg)
{
	struct model_want want = app_want(a->opts);
	struct model *m = a->session->model, *next = NULL;
	struct err e = {0};

	if (!*arg) {
		if (m)
			slash_say(a, "%s:%s, a window of %lld tokens (%s)",
				  m->provider->name, m->name, (long long)m->context,
				  m->context_source);
		else
			slash_say(
			    a, "no model; /model PROVIDER:MODEL sets one, /models lists");
		return SLASH_DONE;
	}
	want.model = arg;
	if (model_open(&want, a->loop, &next, &e)) {
		loop_take_interrupts(a->loop);
		term_error(a->term, &e);
		return SLASH_DONE;
	}
	session_set_model(a->session, next);
	slash_say(a, "now talking to %s:%s", next->provider->name, next->name);
	return SLASH_DONE;
}

static enum slash_end
slash_models(struct app *a, const char *arg)
{
	struct model_want want = app_want(a->opts);
	struct model_found_list list = {0};
	struct err e = {0};

	(void)arg;
	if (model_list(&want, a->loop, &list, &e))
		term_error(a->term, &e);
	for (size_t i = 0; i < list.n; i++)
		slash_say(a, "  %-32s %s  %s", list.at[i].spec, list.at[i].where,
			  list.at[i].detail);
	if (list.n == 0)
		slash_say(a, "no model was found");
	model_found_release(&list);
	return SLASH_DONE;
}

static enum slash_end
slash_approve(struct app *a, const char *arg)
{
	struct session *s = a->session;
	size_t i;

	for (i = 0; *arg && i < APPROVE_MODES && strcmp(approve_words[i], arg) != 0; i++)
		;
	if (*arg && i == APPROVE_MODES) {
		slash_say(a, "'%s' is none of: ask, auto, never", arg);
		return SLASH_DONE;
	}
	if (*arg)
		session_set_approve(s, (enum approve_mode)i);
	slash_say(a, "steps: %s", approve_words[s->conf.approve]);
	return SLASH_DONE;
}

static enum slash_end
slash_retry(struct app *a, const char *arg)
{
	const char *last = session_last_user(a->session);
	(void)arg;

	if (!last) {
		slash_say(a, "there is no message to send again");
		return SLASH_DONE;
	}
	return SLASH_RETRY;
}

static enum slash_end
slash_edit(struct app *a, const char *arg)
{
	(void)arg;
	if (!session_last_user(a->session)) {
		slash_say(a, "there is no message to edit");
		return SLASH_DONE;
	}
	return SLASH_EDIT;
}

static enum slash_end
slash_save_to(struct app *a, const char *arg, bool over)
{
	AUTO_FREE char *path = *arg ? fs_expand(arg) : NULL;
	struct err e = {0};

	if (!path)
		slash_say(a, "which file? /save FILE.md");
	else if (save_markdown(a->session, path, over, &e))
		term_error(a->term, &e);
	else
		slash_say(a, "saved to %s", path);
	return SLASH_DONE;
}

static enum slash_end
slash_save(struct app *a, const char *arg)
{
	return slash_save_to(a, arg, false);
}

static enum slash_end
slash_save_over(struct app *a, const char *arg)
{
	return slash_save_to(a, arg, true);
}

static enum slash_end
slash_export(struct app *a, const char *arg)
{
	AUTO_FREE char *path = *arg ? fs_expand(arg) : NULL;
	struct err e = {0};

	if (!path)
		slash_say(a, "which file? /export FILE.md, .html, .ipynb, .jsonl or .json");
	else if (export_session(a, path, &e))
		term_error(a->term, &e);
	else
		slash_say(a, "exported to %s", path);
	return SLASH_DONE;
}

static enum slash_end
slash_tokens(struct app *a, const char *arg)
{
	const struct session *s = a->session;

	(void)arg;
	slash_say(a, "used: %lld tokens in (%lld cached), %lld out",
		  (long long)s->total.input, (long long)s->total.cached,
		  (long long)s->total.output);
	if (s->model)
		slash_say(a, "the conversation now: about %lld of %lld tokens",
			  (long long)context_list_tokens(&s->msgs),
			  (long long)s->model->context);
	if (s->conf.price_input >= 0 && s->cost >= 0)
		slash_say(a, "cost: $%.4f", s->cost);
	return SLASH_DONE;
}

static enum slash_end
slash_config(struct app *a, const char *arg)
{
	(void)arg;
	for (int id = 0; id < OPT_COUNT; id++) {
		AUTO_FREE char *value = NULL;

		if (!opt_is_set(a->opts, id))
			continue;
		value = opt_text(a->opts, id);
		slash_say(a, "  %-18s %-24s %s",
			  option_table[id].key ? option_table[id].key
					       : option_table[id].name,
			  value, opt_source(a->opts, id));
	}
	if (transcript_path(a->session->transcript))
		slash_say(a, "this session: %s", transcript_path(a->session->transcript));
	return SLASH_DONE;
}

static enum slash_end
slash_net(struct app *a, const char *arg)
{
	net_slash(a, arg);
	return SLASH_DONE;
}

const struct slash_row slash_table[] = {
    {"help", "", "this list", slash_help},
    {"model", "[NAME]", "show or change the model", slash_model},
    {"models", "", "list the models that can be used now", slash_models},
    {"approve", "[ask|auto|never]", "ask before each step, run it, or run nothing",
     slash_approve},
    {"retry", "", "ask the model again", slash_retry},
    {"edit", "", "change the last message and send it again", slash_edit},
    {"undo", "[files]", "forget the last message; --staged: its changes to files too",
     staged_slash_undo},
    {"staged", "[on|off]", "let changes wait; what waits, and where", staged_slash_staged},
    {"diff", "[PATH...]", "show the changes that wait", staged_slash_diff},
    {"apply", "[all|PATH...]", "write changes that wait to the workspace",
     staged_slash_apply},
    {"discard", "[PATH...]", "take changes that wait back", staged_slash_discard},
    {"reset", "", "forget the conversation, restart the interpreters",
     background_slash_reset},
    {"restart", "[LANGUAGE]", "restart one interpreter, or all", background_slash_restart},
    {"jobs", "", "the interpreters, and what runs in their background",
     background_slash_jobs},
    {"kill", "N", "end one of them, by its number in /jobs", background_slash_kill},
    {"attach", "[on|off]", "the terminal for steps: from their start, or when they wait",
     attach_slash},
    {"env", "", "the environment that code gets", background_slash_env},
    {"show", "[FILE]", "draw a picture here, or show a text", slash_show},
    {"save", "FILE", "save the conversation as Markdown", slash_save},
    {"save!", "FILE", "the same, over a file that is there", slash_save_over},
    {"export", "FILE",
     "the session as .md, .html, .ipynb, .jsonl, .json (OpenAI's messages)", slash_export},
    {"tokens", "", "what was used, and how full the window is", slash_tokens},
    {"allow", "[read|write PATH]", "show code one path more, or let it write there",
     slash_allow},
    {"sources", "", "where each part of the conversation came from", slash_sources},
    {"trust", "[N|folder]", "trust a part of the conversation, or this folder",
     slash_trust},
    {"net", "[allow HOST|off]", "the hosts that code may reach", slash_net},
    {"limits", "[NAME VALUE]", "show or change the limits of steps, tasks and the sandbox",
     slash_limits},
    {"config", "", "settings and where they come from", slash_config},
    {"quit", "", "leave (also Ctrl-D)", slash_quit},
};
const size_t slash_count = ARRAY_LEN(slash_table);

/* Two lines typed before the prompt was ready may have become one entry: it is in the history. */
static enum slash_end
slash_no_words(struct app *a, const char *word)
{
	slash_say(a, "/%s takes no words: nothing was done (Up brings it back)", word);
	return SLASH_DONE;
}

enum slash_end
slash_run(struct app *a, const char *line)
{
	size_t n = strcspn(line, " \t\n");
	const char *rest = line + n + strspn(line + n, " \t\n");
	const char *names[ARRAY_LEN(slash_table)];
	AUTO_FREE char *word = mem_strndup(line, n);
	AUTO_FREE char *arg = mem_strdup(rest);
	size_t end = strlen(arg);
	const char *near;

	while (end > 0 && strchr(" \t\n", arg[end - 1])) /* completion adds a blank */
		arg[--end] = '\0';
	if (strcmp(word, "exit") == 0)
		return SLASH_QUIT;
	for (size_t i = 0; i < slash_count; i++) {
		names[i] = slash_table[i].name;
		if (strcmp(word, names[i]) != 0)
			continue;
		if (*arg && !*slash_table[i].args)
			return slash_no_words(a, word);
		return slash_table[i].run(a, arg);
	}
	near = opt_nearest(word, names, slash_count);
	if (near)
		slash_say(a, "there is no command '/%s': did you mean '/%s'?", word, near);
	else
		slash_say(a, "there is no command '/%s'; /help lists them", word);
	return SLASH_DONE;
}
