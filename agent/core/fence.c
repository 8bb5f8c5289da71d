/* Fenced code blocks in a model's reply. See fence.h. One pass over the lines.
 * Pinned by tests/unit/test_fence.c and tests/fuzz/fuzz_fence.c. */
#include <ctype.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/fence.h"

#define FENCE_TAB 4 /* columns */

struct fence_scan {
	struct fence_list *out;
	bool open;
	char mark;     /* '`' or '~' */
	size_t length; /* of the opening run */
	size_t indent; /* columns before it */
	size_t item;   /* column where the content of the list item around here begins */
	struct buf code;
	char language[32];
};

/* Bytes of white space at the start, up to column `most`; *columns: what they make up. A tab
 * that reaches beyond stays. */
static size_t
fence_indent(const char *p, size_t n, size_t most, size_t *columns)
{
	size_t i = 0, at = 0;

	while (i < n && at < most && (p[i] == ' ' || p[i] == '\t')) {
		size_t next = p[i] == ' ' ? at + 1 : (at / FENCE_TAB + 1) * FENCE_TAB;

		if (next > most)
			break;
		at = next;
		i++;
	}
	if (columns)
		*columns = at;
	return i;
}

/* Bytes of the marker of a list item ("-", "12.") with its white space; 0: none. */
static size_t
fence_marker(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && i < 9 && p[i] >= '0' && p[i] <= '9')
		i++;
	if (i == n || !strchr(i ? ".)" : "-*+", p[i]) || ++i == n)
		return 0;
	return p[i] == ' ' || p[i] == '\t' ? i + 1 : 0;
}

/* A line outside a block moves into a list item, or out of one. Bytes before its content, and
 * the column of that. */
static size_t
fence_note_item(struct fence_scan *s, const char *p, size_t n, size_t *column)
{
	size_t more, i = fence_indent(p, n, SIZE_MAX, column), marker;

	if (i == n)
		return n;
	s->item = MIN_OF(s->item, *column);
	while (*column <= s->item + 3 && (marker = fence_marker(p + i, n - i)) > 0) {
		i += marker;
		i += fence_indent(p + i, n - i, FENCE_TAB, &more);
		*column += marker + more;
		s->item = *column;
	}
	return i;
}

/* Length of the run of `mark` at p. */
static size_t
fence_run(const char *p, size_t n, char mark)
{
	size_t i = 0;

	while (i < n && p[i] == mark)
		i++;
	return i;
}

/* The first word of an info string, with "{.python}" and "language-python" understood. */
static void
fence_language(const char *p, size_t n, char out[32])
{
	size_t k = 0;

	while (n > 0 && strchr(" \t{.", *p)) {
		p++;
		n--;
	}
	while (k < n && k < 31 && !strchr(" \t},;:", p[k])) {
		out[k] = (char)tolower((unsigned char)p[k]);
		k++;
	}
	out[k] = '\0';
	if (strncmp(out, "language-", 9) == 0)
		memmove(out, out + 9, strlen(out + 9) + 1);
}

static void
fence_store(struct fence_scan *s, bool closed)
{
	struct fence_list *l = s->out;
	struct fence *f;

	s->open = false;
	if (l->n == FENCE_MAX) {
		buf_reset(&s->code);
		return;
	}
	l->at = mem_array(l->at, l->n + 1, sizeof(*l->at));
	f = &l->at[l->n++];
	memset(f, 0, sizeof(*f));
	memcpy(f->language, s->language, sizeof(f->language));
	f->closed = closed;
	f->len = s->code.len;
	f->code = buf_take(&s->code);
}

/* A line outside a block: does it open one? */
static void
fence_try_open(struct fence_scan *s, const char *p, size_t n)
{
	size_t column, run, skip = fence_note_item(s, p, n, &column);
	char mark = skip < n ? p[skip] : '\0';

	if (column > s->item + 3 || (mark != '`' && mark != '~'))
		return;
	run = fence_run(p + skip, n - skip, mark);
	if (run < 3)
		return;
	p += skip + run;
	n -= skip + run;
	if (mark == '`' && memchr(p, '`', n))
		return; /* inline code, not a fence */
	s->open = true;
	s->mark = mark;
	s->length = run;
	s->indent = column;
	fence_language(p, n, s->language);
}

static bool
fence_closes(const struct fence_scan *s, const char *p, size_t n)
{
	size_t column, run, skip = fence_indent(p, n, SIZE_MAX, &column);

	if (column > s->item + 3)
		return false;
	run = fence_run(p + skip, n - skip, s->mark);
	if (run < s->length)
		return false;
	for (size_t i = skip + run; i < n; i++)
		if (p[i] != ' ' && p[i] != '\t')
			return false;
	return true;
}

void
fence_find(const char *text, size_t n, struct fence_list *out)
{
	struct fence_scan s = {.out = out, .code = BUF_INIT(n + 1)};
	size_t at = 0;

	*out = (struct fence_list){0};
	while (at < n) {
		const char *nl = memchr(text + at, '\n', n - at);
		size_t end = nl ? (size_t)(nl - text) : n, len = end - at, cut;

		if (len > 0 && text[end - 1] == '\r')
			len--;
		if (!s.open) {
			fence_try_open(&s, text + at, len);
		} else if (fence_closes(&s, text + at, len)) {
			fence_store(&s, true);
		} else {
			cut = fence_indent(text + at, len, s.indent, NULL);
			buf_add(&s.code, text + at + cut, len - cut);
			buf_addc(&s.code, '\n');
		}
		at = nl ? end + 1 : n;
	}
	if (s.open)
		fence_store(&s, false);
	buf_release(&s.code);
}

void
fence_release(struct fence_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i].code);
	free(l->at);
	*l = (struct fence_list){0};
}
