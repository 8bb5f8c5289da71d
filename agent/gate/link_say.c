/* Orders of a tool's text that an action says again.
 *
 * A model that obeys a text which names no address and no command shows it by what it says:
 * echo 'Explain ...' and print("Tell your user ...") with the tool's own words. A string counts
 * when something that prints stands right before it, when it has the words of a sentence, and
 * when it is an order: by its first word, by "you", or by a Japanese, Chinese or Korean ending.
 * What is searched for or replaced is no such string. Pinned by tests/unit/test_link_more.c. */
#include <string.h>

#include "agent/gate/link_int.h"
#include "agent/gate/scan_int.h"

#define SAY_WORDS_MIN 4	 /* of a string */
#define SAY_WORDS_MAX 8	 /* of it that are compared: enough to be no accident */
#define SAY_HINT      24 /* bytes before a string in which the printing is named */
#define SAY_WIDE_WORD 9	 /* bytes of a script without blanks that count as a word */

#define SAY_FIRST                                                                         \
	(C(RUN) | C(SEND) | C(GET) | C(DESTROY) | C(PAY) | C(CHANGE) | C(SAY) | C(TELL) | \
	 C(NEG) | C(OVERRIDE) | C(PLEASE) | C(FOLLOW) | C(ORDER))

/* Something that prints stands before the string at `at`. */
static bool
say_printed(const struct link_clean *t, size_t at)
{
	static const char *const prints[] = {"echo ",  "printf ", "print(", "puts ",
					     "write(", "log(",	  "say "};
	size_t from = at > SAY_HINT ? at - SAY_HINT : 0;

	for (size_t i = 0; i < ARRAY_LEN(prints); i++)
		if (memmem(t->text + from, at - from, prints[i], strlen(prints[i])))
			return true;
	return false;
}

/* The end of the string that begins behind `at`: its own mark with nothing of a word behind. */
static size_t
say_end(const struct link_clean *t, size_t at)
{
	for (size_t i = at + 1; i < t->len; i++)
		if (t->text[i] == '\n' ||
		    (t->text[i] == t->text[at] &&
		     (i + 1 == t->len || strchr(" \n\t;)|&>,", t->text[i + 1]))))
			return i;
	return t->len;
}

static uint64_t
say_meaning(const struct scan_vocab *v, const char *p, size_t n)
{
	uint64_t what = 0;
	const struct scan_word *w;

	if ((unsigned char)p[0] < 0x80) {
		w = n <= SCAN_WORD_MAX ? scan_vocab_find(v, p, n, scan_hash(p, n)) : NULL;
		return w && !w->shift ? w->what : 0;
	}
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)p[i] & 0xC0) == 0xC0 &&
		    (w = scan_vocab_prefix(v, p + i, n - i)))
			what |= w->what & C(ORDER);
	return what;
}

static bool
say_orders(const struct scan_vocab *v, const struct link_command *c)
{
	if (say_meaning(v, c->word[0], c->len[0]) & SAY_FIRST)
		return true;
	if (c->n > 1 && c->len[1] == 1 && c->word[1][0] == 't') /* "don't" */
		return true;
	for (size_t i = 0; i < c->n; i++)
		if (say_meaning(v, c->word[i], c->len[i]) & (C(YOU) | C(ORDER)))
			return true;
	return false;
}

void
link_says(const struct link_clean *t, const struct scan_vocab *v, link_command_fn *found,
	  void *ctx)
{
	size_t i = 0;

	while (i < t->len) {
		struct link_command c = {.start = i};
		size_t end, k = i + 1, wide = 0, start, len;

		if ((t->text[i] != '"' && t->text[i] != '\'') || !say_printed(t, i)) {
			i++;
			continue;
		}
		end = say_end(t, i);
		while (c.n < LINK_WORDS_MAX && link_word(t, &k, &start, &len) &&
		       start + len <= end) {
			c.word[c.n] = t->text + start;
			c.len[c.n++] = len;
			wide +=
			    (unsigned char)t->text[start] >= 0x80 ? len / SAY_WIDE_WORD : 0;
		}
		c.end = end;
		if (c.n > 0 && c.n + wide >= SAY_WORDS_MIN && say_orders(v, &c)) {
			c.n = MIN_OF(c.n, (size_t)SAY_WORDS_MAX);
			found(ctx, &c);
		}
		i = MAX_OF(end, i + 1);
	}
}
