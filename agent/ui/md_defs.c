/* Link reference definitions: which lines are one, and keeping them for later blocks.
 *
 * A reference resolves to definitions at or before its own top-level block. cmark drops
 * definitions from its tree, so they are recognised here, in the common shape of one line (or
 * with the target or title on a second one); cmark itself judges them when the collected
 * prelude is parsed in front of a later block.
 * Sources: CommonMark 0.30 section 4.7. Pinned by tests/unit/test_mdstream.c. */
#include <string.h>

#include "agent/ui/md_int.h"

static size_t
line_len(const char *p, size_t n)
{
	const char *nl = memchr(p, '\n', n);

	return nl ? (size_t)(nl + 1 - p) : n;
}

static size_t
skip_blank(const char *p, size_t n, size_t i)
{
	while (i < n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	return i;
}

/* Behind "[label]:", or 0. */
static size_t
label_end(const char *p, size_t n)
{
	size_t i = strspn(p, " "), from;

	if (i > 3 || i >= n || p[i] != '[')
		return 0;
	for (from = ++i; i < n && p[i] != ']'; i++) {
		if (p[i] == '[' || p[i] == '\n')
			return 0;
		if (p[i] == '\\' && i + 1 < n)
			i++;
	}
	if (i + 1 >= n || p[i + 1] != ':' || strspn(p + from, " ") == i - from ||
	    i - from > 999)
		return 0;
	return i + 2;
}

/* Behind the target at i, or 0. */
static size_t
target_end(const char *p, size_t n, size_t i)
{
	size_t from = i;

	if (i < n && p[i] == '<') {
		while (i < n && p[i] != '>' && p[i] != '\n')
			i += p[i] == '\\' && i + 1 < n ? 2 : 1;
		return i < n && p[i] == '>' ? i + 1 : 0;
	}
	while (i < n && (unsigned char)p[i] > ' ')
		i++;
	return i > from ? i : 0;
}

/* Behind a title on one line that starts at i, followed by nothing; or 0. */
static size_t
title_end(const char *p, size_t n, size_t i)
{
	char close;

	if (i >= n || !strchr("\"'(", p[i]))
		return 0;
	close = p[i] == '(' ? ')' : p[i];
	for (i++; i < n && p[i] != close; i++) {
		if (p[i] == '\n')
			return 0;
		if (p[i] == '\\' && i + 1 < n)
			i++;
	}
	i = skip_blank(p, n, i + 1);
	return i < n && p[i] == '\n' ? i + 1 : i >= n ? n : 0;
}

size_t
md_definition(const char *p, size_t n)
{
	size_t i = label_end(p, n), end, title;

	if (!i)
		return 0;
	i = skip_blank(p, n, i);
	if (i < n && p[i] == '\n') {
		i = skip_blank(p, n, i + 1);
		/* What could start another block must not get into the prelude. */
		if (i >= n || !((p[i] >= 'a' && p[i] <= 'z') ||
				(p[i] >= 'A' && p[i] <= 'Z') || p[i] == '/' || p[i] == '.'))
			return 0;
	}
	i = target_end(p, n, i);
	if (!i)
		return 0;
	end = skip_blank(p, n, i);
	if (end < n && p[end] != '\n')
		return end > i ? title_end(p, n, end) : 0;
	end = MIN_OF(end + 1, n);
	title = title_end(p, n, skip_blank(p, n, end));
	return title ? title : end;
}

/* Marks of containers at the start of a line. */
static size_t
container_marks(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] && strchr(" >\t", p[i]))
		i++;
	if (i + 1 < n && strchr("-*+", p[i]) && p[i + 1] == ' ')
		i += 2;
	return i;
}

void
md_harvest(struct buf *prelude, const char *p, size_t n)
{
	size_t i = 0, skip, len;

	if (!memchr(p, '[', n))
		return;
	while (i < n) {
		skip = container_marks(p + i, n - i);
		len = md_definition(p + i + skip, n - i - skip);
		if (len && prelude->len + len + 2 <= MD_PRELUDE_MAX) {
			buf_add(prelude, p + i + skip, len);
			buf_adds(prelude, "\n\n");
		}
		i += len ? skip + len : line_len(p + i, n - i);
	}
}

/* The label's text, without brackets. */
static const char *
label_of(const char *p, size_t n, size_t *len)
{
	const char *from = memchr(p, '[', n);
	const char *end = from ? memmem(from, n - (size_t)(from - p), "]:", 2) : NULL;

	if (!end)
		return NULL;
	*len = (size_t)(end - from) - 1;
	return from + 1;
}

/* Labels are compared after case folding and joining of white space: only words of ASCII and
 * of scripts without case (from U+3000 on) can be looked for as they are. */
static bool
is_named(const char *label, size_t len, const char *text)
{
	char word[80];
	unsigned char c;
	size_t i;

	if (len + 3 > sizeof(word))
		return true;
	for (i = 0; i < len; i++) {
		c = (unsigned char)label[i];
		if (c <= ' ' || c == 0x7f || (c >= 0xc0 && c < 0xe3) || c >= 0xf0)
			return true;
	}
	snprintf(word, sizeof(word), "[%.*s]", (int)len, label);
	return strcasestr(text, word) != NULL;
}

void
md_prelude_for(struct buf *out, const char *prelude, size_t n, const char *text)
{
	size_t i = 0, len, label_len = 0;
	const char *end, *label;

	while (i < n) {
		end = memmem(prelude + i, n - i, "\n\n", 2);
		len = end ? (size_t)(end + 2 - (prelude + i)) : n - i;
		label = label_of(prelude + i, len, &label_len);
		if (!label || is_named(label, label_len, text))
			buf_add(out, prelude + i, len);
		i += len;
	}
}
