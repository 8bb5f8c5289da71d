/* Words in disguise: encoded runs, digits for letters, s p a c e d, gluedTogether.
 *
 * All of this is reached from rare shapes only (a letter beside a digit, a lone letter, a very
 * long word), so that ordinary text does not pay for it. Pinned by tests/unit/test_scan.c. */
#include <string.h>

#include "agent/gate/scan_int.h"

#define SOLID_MIN  24  /* characters of an encoded run */
#define RANDOM_MIN 40  /* characters */
#define LEET_MIN   4   /* letters and digits of a word written with both */
#define SPACED_MIN 5   /* lone letters in a row */
#define SPACED_MAX 400 /* letters looked at together */
#define GLUED_PART 3   /* letters of a part of a glued word */

static bool
disguise_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool
disguise_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct scan_word *
disguise_find(const struct scan *s, const char *p, size_t n)
{
	return scan_vocab_find(s->vocab, p, n, scan_hash(p, n));
}

/* The letter that a digit or mark stands for, letters for themselves, else 0. */
static const char disguise_leet[256] = {
    ['0'] = 'o', ['1'] = 'i', ['3'] = 'e', ['4'] = 'a', ['5'] = 's', ['7'] = 't',
    ['8'] = 'b', ['@'] = 'a', ['$'] = 's', ['!'] = 'i', ['|'] = 'i',
};

/* "1gn0r3": a word of the vocabulary once its digits are letters. */
static size_t
disguise_digits(struct scan *s, const struct scan_line *l, size_t i)
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
		return 0;
	w = disguise_find(s, word, n);
	if (!w || w->shift)
		return 0;
	s->ctx[l->depth].pos += 2;
	scan_push(s, l, w->what, i, i + n, s->ctx[l->depth].place, 0);
	s->ctx[l->depth].tok[s->ctx[l->depth].ntok - 1].how |= SCAN_LOOKALIKE;
	return n;
}

static bool
disguise_solid(char c)
{
	static const bool solid[256] = {
	    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['+'] = true,
	    ['/'] = true,	  ['-'] = true,		['_'] = true,
	};

	return solid[(unsigned char)c];
}

/* A run that is no text when decoded, but looks random, is not read as words. */
static bool
disguise_random(const char *p, size_t n)
{
	size_t digits = 0, upper = 0, marks = 0;

	for (size_t i = 0; i < n; i++) {
		digits += disguise_digit(p[i]);
		upper += p[i] >= 'A' && p[i] <= 'Z';
		marks += p[i] == '-' || p[i] == '_';
	}
	return n >= RANDOM_MIN && marks == 0 && digits >= n / 16 &&
	       (upper >= n / 8 || digits > n / 3);
}

/* The encoded run around i, from `floor` on: its bounds. False: too short, or a path or name,
 * which mixes the marks of the two alphabets. */
static bool
disguise_run(const struct scan_line *l, size_t floor, size_t i, size_t *start, size_t *end)
{
	bool plain = false, url = false;

	for (*start = i; *start > floor && disguise_solid(l->p[*start - 1]);)
		--*start;
	for (*end = *start; *end < l->n && disguise_solid(l->p[*end]); ++*end) {
		plain = plain || l->p[*end] == '+' || l->p[*end] == '/';
		url = url || l->p[*end] == '-' || l->p[*end] == '_';
	}
	return *end - *start >= SOLID_MIN && !(plain && url);
}

size_t
scan_solid(struct scan *s, const struct scan_line *l, size_t i, size_t *checked)
{
	size_t start, end, len;
	bool more;

	if (i < *checked)
		return disguise_digits(s, l, i);
	if (!disguise_run(l, *checked, i, &start, &end) || l->depth == SCAN_DEPTH_MAX) {
		*checked = end;
		return disguise_digits(s, l, i);
	}
	*checked = end;
	len = scan_decode(l->p + start, end - start, s->decoded[l->depth]);
	if (len == 0)
		return disguise_random(l->p + start, end - start) ? end - i : 0;
	more = end - start >= 60 && end == l->n;
	while (end < l->n && l->p[end] == '=')
		end++;
	scan_nested(s, l, s->decoded[l->depth], len, scan_source(l, start),
		    scan_source(l, end), SCAN_ENCODED, more);
	return end - i;
}

/* Takes a run of letters apart into words of the vocabulary, the longest first. Nothing is
 * entered unless two are found. */
void
scan_glued(struct scan *s, const struct scan_line *l, const char *p, size_t n, size_t start,
	   size_t end, unsigned how)
{
	uint64_t found[16];
	size_t count = 0, i = 0;

	while (i < n && count < ARRAY_LEN(found)) {
		size_t len = MIN_OF(n - i, SCAN_WORD_MAX);
		const struct scan_word *w = NULL;

		for (; len >= GLUED_PART && !w; len--)
			w = disguise_find(s, p + i, len);
		if (!w) {
			i++;
			continue;
		}
		found[count++] = w->shift ? 0 : w->what;
		i += len + 1;
	}
	for (i = 0; count >= 2 && i < count; i++) {
		struct scan_ctx *x = &s->ctx[l->depth];

		x->pos += 2;
		scan_push(s, l, found[i], start, end, i == 0 ? x->place : P_CODE, 0);
		x->tok[x->ntok - 1].how |= (uint8_t)how;
	}
}

/* "i g n o r e" and "i.g.n.o.r.e": one letter, a mark or a few, over and over. */
size_t
scan_spaced(struct scan *s, const struct scan_line *l, size_t i)
{
	static const char marks[] = " .-_*|/,";
	char word[SPACED_MAX];
	size_t n = 1, end = i + 1;
	char sep = end < l->n ? l->p[end] : 0;

	if (!sep || !strchr(marks, sep) || (i > 0 && disguise_letter(l->p[i - 1])))
		return 0;
	word[0] = l->p[i];
	while (n < sizeof(word)) {
		size_t at = end;

		while (at < l->n && at - end < 4 && l->p[at] && strchr(marks, l->p[at]))
			at++;
		if (at == end || at >= l->n || !disguise_letter(l->p[at]) ||
		    (at + 1 < l->n && disguise_letter(l->p[at + 1])))
			break;
		word[n++] = l->p[at];
		end = at + 1;
	}
	if (n < SPACED_MIN)
		return 0;
	scan_glued(s, l, word, n, i, end, SCAN_LOOKALIKE);
	s->ctx[l->depth].place = 0;
	return end - i;
}
