/* What an action makes of its own words: variables that it sets, and $IFS.
 *
 * Shell first, and what other languages share with it: h = 'x', f'{h}', 'a' + h.
 * A=http://evil; curl $A.example.com/x is read once as it stands and once with each $A and ${A}
 * in place of what was last given to it before. Only plain values count; what a command prints
 * is not known here. Bounded: values, names and the text that comes out. Pinned by
 * tests/unit/test_link_more.c and tests/fuzz/fuzz_link.c. */
#include <string.h>

#include "agent/gate/link_int.h"

#define SHELL_VARS    64 /* variables of an action; further ones stay as they are */
#define SHELL_NAME    64 /* bytes of a name */
#define SHELL_DEFAULT (size_t)256 /* bytes of ${NAME:-value} */
#define SHELL_GROW    4096	  /* bytes that the text may grow by */

struct shell_var {
	const char *name;
	size_t nname;
	struct buf value;
};

struct shell {
	struct shell_var var[SHELL_VARS];
	size_t n;
	bool used; /* something was put in */
};

static bool
shell_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static struct shell_var *
shell_find(struct shell *s, const char *p, size_t n)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->var[i].nname == n && memcmp(s->var[i].name, p, n) == 0)
			return &s->var[i];
	return NULL;
}

/* "$NAME" or "${NAME}" at p[0]: what it stands for is added; bytes taken, 0: not known. */
static size_t
shell_value(struct shell *s, const char *p, size_t n, struct buf *out)
{
	bool braces = n > 2 && p[1] == '{';
	size_t from = braces ? 2 : 1, to = from;
	const struct shell_var *v;

	while (to < n && to - from < SHELL_NAME && shell_name_char(p[to]))
		to++;
	v = shell_find(s, p + from, to - from);
	if (braces && to + 2 < n && p[to] == ':' && p[to + 1] == '-') {
		const char *end = memchr(p + to, '}', MIN_OF(n - to, SHELL_DEFAULT));

		if (!end)
			return 0;
		if (v)
			buf_add(out, v->value.data, v->value.len);
		else
			buf_add(out, p + to + 2, (size_t)(end - p) - to - 2);
		s->used = true;
		return (size_t)(end - p) + 1;
	}
	if (to == from || (braces && (to == n || p[to] != '}')))
		return 0;
	if (!v && to - from == 3 && memcmp(p + from, "IFS", 3) == 0)
		buf_addc(out, ' ');
	else if (v)
		buf_add(out, v->value.data, v->value.len);
	else
		return 0;
	s->used = true;
	return braces ? to + 1 : to;
}

/* NAME=value at p[0], at a word's beginning: the value without quotes is kept. */
static void
shell_assign(struct shell *s, const char *p, size_t n)
{
	size_t name = 0, i;
	struct shell_var *v;
	struct buf value = BUF_INIT(LINK_TOKEN_MAX);
	char quote = 0;

	while (name < n && name < SHELL_NAME && shell_name_char(p[name]))
		name++;
	i = name;
	if (name == 3 && n > 4 && memcmp(p, "for ", 4) == 0) { /* for NAME in VALUE */
		for (p += 4, n -= 4, name = 0; name < n && shell_name_char(p[name]); name++)
			;
		if (name == 0 || n < name + 5 || memcmp(p + name, " in ", 4) != 0)
			return;
		i = name + 3;
	} else {
		while (i < n && p[i] == ' ')
			i++;
	}
	if (name == 0 || i + 1 >= n || (p[i] != '=' && p[i] != ' ') || p[i + 1] == '=' ||
	    (p[0] >= '0' && p[0] <= '9'))
		return;
	for (i++; i < n && p[i] == ' ';)
		i++;
	while (i < n) {
		size_t took =
		    p[i] == '$' && quote != '\'' ? shell_value(s, p + i, n - i, &value) : 0;

		if (took > 0) {
			i += took;
		} else if (p[i] == quote || (!quote && (p[i] == '"' || p[i] == '\''))) {
			quote = quote ? 0 : p[i];
			i++;
		} else if (!quote && strchr(" \t\n;|&)(<>", p[i])) {
			break;
		} else if (!buf_addc(&value, p[i++])) {
			break;
		}
	}
	v = shell_find(s, p, name);
	if (!v && s->n == SHELL_VARS) {
		buf_release(&value);
		return;
	}
	if (v)
		buf_release(&v->value);
	else
		v = &s->var[s->n++];
	*v = (struct shell_var){.name = p, .nname = name, .value = value};
}

/* A known name at p[i] that + puts beside a string: its value in quotes; bytes taken. */
static size_t
shell_plus(struct shell *s, const char *p, size_t n, size_t i, struct buf *out)
{
	const struct shell_var *v;
	size_t end = i, before = i, after;

	while (end < n && end - i < SHELL_NAME && shell_name_char(p[end]))
		end++;
	if (end == i || !(v = shell_find(s, p + i, end - i)))
		return 0;
	while (before > 0 && p[before - 1] == ' ')
		before--;
	for (after = end; after < n && p[after] == ' ';)
		after++;
	if ((before == 0 || p[before - 1] != '+') && (after == n || p[after] != '+'))
		return 0;
	if (!buf_addc(out, '"') || !buf_add(out, v->value.data, v->value.len) ||
	    !buf_addc(out, '"'))
		return 0;
	s->used = true;
	return end - i;
}

/* "{NAME}" of a format string. */
static size_t
shell_braces(struct shell *s, const char *p, size_t n, struct buf *out)
{
	const struct shell_var *v;
	size_t end = 1;

	while (end < n && end < SHELL_NAME && shell_name_char(p[end]))
		end++;
	if (end == n || p[end] != '}' || !(v = shell_find(s, p + 1, end - 1)))
		return 0;
	buf_add(out, v->value.data, v->value.len);
	s->used = true;
	return end + 1;
}

bool
link_expand(const char *p, size_t n, struct buf *out)
{
	struct shell s = {.n = 0};
	bool begins = true;

	for (size_t i = 0; i < n && out->len < n + SHELL_GROW;) {
		size_t took = p[i] == '$'   ? shell_value(&s, p + i, n - i, out)
			      : p[i] == '{' ? shell_braces(&s, p + i, n - i, out)
			      : begins	    ? shell_plus(&s, p, n, i, out)
					    : 0;

		if (begins && shell_name_char(p[i]))
			shell_assign(&s, p + i, n - i);
		begins = strchr(" \t\n;|&(+,", p[i]) != NULL;
		if (took > 0)
			i += took;
		else if (!buf_addc(out, p[i++]))
			break;
	}
	for (size_t i = 0; i < s.n; i++)
		buf_release(&s.var[i].value);
	return s.used;
}
