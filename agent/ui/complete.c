/* Completion at the prompt: commands at the start of an entry, paths behind @ and as arguments.
 *
 * Blanks and quotes in a path are escaped by a backslash. Names that hold control, bidirectional
 * or invisible characters are not offered: readline would put them into the line as they are.
 * The list of candidates leaves through the terminal writer like everything else.
 * Pinned by tests/term/test_line.py. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/fs.h"
#include "agent/base/lib_readline.h"
#include "agent/base/mem.h"
#include "agent/ui/line_int.h"
#include "agent/ui/line_text.h"
#include "agent/ui/width.h"

#define COMPLETE_BLANKS " \t\n"
#define COMPLETE_ESCAPE " \t\\\"'"
#define COMPLETE_GAP	2 /* columns between candidates */

static char *
complete_command(const char *text, int state)
{
	static size_t at;

	if (state == 0)
		at = 0;
	while (at < line_now->ncommands) {
		const char *name = line_now->commands[at++].name;

		if (strncmp(name, text + 1, strlen(text + 1)) == 0)
			return mem_printf("/%s", name);
	}
	return NULL;
}

static char *
complete_unescape(const char *p)
{
	char *out = mem_strdup(p), *to = out;

	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		*to++ = *p;
	}
	*to = '\0';
	return out;
}

static bool
complete_is_folder(const char *path)
{
	AUTO_FREE char *full = fs_expand(path);
	struct stat st;

	return full && stat(full, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Below which a relative path stands for the command that is being typed, or NULL. */
static const char *
complete_below(const char *path)
{
	const char *command = line_now->below_command;
	size_t n = strcspn(rl_line_buffer, COMPLETE_BLANKS);

	if (!command || *path == '/' || *path == '~' || rl_line_buffer[0] != '/')
		return NULL;
	return strlen(command) == n - 1 && strncmp(command, rl_line_buffer + 1, n - 1) == 0
		   ? line_now->below
		   : NULL;
}

/* lead ("@" or "") + path with escapes + "/" for a folder; `real` is where it is. */
static char *
complete_spell(const char *lead, const char *path, const char *real)
{
	AUTO_BUF struct buf out = BUF_INIT(16 * KIB);

	buf_adds(&out, lead);
	for (const char *p = path; *p; p++) {
		if (strchr(COMPLETE_ESCAPE, *p))
			buf_addc(&out, '\\');
		buf_addc(&out, *p);
	}
	if (complete_is_folder(real))
		buf_addc(&out, '/');
	return buf_take(&out);
}

static char *
complete_path(const char *text, int state)
{
	const char *lead = *text == '@' ? "@" : "";
	AUTO_FREE char *path = complete_unescape(text + strlen(lead));
	const char *below = complete_below(path);
	AUTO_FREE char *real = below ? mem_printf("%s/%s", below, path) : mem_strdup(path);
	size_t skip = below ? strlen(below) + 1 : 0;

	for (;;) {
		AUTO_FREE char *name = rl_filename_completion_function(real, state);
		uint32_t cp;

		rl_filename_completion_desired = 0; /* the slash is ours */
		if (!name)
			return NULL;
		if (line_text_hidden(name, strlen(name), &cp) == 0 && !strchr(name, '\n'))
			return complete_spell(lead, name + skip, name);
		state = 1;
	}
}

static char **
complete_attempt(const char *text, int start, int end UNUSED)
{
	char **found = NULL;
	size_t n;

	rl_attempted_completion_over = 1;
	if (start == 0 && *text == '/')
		found = rl_completion_matches(text, complete_command);
	else if (*text == '@' || (rl_line_buffer[0] == '/' && start > 0))
		found = rl_completion_matches(text, complete_path);
	n = found && found[0] ? strlen(found[0]) : 0;
	if (n > 0 && !found[1] && found[0][n - 1] == '/')
		rl_completion_suppress_append = 1;
	return found;
}

static int
complete_escaped(char *line, int at)
{
	return at > 0 && line[at - 1] == '\\' && !complete_escaped(line, at - 1);
}

static const struct line_command *
complete_find(const char *match)
{
	for (size_t i = 0; *match == '/' && i < line_now->ncommands; i++)
		if (strcmp(line_now->commands[i].name, match + 1) == 0)
			return &line_now->commands[i];
	return NULL;
}

/* "/model NAME   switch the model" */
static void
complete_row_command(const struct line_command *c, int column)
{
	struct row r;
	int used;

	row_init(&r);
	row_addf(&r, STYLE_PLAIN, "/%s %s", c->name, c->args ? c->args : "");
	used = width_of(r.text.data, r.text.len);
	row_addf(&r, STYLE_DIM, "%*s%s", MAX_OF(column - used, COMPLETE_GAP), "", c->help);
	term_row(line_now->t, TERM_ASK, &r);
	row_release(&r);
}

static int
complete_columns(const struct line_command *c)
{
	return width_of(c->name, strlen(c->name)) + (c->args ? (int)strlen(c->args) : 0) +
	       2;
}

/* Names only, in as many columns as fit. */
static void
complete_rows_names(char **matches, int n, int widest)
{
	int column = widest + COMPLETE_GAP;
	int per = MAX_OF((term_width(line_now->t) - 1) / column, 1);

	for (int i = 1; i <= n; i += per) {
		struct row r;

		row_init(&r);
		for (int k = i; k < i + per && k <= n; k++) {
			int used = width_of(matches[k], strlen(matches[k]));
			int pad = k + 1 < i + per && k < n ? column - used : 0;

			row_adds(&r, STYLE_PLAIN, matches[k]);
			row_addf(&r, STYLE_PLAIN, "%*s", pad, "");
		}
		term_row(line_now->t, TERM_ASK, &r);
		row_release(&r);
	}
}

/* matches[0] is the common beginning, 1..n are the candidates. */
static void
complete_show(char **matches, int n, int longest UNUSED)
{
	const struct line_command *c;
	int widest = 0;

	rl_crlf();
	fflush(rl_outstream);
	for (int i = 1; i <= n; i++) {
		c = complete_find(matches[i]);
		widest = MAX_OF(widest, c ? complete_columns(c)
					  : width_of(matches[i], strlen(matches[i])));
	}
	if (n > 0 && complete_find(matches[1])) {
		for (int i = 1; i <= n; i++)
			if ((c = complete_find(matches[i])))
				complete_row_command(c, widest + COMPLETE_GAP);
	} else {
		complete_rows_names(matches, n, widest);
	}
	term_flush(line_now->t, NULL);
	rl_on_new_line();
	rl_redisplay();
}

void
complete_setup(void)
{
	rl_attempted_completion_function = complete_attempt;
	rl_completer_word_break_characters = COMPLETE_BLANKS;
	rl_completer_quote_characters = "\\";
	rl_char_is_quoted_p = complete_escaped;
	rl_completion_display_matches_hook = complete_show;
	rl_ignore_completion_duplicates = 1;
	rl_variable_bind("show-all-if-ambiguous", "on"); /* inputrc may say otherwise */
}
