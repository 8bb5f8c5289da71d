/* Simple commands of a shell script. See shell.h. Pinned by tests/unit/test_shell.c and
 * fuzz_shell.c.
 *
 * One pass over the bytes: shell_word.c reads a word with its quotes and hands the text of
 * substitutions back to this file, which reads it as a script of its own. Constructs whose
 * commands stand where commands stand (if, while, groups) are passed through by skipping their
 * reserved words; those that hold patterns, arithmetic or definitions are not taken apart, and
 * make the list unsure. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/shell_int.h"

static bool
shell_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
shell_command_release(struct shell_command *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->words[i].text);
	free(c->words);
	*c = (struct shell_command){0};
}

void
shell_list_release(struct shell_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		shell_command_release(&l->at[i]);
	free(l->at);
	*l = (struct shell_list){0};
}

static void
shell_add_word(struct shell_reader *r, char *text, bool unknown)
{
	struct shell_command *c = &r->now;

	if (c->n == SHELL_WORDS_MAX) {
		free(text);
		r->out->unsure = true;
		return;
	}
	c->words = mem_array(c->words, c->n + 1, sizeof(*c->words));
	c->words[c->n++] = (struct shell_word){text, unknown};
}

/* Drops the first `k` words: what is in front of the command that runs. */
static void
shell_shift(struct shell_command *c, size_t k)
{
	for (size_t i = 0; i < k; i++)
		free(c->words[i].text);
	memmove(c->words, c->words + k, (c->n - k) * sizeof(*c->words));
	c->n -= k;
}

static bool
shell_in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* Behind these, as a command's first word, another command follows. */
static const char *const shell_passes[] = {"if", "then", "elif", "else", "while", "until",
					   "do", "!",	 "{",	 "time", NULL};
/* These end a construct; nothing but operators or redirections follows. */
static const char *const shell_ends[] = {"fi", "done", "}", NULL};
/* Definitions, patterns, arithmetic and what changes the meaning of later words. */
static const char *const shell_hard[] = {
    "case",	 "select",  "function", "coproc",   "[[",    "((",    "eval",  "source",
    ".",	 "alias",   "unalias",	"enable",   "hash",  "trap",  "shopt", "set",
    "export",	 "declare", "typeset",	"readonly", "local", "unset", "read",  "mapfile",
    "printf -v", "let",	    "exec",	"complete", "bind",  "fc",    NULL};
/* These run the command that stands behind their options. */
static const char *const shell_wraps[] = {
    "sudo", "doas",    "env",	  "command",  "builtin", "nohup",
    "nice", "timeout", "xargs",	  "setsid",   "stdbuf",	 "ionice",
    "chrt", "unshare", "busybox", "parallel", NULL};
static const char *const shell_shells[] = {"sh", "bash", "dash", "zsh", "ksh", NULL};

static bool
shell_is_assignment(const char *w)
{
	size_t i = 0;

	if (!(*w == '_' || (*w >= 'a' && *w <= 'z') || (*w >= 'A' && *w <= 'Z')))
		return false;
	while (w[i] == '_' || (w[i] >= 'a' && w[i] <= 'z') ||
	       (w[i] >= 'A' && w[i] <= 'Z') || (w[i] >= '0' && w[i] <= '9'))
		i++;
	return w[i] == '=' || (w[i] == '+' && w[i + 1] == '=') || w[i] == '[';
}

static const char *
shell_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Options with which a program runs another, or writes where it is told, as they begin. Of git also
 * each that stands before its command: they set what it runs, or whose settings it reads. */
static const struct shell_hand {
	const char *program;
	const char *options[12];
} shell_hands[] = {
    {"find", {"-exec", "-ok", "-delete", "-fprint", "-fls"}},
    {"fd", {"-x", "-X", "--exec"}},
    {"git",
     {"--ext-diff", "--textconv", "-O", "--open-files-in-pager", "--upload-pack",
      "--receive-pack", "--exec", "-x", "--output", "--config", "-c"}},
    {"rg", {"--pre", "--hostname-bin"}},
    {"tar",
     {"--to-command", "--checkpoint-action", "-I", "--use-compress-program",
      "--rsh-command", "--info-script", "--new-volume-script", "-F"}},
    {"rsync", {"-e", "--rsh", "--rsync-path"}},
    {"sort", {"--compress-program", "-o", "--output"}},
    {"man", {"-P", "--pager", "-H", "--html"}},
    {"ssh", {"-o", "-F"}},
};

static bool
shell_is_option(const char *word, const char *const *options, size_t n)
{
	for (size_t i = 0; i < n && options[i]; i++)
		if (strncmp(word, options[i], strlen(options[i])) == 0)
			return true;
	return false;
}

