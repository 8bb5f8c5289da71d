/* The detector of instruction-like text. See scan.h.
 *
 * Text is taken line by line, and a line whole: what is fed is cut at LF, a line that a chunk
 * ends waits for the rest. So every decision sees the same bytes however they came. A line
 * longer than SCAN_LINE_MAX is cut at a blank near its end, which depends on the line alone.
 * Lines that need nothing done (scan_trouble.c) are taken together; another one is made readable
 * (scan_norm.c) by itself. They are turned into tokens (scan_walk.c, scan_core.c)
 * and judged by sentences (scan_sentence.c, scan_demand.c). What hides characters is a hit by
 * itself, here. Pinned by tests/unit/test_scan.c, tests/fuzz/fuzz_scan.c, tests/gate/score.py
 * and, for speed, tests/bench/scan.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/scan_int.h"
#include "agent/gate/scan_window.h"

#define PLAIN_MAX     16384 /* bytes of lines read together; below SCAN_LINE_MAX */
#define CUT_BACK      4096 /* bytes from a long line's cut in which a blank is looked for */
#define SCORE_MAX     1000000
#define HIDDEN_MIN    4 /* characters that tags or selectors spell */
#define INVISIBLE_RUN 8 /* characters drawn as nothing, in a row */
#define CONCEAL_MIN   8 /* letters under conceal */
#define OVERRIDE_MIN  3 /* letters turned round */

struct scan *
scan_new(void)
{
	struct scan *s = mem_alloc(sizeof(*s));

	s->vocab = scan_vocab();
	s->filter = scan_vocab_filter(s->vocab);
	s->index = scan_index();
	scan_marks_init(&s->marks);
	scan_clean_init(&s->clean);
	s->held = mem_array(NULL, SCAN_LINE_MAX, 1);
	for (size_t i = 0; i < SCAN_DEPTH_MAX; i++)
		s->decoded[i] = mem_array(NULL, SCAN_LINE_MAX, 1);
	s->ansi = (struct scan_ansi){.fg = -1, .bg = -1};
	for (size_t i = 0; i <= SCAN_DEPTH_MAX; i++)
		s->ctx[i].place = P_START | P_LINE;
	s->line = 1;
	s->wide = scan_window_can();
	return s;
}

void
scan_free(struct scan *s)
{
	if (!s)
		return;
	scan_clean_release(&s->clean);
	free(s->held);
	for (size_t i = 0; i < SCAN_DEPTH_MAX; i++)
		free(s->decoded[i]);
	free(s);
}

static void
scan_hit_join(struct scan_hit *to, const struct scan_hit *h)
{
	to->start = MIN_OF(to->start, h->start);
	to->end = MAX_OF(to->end, h->end);
	to->first_line = MIN_OF(to->first_line, h->first_line);
	to->last_line = MAX_OF(to->last_line, h->last_line);
	to->groups |= h->groups;
	to->how |= h->how;
	if (h->weight > to->weight) {
		to->weight = h->weight;
		to->group = h->group;
	}
}

void
scan_hit_add(struct scan *s, const struct scan_hit *h)
{
	size_t i = s->report.nhits;

	s->report.score = MIN_OF(MAX_OF(s->report.score, h->weight), SCORE_MAX);
	for (size_t k = i; k-- > 0 && i - k <= 4;) {
		if (s->hits[k].start < h->end && h->start < s->hits[k].end) {
			scan_hit_join(&s->hits[k], h);
			return;
		}
	}
	if (i == SCAN_HITS_MAX) {
		s->report.dropped++;
		return;
	}
	while (i > 0 && s->hits[i - 1].start > h->start) {
		s->hits[i] = s->hits[i - 1];
		i--;
	}
	s->hits[i] = *h;
	s->report.nhits++;
}

/* A hit on bytes [start, end) of the line being judged. */
static void
scan_hit_hidden(struct scan *s, uint64_t base, size_t start, size_t end, unsigned how)
{
	struct scan_hit h = {.start = base + start,
			     .end = base + end,
			     .first_line = s->line,
			     .last_line = s->line,
			     .group = SCAN_HIDDEN,
			     .groups = 1u << SCAN_HIDDEN,
			     .how = how,
			     .weight = SCAN_THRESHOLD};

	scan_hit_add(s, &h);
}

