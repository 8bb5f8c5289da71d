/* Literals, and what stands for letters, in the action's expressions. See link_fold.h.
 *
 * The escapes that shells, Python and JavaScript share; lists of character codes, decimal or
 * hexadecimal, wherever they stand; and the functions that make a letter of a number. Pinned by
 * tests/unit/test_link_made.c and tests/fuzz/fuzz_link.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/gate/link_fold.h"

#define FOLD_CODES   4 /* numbers of a list that may be letters */
#define FOLD_ESCAPES 3 /* escapes of plain letters in a literal: nobody writes so */
#define FOLD_GAP     8 /* blanks between parts */

bool
fold_is(const struct fold *f, size_t i, const char *word)
{
	size_t n = strlen(word);

	return i <= f->n && f->n - i >= n && memcmp(f->p + i, word, n) == 0;
}

size_t
fold_blanks(const struct fold *f, size_t i)
{
	size_t end = MIN_OF(f->n, i + FOLD_GAP);

	while (i < end && strchr(" \t\r\n\\", f->p[i]) && f->p[i])
		i++;
	return i;
}

static int
fold_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Digits of a base at *i, at most `most`, as many as there are; false: fewer than `least`. */
bool
fold_digits(const struct fold *f, size_t *i, int base, size_t least, size_t most,
	    uint32_t *out)
{
	size_t from = *i;

	*out = 0;
	while (*i < f->n && *i - from < most && fold_digit(f->p[*i]) < base)
		*out = *out * (uint32_t)base + (uint32_t)fold_digit(f->p[(*i)++]);
	return *i - from >= least;
}

/* "\x41" "\101" "\u0041" "\u{41}" "\U00000041" at *i: the character, *i behind it. */
static bool
fold_escape(const struct fold *f, size_t *i, uint32_t *c)
{
	size_t at = *i + 2;
	bool good;

	if (f->n - *i < 3 || f->p[*i] != '\\')
		return false;
	switch (f->p[*i + 1]) {
	case 'x':
		good = fold_digits(f, &at, 16, 2, 2, c);
		break;
	case 'U':
		good = fold_digits(f, &at, 16, 8, 8, c);
		break;
	case 'u':
		if (f->p[at] == '{') {
			at++;
			good = fold_digits(f, &at, 16, 1, 6, c) && at < f->n &&
			       f->p[at++] == '}';
		} else {
			good = fold_digits(f, &at, 16, 4, 4, c);
		}
		break;
	default:
		at = *i + 1;
		good = fold_digits(f, &at, 8, 3, f->p[at] == '0' ? 4 : 3, c);
		break;
	}
	if (good && (*c == '\n' || (*c >= 0x20 && *c < 0x7F)))
		*i = at;
	else
		good = false;
	return good;
}

static void
fold_put(struct value *v, uint32_t c)
{
	char utf8[4];

	buf_add(&v->text, utf8, utf8_encode(c, utf8));
}

/* The end of a literal's body at i is here. */
static bool
fold_ends(const struct fold *f, size_t i, char mark, bool three)
{
	return f->p[i] == mark &&
	       (!three || (f->n - i >= 3 && f->p[i + 1] == mark && f->p[i + 2] == mark));
}

/* A literal whose quotation mark is at *i. False: it has no end on its line. Then those that begin in
 * it have none either: their marks stand behind a backslash, so that they are read as it is. */
bool
fold_literal(struct fold *f, size_t *i, struct value *v)
{
	char mark = f->p[*i];
	bool three = f->n - *i >= 6 && f->p[*i + 1] == mark && f->p[*i + 2] == mark;
	struct fold_endless *endless = &f->endless[three][mark == '"'	 ? 0
							  : mark == '\'' ? 1
									 : 2];
	size_t at = *i + (three ? 3 : 1);
	unsigned escapes = 0;
	uint32_t c;

	if (*i >= endless->from && *i < endless->to)
		return false;
	while (at < f->n && !fold_ends(f, at, mark, three) &&
	       (f->p[at] != '\n' || three || mark == '`')) {
		if (fold_escape(f, &at, &c)) {
			fold_put(v, c);
			escapes++;
		} else if (f->p[at] == '\\' && at + 1 < f->n) {
			buf_addc(&v->text, f->p[at + 1] == 'n' ? '\n' : f->p[at + 1]);
			at += 2;
		} else {
			buf_addc(&v->text, f->p[at++]);
		}
	}
	if (at >= f->n || !fold_ends(f, at, mark, three)) {
		*endless = (struct fold_endless){*i, at};
		return false;
	}
	*i = at + (three ? 3 : 1);
	v->made |= escapes >= FOLD_ESCAPES;
	return true;
}

bool
fold_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* A number at *i that is a letter's code. */
static bool
fold_code(const struct fold *f, size_t *i, uint32_t *c)
{
	size_t at = *i;
	bool good;

	if (fold_is(f, at, "0x") || fold_is(f, at, "0X")) {
		at += 2;
		good = fold_digits(f, &at, 16, 2, 2, c);
	} else {
		good = fold_digits(f, &at, 10, 1, 3, c);
	}
	if (!good || (at < f->n && (fold_name_char(f->p[at]) || f->p[at] == '.')) ||
	    !(*c == '\n' || *c == '\t' || (*c >= 0x20 && *c < 0x7F)))
		return false;
	*i = at;
	return true;
}

/* "114, 109, 32, 45": letters. */
bool
fold_codes(const struct fold *f, size_t *i, struct value *v)
{
	size_t at = *i, count = 0, from = v->text.len;
	uint32_t c;

	while (fold_code(f, &at, &c)) {
		fold_put(v, c);
		count++;
		*i = at;
		at = fold_blanks(f, at);
		if (at >= f->n || f->p[at] != ',')
			break;
		at = fold_blanks(f, at + 1);
	}
	v->made = true;
	if (count < FOLD_CODES)
		buf_truncate(&v->text, from);
	return count >= FOLD_CODES;
}

/* "chr(114)", "fromCharCode(114)": *i behind it. */
bool
fold_chr(const struct fold *f, size_t *i, struct value *v)
{
	static const char *const names[] = {"chr(",
					    "Chr(",
					    "fromCharCode(",
					    "fromCodePoint(",
					    "String.fromCharCode(",
					    "String.fromCodePoint(",
					    "intToUtf8(",
					    "char("};

	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		size_t at = *i + strlen(names[k]);
		uint32_t c;

		if (!fold_is(f, *i, names[k]))
			continue;
		at = fold_blanks(f, at);
		if (!fold_code(f, &at, &c))
			return false;
		at = fold_blanks(f, at);
		if (at >= f->n || f->p[at] != ')')
			return false;
		fold_put(v, c);
		v->made = true;
		*i = at + 1;
		return true;
	}
	return false;
}