/* Programs that run others in the middle of their arguments. */
static bool
shell_hands_on(const struct shell_command *c, const char *name)
{
	static const char *const harmless[] = {"--version", "--help", "--no-pager", NULL};
	bool find = strcmp(name, "find") == 0;

	for (size_t i = 1;
	     strcmp(name, "git") == 0 && i < c->n && c->words[i].text[0] == '-'; i++)
		if (!shell_in(c->words[i].text, harmless))
			return true;
	for (size_t k = 0; k < ARRAY_LEN(shell_hands); k++) {
		const struct shell_hand *h = &shell_hands[k];

		for (size_t i = 1; i < c->n && strcmp(name, h->program) == 0; i++)
			if ((find && c->words[i].unknown) ||
			    shell_is_option(c->words[i].text, h->options,
					    ARRAY_LEN(h->options)))
				return true;
	}
	return false;
}

static void shell_take(struct shell_reader *r, struct shell_command *c);

/* `sh -c TEXT`: the text is a script too. */
static void
shell_inner_script(struct shell_reader *r, const struct shell_command *c)
{
	for (size_t i = 1; i < c->n; i++) {
		const char *w = c->words[i].text;

		if (w[0] != '-') {
			r->out->unsure = true; /* a script file: unknown what it runs */
			return;
		}
		if (!strchr(w, 'c') || w[1] == '-')
			continue;
		if (i + 1 < c->n && !c->words[i + 1].unknown)
			shell_read(r->out, c->words[i + 1].text,
				   strlen(c->words[i + 1].text), r->depth + 1);
		else
			r->out->unsure = true;
		return;
	}
	r->out->unsure = true; /* commands from standard input */
}

/* The command behind a wrapper's options and assignments, as a further one. Options that take a
 * value of their own are not known here: a value is then taken for the command, so the list is
 * unsure where there were options. */
static void
shell_wrapped(struct shell_reader *r, const struct shell_command *c)
{
	struct shell_command inner = {0};
	size_t from = 1;

	while (from < c->n &&
	       (c->words[from].text[0] == '-' || shell_is_assignment(c->words[from].text)))
		from++;
	r->out->unsure |= from > 1;
	if (strcmp(shell_base(c->words[0].text), "timeout") == 0 && from < c->n)
		from++;
	if (from >= c->n)
		return;
	inner.words = mem_array(NULL, c->n - from, sizeof(*inner.words));
	for (; from < c->n; from++)
		inner.words[inner.n++] = (struct shell_word){
		    mem_strdup(c->words[from].text), c->words[from].unknown};
	shell_take(r, &inner);
}