void
scan_nested(struct scan *s, const struct scan_line *outer, const char *p, size_t n,
	    uint64_t start, uint64_t end, unsigned extra, bool more)
{
	struct scan_line l = {.p = p,
			      .n = n,
			      .room = n,
			      .base = start,
			      .span = end - start,
			      .extra = outer->extra | extra,
			      .depth = outer->depth + 1};
	struct scan_ctx *x = &s->ctx[l.depth];

	/* What was decoded from lines before goes on only when they touch. */
	if (x->line + 1 < s->line || !more) {
		scan_sentence(s, x);
		x->place = P_START | P_LINE;
	}
	l.joined = x->ntok > 0;
	scan_core(s, &l);
	if (!more)
		scan_sentence(s, x);
}

/* What is found by making a line readable. */
static void
scan_hidden(struct scan *s, uint64_t base, size_t n)
{
	const struct scan_clean *c = &s->clean;
	const struct scan_line outer = {.base = base};

	if (c->nhidden >= HIDDEN_MIN) {
		scan_hit_hidden(s, base, c->hidden_at, n, SCAN_INVISIBLE);
		scan_nested(s, &outer, c->hidden, c->nhidden, base + c->hidden_at, base + n,
			    SCAN_INVISIBLE, false);
	} else if (c->invisible_run >= INVISIBLE_RUN) {
		scan_hit_hidden(s, base, c->invisible_at, n, SCAN_INVISIBLE);
	}
	if (c->overridden >= OVERRIDE_MIN)
		scan_hit_hidden(s, base, c->overridden_at, n, SCAN_INVISIBLE);
	if (c->concealed >= CONCEAL_MIN)
		scan_hit_hidden(s, base, c->concealed_at, n, SCAN_UNSEEN);
	if (c->clipboard)
		scan_hit_hidden(s, base, 0, n, SCAN_UNSEEN);
}

/* Judges a line, or a piece of one, without its LF; `clean` bytes of it are known to be no trouble,
 * whatever follows. */
static void
scan_piece(struct scan *s, const char *p, size_t n, size_t room, size_t clean)
{
	struct scan_line l = {
	    .p = p, .n = n, .room = room, .base = s->at, .joined = s->joined};
	unsigned trouble = scan_trouble(p, n, clean, s->wide);

	if (trouble || s->ansi.conceal || s->ansi.bg >= 0) {
		scan_norm(&s->clean, &s->ansi, trouble, p, n, room);
		scan_hidden(s, s->at, n);
		l.p = s->clean.text;
		l.n = s->clean.len;
		l.room = SCAN_LINE_MAX + SCAN_SLACK;
		l.from = s->clean.from;
		l.how = s->clean.altered ? s->clean.how : NULL;
	}
	l.last = room > n && p[n] == '\n' && scan_line_last(p, n + 1, room);
	scan_core(s, &l);
	s->at += n;
}

static void
scan_line_end(struct scan *s)
{
	s->at++;
	s->line++;
	s->joined = false;
}

/* Where a piece of SCAN_LINE_MAX bytes is cut: behind a blank, else before a character. */
static size_t
scan_cut(const char *p)
{
	size_t cut = SCAN_LINE_MAX;

	for (size_t i = cut; i > SCAN_LINE_MAX - CUT_BACK; i--)
		if (p[i - 1] == ' ')
			return i;
	while (cut > SCAN_LINE_MAX - 4 && ((unsigned char)p[cut - 1] & 0xC0) == 0x80)
		cut--;
	return (unsigned char)p[cut - 1] >= 0xC0 ? cut - 1 : cut;
}

/* Judges what has no LF as far as it is too long; returns the bytes taken. */
static size_t
scan_long(struct scan *s, const char *p, size_t n, size_t room)
{
	size_t done = 0;

	while (n - done >= SCAN_LINE_MAX) {
		size_t cut = scan_cut(p + done);

		scan_piece(s, p + done, cut, room - done, 0);
		s->joined = true;
		done += cut;
	}
	return done;
}

/* Adds bytes of the line that waits; n of them hold no LF. */
static void
scan_hold(struct scan *s, const char *p, size_t n)
{
	while (n > 0) {
		size_t take = MIN_OF(n, SCAN_LINE_MAX - s->nheld), done;

		memcpy(s->held + s->nheld, p, take);
		s->nheld += take;
		p += take;
		n -= take;
		done = scan_long(s, s->held, s->nheld, SCAN_LINE_MAX);
		s->nheld -= done;
		memmove(s->held, s->held + done, s->nheld);
	}
}

