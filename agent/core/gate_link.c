/* Whether an action is linked to what a tool said: agent/gate/link.h asked about the conversation.
 *
 * First only what tools said is looked at, and most actions share nothing with it; what the user
 * and the model said is gathered when there is something that they could have said before.
 *
 * A file that a shell writes word for word from a here-document at its beginning is looked at in
 * the language of its name, for a line of a C file is no command. Only that form is taken so: where
 * a here-document could be something else to the shell, all of the text is shell; and where the
 * file is handed to a shell afterwards, see gate_wrote.c.
 * Pinned by tests/unit/test_gate.c, `make check-gate`. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/gate_int.h"
#include "agent/core/gate_texts.h"

#define GATE_WORD_MAX 32 /* bytes of the word that ends a here-document */

/* The line of the part that holds the link. */
static char *
gate_link_line(const struct link_text *t, const struct link_hit *hit)
{
	struct buf out = BUF_INIT(GATE_SHOWN_MAX);

	if (hit->lines_end <= t->len && hit->lines_start <= hit->lines_end)
		gate_add_line(&out, t->text, hit->lines_start, hit->lines_end,
			      hit->tool_start);
	return buf_take(&out);
}

/* By the ending of "dir/name.c"; NULL: it may be a script, or it is not known. */
static const char *
gate_language_of(const char *name, size_t n)
{
	static const char *const rows[][2] = {
	    {".c", "c"},      {".h", "c"},	 {".py", "python"},   {".js", "javascript"},
	    {".rb", "ruby"},  {".pl", "perl"},	 {".r", "r"},	      {".R", "r"},
	    {".sql", "sql"},  {".html", "html"}, {".md", "markdown"}, {".txt", "text"},
	    {".csv", "text"}, {".tsv", "text"},	 {".json", "text"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i][0]);

		if (n > len && memcmp(name + n - len, rows[i][0], len) == 0)
			return rows[i][1];
	}
	return NULL;
}

/* Bytes of a plain file name at p. */
static size_t
gate_name_span(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n &&
	       ((unsigned char)p[i] >= 0x80 || p[i] == '_' ||
		(p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'z') ||
		(p[i] >= 'A' && p[i] <= 'Z') || p[i] == '.' || p[i] == '/' || p[i] == '-'))
		i++;
	return i;
}

bool
gate_written(const struct gate_action *a, struct gate_body *b)
{
	const char *p = a->text, *end = p + a->len, *name, *nl;
	char word[GATE_WORD_MAX + 2];
	size_t n;

	if (!a->language || strcmp(a->language, "shell") != 0 || a->len < 16 ||
	    memcmp(p, "cat > ", 6) != 0)
		return false;
	name = p + 6;
	n = gate_name_span(name, (size_t)(end - name));
	b->language = gate_language_of(name, n);
	b->name = name;
	b->name_n = n;
	p = name + n;
	if (!b->language || end - p < 5 || memcmp(p, " <<'", 4) != 0)
		return false;
	p += 4;
	n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	if (n == 0 || n > GATE_WORD_MAX - 2 || end - p < (ptrdiff_t)n + 2 || p[n] != '\'' ||
	    p[n + 1] != '\n')
		return false;
	word[0] = '\n';
	memcpy(word + 1, p, n);
	word[n + 1] = '\0';
	p += n + 1; /* at the newline before the body */
	b->from = (size_t)(p + 1 - a->text);
	for (nl = strstr(p, word); nl; nl = strstr(nl + 1, word))
		if (!nl[n + 1] || nl[n + 1] == '\n')
			break;
	b->to = nl ? (size_t)(nl + 1 - a->text) : 0;
	return b->to >= b->from;
}

/* The link of the action as a whole, or of what it writes and of what it does. */
static bool
gate_link(const struct link_query *all, const struct gate_action *a, struct link_hit *hit)
{
	AUTO_FREE char *rest = NULL;
	struct link_query q = *all;
	struct gate_body b;

	if (strlen(a->text) != a->len || !gate_written(a, &b))
		return link_find(&q, hit);
	rest = mem_strndup(a->text, a->len);
	memset(rest + b.from, '\n', b.to - b.from);
	q.action = rest;
	if (link_find(&q, hit))
		return true;
	q.action = a->text + b.from;
	q.action_len = b.to - b.from;
	q.language = b.language;
	return link_find(&q, hit);
}

bool
gate_find_link(const struct session *s, const struct gate_action *a, size_t *msg,
	       char **token, char **lines)
{
	struct link_query q = {.action = a->text,
			       .action_len = a->len,
			       .language = a->language,
			       .workspace = s->conf.workspace,
			       .home = getenv("HOME"),
			       .net = s->conf.network != NULL,
			       .cache = gate_memory_links(s)};
	struct gate_texts t;
	struct link_hit hit;
	bool linked = false;

	gate_texts_tools(s, &t);
	q.tools = t.tools;
	q.ntools = t.ntools;
	if (t.ntools > 0 && gate_link(&q, a, &hit)) {
		/* Not when nothing but the folder's name was there to read. */
		linked = hit.kind != LINK_SIZE || t.ntools > 1 || t.msg[0] != 0;
		link_hit_release(&hit);
	}
	gate_texts_others(s, &t);
	q.users = t.users;
	q.nusers = t.nusers;
	q.models = t.models;
	q.nmodels = t.nmodels;
	linked = (linked && gate_link(&q, a, &hit)) || gate_link_written(&q, a, &hit);
	if (linked) {
		size_t i = MIN_OF(hit.tool, t.ntools - 1);

		*msg = t.msg[i];
		if (lines)
			*lines = gate_link_line(&t.tools[i], &hit);
		if (token)
			*token = mem_printf("%s %s", link_kind_name(hit.kind),
					    hit.token ? hit.token : "");
		link_hit_release(&hit);
	}
	gate_texts_release(&t);
	return linked;
}
