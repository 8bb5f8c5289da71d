/* Looking for instructions in what tools say, and telling the user at once. See gate.h.
 *
 * An order can be cut in two and come in two outputs, neither of which says anything by itself. So
 * the end of what tools said since the user's last words is read once more with the beginning of
 * what comes now, and only what stands across the cut counts: the rest was looked at in its place.
 * Pinned by tests/unit/test_gate_hear.c, tests/e2e/test_gate.py and `make check-gate`. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/aside.h"
#include "agent/core/gate_int.h"

#define JOIN_BYTES 2048 /* of what came before, and as many of what comes */
/* Two outputs beside each other make chance sentences: what only wants something done has to say so
 * twice as clearly. */
#define JOIN_WEIGHT (2 * SCAN_THRESHOLD)

/* The part's text as far as a tool said it: the code in an aside is the user's own, and blanked in a
 * copy, *own. */
static const char *
hear_text(const struct session *s, const struct msg *m, char **own)
{
	char *text, *code, *end;

	*own = NULL;
	if (!m->aside)
		return gate_text_of(m);
	text = code = *own = mem_strdup(gate_text_of(m));
	while ((code = strstr(code, ASIDE_CODE)) &&
	       (end = strstr(code + strlen(ASIDE_CODE), ASIDE_RESULT))) {
		code += strlen(ASIDE_CODE);
		if (end > code &&
		    memmem(s->typed.data, s->typed.len, code, (size_t)(end - code)))
			memset(code, '\n', (size_t)(end - code));
		code = end;
	}
	return text;
}

/* Behind the program's own first lines of a result. */
static const char *
hear_body(const struct msg *m, const char *text)
{
	const char *nl;

	if (m->role != MSG_TOOL || text[0] != '[' || !(nl = strchr(text, '\n')) ||
	    nl[-1] != ']')
		return text;
	text = nl + 1;
	if (strncmp(text, "files: ", 7) == 0 && (nl = strchr(text, '\n')))
		text = nl + 1;
	return text;
}

/* Puts the last bytes of p before what is in b, `between` the two. False: b is full. */
static bool
hear_put_before(struct buf *b, const char *p, const char *between)
{
	AUTO_FREE char *later = mem_strdup(buf_str(b));
	size_t n = strlen(p), room = JOIN_BYTES - MIN_OF(b->len, (size_t)JOIN_BYTES);

	while (n > 0 && strchr(" \t\r\n", p[n - 1]))
		n--;
	buf_reset(b);
	buf_add(b, p + n - MIN_OF(n, room), MIN_OF(n, room));
	buf_adds(b, b->len && *later ? between : "");
	buf_adds(b, later);
	return n < room;
}

/* The end of what tools said since the user's last words and before this part. */
static void
hear_tail(const struct session *s, size_t msg, const char *between, struct buf *b)
{
	bool said = false;

	for (size_t i = msg; i > 1; i--) {
		const struct msg *m = &s->msgs.at[i - 1];
		bool data = m->role == MSG_USER && m->label != LABEL_USER;

		if (said && !data) /* data goes out with the words behind it */
			return;
		said |= m->role == MSG_USER && !data;
		if (parts_is_tool_text(m) && !m->refused && !m->endorsed) {
			AUTO_FREE char *own = NULL;
			const char *text = hear_text(s, m, &own);

			if (!hear_put_before(b, hear_body(m, text), between))
				return;
		}
	}
}

/* The lines of what is found across the cut at `cut`; NULL: nothing. */
static char *
hear_across(const char *text, size_t n, size_t cut)
{
	struct scan_hit across[SCAN_HITS_MAX];
	struct scan_report found = {.hits = across};
	const struct scan_report *r;
	struct scan *scan = scan_text(text, n, &r);

	for (size_t i = 0; i < r->nhits; i++) {
		const struct scan_hit *h = &r->hits[i];

		if (h->start < cut && h->end > cut &&
		    (h->groups != 1u << SCAN_DEMAND || h->weight >= JOIN_WEIGHT))
			across[found.nhits++] = *h;
	}
	scan_free(scan);
	return found.nhits ? gate_hit_lines(&found, text) : NULL;
}

/* The part read together with what came before it: a sentence may be cut between words or in one. */
static char *
hear_joined(const struct session *s, size_t msg, const char *body)
{
	static const char *const between[] = {"\n", ""};
	size_t n = strnlen(body, JOIN_BYTES), skip = strspn(body, " \t\r\n");
	char *lines = NULL;

	for (size_t i = 0; i < ARRAY_LEN(between) && !lines && skip < n; i++) {
		AUTO_BUF struct buf b = BUF_INIT(4 * JOIN_BYTES);
		size_t cut;

		hear_tail(s, msg, between[i], &b);
		if (b.len == 0)
			return NULL;
		cut = b.len;
		buf_adds(&b, between[i]);
		buf_add(&b, body + skip, n - skip);
		lines = hear_across(buf_str(&b), b.len, cut);
	}
	return lines;
}

/* Keeps the lines that read like instructions; false when there are none, or they are known. */
static bool
hear_look(const struct session *s, size_t msg)
{
	AUTO_FREE char *own = NULL;
	const char *text;
	struct msg *m = &s->msgs.at[msg];
	const struct scan_report *report;
	struct scan *scan;

	if (!parts_is_tool_text(m) || m->hits)
		return false;
	text = hear_text(s, m, &own);
	scan = scan_text(text, strlen(text), &report);
	if (report->alarm)
		m->hits = gate_hit_lines(report, text);
	scan_free(scan);
	if (!m->hits)
		m->hits = hear_joined(s, msg, hear_body(m, text));
	return m->hits != NULL;
}

void
gate_hear(struct session *s, size_t msg)
{
	if (hear_look(s, msg))
		gate_tell(s, &s->msgs.at[msg]);
}

void
gate_hear_all(struct session *s)
{
	for (size_t i = 1; i < s->msgs.n; i++)
		hear_look(s, i);
}
