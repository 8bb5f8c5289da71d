/* A reader for git's configuration files: see gitconf.h.
 *
 * Which settings run something is decided by the words in their names, so that those of later
 * versions are caught too: a command taken for harmless is an escape, a harmless setting taken
 * for a command is put aside with a notice.
 * Sources: git-config(1), "CONFIGURATION FILE". Pinned by tests/unit/test_gitconf.c. */
#include "sandbox/gitconf.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct reader {
	const char *p, *end, *start;
	struct gitconf c;
};

static int
peek(const struct reader *r)
{
	if (r->p == r->end)
		return -1;
	if (r->p[0] == '\r' && r->p + 1 < r->end && r->p[1] == '\n')
		return '\n';
	return (unsigned char)*r->p;
}

static int
next(struct reader *r)
{
	int c = peek(r);

	if (c >= 0)
		r->p += *r->p == '\r' && c == '\n' ? 2 : 1;
	return c;
}

static void
put(struct reader *r, char *field, size_t max, size_t *n, int c)
{
	if (*n + 1 >= max || c == 0) {
		r->c.cut = true;
		return;
	}
	field[(*n)++] = (char)c;
	field[*n] = 0;
}

static void
skip_line(struct reader *r)
{
	int c;

	while ((c = next(r)) >= 0 && c != '\n')
		;
}

/* [section], [section "sub"] or, of old, [section.sub]; the bracket is read already. */
static bool
read_section(struct reader *r)
{
	struct gitconf *c = &r->c;
	size_t n = 0, m = 0;
	int ch;

	c->section[0] = c->sub[0] = 0;
	while ((ch = next(r)) >= 0 && (isalnum(ch) || ch == '-' || ch == '.'))
		put(r, c->section, sizeof(c->section), &n, tolower(ch));
	if (ch == ']') {
		char *dot = strchr(c->section, '.');

		if (dot) {
			*dot = 0;
			for (const char *s = dot + 1; *s; s++)
				put(r, c->sub, sizeof(c->sub), &m, *s);
		}
		return true;
	}
	while (ch == ' ' || ch == '\t')
		ch = next(r);
	if (ch != '"')
		return false;
	while ((ch = next(r)) >= 0 && ch != '"' && ch != '\n') {
		if (ch == '\\')
			ch = next(r);
		if (ch < 0 || ch == '\n')
			return false;
		put(r, c->sub, sizeof(c->sub), &m, ch);
	}
	return ch == '"' && next(r) == ']';
}

static int
escaped(int c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case '\\':
	case '"':
		return c;
	default:
		return -1;
	}
}

static bool
read_value(struct reader *r)
{
	struct gitconf *c = &r->c;
	bool quoted = false;
	size_t n = 0, kept = 0;
	int ch;

	while (peek(r) == ' ' || peek(r) == '\t')
		next(r);
	while ((ch = next(r)) >= 0 && ch != '\n') {
		bool blank = !quoted && isspace(ch);

		if (!quoted && (ch == '#' || ch == ';')) {
			skip_line(r);
			break;
		}
		if (ch == '"') {
			quoted = !quoted;
			continue;
		}
		if (ch == '\\') {
			ch = next(r);
			if (ch == '\n')
				continue;
			ch = escaped(ch);
			if (ch < 0)
				return false;
		}
		put(r, c->value, sizeof(c->value), &n, ch);
		if (!blank)
			kept = n;
	}
	c->value[kept] = 0;
	return !quoted;
}

/* A name and perhaps a value; the first letter is the next byte. */
static bool
read_assignment(struct reader *r)
{
	struct gitconf *c = &r->c;
	size_t n = 0;

	c->name[0] = c->value[0] = 0;
	c->from = (size_t)(r->p - r->start);
	if (!isalpha(peek(r)))
		return false;
	while (isalnum(peek(r)) || peek(r) == '-')
		put(r, c->name, sizeof(c->name), &n, tolower(next(r)));
	while (peek(r) == ' ' || peek(r) == '\t')
		next(r);
	c->bare = peek(r) != '=';
	if (c->bare) {
		int ch = next(r);

		if (ch == '#' || ch == ';')
			skip_line(r);
		else if (ch >= 0 && ch != '\n')
			return false;
	} else {
		next(r);
		if (!read_value(r))
			return false;
	}
	c->to = (size_t)(r->p - r->start);
	return true;
}

