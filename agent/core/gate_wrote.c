/* Files that the model wrote as text and runs as shell. See gate_int.h.
 *
 * The lines of a here-document for "notes.md" are not looked at as commands when they are written,
 * for a text that quotes commands runs none. They are when a shell gets the file: named behind an
 * interpreter or as a command, or, for what is no program's source, anywhere in an action that
 * calls one. What wrote the file otherwise was looked at as shell, or by its own language.
 * Pinned by tests/unit/test_gate.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/gate_int.h"

#define WROTE_BACK 1024 /* bytes before the file's name in which a shell is looked for */
#define WROTE_NAMED \
	1000 /* times that an action names a file: it may well run one named oftener */
#define WROTE_FILES 1000 /* that one reply writes, of which the first are looked for */

static bool
wrote_is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

static bool
wrote_in(const char *p, size_t n, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == n && memcmp(*list, p, n) == 0)
			return true;
	return false;
}

/* Somewhere a shell is called, from a shell or another language. */
static bool
wrote_calls_shell(const char *text, size_t n)
{
	static const char *const words[] = {
	    "sh",     "bash",  "dash",		"zsh",	   "ksh",
	    "source", "eval",  "exec",		"xargs",   "chmod",
	    "Popen",  "popen", "child_process", "system",  "subprocess",
	    "spawn",  "env",   "nohup",		"busybox", NULL};

	for (size_t i = 0, from; i < n; i++) {
		for (from = i; i < n && wrote_is_name(text[i]);)
			i++;
		if (i > from && wrote_in(text + from, i - from, words))
			return true;
	}
	return false;
}

/* The word that ends at `end`, options passed over: where it begins; *n its bytes. */
static const char *
wrote_word_before(const char *text, const char *end, size_t *n)
{
	const char *p;

	do {
		while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		for (p = end; p > text && !strchr(" \t\n;|&(`{/", p[-1]);)
			p--;
		*n = (size_t)(end - p);
		end = p;
	} while (*n > 0 && *p == '-');
	return p;
}

/* At `at` the file is named as a command, or behind a shell; or behind more than is looked at. */
static bool
wrote_runs_at(const char *text, const char *at, bool source)
{
	const char *least = at - text > WROTE_BACK ? at - WROTE_BACK : text;
	static const char *const shells[] = {"sh",  "bash",   "dash", "zsh",
					     "ksh", "source", ".",    NULL};
	const char *word;
	size_t n;

	while (at > least && (wrote_is_name(at[-1]) || strchr("./~-'\"", at[-1])))
		at--;
	word = wrote_word_before(least, at, &n);
	if (word == least && least > text)
		return true;
	if (n == 0)
		return !source && (word == text || word[-1] != '/');
	return wrote_in(word, n, shells);
}

static bool
wrote_is_source(const char *language)
{
	static const char *const texts[] = {"text", "markdown", "html", NULL};

	return !wrote_in(language, strlen(language), texts);
}

/* The text, shell or another language, gives the file to a shell. */
static bool
wrote_runs(const char *text, size_t n, const struct gate_body *b)
{
	bool source = wrote_is_source(b->language);
	unsigned named = 0;
	const char *name = b->name, *slash = memrchr(name, '/', b->name_n), *at = text;
	size_t len = b->name_n;

	if (slash) {
		len -= (size_t)(slash + 1 - name);
		name = slash + 1;
	}
	for (; len > 0 && (at = memmem(at, n - (size_t)(at - text), name, len));
	     at += len) {
		if (++named > WROTE_NAMED || wrote_runs_at(text, at, source))
			return true;
	}
	return named > 0 && !source && wrote_calls_shell(text, n);
}

/* Something that the model wrote before, [from, len) of t, writes a file that the action runs. */
static bool
wrote_before(struct link_query *q, const struct gate_action *a, const struct link_text *t,
	     size_t from, struct link_hit *hit)
{
	struct gate_action past = {t->text + from, t->len - from, NULL, "shell"};
	struct gate_body b;

	if (!gate_written(&past, &b) || !wrote_runs(a->text, a->len, &b))
		return false;
	q->action = past.text + b.from;
	q->action_len = b.to - b.from;
	return link_find(q, hit);
}

bool
gate_link_written(struct link_query *q, const struct gate_action *a, struct link_hit *hit)
{
	struct gate_body b;

	q->language = "shell";
	if (gate_written(a, &b) && wrote_runs(a->text + b.to, a->len - b.to, &b)) {
		q->action = a->text + b.from;
		q->action_len = b.to - b.from;
		if (link_find(q, hit))
			return true;
	}
	for (size_t i = 0; i < q->nmodels; i++) {
		const struct link_text *t = &q->models[i];
		const char *at = t->text;
		unsigned files = 0;

		/* A call's code begins so, or a block in a reply of a model without tools. */
		if (wrote_before(q, a, t, 0, hit))
			return true;
		while (files++ < WROTE_FILES &&
		       (at = memmem(at, t->len - (size_t)(at - t->text), "\ncat > ", 7)))
			if (wrote_before(q, a, t, (size_t)(++at - t->text), hit))
				return true;
	}
	return false;
}
