/* Looking for instructions in what tools say, and telling the user at once. See gate.h.
 *
 * The program's own lines before an output are no tool's words, and what they name (folders, files,
 * hosts) is looked at by itself, line for line: with the words around it, a folder called "ai" would
 * be spoken to. Only a name that reads like prose can be part of a sentence that goes on in an output.
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
#define NAMED_MAX \
	(256 * KIB)   /* bytes of names that are looked at, more than a result has */
#define NAME_WORDS  3 /* of a name that reads like prose: ignore_all_previous */
#define NAME_BLANKS 2 /* where blanks part them */
#define NAME_ENDING 5 /* bytes of "json" with its dot, which is no word */

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

/* Behind the program's own first lines of a result, which no tool said. */
static const char *
hear_body(const struct msg *m, const char *text)
{
	return m->role == MSG_TOOL ? text + MIN_OF(m->head, strlen(text)) : text;
}

static bool
hear_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Words of p[0..n): two letters or more; beyond ASCII each character may be one. */
static unsigned
hear_words(const char *p, size_t n)
{
	unsigned words = 0;

	for (size_t i = 0, run = 0; i < n; i++) {
		run = hear_letter(p[i]) ? run + 1 : 0;
		words += run == 2 || (unsigned char)p[i] >= 0xC0;
	}
	return words;
}

/* Where the name at p[0] ends: with its part of a path, or in a list of files with its sign. */
static size_t
hear_name_end(const char *p)
{
	size_t n = 0;

	while (p[n] && p[n] != '/' && p[n] != '\n' &&
	       !(p[n] == ' ' && p[n + 1] && strchr("+~-", p[n + 1])))
		n++;
	return n;
}

/* The name without its ending is words in a row. */
static bool
hear_is_prose(const char *p, size_t *n)
{
	const char *dot = memrchr(p, '.', *n);

	if (dot && p + *n - dot <= NAME_ENDING && !memchr(dot, ' ', (size_t)(p + *n - dot)))
		*n = (size_t)(dot - p);
	return hear_words(p, *n) >= (memchr(p, ' ', *n) ? NAME_BLANKS : NAME_WORDS);
}

