/* The detector's vocabulary: from letters to meanings.
 *
 * Words of ASCII letters are found by hash in an open table of 16-bit indexes that stays in the
 * first cache; "stem*" by the hash of its first SCAN_STEM_KEY letters. Words of other scripts
 * are found at any place by their first two characters, the longest first. A few English words
 * are also entered in every shifted alphabet (ROT13 is one of 25) and backwards, so that text
 * written so is found at no cost. Pinned by tests/unit/test_scan.c. */
#include <pthread.h>
#include <endian.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/gate/scan_int.h"

#define VOCAB_WORDS_MAX 8192  /* rows hold about half of it */
#define VOCAB_LATIN	16384 /* slots; a power of two, well above the words */
#define VOCAB_STEMS	1024  /* slots */
#define VOCAB_WIDE	4096  /* buckets */
#define SHIFT_REVERSED	26

struct scan_vocab {
	struct scan_word *word; /* [0] is unused: index 0 is "none" */
	uint16_t *next;		/* chain of a wide bucket or of a stem's key */
	size_t n;
	struct scan_filter any;
	uint16_t latin[VOCAB_LATIN];
	uint16_t stem[VOCAB_STEMS];
	uint16_t wide[VOCAB_WIDE];
};

/* Also sought in shifted alphabets and reversed; long enough not to be words by chance. */
static const char vocab_ciphered[] =
    "ignore disregard forget override previous prior above instructions instruction "
    "directions "
    "prompt assistant system execute delete password everything earlier command commands "
    "instead following secret print output conclusion state important response";

uint64_t
scan_hash(const char *p, size_t n)
{
	uint64_t h = 0;

	for (size_t i = 0; i < n; i += 8) {
		uint64_t eight = 0;

		memcpy(&eight, p + i, MIN_OF(n - i, 8u));
		eight = le64toh(eight) | SCAN_HASH_LOWER;
		if (n - i < 8)
			eight &= (UINT64_C(1) << (8 * (n - i))) - 1;
		h = scan_hash_step(h, eight);
	}
	return h;
}

static unsigned
vocab_slot(uint64_t h)
{
	return (unsigned)(h >> 20) % VOCAB_LATIN;
}

