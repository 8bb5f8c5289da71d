/* Words in disguise: encoded runs, digits for letters, s p a c e d, gluedTogether.
 *
 * All of this is reached from rare shapes only (a letter beside a digit, a lone letter, a very
 * long word), so that ordinary text does not pay for it. Pinned by tests/unit/test_scan.c. */
#include <string.h>

#include "agent/gate/scan_class.h"

#define SOLID_MIN   24	/* characters of an encoded run */
#define RANDOM_MIN  40	/* characters */
#define LEET_MIN    4	/* letters and digits of a word written with both */
#define SPACED_MAX  400 /* letters looked at together */
#define GLUED_WORDS 16	/* of one run of letters */
#define GLUED_PART  3	/* letters of a part of a glued word; scan_three() needs them */

static bool
disguise_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static const struct scan_word *
disguise_find(const struct scan *s, const char *p, size_t n)
{
	if (!scan_sieve_word(s->filter, p, n))
		return NULL;
	return scan_vocab_find(s->vocab, p, n, scan_hash(p, n));
}

/* The letter that a digit or mark stands for, letters for themselves, else 0. */
static const char disguise_leet[256] = {
    ['0'] = 'o', ['1'] = 'i', ['3'] = 'e', ['4'] = 'a', ['5'] = 's', ['7'] = 't',
    ['8'] = 'b', ['@'] = 'a', ['$'] = 's', ['!'] = 'i', ['|'] = 'i',
};

/* "1gn0r3": a word of the vocabulary once its digits are letters, *taken bytes; NULL: none. */
static const struct scan_word *
disguise_digits(const struct scan *s, const struct scan_line *l, size_t i, size_t *taken)
{
	char word[SCAN_WORD_MAX];
	size_t n = 0, odd = 0;
	const struct scan_word *w;

	while (i + n < l->n && n < sizeof(word)) {
		char c = l->p[i + n],
		     letter = disguise_letter(c) ? c : disguise_leet[(unsigned char)c];

		if (!letter)
			break;
		odd += letter != c;
		word[n++] = letter;
	}
	while (n > 0 && l->p[i + n - 1] == '!') /* the sentence's own mark */
		n--, odd--;
	if (n < LEET_MIN || odd == 0 || odd == n || odd > (n + 1) / 2 + 1)
		return NULL;
	w = disguise_find(s, word, n);
	*taken = n;
	return w && !w->shift ? w : NULL;
}

static size_t
disguise_push_digits(struct scan *s, const struct scan_line *l, size_t i)
{
	struct scan_ctx *x = &s->ctx[l->depth];
	size_t n;
	const struct scan_word *w = disguise_digits(s, l, i, &n);

	if (!w)
		return 0;
	x->pos += 2;
	scan_push(s, l, w->what, i, i + n, x->place, 0);
	x->tok[x->ntok - 1].how |= SCAN_LOOKALIKE;
	return n;
}

/* What the characters of an encoded run are: what occurs is told by bits, digits and capitals are
 * counted below them. */
#define RUN_SOLID    (UINT64_C(1) << 61)
#define RUN_PLAIN    (UINT64_C(1) << 62) /* of the first alphabet only */
#define RUN_URL	     (UINT64_C(1) << 63) /* of the other */
#define RUN_DIGIT    UINT64_C(1)
#define RUN_UPPER_AT 30
#define RUN_COUNT    ((RUN_DIGIT << RUN_UPPER_AT) - 1)

static const uint64_t disguise_class[256] = {
    ['a' ... 'z'] = RUN_SOLID,
    ['A' ... 'Z'] = RUN_SOLID | UINT64_C(1) << RUN_UPPER_AT,
    ['0' ... '9'] = RUN_SOLID | RUN_DIGIT,
    ['+'] = RUN_SOLID | RUN_PLAIN,
    ['/'] = RUN_SOLID | RUN_PLAIN,
    ['-'] = RUN_SOLID | RUN_URL,
    ['_'] = RUN_SOLID | RUN_URL,
};

/* An encoded run [start, end) around a byte. */
struct disguise_run {
	size_t start, end;
	uint64_t classes; /* all that occur */
	size_t digits, upper;
};

