/* Fenced code blocks in a model's reply. See fence.h. One pass over the lines.
 * Pinned by tests/unit/test_fence.c and tests/fuzz/fuzz_fence.c. */
#include <ctype.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/fence.h"

struct fence_scan {
	struct fence_list *out;
	bool open;
	char mark;     /* '`' or '~' */
	size_t length; /* of the opening run */
	size_t indent; /* spaces before it */
	struct buf code;
	char language[32];
};

/* Spaces at the start, at most `most`. */
static size_t
fence_indent(const char *p, size_t n, size_t most)
{
	size_t i = 0;

	while (i < n && i < most && p[i] == ' ')
		i++;
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
	size_t indent = fence_indent(p, n, 4), run;
	char mark = indent < n ? p[indent] : '\0';

	if (indent > 3 || (mark != '`' && mark != '~'))
		return;
	run = fence_run(p + indent, n - indent, mark);
	if (run < 3)
		return;
	p += indent + run;
	n -= indent + run;
	if (mark == '`' && memchr(p, '`', n))
		return; /* inline code, not a fence */
	s->open = true;
	s->mark = mark;
	s->length = run;
	s->indent = indent;
	fence_language(p, n, s->language);
}

static bool
fence_closes(const struct fence_scan *s, const char *p, size_t n)
{
	size_t indent = fence_indent(p, n, 4), run;

	if (indent > 3)
		return false;
	run = fence_run(p + indent, n - indent, s->mark);
	if (run < s->length)
		return false;
	for (size_t i = indent + run; i < n; i++)
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
			cut = fence_indent(text + at, len, s.indent);
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
