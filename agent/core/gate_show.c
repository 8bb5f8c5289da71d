/* What the gate shows: which part, which of its lines. See gate.h.
 *
 * Nothing here opens or closes the gate but the link of an action to a part; the rest only picks
 * what a person should see. Lines are handed on as they are: whoever shows them escapes them.
 * Pinned by tests/unit/test_gate.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/gate_int.h"
#include "agent/gate/escape.h"

#define GATE_LINES_MAX	8    /* lines of a part that are shown */
#define GATE_LINE_BYTES 400  /* of each */
#define GATE_BEFORE	60   /* bytes before what counts, where a line is cut */
#define GATE_WORDS	1024 /* slots for the words of an action; a power of two */
#define GATE_WORD_MIN	3    /* bytes of a word that counts */

const char *
gate_text_of(const struct msg *m)
{
	return m->was ? m->was : m->text;
}

size_t
gate_add_line(struct buf *out, const char *text, size_t from, size_t end, size_t at)
{
	bool inside = from > 0 && text[from - 1] != '\n';
	size_t to = end;

	if (end - from > GATE_LINE_BYTES && at > from + GATE_BEFORE && at < end) {
		from = MIN_OF(at - GATE_BEFORE, end - GATE_LINE_BYTES);
		inside = true;
		while (((unsigned char)text[from] & 0xC0) == 0x80 && from < at)
			from++;
	}
	if (end - from > GATE_LINE_BYTES)
		to = from + GATE_LINE_BYTES;
	while (to < end && to > from && ((unsigned char)text[to] & 0xC0) == 0x80)
		to--;
	buf_adds(out, inside ? "… " : "");
	buf_add(out, text + from, to - from);
	buf_adds(out, to < end ? " …\n" : "\n");
	return to;
}

static size_t
gate_line_end(const char *text, size_t from, size_t n)
{
	const char *nl = memchr(text + from, '\n', n - from);

	return nl ? (size_t)(nl - text) : n;
}

char *
gate_hit_lines(const struct scan_report *r, const char *text)
{
	struct buf out = BUF_INIT(GATE_SHOWN_MAX);
	size_t n = strlen(text), done = 0, lines = 0;

	for (size_t i = 0; i < r->nhits && lines < GATE_LINES_MAX; i++) {
		size_t from, to;

		scan_hit_lines(&r->hits[i], text, n, &from, &to);
		for (from = MAX_OF(from, done); from < to && lines < GATE_LINES_MAX;
		     lines++) {
			size_t end = gate_line_end(text, from, to);

			done =
			    gate_add_line(&out, text, from, end, (size_t)r->hits[i].start);
			done += done == end;
			from = end + 1;
		}
	}
	return buf_take(&out);
}

void
gate_tell(struct session *s, const struct msg *m)
{
	const char *source = m->source ? m->source : "input";
	AUTO_BUF struct buf shown = BUF_INIT(GATE_SHOWN_MAX * ESCAPE_GROWTH);

	escape_text(&shown, source, strlen(source), ESCAPE_ONE_LINE);
	session_notice(
	    s, NOTICE_WARN,
	    "this came from a tool and reads like instructions (part %u, %s); it "
	    "is not followed without you:",
	    m->part, buf_str(&shown));
	for (const char *p = m->hits; *p;) {
		size_t n = strcspn(p, "\n");

		buf_reset(&shown);
		escape_text(&shown, p, n, ESCAPE_ONE_LINE);
		session_notice(s, NOTICE_WARN, "  │ %s", buf_str(&shown));
		p += n + (p[n] == '\n');
	}
}

/* A set of the words of an action, by hash; a wrong yes only ranks a line too high. */
struct gate_words {
	uint32_t slot[GATE_WORDS];
};

static bool
gate_is_word(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c >= 0x80 || c == '_';
}