/* A run that is no text when decoded, but looks random, is not read as words. */
static bool
disguise_random(const struct disguise_run *r)
{
	size_t n = r->end - r->start;

	return n >= RANDOM_MIN && !(r->classes & RUN_URL) && r->digits >= n / 16 &&
	       (r->upper >= n / 8 || r->digits > n / 3);
}

#define RUN_FIRST 12 /* characters looked at one by one: most runs are not longer */

/* Takes the run on up to byte n at the most. */
static inline void
disguise_run_on(struct disguise_run *r, const char *p, size_t n)
{
	uint64_t all = 0, sum = 0, c;
	size_t end = r->end;

	for (; end < n && (c = disguise_class[(unsigned char)p[end]]); end++) {
		all |= c;
		sum += c;
	}
	r->end = end;
	r->classes |= all;
	r->digits += sum & RUN_COUNT;
	r->upper += sum >> RUN_UPPER_AT & RUN_COUNT;
}

#ifdef SCAN_WIDE_TARGET
/* The same by 32 bytes as long as all of them are inside the run and before byte n. */
SCAN_WIDE_TARGET static void
disguise_run_wide(struct disguise_run *r, const char *p, size_t n)
{
	for (; n - r->end >= 32 && disguise_class[(unsigned char)p[r->end + 31]];
	     r->end += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(p + r->end)),
			row = scan_window_row(v);
		uint32_t digit = scan_window_in(v, row, scan_window_rows[ROWS_DIGIT]);
		uint32_t plain = scan_window_is(v, '+') | scan_window_is(v, '/');
		uint32_t url = scan_window_is(v, '-') | scan_window_is(v, '_');

		if (~(scan_window_in(v, row, scan_window_rows[ROWS_LETTER]) | digit |
		      plain | url))
			return;
		r->classes |= (plain ? RUN_PLAIN : 0) | (url ? RUN_URL : 0);
		r->digits += (size_t)__builtin_popcount(digit);
		r->upper += (size_t)__builtin_popcount(
		    scan_window_in(v, row, scan_window_rows[ROWS_UPPER]));
	}
}
#endif

/* The run around i, from `floor` on. False: too short, or a path or name, which mixes the marks
 * of the two alphabets. */
static inline bool
disguise_find_run(const struct scan *s, const struct scan_line *l, size_t floor, size_t i,
		  struct disguise_run *r)
{
	while (i > floor && disguise_class[(unsigned char)l->p[i - 1]])
		i--;
	*r = (struct disguise_run){.start = i, .end = i};
	disguise_run_on(r, l->p, MIN_OF(i + RUN_FIRST, l->n));
	if (r->end - i < RUN_FIRST)
		return false; /* most */
#ifdef SCAN_WIDE_TARGET
	if (s->wide)
		disguise_run_wide(r, l->p, l->n);
#else
	(void)s;
#endif
	disguise_run_on(r, l->p, l->n);
	return r->end - i >= SOLID_MIN &&
	       !((r->classes & RUN_PLAIN) && (r->classes & RUN_URL));
}

size_t
scan_solid(struct scan *s, const struct scan_line *l, size_t i, size_t *checked)
{
	struct disguise_run r;
	size_t len;
	bool run, more;

	if (i < *checked)
		return disguise_push_digits(s, l, i);
	run = disguise_find_run(s, l, *checked, i, &r) && l->depth < SCAN_DEPTH_MAX;
	*checked = r.end;
	if (!run)
		return disguise_push_digits(s, l, i);
	len = scan_decode(l->p + r.start, r.end - r.start, s->decoded[l->depth]);
	if (len == 0)
		return disguise_random(&r) ? r.end - i : 0;
	more = r.end - r.start >= 60 && r.end == l->n;
	while (r.end < l->n && l->p[r.end] == '=')
		r.end++;
	scan_nested(s, l, s->decoded[l->depth], len, scan_source(l, r.start),
		    scan_source(l, r.end), SCAN_ENCODED, more);
	return r.end - i;
}

bool
scan_solid_look(struct scan *s, const struct scan_line *l, size_t i, size_t *checked,
		size_t *end)
{
	struct disguise_run r;
	size_t n;

	*end = i;
	if (i >= *checked) {
		bool run = disguise_find_run(s, l, *checked, i, &r);

		*checked = r.end;
		if (run && scan_decode(l->p + r.start, r.end - r.start, s->decoded[0]) > 0)
			return true;
		if (run) {
			*end = disguise_random(&r) ? r.end : i;
			return false;
		}
	}
	return disguise_digits(s, l, i, &n);
}

