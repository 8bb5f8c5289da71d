/* Numbers that name an account, a card or a telephone.
 *
 * Digits with what people put between them; compared without it. Most long numbers in outputs
 * are sizes, times and sums, so a plain run counts only by its length (cards), its shape (an
 * IBAN, a leading "+" or zero) or a word before it. The doubt is on the tool's side alone: the
 * action's numbers are all looked for. Pinned by tests/unit/test_link.c. */
#include <string.h>

#include "agent/gate/link_int.h"

#define NUMBER_DIGITS_MIN 8
#define NUMBER_DIGITS_MAX 34
#define NUMBER_GROUPS_MAX 12
#define NUMBER_HINT	  32 /* bytes before a number in which a word may name it */

struct number {
	char digits[NUMBER_DIGITS_MAX + 8];
	size_t n;
	size_t group[NUMBER_GROUPS_MAX]; /* digits of each */
	size_t groups;
	char mark; /* between the groups: the last one seen */
	bool plus, iban;
	size_t start, end;
};

static bool
number_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
number_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
number_luhn(const struct number *x)
{
	unsigned sum = 0;

	for (size_t i = 0; i < x->n; i++) {
		unsigned d = (unsigned)(x->digits[x->n - 1 - i] - '0');

		sum += i % 2 == 0 ? d : d * 2 > 9 ? d * 2 - 9 : d * 2;
	}
	return sum % 10 == 0;
}

static bool
number_hinted(const char *p, size_t start)
{
	static const char *const words[] = {"account",	"acct",	  "iban", "card", "phone",
					    "tel",	"mobile", "call", "fax",  "konto",
					    "whatsapp", "wallet", "口座", "電話", "番号",
					    "振込",	"账号"};
	size_t from = start > NUMBER_HINT ? start - NUMBER_HINT : 0;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (memmem(p + from, start - from, words[i], strlen(words[i])))
			return true;
	return false;
}

/* What a tool printed: worth remembering? */
static bool
number_names(const struct number *x, const char *p)
{
	if (x->iban || x->plus)
		return true;
	if (x->groups == 1) {
		if (x->n >= 20)
			return true;
		if (x->n >= 13)
			return number_luhn(x) || number_hinted(p, x->start);
		return number_hinted(p, x->start) || (x->digits[0] == '0' && x->n >= 9);
	}
	if (x->group[0] == 4 && x->groups == 3 && x->group[1] == 2 && x->group[2] == 2)
		return false; /* a date */
	if (x->mark == ' ')
		return (x->groups == 4 && x->n == 16) ||
		       (x->digits[0] == '0' && x->groups >= 3 && x->n >= 9) ||
		       number_hinted(p, x->start);
	return x->groups >= 3 || x->group[0] >= 6 || x->group[1] >= 6;
}

/* Reads the number at p[i], i a digit, a letter of an IBAN or '+'. False: none. */
static bool
number_read(const char *p, size_t n, size_t i, struct number *x)
{
	size_t in_group = 0;

	*x = (struct number){.start = i};
	if (p[i] == '+')
		x->plus = true, i++;
	if (i + 4 < n && number_letter(p[i]) && number_letter(p[i + 1]) &&
	    number_digit(p[i + 2]) && number_digit(p[i + 3])) {
		x->iban = true;
		memcpy(x->digits, p + i, 2);
		x->n = 2;
		i += 2;
	}
	for (; i < n && x->n < NUMBER_DIGITS_MAX; i++) {
		if (number_digit(p[i]) || (x->iban && number_letter(p[i]))) {
			x->digits[x->n++] = p[i];
			in_group++;
			x->end = i + 1;
		} else if (in_group > 0 && x->groups + 1 < NUMBER_GROUPS_MAX && i + 1 < n &&
			   (number_digit(p[i + 1]) || (p[i + 1] == '(' && x->plus)) &&
			   strchr(x->iban ? " -" : " -()_", p[i])) {
			x->group[x->groups++] = in_group;
			in_group = 0;
			x->mark = p[i] == ' ' && x->mark ? x->mark : p[i];
		} else if (!(p[i] == '(' && in_group == 0)) {
			break;
		}
	}
	x->group[x->groups++] = in_group;
	return x->n >= NUMBER_DIGITS_MIN;
}

/* Whether the number is part of something longer: a word, a decimal, a version, a time. */
static bool
number_inside(const char *p, size_t n, const struct number *x)
{
	char before = x->start > 0 ? p[x->start - 1] : ' ';
	char after = x->end < n ? p[x->end] : ' ';
	char later = x->end + 1 < n ? p[x->end + 1] : ' ';

	if (number_letter(before) || number_digit(before) || strchr("_.-/\\#", before))
		return true;
	if (number_letter(after) || number_digit(after) || after == '_')
		return true;
	return (after == '.' || after == ':' || after == '/') && number_digit(later);
}

/* An IBAN has at least as many digits as an account. */
static bool
number_iban_good(const struct number *x)
{
	size_t digits = 0;

	for (size_t i = 2; i < x->n; i++)
		digits += number_digit(x->digits[i]);
	return x->n >= 14 && digits >= 10;
}

void
link_walk_numbers(const struct link_walk *w)
{
	const char *p = w->text->text;
	size_t n = w->text->len, i = 0;

	while (i < n) {
		bool begins = number_digit(p[i]) || p[i] == '+' ||
			      (number_letter(p[i]) && i + 2 < n && number_digit(p[i + 2]) &&
			       (i == 0 || !number_letter(p[i - 1])));
		struct number x;

		if (!begins || !number_read(p, n, i, &x)) {
			if (begins && number_digit(p[i]))
				while (i < n && number_digit(p[i]))
					i++;
			else
				i++;
			continue;
		}
		if (!number_inside(p, n, &x) && (!x.iban || number_iban_good(&x)) &&
		    (w->side != LINK_TOOL || number_names(&x, p))) {
			w->found(w->ctx, LINK_ACCOUNT, x.digits, x.n, x.start, x.end);
			if (x.n > NUMBER_DIGITS_MIN + 2 && memcmp(x.digits, "00", 2) == 0)
				w->found(w->ctx, LINK_ACCOUNT, x.digits + 2, x.n - 2,
					 x.start, x.end); /* as +49 is dialled */
		}
		i = x.end > i ? x.end : i + 1;
	}
}