/* One bit for a word, for its first character, for a stem's first two letters. */
static void
vocab_mark(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Words of `least` to `most` letters may begin with those of p. */
static void
vocab_mark_length(struct scan_vocab *v, const char *p, size_t most, size_t least)
{
	for (size_t n = least; least >= 3 && n <= most; n++)
		v->any.lengths[scan_three(p)] |= UINT32_C(1) << n;
	for (size_t n = least; least >= 4 && n <= most; n++)
		v->any.longer[scan_four(p)] |= UINT32_C(1) << n;
}

static size_t
vocab_two(const char *p)
{
	return (size_t)((p[0] & 31) * 32 + (p[1] & 31));
}

/* The last bits of a character's three bytes, or of its two: its code point, near enough. */
static size_t
vocab_char(const char *p, size_t n)
{
	size_t c = (unsigned char)p[0] & 15u;

	c = c << 6 | (n > 1 ? (unsigned char)p[1] & 63u : 0);
	return c << 6 | (n > 2 ? (unsigned char)p[2] & 63u : 0);
}

static inline uint64_t
vocab_load(const char *p, size_t n)
{
	uint64_t x = 0;

	memcpy(&x, p, n);
	return x;
}

/* ASCII letters only; p is in either case, w in lower case. */
static bool
vocab_equal(const char *w, const char *p, size_t n)
{
	size_t i = 0;

	if (n < 4) {
		for (; i < n; i++)
			if (w[i] != (char)(p[i] | 0x20))
				return false;
		return true;
	}
	if (n < 8) /* the two overlap */
		return vocab_load(w, 4) == (vocab_load(p, 4) | le64toh(0x20202020)) &&
		       vocab_load(w + n - 4, 4) ==
			   (vocab_load(p + n - 4, 4) | le64toh(0x20202020));
	for (; i + 8 < n; i += 8)
		if (vocab_load(w + i, 8) != (vocab_load(p + i, 8) | SCAN_HASH_LOWER))
			return false;
	return vocab_load(w + n - 8, 8) == (vocab_load(p + n - 8, 8) | SCAN_HASH_LOWER);
}

static uint16_t
vocab_append(struct scan_vocab *v, const char *p, size_t n, uint64_t what, unsigned shift)
{
	struct scan_word *w;

	if (v->n >= VOCAB_WORDS_MAX)
		mem_die("the detector's vocabulary is too large");
	w = &v->word[v->n];
	w->what = what;
	w->len = (uint8_t)n;
	w->shift = (uint8_t)shift;
	memcpy(w->text, p, n);
	return (uint16_t)v->n++;
}

static void
vocab_add_latin(struct scan_vocab *v, const char *p, size_t n, uint64_t what,
		unsigned shift)
{
	uint64_t h = scan_hash(p, n);
	unsigned i = vocab_slot(h);

	for (; v->latin[i]; i = (i + 1) % VOCAB_LATIN) {
		struct scan_word *w = &v->word[v->latin[i]];

		if (w->len == n && vocab_equal(w->text, p, n)) {
			if (!shift && !w->shift)
				w->what |= what;
			return; /* a plain word is no cipher */
		}
	}
	v->latin[i] = vocab_append(v, p, n, what, shift);
	vocab_mark_length(v, p, n, n);
	vocab_mark(v->any.latin, h >> 48);
}

/* Enters a word into a chain, longer ones first; the same word gets the other meaning too. */
static void
vocab_add_chain(struct scan_vocab *v, uint16_t *head, const char *p, size_t n,
		uint64_t what)
{
	uint16_t *at = head;

	while (*at && v->word[*at].len >= n) {
		struct scan_word *w = &v->word[*at];

		if (w->len == n && memcmp(w->text, p, n) == 0) {
			w->what |= what;
			return;
		}
		at = &v->next[*at];
	}
	v->next[v->n] = *at;
	*at = vocab_append(v, p, n, what, 0);
}

static size_t
vocab_char_len(const char *p, size_t n)
{
	unsigned char c = (unsigned char)*p;
	size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

	return MIN_OF(len, n);
}

static void
vocab_add_word(struct scan_vocab *v, const char *p, size_t n, uint64_t what)
{
	size_t one = vocab_char_len(p, n);

	if (n > SCAN_WORD_MAX) {
		size_t cut = SCAN_WORD_MAX; /* the beginning of a wide word is enough */

		while (((unsigned char)p[cut] & 0xC0) == 0x80)
			cut--;
		n = cut;
	}
	if ((unsigned char)*p >= 0x80) {
		size_t key = n > one ? one + vocab_char_len(p + one, n - one) : one;

		uint64_t h = scan_wide_hash(p, key, key);

		if (key > one)
			vocab_mark(v->any.wide, h >> 48);
		else
			vocab_mark(v->any.one, vocab_char(p, n));
		vocab_add_chain(v, &v->wide[h % VOCAB_WIDE], p, n, what);
	} else if (p[n - 1] == '*') {
		vocab_mark(v->any.stem, vocab_two(p));
		vocab_mark_length(v, p, SCAN_WORD_MAX, MAX_OF(n - 1, SCAN_STEM_KEY + 1));
		vocab_add_chain(
		    v, &v->stem[scan_hash(p, SCAN_STEM_KEY) >> 32 & (VOCAB_STEMS - 1)], p,
		    n - 1, what);
	} else {
		vocab_add_latin(v, p, n, what, 0);
	}
}

/* Katakana of U+30A1..U+30F4 as it stands in the half-width block, one character or two. */
static size_t
vocab_half_width(uint32_t cp, uint32_t out[2])
{
	/* From U+FF66 on; the marks of voice are U+FF9E and U+FF9F. */
	static const char order[] =
	    "\xF2\xA1\xA3\xA5\xA7\xA9\xE3\xE5\xE7\xC3\xFC\xA2\xA4\xA6\xA8\xAA\xAB\xAD\xAF"
	    "\xB1"
	    "\xB3\xB5\xB7\xB9\xBB\xBD\xBF\xC1\xC4\xC6\xC8\xCA\xCB\xCC\xCD\xCE\xCF\xD2\xD5"
	    "\xD8"
	    "\xDB\xDE\xDF\xE0\xE1\xE2\xE4\xE6\xE8\xE9\xEA\xEB\xEC\xED\xEF\xF3";

	for (unsigned voice = 0; voice < 3; voice++) {
		const char *at = strchr(order, (int)(char)((cp - voice) & 0xFF));

		if (!at || (voice && cp - voice < 0x30AB))
			continue;
		out[0] = 0xFF66 + (uint32_t)(at - order);
		out[1] = 0xFF9D + voice;
		return voice ? 2 : 1;
	}
	return 0;
}

/* A word of katakana is entered as hiragana and in half width too. */
static void
vocab_add_kana(struct scan_vocab *v, const char *p, size_t n, uint64_t what)
{
	char hira[SCAN_WORD_MAX], half[2 * SCAN_WORD_MAX];
	size_t at = 0, nhalf = 0;

	if (n > sizeof(hira))
		return;
	for (; at < n; at += 3) {
		uint32_t cp, out[2];
		size_t many;

		utf8_decode(p + at, n - at, &cp);
		if (cp < 0x30A1 || cp > 0x30FC || !(many = vocab_half_width(cp, out)))
			return;
		for (size_t i = 0; i < many; i++)
			nhalf += utf8_encode(out[i], half + nhalf);
		utf8_encode(cp == 0x30FC ? cp : cp - 0x60, hira + at);
	}
	vocab_add_word(v, hira, n, what);
	vocab_add_word(v, half, nhalf, what);
}

static void
vocab_add_rows(struct scan_vocab *v, const struct scan_row *row, size_t nrows)
{
	for (size_t r = 0; r < nrows; r++) {
		const char *p = row[r].words;

		while (*p) {
			size_t n = strcspn(p, " ");

			if (n > 0)
				vocab_add_word(v, p, n, row[r].what);
			if (n >= 6)
				vocab_add_kana(v, p, n, row[r].what);
			p += n;
			p += strspn(p, " ");
		}
	}
}

static void
vocab_add_ciphered(struct scan_vocab *v)
{
	const char *p = vocab_ciphered;

	while (*p) {
		size_t n = strcspn(p, " ");
		const struct scan_word *w = scan_vocab_find(v, p, n, scan_hash(p, n));
		char turned[SCAN_WORD_MAX];

		for (unsigned shift = 1; w && shift <= SHIFT_REVERSED; shift++) {
			for (size_t i = 0; i < n; i++)
				turned[i] =
				    shift == SHIFT_REVERSED
					? p[n - 1 - i]
					: (char)('a' +
						 ((unsigned)(p[i] - 'a') + shift) % 26);
			vocab_add_latin(v, turned, n, w->what, shift);
		}
		p += n;
		p += strspn(p, " ");
	}
}

/* What is entered under the first `most` letters of w may mean what w means, too. */
static void
vocab_sieve_word(struct scan_filter *f, uint8_t *table, unsigned bits,
		 const struct scan_word *w, size_t most)
{
	uint64_t x = 0, what = scan_sieve_what(w->what, w->shift);
	size_t i = 0;

	memcpy(&x, w->text, MIN_OF(w->len, most));
	table += scan_sieve_slot(le64toh(x), bits);
	what |= f->what[*table];
	while (i < f->nwhat && f->what[i] != what)
		i++;
	if (i == ARRAY_LEN(f->what))
		mem_die("the detector's words mean too many things");
	f->what[i] = what;
	f->nwhat = MAX_OF(f->nwhat, i + 1);
	*table = (uint8_t)i;
}

static void
vocab_sieve(struct scan_vocab *v)
{
	struct scan_filter *f = &v->any;

	f->nwhat = 1; /* the first means nothing */
	for (size_t i = 0; i < VOCAB_LATIN; i++)
		if (v->latin[i])
			vocab_sieve_word(f, f->head, SCAN_HEAD_BITS, &v->word[v->latin[i]],
					 8);
	for (size_t k = 0; k < VOCAB_STEMS; k++)
		for (uint16_t i = v->stem[k]; i; i = v->next[i])
			vocab_sieve_word(f, f->stem5, SCAN_STEM_BITS, &v->word[i],
					 SCAN_STEM_KEY);
}

static struct scan_vocab *vocab;
static struct scan_index index_of_rules;

static void
vocab_make(void)
{
	struct scan_vocab *v = mem_alloc(sizeof(*v));

	v->word = mem_alloc(VOCAB_WORDS_MAX * sizeof(*v->word));
	v->next = mem_alloc(VOCAB_WORDS_MAX * sizeof(*v->next));
	v->n = 1;
	vocab_add_rows(v, scan_words_en, scan_words_en_n);
	vocab_add_rows(v, scan_words_eu, scan_words_eu_n);
	vocab_add_rows(v, scan_words_asia, scan_words_asia_n);
	vocab_add_ciphered(v);
	vocab_sieve(v);
	scan_index_init(&index_of_rules);
	vocab = v;
}

const struct scan_vocab *
scan_vocab(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, vocab_make);
	return vocab;
}

