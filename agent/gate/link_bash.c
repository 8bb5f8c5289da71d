/* What a shell makes of a line before it runs it. See link_int.h.
 *
 * {c,}url and "cu"'rl' are words that the shell puts together; `cd data; rm -rf raw` does what
 * `rm -rf data/raw` does; and echo's words come out of rev, tr and sed as others. Lines only, with no
 * knowledge of what else stands around: a wrong one links to nothing. Everything is bounded by the
 * buffer that it goes to. Pinned by tests/unit/test_link_made.c and tests/fuzz/fuzz_link.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/link_int.h"

#define BASH_WORD    512 /* bytes of a word with braces */
#define BASH_BRACES  32	 /* words that come of one */
#define BASH_FILTERS 4	 /* of a pipe that are followed */

static size_t
bash_find(const char *p, size_t n, size_t i, const char *set)
{
	while (i < n && !(p[i] && strchr(set, p[i])))
		i++;
	return i;
}

/* ---- braces ---- */

/* The braces of p[0..n), n <= BASH_WORD, that are opened first: from "{" to "}", with a comma of its own
 * between; false: none. */
static bool
bash_braces_at(const char *p, size_t n, size_t *open, size_t *close)
{
	struct {
		uint16_t at;
		bool comma;
	} brace[BASH_WORD];
	size_t depth = 0;

	*open = *close = n;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '{') {
			brace[depth].at = (uint16_t)i;
			brace[depth++].comma = false;
		} else if (depth > 0 && p[i] == ',') {
			brace[depth - 1].comma = true;
		} else if (depth > 0 && p[i] == '}') {
			size_t at = brace[--depth].at;

			if (!brace[depth].comma || at > *open ||
			    (at > 0 && p[at - 1] == '$'))
				continue;
			*open = at;
			*close = i;
		}
	}
	return *open < n;
}

/* Adds the words that come of p[0..n), each with a blank behind it. */
static void
bash_expand_word(const char *p, size_t n, unsigned *left, struct buf *out)
{
	size_t open, close, from, depth = 0;

	if (*left == 0 || n > BASH_WORD)
		return;
	if (!bash_braces_at(p, n, &open, &close)) {
		(*left)--;
		buf_add(out, p, n);
		buf_addc(out, ' ');
		return;
	}
	from = open + 1;
	for (size_t i = from; i <= close; i++) {
		char word[2 * BASH_WORD];
		size_t len = 0;

		depth += p[i] == '{';
		if (!(i == close || (depth == 0 && p[i] == ','))) {
			depth -= p[i] == '}';
			continue;
		}
		memcpy(word, p, open);
		memcpy(word + open, p + from, i - from);
		len = open + i - from;
		memcpy(word + len, p + close + 1, n - close - 1);
		bash_expand_word(word, len + n - close - 1, left, out);
		from = i + 1;
	}
}

/* The line with `most` of the words that come of each. */
static void
bash_braces(const char *p, size_t n, unsigned most, struct buf *out)
{
	for (size_t i = 0, end; i < n; i = end) {
		unsigned left = most;

		end = bash_find(p, n, i, " \t;|&()<>");
		if (end == i)
			buf_addc(out, p[end++]);
		else
			bash_expand_word(p + i, end - i, &left, out);
	}
	buf_addc(out, '\n');
}

/* ---- quotes ---- */

static void
bash_unquote(const char *p, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != '"' && p[i] != '\'')
			buf_addc(out, p[i]);
	buf_addc(out, '\n');
}

/* ---- cd ---- */

struct bash_cd {
	struct buf dir;
	const char *workspace;
};

/* The word at *i without its quotes; false: the command ends there. */
static bool
bash_word(const char *p, size_t n, size_t *i, struct buf *word)
{
	buf_reset(word);
	while (*i < n && (p[*i] == ' ' || p[*i] == '\t'))
		(*i)++;
	for (; *i < n && !strchr(" \t\n;|&", p[*i]); (*i)++)
		if (p[*i] != '"' && p[*i] != '\'')
			buf_addc(word, p[*i]);
	return word->len > 0;
}

static void
bash_go(struct bash_cd *cd, const char *to)
{
	size_t n = cd->workspace ? strlen(cd->workspace) : 0;

	if (n > 0 && strncmp(to, cd->workspace, n) == 0 && to[n] == '/')
		to += n + 1;
	else if (*to != '/' && *to != '~' && cd->dir.len > 0)
		buf_addc(&cd->dir, '/');
	else
		buf_reset(&cd->dir);
	buf_adds(&cd->dir, to);
	while (cd->dir.len > 1 && cd->dir.data[cd->dir.len - 1] == '/')
		buf_truncate(&cd->dir, cd->dir.len - 1);
}

/* One simple command at *i, as it would be from where the first cd was; *i behind it. */
static void
bash_from_here(struct bash_cd *cd, const char *p, size_t n, size_t *i, struct buf *out)
{
	AUTO_BUF struct buf word = BUF_INIT(LINK_TOKEN_MAX);
	bool moves = false;

	for (size_t k = 0; bash_word(p, n, i, &word); k++) {
		const char *w = buf_str(&word);

		if (k == 0)
			moves = strcmp(w, "cd") == 0 || strcmp(w, "pushd") == 0;
		if (moves && k == 1 && *w != '-')
			bash_go(cd, w);
		if (moves || cd->dir.len == 0)
			continue;
		if (k > 0 && !strchr("-/~$*", *w)) {
			buf_add(out, cd->dir.data, cd->dir.len);
			buf_addc(out, '/');
		}
		buf_adds(out, w);
		buf_addc(out, ' ');
	}
	while (*i < n && strchr(" \t\n;|&", p[*i]))
		(*i)++;
	if (!moves && cd->dir.len > 0)
		buf_addc(out, '\n');
}

