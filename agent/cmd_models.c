/* `sunaba models`: what can be talked to now. */
#include "agent/app.h"
#include "agent/commands.h"

static void
models_row(struct app *a, const struct model_found *m)
{
	const char *const pairs[][2] = {
	    {"model", m->spec}, {"where", m->where}, {"detail", m->detail}};

	if (opt_flag(a->opts, OPT_JSON))
		app_json_row(a, pairs, ARRAY_LEN(pairs));
	else
		term_linef(a->term, TERM_ANSWER, STYLE_PLAIN, "%-36s %-32s %s", m->spec,
			   m->where, m->detail);
}

int
cmd_models(struct opts *o)
{
	struct app a = {.opts = o};
	struct model_want want = app_want(o);
	struct model_found_list list = {0};
	struct term_opts t = app_term_opts(o);
	struct err e = {0};
	enum err_kind kind;

	a.term = term_new(&t);
	kind = loop_new(&a.loop, &e);
	if (!kind)
		kind = model_list(&want, a.loop, &list, &e);
	for (size_t i = 0; i < list.n; i++)
		models_row(&a, &list.at[i]);
	if (!kind && list.n == 0)
		term_line(a.term, TERM_SIDE, STYLE_NOTICE,
			  "no model was found: start 'ollama serve' or 'llama-server', set "
			  "OPENAI_API_KEY, or try 'sunaba -m demo'");
	model_found_release(&list);
	return app_end(&a, kind, &e);
}