/* The word that begins at or behind *at: its hash and its end; 0: no further one. */
static uint32_t
gate_next_word(const char *p, size_t n, size_t *at)
{
	while (*at < n) {
		uint32_t h = 2166136261u;
		size_t from;

		while (*at < n && !gate_is_word((unsigned char)p[*at]))
			(*at)++;
		for (from = *at; *at < n && gate_is_word((unsigned char)p[*at]); (*at)++)
			h = (h ^ ((unsigned char)p[*at] | 0x20u)) * 16777619u;
		if (*at - from >= GATE_WORD_MIN)
			return h ? h : 1;
	}
	return 0;
}

static void
gate_words_of(struct gate_words *w, const struct gate_action *a)
{
	size_t at = 0;
	uint32_t h;

	memset(w, 0, sizeof(*w));
	while ((h = gate_next_word(a->text, a->len, &at)) != 0)
		w->slot[h % GATE_WORDS] = h;
}

/* How many words of p[0..n) the action has too; *first: where the first of them ends. */
static unsigned
gate_shared(const struct gate_words *w, const char *p, size_t n, size_t *first)
{
	unsigned shared = 0;
	size_t at = 0;
	uint32_t h;

	while ((h = gate_next_word(p, n, &at)) != 0)
		if (w->slot[h % GATE_WORDS] == h && shared++ == 0)
			*first = at;
	return shared;
}

size_t
gate_choose(const struct session *s, const enum msg_label *labels,
	    const struct gate_action *a)
{
	size_t best = 0, linked, first;
	unsigned best_score = 0;
	struct gate_words w;

	if (gate_find_link(s, a, &linked, NULL, NULL) &&
	    labels[linked] == LABEL_UNTRUSTED && !s->msgs.at[linked].refused)
		return linked;
	gate_words_of(&w, a);
	for (size_t i = 1; i < s->msgs.n; i++) {
		const struct msg *m = &s->msgs.at[i];
		unsigned score;

		if (labels[i] != LABEL_UNTRUSTED)
			continue;
		score = 1 + gate_shared(&w, m->text, strlen(m->text), &first) +
			(m->hits ? 1000 : 0) + (parts_is_tool_text(m) ? 100 : 0);
		if (score >= best_score) { /* of equals the newest */
			best = i;
			best_score = score;
		}
	}
	return best;
}

/* A line and how many of its words the action has, too. */
struct gate_line {
	size_t from, end, at; /* where the first of those words is */
	unsigned shared;
};

/* Of one line too many the least goes, of equals the last. */
static void
gate_drop_least(struct gate_line *lines, size_t n)
{
	size_t low = 0;

	for (size_t i = 1; i < n; i++)
		low = lines[i].shared <= lines[low].shared ? i : low;
	memmove(lines + low, lines + low + 1, (n - low - 1) * sizeof(*lines));
}

/* The lines that share most words with the action, in the order of the text. */
static char *
gate_likely_lines(const char *text, const struct gate_action *a)
{
	struct gate_line best[GATE_LINES_MAX + 1];
	struct buf out = BUF_INIT(GATE_SHOWN_MAX);
	size_t n = strlen(text), used = 0, first = 0, end;
	struct gate_words w;

	gate_words_of(&w, a);
	for (size_t from = 0; from < n; from = end + 1) {
		unsigned shared;

		end = gate_line_end(text, from, n);
		if (end == from)
			continue;
		shared = gate_shared(&w, text + from, end - from, &first);
		best[used++] =
		    (struct gate_line){from, end, shared ? from + first : from, shared};
		if (used > GATE_LINES_MAX)
			gate_drop_least(best, used--);
	}
	for (size_t i = 0; i < used; i++)
		gate_add_line(&out, text, best[i].from, best[i].end, best[i].at);
	return buf_take(&out);
}

char *
gate_lines(const struct msg *m, const struct gate_action *a)
{
	if (m->hits && *m->hits)
		return mem_strdup(m->hits);
	return gate_likely_lines(m->text, a);
}
