/* `sunaba completion SHELL`: completion scripts for bash, zsh and fish, from the tables.
 *
 * What is offered: commands, the options that go with the command, the words of a choice, and
 * files where a path is wanted. Every text comes from our own tables; it is still quoted for
 * its shell, so that an apostrophe in a help line cannot break the script.
 * Pinned by tests/unit/test_help.c and tests/e2e/test_options.py (each shell's syntax check). */
#include <string.h>

#include "agent/commands.h"
#include "agent/options.h"

/* `s` for the inside of single quotes; characters of `escape` get a backslash. */
static void
shell_quote(FILE *out, const char *s, const char *escape)
{
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", out);
		else if (strchr(escape, *s))
			fprintf(out, "\\%c", *s);
		else
			fputc(*s, out);
	}
}

static bool
shell_wants_path(const struct opt_row *row)
{
	return row->type == OPT_PATH || row->type == OPT_PATHS;
}

/* "auto|ask" as words with blanks between. */
static void
shell_choices(FILE *out, const char *choices)
{
	for (; *choices; choices++)
		fputc(*choices == '|' ? ' ' : *choices, out);
}

/* ---- bash ---- */

static void
bash_names(FILE *out, const struct opt_row *row, const char *end)
{
	if (row->letter)
		fprintf(out, "-%c|", row->letter);
	fprintf(out, "--%s%s", row->name, end);
}

/* What follows an option that takes a value. */
static void
bash_values(FILE *out)
{
	fputs("\tcase $prev in\n", out);
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct opt_row *row = &option_table[i];

		/* Where a value may be missing, the next word is none. */
		if (!row->name || row->type == OPT_FLAG || row->on)
			continue;
		fputs("\t", out);
		bash_names(out, row, ") ");
		if (shell_wants_path(row))
			fputs("_sunaba_files \"$cur\"; ", out);
		if (row->choices) {
			fputs("_sunaba_words '", out);
			shell_choices(out, row->choices);
			fputs("' \"$cur\"; ", out);
		}
		fputs("return ;;\n", out);
	}
	fputs("\tesac\n", out);
}

static void
bash_options(FILE *out, const char *name, unsigned bit)
{
	fprintf(out, "\t%s) opts='", name);
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct opt_row *row = &option_table[i];

		if (row->name && (row->commands & bit))
			fprintf(out, " --%s", row->name);
	}
	fputs("' ;;\n", out);
}

static void
bash_command_names(FILE *out)
{
	for (size_t i = 0; i < command_count; i++)
		if (!command_table[i].hidden)
			fprintf(out, " %s", command_table[i].name);
}

static void
bash_script(FILE *out)
{
	fputs(
	    "# bash completion for sunaba, written by 'sunaba completion bash'\n"
	    "_sunaba_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$2\"); }\n"
	    "_sunaba_files() { compopt -o filenames 2>/dev/null\n"
	    "\tmapfile -t COMPREPLY < <(compgen -f -- \"$1\"); }\n"
	    "_sunaba_program() { local i=2\n"
	    "\twhile ((i < COMP_CWORD)) && [[ ${COMP_WORDS[i]} != -- ]]; do ((i++)); done\n"
	    "\tif ((i < COMP_CWORD)) && declare -F _command_offset >/dev/null; then\n"
	    "\t\t_command_offset $((i + 1))\n"
	    "\telif ((i + 1 == COMP_CWORD)); then\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$1\")\n"
	    "\telse\n"
	    "\t\t_sunaba_files \"$1\"\n"
	    "\tfi; }\n"
	    "_sunaba() {\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	    "\tlocal opts command=${COMP_WORDS[1]}\n"
	    "\tCOMPREPLY=()\n"
	    "\tif [[ $command == sandbox && \" ${COMP_WORDS[*]:2:COMP_CWORD-2} \" == *' -- "
	    "'* "
	    "]]; then\n"
	    "\t\t_sunaba_program \"$cur\"\n"
	    "\t\treturn\n"
	    "\tfi\n",
	    out);
	bash_values(out);
	fputs("\tcase $command in\n", out);
	for (size_t i = 0; i < command_count; i++)
		bash_options(out, command_table[i].name, command_table[i].bit);
	bash_options(out, "*", CMD_MAIN);
	fputs("\tesac\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\t_sunaba_words \"$opts\" \"$cur\"\n"
	      "\telif ((COMP_CWORD == 1)) || [[ $command == help ]]; then\n"
	      "\t\t_sunaba_words '",
	      out);
	bash_command_names(out);
	fputs("' \"$cur\"\n"
	      "\telif [[ $command == completion ]]; then\n"
	      "\t\t_sunaba_words 'bash zsh fish' \"$cur\"\n"
	      "\telse\n"
	      "\t\t_sunaba_files \"$cur\"\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _sunaba sunaba\n",
	      out);
}

/* ---- zsh ---- */

/* ":name:action" for the value of an option. */
static void
zsh_value(FILE *out, const struct opt_row *row)
{
	if (row->type == OPT_FLAG)
		return;
	fputs(row->on ? "::" : ":", out);
	shell_quote(out, row->arg, ":[]\\");
	fputc(':', out);
	if (shell_wants_path(row))
		fputs("_files", out);
	if (row->choices) {
		fputc('(', out);
		shell_choices(out, row->choices);
		fputc(')', out);
	}
}

