/* `sunaba doctor`: what this machine offers and what is missing. Exit code 4 when code could
 * not be run here, else 0. */
#include <dlfcn.h>
#include <string.h>

#include "agent/app.h"
#include "agent/base/fs.h"
#include "agent/base/lib_chafa.h"
#include "agent/commands.h"
#include "tools/kernels/kernels.h"
#include "tools/picture.h"

static void
doctor_row(struct app *a, bool good, const char *what, const char *detail)
{
	const char *const pairs[][2] = {
	    {"what", what}, {"state", good ? "ok" : "missing"}, {"detail", detail}};
	struct row r;

	if (opt_flag(a->opts, OPT_JSON)) {
		app_json_row(a, pairs, ARRAY_LEN(pairs));
		return;
	}
	row_init(&r);
	row_addf(&r, good ? STYLE_ADD : STYLE_WARN, "%-8s", good ? "ok" : "missing");
	row_addf(&r, STYLE_PLAIN, "%-12s %s", what, detail);
	term_row(a->term, TERM_ANSWER, &r);
	row_release(&r);
}

/* A sentence and what to do, for a rung that does not stand. */
static void
doctor_missing(struct app *a, const char *what, const struct sbx_fail *f)
{
	char msg[1200], hint[600];

	sbx_fail_text(f, msg, sizeof(msg), hint, sizeof(hint));
	doctor_row(a, false, what, msg);
	if (!hint[0])
		return;
	if (opt_flag(a->opts, OPT_JSON))
		doctor_row(a, false, "remedy", hint);
	else
		term_linef(a->term, TERM_ANSWER, STYLE_NOTICE, "%21s%s", "", hint);
}

/* Each rung was really started; the first that stands is the one that runs use. */
static bool
doctor_sandbox(struct app *a)
{
	static const char *const names[] = {"full", "via bwrap", "reduced"};
	struct sbx_probe p = {0};
	char text[128];
	bool stands;

	sbx_probe(&p);
	stands = p.stand.rung != SBX_RUNG_BEST;
	snprintf(text, sizeof(text), "%s (Landlock ABI %d%s)", sbx_rung_text(p.stand.rung),
		 p.landlock_abi, stands ? ", system-call filter" : "");
	doctor_row(a, stands, "sandbox", text);
	for (size_t i = 0; i < ARRAY_LEN(p.tried); i++) {
		if (p.tried[i].stands)
			doctor_row(a, true, names[i], sbx_rung_text(p.tried[i].rung));
		else if (p.stand.rung != SBX_RUNG_FULL)
			doctor_missing(a, names[i], &p.tried[i].fail);
		if (p.stand.rung == SBX_RUNG_FULL)
			break;
	}
	return stands;
}

static void
doctor_languages(struct app *a)
{
	const struct kernel *k;

	for (size_t i = 0; (k = kernel_at(i)); i++) {
		char text[128];
		bool there = kernel_installed(k);

		if (there)
			snprintf(text, sizeof(text), "%s", k->program);
		else
			snprintf(text, sizeof(text), "%s: apt-get install %s", k->program,
				 k->debian);
		doctor_row(a, there, k->name, text);
	}
}

/* Needed for pictures alone. */
static void
doctor_pictures(struct app *a)
{
	const struct picture_lib libs[] = {{LIB_CHAFA_SONAME, LIB_CHAFA_PACKAGE},
					   *picture_lib_of(PICTURE_PNG),
					   *picture_lib_of(PICTURE_JPEG)};

	for (size_t i = 0; i < ARRAY_LEN(libs); i++) {
		bool there = dlopen(libs[i].soname, RTLD_LAZY | RTLD_LOCAL) != NULL;
		char text[128];

		snprintf(text, sizeof(text), "%s%s%s", libs[i].soname,
			 there ? "" : ": apt-get install ", there ? "" : libs[i].package);
		doctor_row(a, there, "pictures", text);
	}
}

static void
doctor_models(struct app *a)
{
	struct model_want want = app_want(a->opts);
	struct model_found_list list = {0};
	struct err e = {0};

	if (model_list(&want, a->loop, &list, &e))
		doctor_row(a, false, "models", e.msg);
	else if (list.n == 0)
		doctor_row(a, false, "models",
			   "none found: start 'ollama serve' or set OPENAI_API_KEY");
	for (size_t i = 0; i < list.n; i++)
		doctor_row(a, true, "model", list.at[i].spec);
	model_found_release(&list);
}

int
cmd_doctor(struct opts *o)
{
	struct app a = {.opts = o};
	struct term_opts t = app_term_opts(o);
	char *config = opts_config_path(o);
	struct err e = {0};
	bool sandbox;
	int code;

	a.term = term_new(&t);
	if (loop_new(&a.loop, &e)) {
		free(config);
		return app_fail(&a, &e);
	}
	sandbox = doctor_sandbox(&a);
	doctor_languages(&a);
	doctor_pictures(&a);
	doctor_models(&a);
	if (config)
		doctor_row(&a, true, "config",
			   access(config, R_OK) == 0 ? config : "none (it is not needed)");
	free(config);
	code = app_end(&a, ERR_NONE, &e);
	return sandbox ? code : err_exit_code(ERR_SANDBOX);
}
