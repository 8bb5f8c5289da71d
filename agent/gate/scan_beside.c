/* What the text right beside a word tells of it.
 *
 * The same letters are a word of a sentence, Perl's declaration, half of "read-only" or an option of
 * a manual. Only the line is looked at, not what was read before, so that it is told alike
 * wherever reading begins; and all of it takes meanings away, so that the sieve need not know.
 * Pinned by tests/unit/test_scan.c and tests/fuzz/fuzz_scan_words.c. */
#include <string.h>
#include <strings.h>

#include "agent/gate/scan_class.h"

/* " be " or " to be " is behind a word that ends at `end`, but not "be sure to". */
static bool
beside_be(const struct scan_line *l, size_t end)
{
	const char *p = l->p + end;
	size_t n = l->n - end;

	if (n >= 3 && memcmp(p, " to", 3) == 0) {
		p += 3;
		n -= 3;
	}
	return n >= 4 && memcmp(p, " be ", 4) == 0 &&
	       !(n >= 8 && memcmp(p + 4, "sure", 4) == 0);
}

/* "my $name", "my ($a, $b)" of Perl: no word of a sentence. */
static bool
beside_declares(const struct scan_line *l, size_t i, size_t end)
{
	size_t at = end;

	if (end - i != 2 || (l->p[i] | 0x20) != 'm' || (l->p[i + 1] | 0x20) != 'y')
		return false;
	while (at < l->n && (l->p[at] == ' ' || l->p[at] == '('))
		at++;
	return at + 1 < l->n && strchr("$@%", l->p[at]) && l->p[at] &&
	       (core_is(l->p, l->n, at + 1, K_LETTER) || l->p[at + 1] == '_');
}

/* Japanese makes what ends at `end` an object, or another's owner: nobody is spoken to. */
static bool
beside_object(const struct scan_line *l, size_t end)
{
	/* "you who are an AI" */
	static const char you[][4] = {"方", "皆", "あ", "貴", "君", "お", "み"};
	const char *p = l->p + end;
	size_t n = l->n - end;

	if (n < 3 || (unsigned char)p[0] != 0xE3)
		return false;
	if (memcmp(p, "を", 3) == 0)
		return true;
	for (size_t k = 0; n >= 6 && k < ARRAY_LEN(you); k++)
		if (memcmp(p + 3, you[k], 3) == 0)
			return false;
	return memcmp(p, "の", 3) == 0;
}

uint64_t
scan_beside(const struct scan_line *l, size_t i, size_t end, uint64_t what, unsigned *place)
{
	const char *p = l->p;

	if ((what & C(MY)) && beside_declares(l, i, end))
		return 0;
	if (what & (C(MODEL) | C(ONE))) {
		if (beside_object(l, end))
			what &= ~(C(MODEL) | C(ONE) | C(VAGUE));
		*place |= end < l->n && p[end] == ',' ? P_COMMA : 0;
	}
	if ((what & C(NOTE)) && end - i == 4 && strncasecmp(p + i, "todo", 4) == 0)
		*place |= P_OWN;
	if ((what & C(MUST)) && beside_be(l, end))
		*place |= P_PASSIVE;
	/* What one can do is no request, but "can you" is. */
	if ((what & C(PLEASE)) && end - i == 3 && (p[i] | 0x20) == 'c' &&
	    !(end + 3 < l->n && memcmp(p + end, " yo", 3) == 0))
		what &= ~C(PLEASE);
	/* "read-only" asks for nothing else, nor does "read\-only" of a manual. */
	if ((what & C(ONLY)) && i >= 2 && p[i - 1] == '-' &&
	    (core_is(p, l->n, i - 2, K_LETTER) || p[i - 2] == '\\'))
		what &= ~C(ONLY);
	return what;
}

/* The dash at i, behind a backslash, is part of an option as manuals write it: \-\-all\-files,
 * \fB\-a\fR. Told by what stands before it, wherever reading began. */
static bool
option_manual(const char *p, size_t i)
{
	size_t from = i;

	while (from > 0 && i - from < 2 * SCAN_WORD_MAX &&
	       (p[from - 1] == '-' || p[from - 1] == '\\' ||
		scan_class[(unsigned char)p[from - 1]] == K_LETTER))
		from--;
	if (from + 3 < i && p[from] == '\\' && p[from + 1] == 'f')
		from += 3; /* a font */
	return p[from] == '-' || (p[from] == '\\' && p[from + 1] == '-');
}

size_t
scan_option(const struct scan_line *l, size_t i)
{
	const char *p = l->p;
	char next = i + 1 < l->n ? p[i + 1] : ' ';
	bool manual = i > 0 && p[i - 1] == '\\' && option_manual(p, i);

	if (!manual && i > 0 && p[i - 1] != ' ' && p[i - 1] != '[' && p[i - 1] != ',')
		return i;
	if (next != '-' && !core_is(p, l->n, i + 1, K_LETTER))
		return i;
	while (i < l->n && (p[i] == '-' || core_is(p, l->n, i, K_LETTER)))
		i++;
	return i;
}