/* '(-m --model)'{-m,--model}'[help]:NAME:' */
static void
zsh_option(FILE *out, const struct opt_row *row)
{
	bool many =
	    row->type == OPT_LIST || row->type == OPT_NAMES || row->type == OPT_PATHS;

	fputs(" \\\n\t\t'", out);
	if (row->letter)
		fprintf(out, "%s(-%c --%s)'{-%c,--%s}'", many ? "*" : "", row->letter,
			row->name, row->letter, row->name);
	else
		fprintf(out, "%s--%s", many ? "*" : "", row->name);
	if (row->on && row->type != OPT_FLAG)
		fputs("=-", out); /* behind "=" only */
	fputc('[', out);
	shell_quote(out, row->help, ":[]\\");
	fputc(']', out);
	zsh_value(out, row);
	fputc('\'', out);
}

static void
zsh_case(FILE *out, const char *name, unsigned bit, const char *rest)
{
	fprintf(out, "\t%s)\n\t\t_arguments -s -S", name);
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (option_table[i].name && (option_table[i].commands & bit))
			zsh_option(out, &option_table[i]);
	fprintf(out, " \\\n\t\t'%s' ;;\n", rest);
}

static void
zsh_script(FILE *out)
{
	fputs("#compdef sunaba\n"
	      "# zsh completion for sunaba, written by 'sunaba completion zsh'\n"
	      "_sunaba() {\n"
	      "\tlocal -a commands=(",
	      out);
	for (size_t i = 0; i < command_count; i++) {
		if (command_table[i].hidden)
			continue;
		fprintf(out, "\n\t\t'%s:", command_table[i].name);
		shell_quote(out, command_table[i].help, ":\\");
		fputc('\'', out);
	}
	fputs(")\n"
	      "\tif ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n"
	      "\t\t_describe command commands\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tlocal command=$words[2]\n"
	      "\tif ((${commands[(I)$command:*]})); then\n"
	      "\t\tshift words\n"
	      "\t\t((CURRENT--))\n"
	      "\tfi\n"
	      "\tcase $command in\n",
	      out);
	for (size_t i = 0; i < command_count; i++)
		zsh_case(out, command_table[i].name, command_table[i].bit,
			 command_table[i].bit == CMD_COMPLETION ? "*:shell:(bash zsh fish)"
			 : command_table[i].rest		? "*::program:_normal"
								: "*:file:_files");
	zsh_case(out, "*", CMD_MAIN, "*:task:");
	fputs("\tesac\n"
	      "}\n"
	      "if [[ $funcstack[1] == _sunaba ]]; then\n"
	      "\t_sunaba \"$@\"\n"
	      "else\n"
	      "\tcompdef _sunaba sunaba\n"
	      "fi\n",
	      out);
}

/* ---- fish ---- */

static void
fish_option(FILE *out, const struct opt_row *row)
{
	fputs("complete -c sunaba -n '__sunaba_in", out);
	if (row->commands & CMD_MAIN)
		fputs(" main", out);
	for (size_t i = 0; i < command_count; i++)
		if (row->commands & command_table[i].bit)
			fprintf(out, " %s", command_table[i].name);
	fprintf(out, "' -l %s", row->name);
	if (row->letter)
		fprintf(out, " -s %c", row->letter);
	if (shell_wants_path(row))
		fputs(" -r -F", out);
	else if (row->type != OPT_FLAG)
		fputs(row->on ? " -f" : " -x", out);
	if (row->choices) {
		fputs(" -a '", out);
		shell_choices(out, row->choices);
		fputc('\'', out);
	}
	fputs(" -d '", out);
	shell_quote(out, row->help, "\\");
	fputs("'\n", out);
}

static void
fish_script(FILE *out)
{
	fputs("# fish completion for sunaba, written by 'sunaba completion fish'\n"
	      "function __sunaba_in\n"
	      "\tset -l words (commandline -opc)\n"
	      "\tset -l command main\n"
	      "\tif test (count $words) -gt 1; and contains -- $words[2]",
	      out);
	for (size_t i = 0; i < command_count; i++)
		fprintf(out, " %s", command_table[i].name);
	fputs("\n"
	      "\t\tset command $words[2]\n"
	      "\tend\n"
	      "\tcontains -- $command $argv\n"
	      "end\n",
	      out);
	for (size_t i = 0; i < command_count; i++) {
		if (command_table[i].hidden)
			continue;
		fprintf(out, "complete -c sunaba -n __fish_use_subcommand -f -a %s -d '",
			command_table[i].name);
		shell_quote(out, command_table[i].help, "\\");
		fputs("'\n", out);
	}
	fputs("complete -c sunaba -n '__sunaba_in completion' -f -a 'bash zsh fish'\n",
	      out);
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (option_table[i].name)
			fish_option(out, &option_table[i]);
}

static const struct shell_row {
	const char *name;
	void (*write)(FILE *out);
} shell_table[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

int
cmd_completion(struct opts *o)
{
	int n;
	char **args = opts_args(o, &n);
	struct err e;

	for (size_t i = 0; n == 1 && i < ARRAY_LEN(shell_table); i++)
		if (strcmp(shell_table[i].name, args[0]) == 0) {
			shell_table[i].write(stdout);
			return cmd_end();
		}
	if (n == 1)
		err_set(&e, ERR_USAGE, "no completion for '%.200s'", args[0]);
	else
		err_set(&e, ERR_USAGE, "'completion' takes the name of a shell");
	err_hint(&e, "write 'sunaba completion bash', 'zsh' or 'fish'");
	return cmd_fail(&e);
}
