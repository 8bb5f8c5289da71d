/* Whether a command of the action stands in a text: in its words, or in another order.
 *
 * Options move about and a package is named with its version or without, so a command of three
 * words or more is also found when a line holds its first word and then all others with few
 * between. A listing that only names the files of a command does not hold its first word. So is one
 * with a word that is too long to be kept, by the words around that.
 * Pinned by tests/unit/test_link.c. */
#include <string.h>

#include "agent/gate/link_int.h"

#define MATCH_WORDS 16 /* of a command that are compared in any order */
#define MATCH_MORE  3  /* words that may stand between them */

bool
link_command_text(const struct link_command *c, struct buf *text, size_t *first)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (text->len + 1 + c->len[i] > LINK_TOKEN_MAX)
			continue;
		if (kept++ == 0)
			*first = i;
		else
			buf_addc(text, ' ');
		buf_add(text, c->word[i], c->len[i]);
	}
	return kept > 0 && kept >= MIN_OF(c->n, (size_t)LINK_WORDS_MIN);
}

bool
link_words_at(const struct link_clean *t, const char *p, size_t n, size_t i, size_t *end)
{
	size_t done = 0, start = i, len = 0;

	while (done < n) {
		if (!link_word(t, &i, &start, &len) || done + len > n ||
		    memcmp(p + done, t->text + start, len) != 0)
			return false;
		done += len;
		if (done < n && p[done++] != ' ')
			return false;
	}
	*end = start + len;
	return true;
}

/* The words of p[0..n) apart; 0: too many. */
static size_t
match_split(const char *p, size_t n, const char *word[MATCH_WORDS], size_t len[MATCH_WORDS])
{
	size_t count = 0, i = 0;

	while (i < n) {
		const char *blank = memchr(p + i, ' ', n - i);
		size_t end = blank ? (size_t)(blank - p) : n;

		if (count == MATCH_WORDS)
			return 0;
		word[count] = p + i;
		len[count++] = end - i;
		i = end + 1;
	}
	return count;
}

size_t
link_bare(const char *p, size_t n)
{
	size_t i = 1;

	while (i < n && !strchr("=<>~@", p[i]))
		i++;
	return MIN_OF(i, n);
}

/* The word of the text is `word`, with a version behind it or not. */
static bool
match_word(const char *p, size_t n, const char *word, size_t len)
{
	return n >= len && memcmp(p, word, len) == 0 &&
	       (n == len || link_bare(p, n) == len);
}

bool
link_words_near(const struct link_clean *t, const char *p, size_t n, size_t i, size_t *end)
{
	const char *word[MATCH_WORDS];
	size_t want[MATCH_WORDS], count = match_split(p, n, word, want), done = 1, start,
				  len;
	bool had[MATCH_WORDS] = {true};

	if (count < 2 || !link_word(t, &i, &start, &len))
		return false;
	*end = start + len;
	for (size_t k = 1; k < count + MATCH_MORE && done < count; k++) {
		size_t w = 1;

		if (!link_word(t, &i, &start, &len))
			return false;
		while (w < count &&
		       (had[w] || !match_word(t->text + start, len, word[w], want[w])))
			w++;
		if (w == count)
			continue;
		had[w] = true;
		done++;
		*end = start + len;
	}
	return done == count;
}
