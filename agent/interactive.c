/* The interactive session: a prompt, and what is typed there. See app.h.
 *
 * Ctrl-C: at the prompt it clears the line (twice: leaves); during an answer or a step it
 * returns to the prompt with everything kept. Ctrl-D leaves. */
#include <string.h>

#include "agent/app.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/core/fence.h"
#include "agent/core/gate.h"
#include "agent/core/turn.h"
#include "agent/model/provider_demo.h"
#include "agent/net.h"
#include "agent/resume.h"
#include "agent/slash.h"
#include "agent/sources.h"
#include "agent/staged.h"
#include "agent/tour.h"
#include "agent/ui/line.h"

#define INTERACTIVE_LINE_MAX (512 * KIB) /* bytes of one message */

struct interactive {
	struct app *app;
	struct line *line;
	char *prefill; /* for the next prompt */
	size_t tour;   /* next task of the tour */
	bool offer;    /* it was not offered yet */
};

static void
interactive_no_model(struct app *a, const struct err *why)
{
	term_line(a->term, TERM_SIDE, STYLE_WARN, why->msg);
	term_line(
	    a->term, TERM_SIDE, STYLE_NOTICE,
	    "Start one on this machine (ollama serve, llama-server) or set a key such as "
	    "OPENAI_API_KEY,");
	term_line(a->term, TERM_SIDE, STYLE_NOTICE,
		  "then /models. Enter takes the offline tour; !COMMAND runs a command.");
}

static bool
interactive_unconfined(const struct app *a)
{
	return sbx_session_stand(a->sandbox)->rung == SBX_RUNG_NONE;
}

static void
interactive_greet(struct app *a, const struct err *why)
{
	const struct model *m = a->session->model;
	AUTO_FREE char *workspace = fs_shorten(a->workspace);
	const struct sbx_stand *stand = sbx_session_stand(a->sandbox);
	const char *rung = stand->rung == SBX_RUNG_FULL ? "on" : sbx_rung_text(stand->rung);

	if (m)
		term_linef(a->term, TERM_SIDE, STYLE_DIM,
			   "sunaba %s · %s:%s · %s · sandbox %s%s · /help", SUNABA_VERSION,
			   m->provider->name, m->name, workspace, rung, net_banner(a));
	else
		term_linef(a->term, TERM_SIDE, STYLE_DIM,
			   "sunaba %s · no model · %s · sandbox %s%s · /help",
			   SUNABA_VERSION, workspace, rung, net_banner(a));
	app_say_rung(a);
	net_warn(a);
	if (!m)
		interactive_no_model(a, why);
	if (a->session->conf.approve == APPROVE_AUTO)
		term_linef(a->term, TERM_SIDE, STYLE_WARN,
			   "steps run without asking (-y), %s",
			   interactive_unconfined(a) ? "with all of your rights"
						     : "inside the sandbox");
}

/* The tour types its next task into the prompt; Enter sends it. */
static void
interactive_offer_tour(struct interactive *x)
{
	if (!tour_is_on(x->app) || x->prefill || !x->offer)
		return;
	x->offer = false;
	if (x->tour >= demo_count()) {
		term_line(x->app->term, TERM_SIDE, STYLE_NOTICE,
			  "That was the tour. /model NAME connects a model, /quit leaves.");
		return;
	}
	term_linef(x->app->term, TERM_SIDE, STYLE_NOTICE,
		   "Tour %zu of %zu: %s. Press Enter to send the task.", x->tour + 1,
		   demo_count(), demo_title(x->tour));
	x->prefill = mem_strdup(demo_user(x->tour));
}

/* A task of the tour was sent: the next one is offered after it. */
static void
interactive_note_tour(struct interactive *x, const char *text)
{
	size_t i = tour_is_on(x->app) ? tour_find(text) : demo_count();

	if (i == demo_count())
		return;
	x->tour = i + 1;
	x->offer = true;
}

/* After a task: the prompt comes back whatever happened; only a termination leaves. */
static bool
interactive_after(struct app *a, enum err_kind kind, const struct err *e)
{
	loop_take_interrupts(a->loop);
	if (kind == ERR_TERMINATED)
		return false;
	if (kind == ERR_INTERRUPTED)
		term_linef(a->term, TERM_SIDE, STYLE_DIM, "[%s]", e->msg);
	else if (kind)
		term_error(a->term, e);
	return kind != ERR_SANDBOX ||
	       executor_ready(a->session->executor, NULL) == ERR_NONE;
}

static bool
interactive_task(struct app *a, const char *text, size_t n)
{
	struct err e = {0};
	enum err_kind kind;

	if (!a->session->model) {
		err_set(&e, ERR_CONFIG, "there is no model to ask");
		err_hint(&e, "/models lists what can be used, /model NAME takes one; "
			     "!COMMAND runs a command");
		term_error(a->term, &e);
		return true;
	}
	screen_busy(a->screen, true);
	staged_turn(a, true);
	kind = tour_prepare(a, text, &e);
	if (!kind)
		kind = turn_run(a->session, text, n, &e);
	screen_busy(a->screen, false);
	staged_turn_over(a);
	return interactive_after(a, kind, &e);
}