/* Adds a finished command to the list, and what it runs in its turn; takes it over. */
static void
shell_take(struct shell_reader *r, struct shell_command *c)
{
	struct shell_list *l = r->out;
	const char *name;

	while (c->n > 0 && !c->words[0].unknown && shell_in(c->words[0].text, shell_passes))
		shell_shift(c, 1);
	while (c->n > 0 && shell_is_assignment(c->words[0].text)) {
		l->unsure = true; /* PATH=… changes what a name means */
		shell_shift(c, 1);
	}
	if (c->n == 0 || (!c->words[0].unknown && shell_in(c->words[0].text, shell_ends))) {
		shell_command_release(c);
		return;
	}
	if (strcmp(c->words[0].text, "for") == 0) { /* its words are data */
		shell_command_release(c);
		return;
	}
	if (l->n == SHELL_COMMANDS_MAX || r->depth > SHELL_DEPTH_MAX) {
		l->unsure = true;
		shell_command_release(c);
		return;
	}
	name = shell_base(c->words[0].text);
	l->unsure |=
	    c->words[0].unknown || shell_in(name, shell_hard) || shell_hands_on(c, name);
	l->at = mem_array(l->at, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = *c;
	r->depth++;
	if (shell_in(name, shell_wraps))
		shell_wrapped(r, c);
	else if (shell_in(name, shell_shells))
		shell_inner_script(r, c);
	r->depth--;
	*c = (struct shell_command){0};
}

static void
shell_end_command(struct shell_reader *r)
{
	shell_take(r, &r->now);
}

/* Here-documents announced on this line: their bodies are data, unless the shell expands them. */
static void
shell_skip_bodies(struct shell_reader *r)
{
	for (size_t i = 0; i < r->nbodies; i++) {
		const struct shell_body *b = &r->bodies[i];

		while (r->at < r->n) {
			size_t from = r->at, end;
			const char *nl = memchr(r->p + from, '\n', r->n - from);

			end = nl ? (size_t)(nl - r->p) : r->n;
			r->at = nl ? end + 1 : r->n;
			while (b->tabs && from < end && r->p[from] == '\t')
				from++;
			if (end - from == strlen(b->word) &&
			    memcmp(r->p + from, b->word, end - from) == 0)
				break;
			if (!b->quoted && (memchr(r->p + from, '$', end - from) ||
					   memchr(r->p + from, '`', end - from)))
				r->out->unsure = true;
		}
		free(b->word);
	}
	r->nbodies = 0;
}

static void
shell_here(struct shell_reader *r)
{
	struct shell_body b = {.tabs = r->at < r->n && r->p[r->at] == '-'};
	size_t from;

	r->at += b.tabs;
	while (r->at < r->n && shell_is_blank(r->p[r->at]))
		r->at++;
	from = r->at;
	b.word = shell_read_word(r, NULL);
	b.quoted = memchr(r->p + from, '\'', r->at - from) ||
		   memchr(r->p + from, '"', r->at - from) ||
		   memchr(r->p + from, '\\', r->at - from);
	if (!b.word || r->nbodies == ARRAY_LEN(r->bodies)) {
		r->out->unsure = true;
		free(b.word);
		return;
	}
	r->bodies[r->nbodies++] = b;
}

/* A redirection at `at`, behind any digits: its operator and its word. */
static void
shell_redirect(struct shell_reader *r)
{
	bool unknown = false, out = r->p[r->at] == '>';
	char c = r->p[r->at++], last, *to;

	if (c == '<' && r->at + 1 < r->n && r->p[r->at] == '<' && r->p[r->at + 1] == '<') {
		r->at += 2;
	} else if (c == '<' && r->at < r->n && r->p[r->at] == '<') {
		r->at++;
		shell_here(r);
		return;
	} else if (r->at < r->n && r->p[r->at] == '(') { /* a process in a file's place */
		r->at--;
	} else {
		while (r->at < r->n && strchr("<>&|", r->p[r->at]))
			r->at++;
	}
	last = r->p[r->at - 1];
	out |= last == '>'; /* <> */
	while (r->at < r->n && shell_is_blank(r->p[r->at]))
		r->at++;
	to = shell_read_word(r, &unknown);
	if (out && !shell_is_nowhere(to, last, unknown))
		r->out->writes = true;
	free(to);
}

/* One operator or word; false at the end. */
static bool
shell_next(struct shell_reader *r)
{
	bool unknown = false;
	char c, *word;

	while (r->at < r->n && shell_is_blank(r->p[r->at]))
		r->at++;
	if (r->at >= r->n)
		return false;
	c = r->p[r->at];
	if (c == '#') {
		while (r->at < r->n && r->p[r->at] != '\n')
			r->at++;
		return true;
	}
	if (c == '(' && r->now.n > 0) /* name(): a definition; a=(…): an array */
		r->out->unsure = true;
	if (c == '(' && r->at + 1 < r->n && r->p[r->at + 1] == '(')
		r->out->unsure = true; /* arithmetic */
	if (strchr(";\n|()", c) ||
	    (c == '&' && !(r->at + 1 < r->n && r->p[r->at + 1] == '>'))) {
		shell_end_command(r);
		r->at++;
		if (c == '\n')
			shell_skip_bodies(r);
		return true;
	}
	if (c == '&')
		r->at++; /* &>FILE */
	if (r->at < r->n && (r->p[r->at] == '<' || r->p[r->at] == '>') &&
	    !(r->at + 1 < r->n && r->p[r->at + 1] == '(')) {
		shell_redirect(r);
		return true;
	}
	word = shell_read_word(r, &unknown);
	if (!word) { /* quotes without an end */
		r->out->unsure = true;
		r->at = r->n;
		return false;
	}
	if (r->at < r->n && (r->p[r->at] == '<' || r->p[r->at] == '>') && *word &&
	    strspn(word, "0123456789") == strlen(word))
		free(word); /* the descriptor of a redirection */
	else
		shell_add_word(r, word, unknown);
	return true;
}

void
shell_read(struct shell_list *out, const char *p, size_t n, unsigned depth)
{
	struct shell_reader r = {.out = out, .p = p, .n = n, .depth = depth};

	if (depth > SHELL_DEPTH_MAX || n > SHELL_SCRIPT_MAX || memchr(p, '\0', n)) {
		out->unsure = true;
		return;
	}
	while (shell_next(&r))
		;
	shell_end_command(&r);
	for (size_t i = 0; i < r.nbodies; i++)
		free(r.bodies[i].word);
	shell_command_release(&r.now);
}

void
shell_split(const char *p, size_t n, struct shell_list *out)
{
	*out = (struct shell_list){0};
	shell_read(out, p, n, 0);
}

/* `base`: the folder that the program is called from does not count. */
static bool
shell_matches(const struct shell_command *c, const char *prefix, bool base)
{
	for (size_t i = 0; *prefix; i++) {
		size_t len = strcspn(prefix, " ");
		const char *word;

		if (i >= c->n || c->words[i].unknown)
			return false;
		word = base && i == 0 ? shell_base(c->words[i].text) : c->words[i].text;
		if (strlen(word) != len || memcmp(word, prefix, len) != 0)
			return false;
		prefix += len;
		prefix += strspn(prefix, " ");
	}
	return true;
}

bool
shell_begins(const struct shell_command *c, const char *prefix)
{
	return shell_matches(c, prefix, false);
}

bool
shell_runs(const struct shell_command *c, const char *prefix)
{
	return shell_matches(c, prefix, true) || shell_matches(c, prefix, false);
}