/* The longest word that p[0..n) begins with, n >= GLUED_PART, of *taken letters. */
static const struct scan_word *
disguise_longest(const struct scan *s, const char *p, size_t n, size_t *taken)
{
	uint32_t lengths = s->filter->lengths[scan_three(p)];

	if (n < SCAN_WORD_MAX)
		lengths &= (UINT32_C(2) << n) - 1;
	if (lengths >> (GLUED_PART + 1))
		lengths &= s->filter->longer[scan_four(p)] | UINT32_C(1) << GLUED_PART;
	while (lengths) {
		size_t len = 31 - (size_t)__builtin_clz(lengths);
		const struct scan_word *w = disguise_find(s, p, len);

		*taken = len;
		if (w)
			return w;
		lengths &= ~(UINT32_C(1) << len);
	}
	return NULL;
}

/* The meanings of the words of the vocabulary that p[0..n) is made of, the longest first. */
static size_t
disguise_apart(const struct scan *s, const char *p, size_t n, uint64_t found[GLUED_WORDS])
{
	size_t count = 0, i = 0, taken = 0;

	while (i + GLUED_PART <= n && count < GLUED_WORDS) {
		const struct scan_word *w = disguise_longest(s, p + i, n - i, &taken);

		if (w)
			found[count++] = w->shift ? 0 : w->what;
		i += w ? taken : 1;
	}
	return count;
}

/* Takes a run of letters apart into words. Nothing is entered unless two are found. */
void
scan_glued(struct scan *s, const struct scan_line *l, const char *p, size_t n, size_t start,
	   size_t end, unsigned how)
{
	uint64_t found[GLUED_WORDS];
	size_t count = disguise_apart(s, p, n, found);

	for (size_t i = 0; count >= 2 && i < count; i++) {
		struct scan_ctx *x = &s->ctx[l->depth];

		x->pos += 2;
		scan_push(s, l, found[i], start, end, i == 0 ? x->place : P_CODE, 0);
		x->tok[x->ntok - 1].how |= (uint8_t)how;
	}
}

uint64_t
scan_glued_look(const struct scan *s, const char *p, size_t n)
{
	uint64_t found[GLUED_WORDS], what = 0;
	size_t count = disguise_apart(s, p, n, found);

	for (size_t i = 0; count >= 2 && i < count; i++)
		what |= scan_sieve_what(found[i], 0);
	return what;
}

/* "i g n o r e" and "i.g.n.o.r.e": one letter, a mark or a few, over and over; *n letters to
 * `word`. Returns the bytes of it, 0: too few. */
static size_t
disguise_spaced(const struct scan_line *l, size_t i, char word[SPACED_MAX], size_t *n)
{
	static const char marks[] = " .-_*|/,";
	size_t end = i + 1;
	char sep = end < l->n ? l->p[end] : 0;

	*n = 0;
	if (!sep || !strchr(marks, sep) || (i > 0 && disguise_letter(l->p[i - 1])))
		return 0;
	word[(*n)++] = l->p[i];
	while (*n < SPACED_MAX) {
		size_t at = end;

		while (at < l->n && at - end < 4 && l->p[at] && strchr(marks, l->p[at]))
			at++;
		if (at == end || at >= l->n || !disguise_letter(l->p[at]) ||
		    (at + 1 < l->n && disguise_letter(l->p[at + 1])))
			break;
		word[(*n)++] = l->p[at];
		end = at + 1;
	}
	return *n < SPACED_MIN ? 0 : end - i;
}

size_t
scan_spaced(struct scan *s, const struct scan_line *l, size_t i)
{
	char word[SPACED_MAX];
	size_t n, took = disguise_spaced(l, i, word, &n);

	if (took == 0)
		return 0;
	scan_glued(s, l, word, n, i, i + took, SCAN_LOOKALIKE);
	s->ctx[l->depth].place = 0;
	return took;
}

size_t
scan_spaced_look(const struct scan *s, const struct scan_line *l, size_t i, bool *words)
{
	uint64_t found[GLUED_WORDS];
	char word[SPACED_MAX];
	size_t n, took = disguise_spaced(l, i, word, &n);

	*words = took > 0 && disguise_apart(s, word, n, found) >= 2;
	return took;
}