static bool
interactive_code(struct app *a, const struct kernel *k, const char *code, size_t n)
{
	struct err e = {0};
	enum err_kind kind;

	screen_busy(a->screen, true);
	staged_turn(a, false);
	kind = turn_user_code(a->session, k, code, n, NULL, &e);
	screen_busy(a->screen, false);
	staged_turn_over(a);
	return interactive_after(a, kind, &e);
}

/* Fenced blocks typed at the prompt, when the message is nothing else. */
static bool
interactive_fences(struct app *a, const char *text, size_t n, bool *more)
{
	struct fence_list list;
	bool did = false;

	if (strncmp(text, "```", 3) != 0 && strncmp(text, "~~~", 3) != 0)
		return false;
	fence_find(text, n, &list);
	for (size_t i = 0; i < list.n && *more; i++) {
		const struct kernel *k = kernel_find(list.at[i].language);

		if (!k || !list.at[i].closed)
			continue;
		did = true;
		*more = interactive_code(a, k, list.at[i].code, list.at[i].len);
	}
	fence_release(&list);
	return did;
}

/* The last message is sent anew: what it did to files stays, a turn of its own. */
static void
interactive_take_back(struct app *a)
{
	session_undo(a->session);
	if (a->stage)
		stage_message_gone(a->stage);
}

static bool
interactive_slash(struct interactive *x, const char *text)
{
	struct app *a = x->app;

	parts_typed(&a->session->typed, text, strlen(text));
	switch (slash_run(a, text)) {
	case SLASH_QUIT:
		return false;
	case SLASH_RETRY: {
		AUTO_FREE char *last = mem_strdup(session_last_user(a->session));

		interactive_take_back(a);
		return interactive_task(a, last, strlen(last));
	}
	case SLASH_EDIT:
		x->prefill = mem_strdup(session_last_user(a->session));
		interactive_take_back(a);
		return true;
	case SLASH_DONE:
		break;
	}
	return true;
}

/* Handles one line; false: leave. */
static bool
interactive_line(struct interactive *x, const char *text, size_t n)
{
	struct app *a = x->app;
	bool more = true;

	while (n > 0 && strchr(" \t\n", *text)) {
		text++;
		n--;
	}
	if (n == 0)
		return true;
	if (sources_answer(a, text))
		return true;
	if (text[0] == '/' && strcspn(text + 1, "/ \n\t") == strcspn(text + 1, " \n\t"))
		return interactive_slash(x, text + 1);
	if (text[0] == '!' || strncmp(text, "%%", 2) == 0) {
		size_t skip = text[0] == '!' ? 1 : 2;

		return interactive_code(a, kernel_find("shell"), text + skip, n - skip);
	}
	if (text[0] == '%')
		return interactive_slash(x, text + 1);
	if (interactive_fences(a, text, n, &more))
		return more;
	interactive_note_tour(x, text);
	more = interactive_task(a, text, n);
	term_line(a->term, TERM_SIDE, STYLE_PLAIN, "");
	return more;
}

static struct line *
interactive_line_new(struct app *a)
{
	struct line_command *rows = mem_array(NULL, slash_count, sizeof(*rows));
	struct line_opts o = {.history = a->history,
			      .commands = rows,
			      .ncommands = slash_count,
			      .danger = interactive_unconfined(a),
			      .below_command = "show",
			      .below = a->workspace};
	struct line *l;

	for (size_t i = 0; i < slash_count; i++)
		rows[i] = (struct line_command){.name = slash_table[i].name,
						.args = slash_table[i].args,
						.help = slash_table[i].help};
	l = line_new(a->term, a->loop, &o);
	free(rows);
	return l;
}

static int
interactive_loop(struct interactive *x)
{
	AUTO_BUF struct buf text = BUF_INIT(INTERACTIVE_LINE_MAX);
	enum line_end end = LINE_TEXT;
	bool more = true;

	while (more) {
		AUTO_FREE char *prefill = NULL;

		interactive_offer_tour(x);
		prefill = TAKE(x->prefill);
		buf_reset(&text);
		end = line_read(x->line,
				interactive_unconfined(x->app) ? "NO SANDBOX > "
							       : net_prompt(x->app),
				prefill, &text);
		if (end == LINE_CANCEL)
			continue;
		if (end != LINE_TEXT)
			break;
		more = interactive_line(x, buf_str(&text), text.len);
	}
	if (loop_terminated(x->app->loop))
		return err_exit_code(ERR_TERMINATED);
	return end == LINE_QUIT ? err_exit_code(ERR_INTERRUPTED) : 0;
}

int
app_run_session(struct app *a)
{
	struct interactive x = {.app = a, .offer = true};
	struct err why = {0}, e = {0};
	int code;

	if (app_session(a, true, false, &why, &e) ||
	    executor_ready(a->session->executor, &e))
		return app_fail(a, e.kind ? &e : &why);
	interactive_greet(a, &why);
	if (resume_go_on(a, &e))
		return app_fail(a, &e);
	resume_show(a);
	staged_ready(a);
	sources_ask_folder(a);
	if (!a->session->model)
		x.prefill = mem_strdup("/model demo");
	x.line = interactive_line_new(a);
	screen_set_line(a->screen, x.line);
	code = interactive_loop(&x);
	screen_set_line(a->screen, NULL);
	line_free(x.line);
	free(x.prefill);
	if (staged_end(a, code != 0, &e) && code == 0)
		return app_fail(a, &e);
	return code;
}