bool
gitconf_read(const char *text, size_t n, gitconf_see *see, void *arg)
{
	struct reader r = {.p = text, .end = text + n, .start = text};

	if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		r.p += 3;
	for (;;) {
		int c = peek(&r);

		if (c < 0)
			return true;
		if (isspace(c)) {
			next(&r);
		} else if (c == '#' || c == ';') {
			skip_line(&r);
		} else if (c == '[') {
			next(&r);
			r.c.cut = false;
			if (!read_section(&r))
				return false;
		} else {
			bool cut = r.c.cut;

			if (!r.c.section[0] || !read_assignment(&r))
				return false;
			see(&r.c, arg);
			r.c.cut = cut;
		}
	}
}

static bool
one_of(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

static bool
is_switch(const struct gitconf *c)
{
	static const char *const words[] = {"",	  "true", "false", "yes", "no",
					    "on", "off",  "0",	   "1",	  NULL};

	return c->bare || one_of(words, c->value);
}

bool
gitconf_runs(const struct gitconf *c)
{
	/* Whatever is in these. */
	static const char *const sections[] = {"include",  "includeif", "alias",
					       "protocol", "hook",	NULL};
	/* Anywhere in a name. */
	static const char *const parts[] = {
	    "command", "cmd",	     "helper",	 "program",    "editor",      "textconv",
	    "driver",  "hook",	     "external", "tunnel",     "askpass",     "httpd",
	    "vcs",     "difffilter", "gitproxy", "smtpserver", "templatedir", NULL};
	static const char *const names[] = {"clean",	  "smudge",	 "process",
					    "uploadpack", "receivepack", NULL};
	static const char *const by_path[] = {"browser", "mergetool", "difftool", "man",
					      "guitool", "lfs",	      NULL};

	if (c->cut || one_of(sections, c->section) || one_of(names, c->name))
		return true;
	if (strcmp(c->section, "pager") == 0 || strcmp(c->name, "pager") == 0 ||
	    strcmp(c->name, "fsmonitor") == 0)
		return !is_switch(c);
	for (const char *const *p = parts; *p; p++)
		if (strstr(c->name, *p))
			return true;
	if (one_of(by_path, c->section) && strstr(c->name, "path"))
		return true;
	return c->value[0] == '!' || strcasestr(c->value, "ext::") ||
	       strcasestr(c->sub, "ext::");
}

struct clean {
	const char *text;
	size_t done, dropped; /* bytes dealt with; assignments left out */
	gitconf_judge *bad;
	void *arg;
	struct queue *out;
};

static void
clean_one(const struct gitconf *c, void *arg)
{
	struct clean *k = arg;

	if (!gitconf_runs(c) && (!k->bad || !k->bad(c, k->arg)))
		return;
	queue_add(k->out, k->text + k->done, c->from - k->done);
	/* Its line's end stays when something stands before it on the line. */
	k->done = c->to;
	if (c->to > c->from && k->text[c->to - 1] == '\n')
		queue_add(k->out, "\n", 1);
	k->dropped++;
}

size_t
gitconf_clean(const char *text, size_t n, gitconf_judge *bad, void *arg, struct queue *out)
{
	struct queue kept = {0};
	struct clean k = {.text = text, .out = &kept, .bad = bad, .arg = arg};

	/* Then `text` may be NULL, too. */
	if (!n)
		return 0;
	if (!gitconf_read(text, n, clean_one, &k)) {
		queue_free(&kept);
		return k.dropped + 1;
	}
	queue_add(&kept, text + k.done, n - k.done);
	queue_add(out, queue_head(&kept), queue_len(&kept));
	queue_free(&kept);
	return k.dropped;
}

struct whole {
	char *worktree;
	bool bad;
};

static void
judge_one(const struct gitconf *c, void *arg)
{
	struct whole *w = arg;
	bool tree = strcmp(c->section, "core") == 0 && strcmp(c->name, "worktree") == 0;

	/* Of two work trees the caller could judge one only. */
	w->bad = w->bad || gitconf_runs(c) || (tree && w->worktree[0]);
	if (tree)
		memcpy(w->worktree, c->value, sizeof(c->value));
}

bool
sbx_git_config_harmless(const char *text, size_t n, char worktree[1024])
{
	struct whole w = {.worktree = worktree};

	worktree[0] = 0;
	return n < GITCONF_MAX && gitconf_read(text, n, judge_one, &w) && !w.bad;
}