const struct scan_index *
scan_index(void)
{
	scan_vocab();
	return &index_of_rules;
}

const struct scan_filter *
scan_vocab_filter(const struct scan_vocab *v)
{
	return &v->any;
}

static const struct scan_word *
vocab_stem(const struct scan_vocab *v, const char *p, size_t n)
{
	size_t slot = scan_hash(p, SCAN_STEM_KEY) >> 32 & (VOCAB_STEMS - 1);

	for (uint16_t i = v->stem[slot]; i; i = v->next[i])
		if (v->word[i].len <= n && vocab_equal(v->word[i].text, p, v->word[i].len))
			return &v->word[i];
	return NULL;
}

const struct scan_word *
scan_vocab_find(const struct scan_vocab *v, const char *p, size_t n, uint64_t hash)
{
	if (scan_filter_has(v->any.latin, hash >> 48)) {
		unsigned i = vocab_slot(hash);

		for (; v->latin[i]; i = (i + 1) % VOCAB_LATIN) {
			const struct scan_word *w = &v->word[v->latin[i]];

			if (w->len == n && vocab_equal(w->text, p, n))
				return w;
		}
	}
	if (n <= SCAN_STEM_KEY || !scan_filter_has(v->any.stem, vocab_two(p)))
		return NULL;
	return vocab_stem(v, p, n);
}

/* The first of a chain, the longest, that p[0..n) begins with. */
static const struct scan_word *
vocab_chain(const struct scan_vocab *v, uint16_t i, const char *p, size_t n)
{
	for (; i; i = v->next[i])
		if (v->word[i].len <= n && memcmp(v->word[i].text, p, v->word[i].len) == 0)
			return &v->word[i];
	return NULL;
}

const struct scan_word *
scan_vocab_prefix(const struct scan_vocab *v, const char *p, size_t n)
{
	size_t one = vocab_char_len(p, n);
	const struct scan_word *w = NULL;

	if (n > one && (unsigned char)p[one] >= 0x80) {
		uint64_t h = scan_wide_hash(p, one + vocab_char_len(p + one, n - one), n);

		if (scan_filter_has(v->any.wide, h >> 48))
			w = vocab_chain(v, v->wide[h % VOCAB_WIDE], p, n);
	}
	if (!w && scan_filter_has(v->any.one, vocab_char(p, n)))
		w = vocab_chain(v, v->wide[scan_wide_hash(p, one, n) % VOCAB_WIDE], p, n);
	return w;
}
