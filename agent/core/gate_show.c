/* What the gate shows: which part, which of its lines. See gate.h.
 *
 * Nothing here opens or closes the gate but the link of an action to a part; the rest only picks
 * what a person should see. Lines are handed on as they are: whoever shows them escapes them.
 * Pinned by tests/unit/test_gate.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/gate_int.h"

#define GATE_LINES_MAX	8    /* lines of a part that are shown */
#define GATE_LINE_BYTES 400  /* of each */
#define GATE_WORDS	1024 /* slots for the words of an action; a power of two */
#define GATE_WORD_MIN	3    /* bytes of a word that counts */

const char *
gate_text_of(const struct msg *m)
{
	return m->was ? m->was : m->text;
}

void
gate_add_line(struct buf *out, const char *p, size_t n)
{
	size_t keep = MIN_OF(n, (size_t)GATE_LINE_BYTES);

	while (keep < n && keep > 0 && ((unsigned char)p[keep] & 0xC0) == 0x80)
		keep--;
	buf_add(out, p, keep);
	buf_adds(out, keep < n ? " …\n" : "\n");
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

			gate_add_line(&out, text + from, end - from);
			from = end + 1;
			done = from;
		}
	}
	return buf_take(&out);
}

void
gate_tell(struct session *s, const struct msg *m)
{
	session_notice(
	    s, NOTICE_WARN,
	    "this came from a tool and reads like instructions (part %u, %s); it "
	    "is not followed without you:",
	    m->part, m->source ? m->source : "input");
	for (const char *p = m->hits; *p;) {
		size_t n = strcspn(p, "\n");

		session_notice(s, NOTICE_WARN, "  │ %.*s", (int)n, p);
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

static unsigned
gate_shared(const struct gate_words *w, const char *p, size_t n)
{
	unsigned shared = 0;
	size_t at = 0;
	uint32_t h;

	while ((h = gate_next_word(p, n, &at)) != 0)
		shared += w->slot[h % GATE_WORDS] == h;
	return shared;
}

size_t
gate_choose(const struct session *s, const enum msg_label *labels,
	    const struct gate_action *a)
{
	size_t best = 0, linked;
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
		score = 1 + gate_shared(&w, m->text, strlen(m->text)) +
			(m->hits ? 1000 : 0) + (parts_is_tool_text(m) ? 100 : 0);
		if (score >= best_score) { /* of equals the newest */
			best = i;
			best_score = score;
		}
	}
	return best;
}

/* The lines that share most words with the action, in the order of the text. */
static char *
gate_likely_lines(const char *text, const struct gate_action *a)
{
	struct buf out = BUF_INIT(GATE_SHOWN_MAX);
	size_t n = strlen(text), at[GATE_LINES_MAX] = {0}, used = 0;
	unsigned score[GATE_LINES_MAX] = {0};
	struct gate_words w;

	gate_words_of(&w, a);
	for (size_t from = 0; from < n;) {
		size_t end = gate_line_end(text, from, n), low = 0;
		unsigned shared = gate_shared(&w, text + from, end - from);

		for (size_t i = 1; i < used; i++)
			low = score[i] < score[low] ? i : low;
		if (used < GATE_LINES_MAX && end > from) {
			at[used] = from;
			score[used++] = shared;
		} else if (used == GATE_LINES_MAX && shared > score[low]) {
			for (size_t i = low; i + 1 < used; i++) {
				at[i] = at[i + 1];
				score[i] = score[i + 1];
			}
			at[used - 1] = from;
			score[used - 1] = shared;
		}
		from = end + 1;
	}
	for (size_t i = 0; i < used; i++)
		gate_add_line(&out, text + at[i], gate_line_end(text, at[i], n) - at[i]);
	return buf_take(&out);
}

char *
gate_lines(const struct msg *m, const struct gate_action *a)
{
	if (m->hits && *m->hits)
		return mem_strdup(m->hits);
	return gate_likely_lines(m->text, a);
}
