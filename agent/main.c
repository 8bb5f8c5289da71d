/* main: which command, and the order of the first steps.
 *
 * A run is in job.c; commands that need no jail start none. `--version`, `--help` and `sandbox`
 * load none of the large libraries. */
#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "agent/app.h"
#include "agent/base/fs.h"
#include "agent/commands.h"
#include "agent/model/models.h"
#include "tools/picture.h"

static command_fn *const main_functions[] = {COMMAND_ROWS(COMMAND_FUNCTION)};

/* The line editor counts characters by the locale. One that is named but not installed (ssh
 * hands over the user's, a container has none) leaves it with "C", where it drops every byte
 * of a Japanese word. */
static void
main_locale(void)
{
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC,
		  "C"); /* numbers in JSON and options have a point everywhere */
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* A sub-command: its options, the environment and the config, then its function. */
static int
main_command(struct app *a, const struct command *c, int argc, char **argv)
{
	struct err e = {0};

	if (c->bit != CMD_SANDBOX && c->bit != CMD_VERSION)
		main_locale();
	if (opts_argv(a->opts, c->name, argc, argv, &e))
		return app_fail(a, &e);
	if (opt_flag(a->opts, OPT_HELP)) {
		help_print(c->name, stdout);
		return cmd_end();
	}
	/* `resume` is a run: its jail comes before the keys. */
	if (c->bit != CMD_CONFIG && c->bit != CMD_VERSION && c->bit != CMD_HELP &&
	    c->bit != CMD_COMPLETION && c->bit != CMD_RESUME && opts_load(a->opts, &e))
		return app_fail(a, &e);
	return main_functions[c - command_table](a->opts);
}

int
main(int argc, char **argv)
{
	struct app a = {0};
	struct err e = {0};
	const struct command *c;
	int code;

	sbx_jail_main_if_asked(argc, argv);
	picture_cell_if_asked(argc, argv);
	fs_fill_streams();
	a.opts = opts_new();
	c = argc > 1 ? command_find(argv[1]) : NULL;
	if (c) {
		code = main_command(&a, c, argc - 2, argv + 2);
	} else if (opts_argv(a.opts, NULL, argc - 1, argv + 1, &e)) {
		code = app_fail(&a, &e);
	} else if (opt_flag(a.opts, OPT_HELP)) {
		help_print(NULL, stdout);
		code = cmd_end();
	} else if (opt_flag(a.opts, OPT_VERSION)) {
		code = cmd_version(a.opts);
	} else {
		main_locale();
		code = app_job(&a);
	}
	app_close(&a);
	opts_free(a.opts);
	if (model_preload_busy())
		_exit(code); /* everything was written through the terminal's writer */
	return code;
}
