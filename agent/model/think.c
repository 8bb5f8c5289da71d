/* <think>…</think> in streamed text. See think.h.
 *
 * '<' opens both tags and occurs nowhere else in them: after a failed match the search may
 * begin anew at the byte that failed. Pinned by tests/unit/test_openai.c. */
#include <string.h>

#include "agent/model/think.h"

static const char think_open[] = "<think>";
static const char think_close[] = "</think>";

static bool
think_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Hands out what waited; white space behind a closed block is dropped. */
static void
think_flush(struct think *t, think_fn *fn, void *arg)
{
	size_t skip = 0;

	while (t->at == THINK_AFTER && skip < t->nheld && think_space(t->held[skip]))
		skip++;
	if (t->nheld > skip)
		fn(arg, t->at == THINK_INSIDE, t->held + skip, t->nheld - skip);
	t->nheld = 0;
}

/* One byte before any text: is it still white space and a possible tag? */
static void
think_leading(struct think *t, char c, think_fn *fn, void *arg)
{
	size_t ws = 0, n;

	t->held[t->nheld++] = c;
	while (ws < t->nheld && think_space(t->held[ws]))
		ws++;
	n = t->nheld - ws;
	if (n == sizeof(think_open) - 1 && memcmp(t->held + ws, think_open, n) == 0) {
		t->at = THINK_INSIDE;
		t->nheld = 0;
	} else if ((n && (n >= sizeof(think_open) - 1 ||
			  memcmp(t->held + ws, think_open, n) != 0)) ||
		   t->nheld == THINK_HOLD) {
		think_flush(t, fn, arg);
		t->at = n ? THINK_TEXT : t->at;
	}
}

/* Takes bytes inside a block up to its closing tag; returns how many. */
static size_t
think_inside(struct think *t, const char *p, size_t n, think_fn *fn, void *arg)
{
	size_t i = 0;

	while (i < n && t->at == THINK_INSIDE) {
		const char *lt;
		size_t run;

		if (t->nheld && p[i] == think_close[t->nheld]) {
			t->held[t->nheld++] = p[i++];
			if (t->nheld == sizeof(think_close) - 1) {
				t->at = THINK_AFTER;
				t->nheld = 0;
			}
			continue;
		}
		think_flush(t, fn, arg);
		lt = memchr(p + i, '<', n - i);
		run = lt ? (size_t)(lt - p) - i : n - i;
		if (run)
			fn(arg, true, p + i, run);
		i += run;
		if (lt)
			t->held[t->nheld++] = p[i++];
	}
	return i;
}

void
think_feed(struct think *t, const char *p, size_t n, think_fn *fn, void *arg)
{
	size_t i = 0;

	while (i < n) {
		if (t->at == THINK_INSIDE) {
			i += think_inside(t, p + i, n - i, fn, arg);
		} else if (t->at == THINK_TEXT ||
			   (!t->nheld && p[i] != '<' && !think_space(p[i]))) {
			t->at = THINK_TEXT;
			fn(arg, false, p + i, n - i);
			return;
		} else {
			think_leading(t, p[i++], fn, arg);
		}
	}
}

void
think_end(struct think *t, think_fn *fn, void *arg)
{
	think_flush(t, fn, arg);
}

size_t
think_unopened(const char *text, size_t *rest)
{
	bool fenced = false;
	const char *line = text;

	while (*line) {
		size_t n = strcspn(line, "\n"), len = n;

		while (len && think_space(line[len - 1]))
			len--;
		if (strncmp(line, "```", 3) == 0) {
			fenced = !fenced;
		} else if (!fenced && len == sizeof(think_close) - 1 &&
			   memcmp(line, think_close, len) == 0) {
			const char *after = line + n;

			while (think_space(*after))
				after++;
			*rest = (size_t)(after - text);
			return (size_t)(line - text);
		}
		line += n + (line[n] == '\n');
	}
	return 0;
}