static void
bash_folders(const char *p, size_t n, const char *workspace, struct buf *out)
{
	struct bash_cd cd = {.dir = BUF_INIT(LINK_TOKEN_MAX), .workspace = workspace};

	for (size_t i = 0, from = SIZE_MAX; i < n && i != from;) {
		from = i;
		bash_from_here(&cd, p, n, &i, out);
	}
	buf_release(&cd.dir);
}

/* ---- filters of a pipe ---- */

/* The characters that a set of tr names: "a-z", "#". */
static void
bash_set(const char *p, struct buf *out)
{
	for (; *p; p++) {
		if (p[0] == '\\' && p[1])
			p++;
		if (p[1] == '-' && p[2] && (unsigned char)p[2] >= (unsigned char)p[0]) {
			for (unsigned c = (unsigned char)p[0]; c <= (unsigned char)p[2];
			     c++)
				buf_addc(out, (char)c);
			p += 2;
		} else {
			buf_addc(out, *p);
		}
	}
}

static void
bash_tr(struct buf *text, const char *from, const char *to)
{
	AUTO_BUF struct buf a = BUF_INIT(KIB), b = BUF_INIT(KIB);
	bool drop = strcmp(from, "-d") == 0;
	size_t kept = 0;

	bash_set(drop ? to : from, &a);
	bash_set(drop ? "" : to, &b);
	for (size_t i = 0; i < text->len; i++) {
		const char *at = a.len ? memchr(a.data, text->data[i], a.len) : NULL;
		size_t k = at ? (size_t)(at - a.data) : 0;

		if (at && b.len == 0)
			continue;
		text->data[kept++] = at ? b.data[MIN_OF(k, b.len - 1)] : text->data[i];
	}
	buf_truncate(text, kept);
}

/* "s/A/B/g" with plain A. */
static void
bash_sed(struct buf *text, const char *expr)
{
	AUTO_BUF struct buf out = BUF_INIT(LINK_TOKEN_MAX);
	char mark = expr[0] == 's' ? expr[1] : 0;
	const char *a = expr + 2, *b = mark ? strchr(a, mark) : NULL, *end;
	size_t na;

	if (!b || !(end = strchr(b + 1, mark)))
		return;
	if (*a == '\\' && b > a + 1)
		a++;
	na = (size_t)(b - a);
	for (size_t i = 0; i < text->len;) {
		if (na > 0 && text->len - i >= na && memcmp(text->data + i, a, na) == 0) {
			buf_add(&out, b + 1, (size_t)(end - b) - 1);
			i += na;
		} else {
			buf_addc(&out, text->data[i++]);
		}
	}
	buf_reset(text);
	buf_add(text, out.data, out.len);
}

/* Applies the filter p[0..n) of a pipe; false: it is none. */
static bool
bash_filter(const char *p, size_t n, struct buf *text)
{
	AUTO_BUF struct buf name = BUF_INIT(64), a = BUF_INIT(KIB), b = BUF_INIT(KIB);
	size_t i = 0;

	bash_word(p, n, &i, &name);
	bash_word(p, n, &i, &a);
	if (strcmp(buf_str(&a), "-e") == 0 || strcmp(buf_str(&a), "-E") == 0)
		bash_word(p, n, &i, &a);
	bash_word(p, n, &i, &b);
	if (strcmp(buf_str(&name), "rev") == 0) {
		for (size_t x = 0, y = text->len; x + 1 < y; x++, y--) {
			char c = text->data[x];

			text->data[x] = text->data[y - 1];
			text->data[y - 1] = c;
		}
	} else if (strcmp(buf_str(&name), "tr") == 0) {
		bash_tr(text, buf_str(&a), buf_str(&b));
	} else if (strcmp(buf_str(&name), "sed") == 0) {
		bash_sed(text, buf_str(&a));
	} else {
		return false;
	}
	return true;
}

/* "echo X | tr a b": what X becomes. */
static void
bash_pipe(const char *p, size_t n, struct buf *out)
{
	AUTO_BUF struct buf text = BUF_INIT(LINK_TOKEN_MAX);
	const char *echo = memmem(p, n, "echo ", 5);
	size_t i, end;
	bool any = false;

	if (!echo)
		return;
	i = (size_t)(echo - p) + 5;
	end = bash_find(p, n, i, "|");
	for (; i < end; i++)
		if (p[i] != '"' && p[i] != '\'')
			buf_addc(&text, p[i]);
	while (text.len > 0 && text.data[text.len - 1] == ' ')
		buf_truncate(&text, text.len - 1);
	for (unsigned k = 0; k < BASH_FILTERS && end < n; k++) {
		i = end + 1;
		end = bash_find(p, n, i, "|)");
		if (!bash_filter(p + i, end - i, &text))
			break;
		any = true;
	}
	if (any) {
		buf_add(out, text.data, text.len);
		buf_addc(out, '\n');
	}
}

void
link_bash(const char *p, size_t n, const char *workspace, struct buf *out)
{
	for (size_t i = 0; i < n;) {
		size_t end = bash_find(p, n, i, "\n"), len = end - i;
		const char *line = p + i;

		if (memchr(line, '{', len) && memchr(line, ',', len)) {
			bash_braces(line, len, BASH_BRACES, out);
			bash_braces(line, len, 1, out); /* r{m,}: the rest may be nothing */
		}
		if (memchr(line, '"', len) || memchr(line, '\'', len))
			bash_unquote(line, len, out);
		if (memchr(line, '|', len))
			bash_pipe(line, len, out);
		i = end + 1;
	}
	if (memmem(p, n, "cd ", 3) || memmem(p, n, "pushd ", 6))
		bash_folders(p, n, workspace, out);
}
