/* A word of a shell script, with its quotes and substitutions. See shell.h. */
#include <string.h>

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/gate/shell_int.h"

struct word {
	struct shell_reader *r;
	struct buf text;
	bool unknown, broken;
};

static bool
more(const struct word *w)
{
	return w->r->at < w->r->n;
}

static char
peek(const struct word *w, size_t ahead)
{
	return w->r->at + ahead < w->r->n ? w->r->p[w->r->at + ahead] : '\0';
}

/* Keeps the bytes [from, at) as they stand: they are not known before they run. */
static void
keep(struct word *w, size_t from)
{
	buf_add(&w->text, w->r->p + from, w->r->at - from);
	w->unknown = true;
}

/* The end of what opens at r->at with '(' or '{', quotes respected; SIZE_MAX: none. */
static size_t
closing(const struct word *w, char open, char close)
{
	const char *p = w->r->p;
	size_t depth = 0;
	char quote = '\0';

	for (size_t i = w->r->at; i < w->r->n; i++) {
		if (p[i] == '\\' && quote != '\'')
			i++;
		else if (quote)
			quote = p[i] == quote ? '\0' : quote;
		else if (p[i] == '\'' || p[i] == '"')
			quote = p[i];
		else if (p[i] == open)
			depth++;
		else if (p[i] == close && --depth == 0)
			return i;
	}
	return SIZE_MAX;
}

/* $(…), <(…) or >(…), `at` on the parenthesis: a script of its own. */
static void
substitution(struct word *w, size_t from)
{
	size_t end = closing(w, '(', ')');

	if (end == SIZE_MAX) {
		w->broken = true;
		return;
	}
	if (peek(w, 1) == '(')
		w->r->out->unsure = true; /* arithmetic, or a group in a substitution */
	shell_read(w->r->out, w->r->p + w->r->at + 1, end - w->r->at - 1, w->r->depth + 1);
	w->r->at = end + 1;
	keep(w, from);
}

/* ${…}: may hold substitutions, which are not taken apart. */
static void
braces(struct word *w, size_t from)
{
	size_t end = closing(w, '{', '}');

	if (end == SIZE_MAX) {
		w->broken = true;
		return;
	}
	for (size_t i = w->r->at; i < end; i++)
		if (w->r->p[i] == '`' || w->r->p[i] == '(' || w->r->p[i] == '@')
			w->r->out->unsure = true;
	w->r->at = end + 1;
	keep(w, from);
}

static void
backticks(struct word *w)
{
	size_t from = w->r->at++, start = w->r->at;

	while (more(w) && peek(w, 0) != '`')
		w->r->at += peek(w, 0) == '\\' ? 2 : 1;
	if (w->r->at >= w->r->n) {
		w->r->at = w->r->n;
		w->broken = true;
		return;
	}
	if (memchr(w->r->p + start, '\\', w->r->at - start))
		w->r->out->unsure = true;
	shell_read(w->r->out, w->r->p + start, w->r->at - start, w->r->depth + 1);
	w->r->at++;
	keep(w, from);
}

static void
dollar(struct word *w)
{
	size_t from = w->r->at++;
	char c = peek(w, 0);

	if (c == '(') {
		substitution(w, from);
	} else if (c == '{') {
		braces(w, from);
	} else if (c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
		while (more(w) &&
		       (peek(w, 0) == '_' || (peek(w, 0) >= 'a' && peek(w, 0) <= 'z') ||
			(peek(w, 0) >= 'A' && peek(w, 0) <= 'Z') ||
			(peek(w, 0) >= '0' && peek(w, 0) <= '9')))
			w->r->at++;
		keep(w, from);
	} else if (c && strchr("0123456789@*#?$!-", c)) {
		w->r->at++;
		keep(w, from);
	} else {
		buf_addc(&w->text, '$');
	}
}