/* A line that is whole, of any length; `clean`: scan_piece()'s. */
static void
scan_whole(struct scan *s, const char *p, size_t n, size_t room, size_t clean)
{
	size_t done = scan_long(s, p, n, room);

	scan_piece(s, p + done, n - done, room - done, done > 0 ? 0 : clean);
	scan_line_end(s);
}

/* Takes as many whole lines as need nothing done; returns their bytes. *clean: of the line behind
 * them, as scan_piece() has it. */
static size_t
scan_plain(struct scan *s, const char *p, size_t n, size_t *clean)
{
	size_t look = MIN_OF(n, (size_t)PLAIN_MAX), trouble;
	const char *lf;
	bool broken;

	*clean = 0;

	if (s->nheld > 0 || s->joined || s->ansi.conceal || s->ansi.bg >= 0)
		return 0;
	lf = memrchr(p, '\n', look);
	if (!lf)
		return 0;
	trouble = scan_trouble_find(p, (size_t)(lf - p) + 1, s->wide, &broken);
	lf = memrchr(p, '\n', trouble);
	look = lf ? (size_t)(lf - p) + 1 : 0;
	*clean = broken ? 0 : trouble - look;
	if (look > 0)
		scan_plain_lines(s, p, look, n);
	return look;
}

void
scan_feed(struct scan *s, const char *p, size_t n)
{
	while (n > 0) {
		size_t clean, plain = scan_plain(s, p, n, &clean), len;
		const char *lf;

		p += plain;
		n -= plain;
		lf = memchr(p, '\n', n);
		len = lf ? (size_t)(lf - p) : n;
		if (s->nheld > 0 || !lf)
			scan_hold(s, p, len);
		if (!lf)
			return;
		if (s->nheld > 0 || s->joined) {
			scan_piece(s, s->held, s->nheld, SCAN_LINE_MAX, 0);
			scan_line_end(s);
			s->nheld = 0;
		} else {
			scan_whole(s, p, len, n, clean);
		}
		p = lf + 1;
		n -= len + 1;
	}
}

/* A hit that was joined may have grown to the front of others. */
static void
scan_hits_sort(struct scan_hit *h, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct scan_hit one = h[i];
		size_t k = i;

		for (; k > 0 && h[k - 1].start > one.start; k--)
			h[k] = h[k - 1];
		h[k] = one;
	}
}

const struct scan_report *
scan_end(struct scan *s)
{
	if (s->ended)
		return &s->report;
	s->ended = true;
	if (s->nheld > 0)
		scan_piece(s, s->held, s->nheld, SCAN_LINE_MAX, 0);
	for (size_t i = SCAN_DEPTH_MAX + 1; i-- > 0;)
		scan_sentence(s, &s->ctx[i]);
	scan_hits_sort(s->hits, s->report.nhits);
	s->report.hits = s->hits;
	s->report.bytes = s->at;
	s->report.lines = s->line;
	s->report.alarm = s->report.score >= SCAN_THRESHOLD;
	return &s->report;
}

struct scan *
scan_text(const char *p, size_t n, const struct scan_report **report)
{
	struct scan *s = scan_new();

	scan_feed(s, p, n);
	*report = scan_end(s);
	return s;
}

const char *
scan_group_name(enum scan_group g)
{
	static const char *const names[SCAN_GROUPS] = {
	    [SCAN_OVERRIDE] = "override", [SCAN_ADDRESS] = "address",
	    [SCAN_ROLE] = "role",	  [SCAN_SECRECY] = "secrecy",
	    [SCAN_DEMAND] = "demand",	  [SCAN_EXFIL] = "exfiltration",
	    [SCAN_FAKE] = "fake",	  [SCAN_REPLY] = "reply",
	    [SCAN_LEAK] = "leak",	  [SCAN_HIDDEN] = "hidden",
	};

	return names[g];
}

void
scan_hit_lines(const struct scan_hit *h, const char *p, size_t n, size_t *from, size_t *to)
{
	size_t a = MIN_OF((size_t)h->start, n), b = MIN_OF(MAX_OF((size_t)h->end, a), n);
	const char *lf = a > 0 ? memrchr(p, '\n', a) : NULL;
	/* A hit that ends with its LF ends on that line. */
	size_t last = b > a && p[b - 1] == '\n' ? b - 1 : b;

	*from = lf ? (size_t)(lf - p) + 1 : 0;
	lf = last < n ? memchr(p + last, '\n', n - last) : NULL;
	*to = lf ? (size_t)(lf - p) : n;
}
