/* --help and `sunaba help`: written from the options and commands tables.
 *
 * Two columns within 80: what is typed, and what it does. Topics that are no commands
 * (options, environment, config keys, exit codes) are the same tables read another way.
 * Pinned by tests/unit/test_help.c and tests/e2e/test_options.py. */
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/help.h"
#include "agent/options.h"

#define HELP_INDENT	 2
#define HELP_TEXT_COLUMN 30
#define TEMPLATE_MAX	 MIB /* bytes of a manual's template */

const struct exit_row exit_table[] = {
    {"0", "done"},
    {"1", "the task ended in failure, or an internal error"},
    {"2", "usage or configuration"},
    {"3", "the model or its server failed"},
    {"4", "the sandbox cannot be set up"},
    {"5", "a confirmation was needed and nobody could be asked"},
    {"6", "a limit was reached (steps, cost, time)"},
    {"7", "a replay differs from its record"},
    {"130", "interrupted"},
    {"143", "terminated"},
};
const size_t exit_count = ARRAY_LEN(exit_table);

/* Words of `text` from column `at` on, lines broken before `HELP_COLUMNS`. */
static void
help_wrap(FILE *out, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (!first && at + 1 + n >= HELP_COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		fprintf(out, "%s%.*s", first ? "" : " ", (int)n, text);
		at += n + !first;
		first = false;
		text += n + (text[n] == ' ');
	}
	fputc('\n', out);
}

/* One entry: `left` is what is typed, `text` what it means. */
static void
help_entry(FILE *out, const char *left, const char *text)
{
	size_t used = HELP_INDENT + strlen(left);

	fprintf(out, "%*s%s", HELP_INDENT, "", left);
	if (used + 2 > HELP_TEXT_COLUMN) {
		fputc('\n', out);
		used = 0;
	}
	fprintf(out, "%*s", (int)(HELP_TEXT_COLUMN - used), "");
	help_wrap(out, text, HELP_TEXT_COLUMN, HELP_TEXT_COLUMN);
}

/* "-m, --model PROVIDER:MODEL" */
static void
help_left(const struct opt_row *row, struct buf *out)
{
	buf_reset(out);
	if (row->letter)
		buf_addf(out, "-%c, ", row->letter);
	else
		buf_adds(out, "    ");
	buf_addf(out, "--%s", row->name);
	if (row->arg && row->on)
		buf_addf(out, "[=%s]", row->arg);
	else if (row->arg)
		buf_addf(out, " %s", row->arg);
}

/* The help line with its default, where one says something. */
static void
help_text(const struct opt_row *row, struct buf *out)
{
	buf_reset(out);
	buf_adds(out, row->help);
	if (row->def && strcmp(row->def, "0") != 0 && row->type != OPT_FLAG)
		buf_addf(out, " [%s]", row->def);
}

static void
help_options(FILE *out, unsigned bit)
{
	AUTO_BUF struct buf left = BUF_INIT(KIB), text = BUF_INIT(KIB);
	const char *group = "";

	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct opt_row *row = &option_table[i];

		if (!row->name || !(row->commands & bit))
			continue;
		if (strcmp(group, row->group) != 0)
			fprintf(out, "\n%s:\n", group = row->group);
		help_left(row, &left);
		help_text(row, &text);
		help_entry(out, buf_str(&left), buf_str(&text));
	}
}

static void
help_commands(FILE *out)
{
	fputs("\nCommands:\n", out);
	for (size_t i = 0; i < command_count; i++)
		if (!command_table[i].hidden)
			help_entry(out, command_table[i].name, command_table[i].help);
}

static void
help_main(FILE *out)
{
	fputs(
	    "Usage: sunaba [OPTION...]                a session: talk, run code in a "
	    "sandbox\n"
	    "       sunaba [OPTION...] TASK           do one task, print the answer, exit\n"
	    "       ... | sunaba [OPTION...] [TASK]   standard input is the task or its "
	    "data\n"
	    "       sunaba COMMAND [ARG...]\n",
	    out);
	help_commands(out);
	help_options(out, CMD_MAIN);
	fputs("\nTopics: sunaba help COMMAND, config, environment, exit\n", out);
}

static void
help_command(FILE *out, const struct command *c)
{
	fprintf(out, "Usage: sunaba %s%s%s\n\n", c->name, c->args[0] ? " " : "", c->args);
	help_wrap(out, c->help, 0, 0);
	help_options(out, c->bit);
}

static void
help_environment(FILE *out)
{
	fputs("Variables, with the options they stand for:\n\n", out);
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (option_table[i].env)
			help_entry(out, option_table[i].env, option_table[i].help);
}

static void
help_config(FILE *out)
{
	AUTO_BUF struct buf text = BUF_INIT(KIB);

	fputs("\nKeys of the config file (YAML; a dot stands for a mapping):\n\n", out);
	for (size_t i = 0; i < OPT_COUNT; i++) {
		if (!option_table[i].key)
			continue;
		help_text(&option_table[i], &text);
		help_entry(out, option_table[i].key, buf_str(&text));
	}
}

static void
help_exit(FILE *out)
{
	fputs("Exit codes:\n\n", out);
	for (size_t i = 0; i < exit_count; i++)
		help_entry(out, exit_table[i].code, exit_table[i].meaning);
}

void
help_print(const char *command, FILE *out)
{
	const struct command *c = command ? command_find(command) : NULL;

	if (c)
		help_command(out, c);
	else
		help_main(out);
	if (c && c->bit == CMD_CONFIG)
		help_config(out);
}

/* Topics that are no commands. */
static const struct help_topic {
	const char *name;
	void (*print)(FILE *out);
} help_topics[] = {
    {"options", help_main},
    {"environment", help_environment},
    {"exit", help_exit},
};

static int
help_topic(const char *name)
{
	const char *names[64];
	const char *near;
	size_t n = 0;
	struct err e;

	if (command_find(name)) {
		help_print(name, stdout);
		return cmd_end();
	}
	for (size_t i = 0; i < ARRAY_LEN(help_topics); i++) {
		if (strcmp(help_topics[i].name, name) == 0) {
			help_topics[i].print(stdout);
			return cmd_end();
		}
		names[n++] = help_topics[i].name;
	}
	for (size_t i = 0; i < command_count && n < ARRAY_LEN(names); i++)
		names[n++] = command_table[i].name;
	near = opt_nearest(name, names, n);
	err_set(&e, ERR_USAGE, "no help on '%.200s'", name);
	if (near)
		err_hint(&e, "did you mean '%s'? see 'sunaba --help'", near);
	else
		err_hint(&e, "see 'sunaba --help'");
	return cmd_fail(&e);
}

int
cmd_help(struct opts *o)
{
	AUTO_BUF struct buf text = BUF_INIT(TEMPLATE_MAX),
			    page = BUF_INIT(4 * TEMPLATE_MAX);
	const char *template = opt_str(o, OPT_MAN);
	struct err e;
	int n;
	char **args = opts_args(o, &n);

	if (n > 1) {
		err_set(&e, ERR_USAGE, "'help' takes one topic");
		err_hint(&e, "see 'sunaba --help'");
		return cmd_fail(&e);
	}
	if (template) {
		if (fs_read(template, &text, &e) ||
		    help_man(buf_str(&text), text.len, &page, &e))
			return cmd_fail(&e);
		fwrite(buf_str(&page), 1, page.len, stdout);
		return cmd_end();
	}
	if (n == 1)
		return help_topic(args[0]);
	help_print(NULL, stdout);
	return cmd_end();
}