static void
single(struct word *w)
{
	size_t from = ++w->r->at;

	while (more(w) && peek(w, 0) != '\'')
		w->r->at++;
	buf_add(&w->text, w->r->p + from, w->r->at - from);
	w->broken |= !more(w);
	w->r->at++;
}

/* $'…': its escapes are not decoded, so a word with any is unknown. */
static void
ansi(struct word *w)
{
	size_t from = w->r->at;
	bool escaped = false;

	w->r->at += 2;
	while (more(w) && peek(w, 0) != '\'') {
		escaped |= peek(w, 0) == '\\';
		w->r->at += peek(w, 0) == '\\' ? 2 : 1;
	}
	if (w->r->at >= w->r->n) {
		w->r->at = w->r->n;
		w->broken = true;
		return;
	}
	w->r->at++;
	if (escaped)
		keep(w, from);
	else
		buf_add(&w->text, w->r->p + from + 2, w->r->at - from - 3);
}

static void
escaped(struct word *w, bool in_double)
{
	char c = peek(w, 1);

	w->r->at += c ? 2 : 1;
	if (c == '\n') /* a line that goes on */
		return;
	if (!c || (in_double && !strchr("$`\"\\", c)))
		buf_addc(&w->text, '\\');
	if (c)
		buf_addc(&w->text, c);
}

static void
doubled(struct word *w)
{
	w->r->at++;
	while (more(w) && peek(w, 0) != '"' && !w->broken) {
		char c = peek(w, 0);

		if (c == '\\')
			escaped(w, true);
		else if (c == '$')
			dollar(w);
		else if (c == '`')
			backticks(w);
		else
			buf_addc(&w->text, w->r->p[w->r->at++]);
	}
	w->broken |= !more(w);
	w->r->at++;
}

/* One piece of a word; false behind its end. */
static bool
piece(struct word *w)
{
	char c = peek(w, 0);

	if (!more(w) || strchr(" \t\n;|&()", c))
		return false;
	if ((c == '<' || c == '>') && peek(w, 1) == '(') {
		w->r->at++;
		substitution(w, w->r->at - 1);
	} else if (c == '<' || c == '>') {
		return false;
	} else if (c == '\'') {
		single(w);
	} else if (c == '"') {
		doubled(w);
	} else if (c == '\\') {
		escaped(w, false);
	} else if (c == '$' && peek(w, 1) == '\'') {
		ansi(w);
	} else if (c == '$') {
		dollar(w);
	} else if (c == '`') {
		backticks(w);
	} else {
		w->unknown |= strchr("*?[~", c) || (c == '{' && w->text.len > 0);
		buf_addc(&w->text, w->r->p[w->r->at++]);
	}
	return !w->broken;
}

char *
shell_read_word(struct shell_reader *r, bool *unknown)
{
	struct word w = {.r = r, .text = BUF_INIT(SHELL_SCRIPT_MAX + 1)};
	size_t from = r->at;

	while (piece(&w))
		;
	r->at = MIN_OF(r->at, r->n);
	if (r->at == from && !w.broken) { /* an operator where a word belongs */
		r->out->unsure = true;
		r->at = MIN_OF(r->at + 1, r->n);
	}
	if (unknown && strcmp(buf_str(&w.text), "[") != 0 &&
	    strcmp(buf_str(&w.text), "[[") != 0)
		*unknown |= w.unknown;
	if (w.broken) {
		buf_release(&w.text);
		r->out->unsure = true;
		return NULL;
	}
	return buf_take(&w.text);
}

bool
shell_is_nowhere(const char *to, char last, bool unknown)
{
	if (!to || unknown)
		return false;
	if (last == '&') { /* 2>&1, 2>&-, 2>&1- (bash) */
		size_t n = strspn(to, "0123456789");

		if (to[n] == '-' ? !to[n + 1] : n > 0 && !to[n])
			return true;
	}
	return strcmp(to, "/dev/null") == 0;
}
