/* Command lines in an action: of shell, and of strings that other languages hand to a shell.
 *
 * Words are cut at blanks, quotes and the shell's marks alike on both sides, so that
 * ["curl", "-s", "x"] and `curl -s x` are the same words. A simple command ends at ; | & and
 * the line's end; a line with several is also taken as a whole. Strings count where something
 * that runs commands stands before them. Pinned by tests/unit/test_link.c. */
#include <string.h>

#include "agent/gate/link_int.h"

#define COMMAND_HINT 200 /* bytes before a string in which what runs it is named */

static bool
command_separates(char c)
{
	return (unsigned char)c <= ' ' || (c && strchr("\"'`,()[]{}<>|;&", c));
}

bool
link_word(const struct link_clean *t, size_t *i, size_t *start, size_t *len)
{
	while (*i < t->len && command_separates(t->text[*i])) {
		if (t->text[(*i)++] == '\n')
			return false;
	}
	*start = *i;
	while (*i < t->len && !command_separates(t->text[*i]))
		(*i)++;
	*len = *i - *start;
	/* A stop at the end is the sentence's. */
	while (*len > 1 && strchr(".:", t->text[*start + *len - 1]))
		(*len)--;
	return *len > 0;
}

static void
command_add(struct link_command *c, const struct link_clean *t, size_t start, size_t len)
{
	if (c->n == 0)
		c->start = start;
	if (c->n < LINK_WORDS_MAX) {
		c->word[c->n] = t->text + start;
		c->len[c->n++] = len;
	}
	c->end = start + len;
}

/* Words that only stand before a command: sudo, env, A=1. */
static size_t
command_prefix(const struct link_command *c)
{
	static const char *const before[] = {"sudo", "env",	"nohup", "time",
					     "exec", "command", "$",	 "doas",
					     "then", "do",	"else",	 "!"};
	size_t i = 0;

	for (; i < c->n; i++) {
		bool skip =
		    memchr(c->word[i], '=', c->len[i]) != NULL && c->word[i][0] != '-';

		for (size_t k = 0; k < ARRAY_LEN(before); k++)
			skip = skip || (strlen(before[k]) == c->len[i] &&
					memcmp(before[k], c->word[i], c->len[i]) == 0);
		if (!skip)
			break;
	}
	return i;
}

