/* Sections of the manual from the tables: roff with man(7) macros.
 *
 * A template's line that is one @WORD@ is replaced by its section; @VERSION@ is replaced
 * anywhere. Everything from a table is escaped, so that no dash becomes a hyphen and no text a
 * request. Sources: man(7), groff_char(7). Pinned by tests/unit/test_help.c. */
#include <string.h>

#include "agent/commands.h"
#include "agent/help.h"
#include "agent/options.h"

/* Text for a roff line: dashes that can be copied, no request at the beginning. */
static void
man_text(struct buf *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_adds(out, "\\&");
	for (; *s; s++) {
		if (*s == '-')
			buf_adds(out, "\\-");
		else if (*s == '\\')
			buf_adds(out, "\\e");
		else if (*s == '\'')
			buf_adds(out, "\\(aq");
		else if (*s == '"')
			buf_adds(out, "\\(dq");
		else
			buf_addc(out, *s);
	}
}

static void
man_bold(struct buf *out, const char *s)
{
	buf_adds(out, "\\fB");
	man_text(out, s);
	buf_adds(out, "\\fR");
}

static void
man_entry(struct buf *out, const char *term, const char *help)
{
	buf_adds(out, ".TP\n");
	man_bold(out, term);
	buf_addc(out, '\n');
	man_text(out, help);
	buf_addc(out, '\n');
}

static void
man_option(struct buf *out, const struct opt_row *row)
{
	char letter[3] = {'-', row->letter, '\0'};

	buf_adds(out, ".TP\n");
	if (row->letter) {
		man_bold(out, letter);
		buf_adds(out, ", ");
	}
	buf_adds(out, "\\fB\\-\\-");
	man_text(out, row->name);
	buf_adds(out, "\\fR");
	if (row->arg) {
		buf_adds(out, row->on ? "[=\\fI" : " \\fI");
		man_text(out, row->arg);
		buf_adds(out, row->on ? "\\fR]" : "\\fR");
	}
	buf_addc(out, '\n');
	man_text(out, row->help);
	if (row->def && strcmp(row->def, "0") != 0 && row->type != OPT_FLAG) {
		buf_adds(out, " (default: ");
		man_text(out, row->def);
		buf_addc(out, ')');
	}
	buf_adds(out, ".\n");
	if (row->env || row->key) {
		buf_adds(out, "Set by ");
		if (row->env)
			man_bold(out, row->env);
		if (row->env && row->key)
			buf_adds(out, " or ");
		if (row->key) {
			buf_adds(out, "the key ");
			man_bold(out, row->key);
		}
		buf_adds(out, ".\n");
	}
}

static void
man_options_of(struct buf *out, unsigned bits)
{
	const char *group = "";

	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct opt_row *row = &option_table[i];

		if (!row->name || !(row->commands & bits))
			continue;
		if (strcmp(group, row->group) != 0)
			buf_addf(out, ".SS %s\n", group = row->group);
		man_option(out, row);
	}
}

static void
man_options(struct buf *out)
{
	man_options_of(out, CMD_ANY);
}

static void
man_sandbox_options(struct buf *out)
{
	man_options_of(out, CMD_SANDBOX);
}

static void
man_commands(struct buf *out)
{
	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &command_table[i];

		if (c->hidden)
			continue;
		buf_adds(out, ".TP\n");
		man_bold(out, c->name);
		if (c->args[0])
			buf_addc(out, ' ');
		man_text(out, c->args);
		buf_addc(out, '\n');
		man_text(out, c->help);
		buf_adds(out, ".\n");
	}
}

static void
man_environment(struct buf *out)
{
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (option_table[i].env)
			man_entry(out, option_table[i].env, option_table[i].help);
}

static const char *
man_type(const struct opt_row *row)
{
	switch (row->type) {
	case OPT_FLAG:
		return "true or false";
	case OPT_STRING:
		return "text";
	case OPT_PATH:
		return "path";
	case OPT_INT:
		return "whole number";
	case OPT_NUMBER:
		return "number";
	case OPT_DURATION:
		return "time";
	case OPT_SIZE:
		return "size";
	case OPT_CHOICE:
		return row->choices;
	case OPT_LIST:
	case OPT_NAMES:
		return "list of names";
	case OPT_PATHS:
		return "list of paths";
	}
	return "";
}

static const char *
man_scope(const struct opt_row *row)
{
	switch (row->scope) {
	case OPT_ANYWHERE:
		return " A project's file may set it.";
	case OPT_TIGHTEN:
		return " A project's file may lower it.";
	case OPT_USER:
		break;
	}
	return "";
}

static void
man_config(struct buf *out)
{
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct opt_row *row = &option_table[i];

		if (!row->key)
			continue;
		buf_adds(out, ".TP\n");
		man_bold(out, row->key);
		buf_adds(out, " (");
		man_text(out, man_type(row));
		buf_adds(out, ")\n");
		man_text(out, row->help);
		buf_addc(out, '.');
		man_text(out, man_scope(row));
		buf_addc(out, '\n');
	}
}

static void
man_exit(struct buf *out)
{
	for (size_t i = 0; i < exit_count; i++)
		man_entry(out, exit_table[i].code, exit_table[i].meaning);
}

static const struct man_section {
	const char *mark;
	void (*write)(struct buf *out);
} man_sections[] = {
    {"@OPTIONS@", man_options},	  {"@SANDBOX_OPTIONS@", man_sandbox_options},
    {"@COMMANDS@", man_commands}, {"@ENVIRONMENT@", man_environment},
    {"@CONFIG@", man_config},	  {"@EXIT@", man_exit},
};

/* One line of the template, without its newline. */
static enum err_kind
man_line(const char *line, size_t n, struct buf *out, struct err *e)
{
	static const char version[] = "@VERSION@";
	const char *mark;

	for (size_t i = 0; i < ARRAY_LEN(man_sections); i++)
		if (strlen(man_sections[i].mark) == n &&
		    memcmp(line, man_sections[i].mark, n) == 0) {
			man_sections[i].write(out);
			return ERR_NONE;
		}
	if (n > 2 && line[0] == '@' && line[n - 1] == '@' && !memchr(line, ' ', n) &&
	    (n != strlen(version) || memcmp(line, version, n) != 0))
		return err_set(e, ERR_PARSE, "unknown section '%.*s'",
			       (int)MIN_OF(n, (size_t)80), line);
	while ((mark = memmem(line, n, version, strlen(version)))) {
		buf_add(out, line, (size_t)(mark - line));
		buf_adds(out, SUNABA_VERSION);
		n -= (size_t)(mark - line) + strlen(version);
		line = mark + strlen(version);
	}
	buf_add(out, line, n);
	buf_addc(out, '\n');
	return ERR_NONE;
}

enum err_kind
help_man(const char *text, size_t n, struct buf *out, struct err *e)
{
	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t len = end ? (size_t)(end - text) : n;
		enum err_kind kind = man_line(text, len, out, e);

		if (kind)
			return kind;
		text += len + (end != NULL);
		n -= len + (end != NULL);
	}
	if (out->full)
		return err_set(e, ERR_LIMIT, "the manual is larger than %zu bytes",
			       out->max);
	return ERR_NONE;
}
