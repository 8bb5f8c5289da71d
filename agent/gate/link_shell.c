/* What an action makes of its own words: variables that it sets, and $IFS.
 *
 * Shell first, and what other languages share with it: h = 'x', f'{h}', 'a' + h.
 * A=http://evil; curl $A.example.com/x is read once as it stands and once with each $A and ${A}
 * in place of what was last given to it before. Only plain values count; what a command prints
 * is not known here. Bounded: values, names and the text that comes out. Pinned by
 * tests/unit/test_link_more.c and tests/fuzz/fuzz_link.c. */
#include <stdlib.h>
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
	bool grown; /* by += */
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

/* The word of a list that "[1]" names, or all for "[@]". */
static void
shell_index(const struct buf *value, const char *p, size_t n, struct buf *out)
{
	unsigned long k = strtoul(p, NULL, 10);
	size_t from = 0, to = value->len;

	if (n > 0 && p[0] >= '0' && p[0] <= '9') {
		for (; from < value->len && k > 0; from++)
			k -= value->data[from] == ' ';
		for (to = from; to < value->len && value->data[to] != ' ';)
			to++;
	}
	buf_add(out, value->data + from, to - from);
}

/* "/A/B" and "//A/B": the value with B for A. */
static void
shell_replace(const struct buf *value, const char *p, size_t n, struct buf *out)
{
	bool all = n > 1 && p[1] == '/';
	size_t a = all ? 2 : 1;
	const char *slash = a < n ? memchr(p + a, '/', n - a) : NULL;
	size_t na = (slash ? (size_t)(slash - p) : n) - MIN_OF(a, n),
	       b = slash ? a + na + 1 : n;

	for (size_t i = 0; i < value->len;) {
		if (na > 0 && value->len - i >= na &&
		    memcmp(value->data + i, p + a, na) == 0) {
			buf_add(out, p + b, n - b);
			i += na;
			na = all ? na : 0;
		} else {
			buf_addc(out, value->data[i++]);
		}
	}
}

/* ":1:2": so many bytes of the value from there. */
static void
shell_part(const struct buf *value, const char *p, size_t n, struct buf *out)
{
	const char *colon = memchr(p + 1, ':', n - 1);
	unsigned long from = strtoul(p + 1, NULL, 10);
	unsigned long len = colon ? strtoul(colon + 1, NULL, 10) : value->len;

	if (from < value->len)
		buf_add(out, value->data + from, MIN_OF((size_t)len, value->len - from));
}

/* What stands behind the name in braces, p[0..n), applied to the value; false: it is not known. */
static bool
shell_change(const struct shell_var *v, const char *p, size_t n, struct buf *out)
{
	if (n > 1 && p[0] == ':' && p[1] == '-') {
		if (v)
			buf_add(out, v->value.data, v->value.len);
		else
			buf_add(out, p + 2, n - 2);
		return true;
	}
	if (!v || n < 2)
		return false;
	if (p[0] == '/')
		shell_replace(&v->value, p, n, out);
	else if (p[0] == '[')
		shell_index(&v->value, p + 1, n - 1, out);
	else if (p[0] == ':' && (p[1] == ' ' || (p[1] >= '0' && p[1] <= '9')))
		shell_part(&v->value, p, n, out);
	else
		return false;
	return true;
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
	if (braces && to > from && to < n && p[to] != '}') {
		const char *end = memchr(p + to, '}', MIN_OF(n - to, SHELL_DEFAULT));

		if (!end || !shell_change(v, p + to, (size_t)(end - p) - to, out))
			return 0;
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

/* A variable that nobody set, in the middle of a word: r$@m, r${x}m. Bytes taken, 0: none. */
static size_t
shell_nothing(struct shell *s, const char *p, size_t n, size_t i)
{
	size_t to = i + 2;

	if (i == 0 || !shell_name_char(p[i - 1]) || n - i < 3)
		return 0;
	if (p[i + 1] == '{') {
		while (to < n && shell_name_char(p[to]))
			to++;
		if (to >= n || p[to++] != '}')
			return 0;
	} else if (!strchr("@*123456789", p[i + 1])) {
		return 0;
	}
	if (to >= n || !(shell_name_char(p[to]) || p[to] == '.'))
		return 0;
	s->used = true;
	return to - i;
}

/* The value at p[i..n) without its quotes, a list's words with blanks between. */
static void
shell_read(struct shell *s, const char *p, size_t n, size_t i, struct buf *value)
{
	bool list = i < n && p[i] == '(';
	char quote = 0;

	for (i += list; i < n;) {
		size_t took =
		    p[i] == '$' && quote != '\'' ? shell_value(s, p + i, n - i, value) : 0;

		if (took > 0) {
			i += took;
		} else if (p[i] == quote || (!quote && (p[i] == '"' || p[i] == '\''))) {
			quote = quote ? 0 : p[i];
			i++;
		} else if (!quote && strchr(list ? "\n;|&)(<>" : " \t\n;|&)(<>", p[i])) {
			break;
		} else if (!buf_addc(value, p[i++])) {
			break;
		}
	}
}

/* "NAME" of an assignment at p[0], or of "for NAME in": its bytes, and where the value is; 0: none. */
static size_t
shell_assigned(const char **p, size_t *n, size_t *at, bool *grows)
{
	size_t name = 0, i;
	const char *c = *p;

	*grows = false;
	while (name < *n && name < SHELL_NAME && shell_name_char(c[name]))
		name++;
	i = name;
	if (name == 3 && *n > 4 && memcmp(c, "for ", 4) == 0) { /* for NAME in VALUE */
		for (*p = c += 4, *n -= 4, name = 0; name < *n && shell_name_char(c[name]);
		     name++)
			;
		if (name == 0 || *n < name + 5 || memcmp(c + name, " in ", 4) != 0)
			return 0;
		i = name + 3;
	} else {
		while (i < *n && c[i] == ' ')
			i++;
		*grows = i + 1 < *n && c[i] == '+' && c[i + 1] == '=';
		i += *grows;
	}
	if (name == 0 || i + 1 >= *n || (c[i] != '=' && c[i] != ' ') || c[i + 1] == '=' ||
	    (c[0] >= '0' && c[0] <= '9'))
		return 0;
	for (i++; i < *n && c[i] == ' ';)
		i++;
	*at = i;
	return name;
}

/* NAME=value at p[0], at a word's beginning, is kept. */
static void
shell_assign(struct shell *s, const char *p, size_t n)
{
	struct buf value = BUF_INIT(LINK_TOKEN_MAX);
	struct shell_var *v;
	bool grows;
	size_t at, name = shell_assigned(&p, &n, &at, &grows);

	if (name == 0)
		return;
	shell_read(s, p, n, at, &value);
	v = shell_find(s, p, name);
	if (v && grows) {
		buf_add(&v->value, value.data, value.len);
		buf_release(&value);
		v->grown = s->used = true;
		return;
	}
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

		if (took == 0 && p[i] == '$')
			took = shell_nothing(&s, p, n, i);
		if (begins && shell_name_char(p[i]))
			shell_assign(&s, p + i, n - i);
		begins = strchr(" \t\n;|&(+,", p[i]) != NULL;
		if (took > 0)
			i += took;
		else if (!buf_addc(out, p[i++]))
			break;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.var[i].grown && buf_addc(out, '\n'))
			buf_add(out, s.var[i].value.data, s.var[i].value.len);
		buf_release(&s.var[i].value);
	}
	return s.used;
}