/* Of what a result's own lines name, that which could be part of a sentence, a line each. */
static void
hear_prose(const struct msg *m, struct buf *out)
{
	for (const char *p = m->named ? m->named : ""; *p;) {
		size_t n = hear_name_end(p), words = n;

		if (hear_is_prose(p, &words)) {
			buf_add(out, p, words);
			buf_addc(out, '\n');
		}
		p += n + (p[n] != '\0');
	}
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

/* Two texts that may be one sentence, the cut between them, and whether names stand in them; `named`:
 * those that the tails have are wanted. */
struct hear_join {
	struct buf text;
	size_t cut;
	bool named, names;
};

/* The end of what tools said since the user's last words and before this part. */
static void
hear_tail(const struct session *s, size_t msg, const char *between, struct hear_join *j)
{
	bool said = false;

	for (size_t i = msg; i > 1; i--) {
		const struct msg *m = &s->msgs.at[i - 1];
		bool data = m->role == MSG_USER && m->label != LABEL_USER;
		AUTO_BUF struct buf prose = BUF_INIT(NAMED_MAX);
		AUTO_FREE char *own = NULL;

		if (said && !data) /* data goes out with the words behind it */
			return;
		said |= m->role == MSG_USER && !data;
		if (!parts_is_tool_text(m) || m->refused || m->endorsed)
			continue;
		if (j->named)
			hear_prose(m, &prose);
		j->names |= prose.len > 0;
		if (!hear_put_before(&j->text, hear_body(m, hear_text(s, m, &own)),
				     between) ||
		    !hear_put_before(&j->text, buf_str(&prose), between))
			return;
	}
}

/* The lines of what is found across the cut; NULL: nothing. */
static char *
hear_across(struct hear_join *j)
{
	struct scan_hit across[SCAN_HITS_MAX];
	struct scan_report found = {.hits = across};
	const char *text = buf_str(&j->text);
	const struct scan_report *r;
	struct scan *scan = scan_text(text, j->text.len, &r);

	for (size_t i = 0; i < r->nhits; i++) {
		const struct scan_hit *h = &r->hits[i];

		if (h->start >= j->cut || h->end <= j->cut ||
		    (h->groups == 1u << SCAN_DEMAND && h->weight < JOIN_WEIGHT))
			continue;
		if (j->names && (hear_words(text + h->start, j->cut - h->start) < 2 ||
				 hear_words(text + j->cut, h->end - j->cut) < 2))
			continue;
		across[found.nhits++] = *h;
	}
	scan_free(scan);
	return found.nhits ? gate_hit_lines(&found, text) : NULL;
}

/* What is in j, read together with `later`: a sentence may be cut between words or in one. */
static char *
hear_joined(struct hear_join *j, const char *between, const char *later)
{
	size_t skip = strspn(later, " \t\r\n"), n = strnlen(later + skip, JOIN_BYTES);

	if (j->text.len == 0 || n == 0)
		return NULL;
	j->cut = j->text.len;
	buf_adds(&j->text, between);
	buf_add(&j->text, later + skip, n);
	return hear_across(j);
}

/* The tails read together with `later`; with the names of both, or NULL, when there are any. */
static char *
hear_behind(const struct session *s, size_t msg, const char *between, const char *later,
	    const struct buf *prose)
{
	AUTO_BUF struct buf said = BUF_INIT(2 * JOIN_BYTES);
	struct hear_join j = {.text = BUF_INIT(4 * JOIN_BYTES),
			      .named = prose,
			      .names = prose && prose->len > 0};
	char *lines = NULL;

	if (prose)
		buf_add(&said, prose->data, MIN_OF(prose->len, (size_t)JOIN_BYTES));
	buf_add(&said, later, strnlen(later, JOIN_BYTES));
	hear_tail(s, msg, between, &j);
	if (!prose || j.names)
		lines = hear_joined(&j, between, buf_str(&said));
	buf_release(&j.text);
	return lines;
}

/* The part read together with what came before it, and with what its own first lines name. What is
 * said across a cut counts without the names too: one that nobody wrote could take it apart. */
static char *
hear_cuts(const struct session *s, size_t msg, const char *body)
{
	static const char *const between[] = {"\n", ""};
	AUTO_BUF struct buf prose = BUF_INIT(NAMED_MAX);
	char *lines = NULL;

	hear_prose(&s->msgs.at[msg], &prose);
	for (size_t i = 0; i < ARRAY_LEN(between) && !lines; i++) {
		struct hear_join own = {.text = BUF_INIT(4 * JOIN_BYTES), .names = true};

		lines = hear_behind(s, msg, between[i], body, NULL);
		if (!lines)
			lines = hear_behind(s, msg, between[i], body, &prose);
		hear_put_before(&own.text, buf_str(&prose), between[i]);
		if (!lines)
			lines = hear_joined(&own, between[i], body);
		buf_release(&own.text);
	}
	return lines;
}

/* The lines of the text that read like instructions; NULL: none. */
static char *
hear_alone(const char *text)
{
	const struct scan_report *report;
	struct scan *scan = scan_text(text, strlen(text), &report);
	char *lines = report->alarm ? gate_hit_lines(report, text) : NULL;

	scan_free(scan);
	return lines;
}

/* What the result's own lines name, each line by itself. */
static char *
hear_named(const struct msg *m)
{
	char *lines = NULL;

	for (const char *p = m->named ? m->named : ""; *p && !lines;) {
		size_t n = strcspn(p, "\n");
		AUTO_FREE char *line = mem_strndup(p, n);

		lines = hear_alone(line);
		p += n + (p[n] != '\0');
	}
	return lines;
}

/* Keeps the lines that read like instructions; false when there are none, or they are known. */
static bool
hear_look(const struct session *s, size_t msg)
{
	AUTO_FREE char *own = NULL;
	struct msg *m = &s->msgs.at[msg];
	const char *body;

	if (!parts_is_tool_text(m) || m->hits)
		return false;
	body = hear_body(m, hear_text(s, m, &own));
	m->hits = hear_alone(body);
	if (!m->hits)
		m->hits = hear_named(m);
	if (!m->hits)
		m->hits = hear_cuts(s, msg, body);
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