/* Two words are enough when they change the system or run a script. */
static bool
command_grave(const struct link_command *c)
{
	static const char *const alone[] = {"setenforce", "passwd", "reboot",	"shutdown",
					    "poweroff",	  "insmod", "modprobe", "rmmod",
					    "swapoff",	  "umount", "crontab",	"ufw",
					    "killall",	  "pkill",  "userdel",	"useradd",
					    "visudo",	  "sysctl", "su",	"sudo"};
	static const char *const scripts[] = {"sh", "bash", "zsh", "dash", "source"};

	if (c->n != 2)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(alone); i++)
		if (strlen(alone[i]) == c->len[0] &&
		    memcmp(alone[i], c->word[0], c->len[0]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (strlen(scripts[i]) == c->len[0] &&
		    memcmp(scripts[i], c->word[0], c->len[0]) == 0)
			return memchr(c->word[1], '.', c->len[1]) ||
			       memchr(c->word[1], '/', c->len[1]);
	return false;
}

static bool
command_is(const struct link_command *c, size_t i, const char *const *list, size_t count)
{
	for (size_t k = 0; k < count; k++)
		if (strlen(list[k]) == c->len[i] &&
		    memcmp(list[k], c->word[i], c->len[i]) == 0)
			return true;
	return false;
}

/* What is installed counts by its name, whichever way the manager is called. */
static void
command_installs(const struct link_command *c, link_command_fn *found, void *ctx)
{
	static const char *const managers[] = {"pip", "pip3", "npm",   "yarn", "pnpm",
					       "gem", "uv",   "cargo", "apt",  "apt-get",
					       "dnf", "yum",  "brew",  "conda"};
	static const char *const verbs[] = {"install", "i", "add"};
	size_t at = 1;

	while (at < c->n && !(command_is(c, at, verbs, ARRAY_LEN(verbs)) &&
			      command_is(c, at - 1, managers, ARRAY_LEN(managers))))
		at++;
	for (size_t i = at + 1; i < c->n; i++) {
		size_t len = link_bare(c->word[i], c->len[i]);

		if (strchr("-./~", c->word[i][0]) ||
		    (c->word[i - 1][0] == '-' && c->len[i - 1] == 2 &&
		     c->word[i - 1][1] == 'r'))
			continue;
		for (size_t v = 0; v < ARRAY_LEN(verbs); v++) {
			struct link_command one = {.word = {verbs[v], c->word[i]},
						   .len = {strlen(verbs[v]), len},
						   .n = 2,
						   .start = c->start,
						   .end = c->end};

			found(ctx, &one);
		}
	}
}

static void
command_give(struct link_command *c, link_command_fn *found, void *ctx)
{
	size_t skip = command_prefix(c);

	command_installs(c, found, ctx);
	if (c->n >= LINK_WORDS_MIN || command_grave(c))
		found(ctx, c);
	if (skip > 0 && c->n - skip >= LINK_WORDS_MIN) {
		memmove(c->word, c->word + skip, (c->n - skip) * sizeof(c->word[0]));
		memmove(c->len, c->len + skip, (c->n - skip) * sizeof(c->len[0]));
		c->n -= skip;
		found(ctx, c);
	}
	c->n = 0;
}

/* One line of shell at [i, end). */
static void
command_line(const struct link_clean *t, size_t i, size_t end, link_command_fn *found,
	     void *ctx)
{
	struct link_command one = {.n = 0}, all = {.n = 0};
	bool several = false;

	while (i < end) {
		size_t start, from = i, len;

		while (i < end && command_separates(t->text[i]))
			i++;
		for (size_t k = from; k < i; k++) {
			if (one.n > 0 && strchr(";|&", t->text[k])) {
				command_give(&one, found, ctx);
				several = true;
			}
		}
		start = i;
		while (i < end && !command_separates(t->text[i]))
			i++;
		len = i - start;
		if (len == 0)
			break;
		if (t->text[start] == '#')
			break;
		command_add(&one, t, start, len);
		command_add(&all, t, start, len);
	}
	command_give(&one, found, ctx);
	if (several)
		command_give(&all, found, ctx);
}

static void
command_shell(const struct link_clean *t, link_command_fn *found, void *ctx)
{
	size_t i = 0;

	while (i < t->len) {
		const char *lf = memchr(t->text + i, '\n', t->len - i);
		size_t end = lf ? (size_t)(lf - t->text) : t->len;

		command_line(t, i, end, found, ctx);
		i = end + 1;
	}
}

/* Something that runs a command stands before the string at `at`. */
static bool
command_run_by(const struct link_clean *t, size_t at)
{
	static const char *const runs[] = {
	    "system",	  "popen",   "subprocess", "exec",  "spawn", "check_output",
	    "check_call", "run(",    "shell",	   " -c ",  "eval",  "qx",
	    "ssh ",	  "command", "cmd",	   "call(",
	};
	size_t from = at > COMMAND_HINT ? at - COMMAND_HINT : 0;

	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		if (memmem(t->text + from, at - from, runs[i], strlen(runs[i])))
			return true;
	return false;
}

/* The end of the string whose quotation mark is at `at`; its own mark must close it. */
static size_t
command_string_end(const struct link_clean *t, size_t at)
{
	const char *end = memchr(t->text + at + 1, t->text[at], t->len - at - 1);

	return end ? (size_t)(end - t->text) : 0;
}

/* Strings, and lists of strings: those with nothing but commas between are one command. */
static void
command_strings(const struct link_clean *t, link_command_fn *found, void *ctx)
{
	struct link_command list = {.n = 0};
	size_t i = 0;

	while (i < t->len) {
		size_t end;

		if (!strchr("\"'`", t->text[i]) || !t->text[i]) {
			if (!strchr(" ,\n\t[", t->text[i]))
				command_give(&list, found, ctx);
			i++;
			continue;
		}
		end = command_string_end(t, i);
		if (end == 0)
			break;
		if (end > i + 1 && command_run_by(t, i)) {
			command_line(t, i + 1, end, found, ctx);
			for (size_t k = i + 1, start, len;
			     k < end && link_word(t, &k, &start, &len);)
				if (start + len <= end)
					command_add(&list, t, start, len);
		}
		i = end + 1;
	}
	command_give(&list, found, ctx);
}

static bool
command_language(const char *language, const char *name)
{
	return !language || strcasecmp(language, name) == 0;
}

void
link_commands(const struct link_clean *t, const char *language, link_command_fn *found,
	      void *ctx)
{
	if (command_language(language, "shell") || command_language(language, "bash") ||
	    command_language(language, "sh") || command_language(language, "zsh"))
		command_shell(t, found, ctx);
	command_strings(t, found, ctx);
}
