/* The vocabulary of the detector: what words mean, and how they are found. Not for others; see
 * scan_vocab.c. */
#ifndef SUNABA_GATE_SCAN_VOCAB_H
#define SUNABA_GATE_SCAN_VOCAB_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SCAN_STEM_KEY	 5  /* letters by which a stem is found */
#define SCAN_WORD_MAX	 24 /* letters of a word of the vocabulary */
#define SCAN_THREES_BITS 12
#define SCAN_HEAD_BITS	 18 /* few words alike by chance, and the table in the second cache */
#define SCAN_STEM_BITS	 14
#define SCAN_THREES	 (1 << SCAN_THREES_BITS)
#define SCAN_FOURS_BITS	 13
#define SCAN_FOURS	 (1 << SCAN_FOURS_BITS)

/* What a word means; a token holds the set of all its meanings. */
enum scan_concept {
	C_OVERRIDE,  /* ignore, forget */
	C_PRIOR,     /* previous, above */
	C_INSTR,     /* instructions, directions */
	C_RULES,     /* rules, task, context: instructions only beside better evidence */
	C_MODEL,     /* assistant, agent */
	C_YOU,	     /* you, your */
	C_USER,	     /* the user, the human */
	C_NEG,	     /* not, without, never */
	C_TELL,	     /* tell, mention, ask */
	C_SILENT,    /* silently; in one word: without telling */
	C_RUN,	     /* run, execute */
	C_SEND,	     /* send, forward, upload */
	C_GET,	     /* fetch, find, read */
	C_DESTROY,   /* delete, disable */
	C_PAY,	     /* transfer, deposit */
	C_CHANGE,    /* update, create, schedule */
	C_SECRET,    /* password, key, token */
	C_PERSONAL,  /* account, inbox, records, contacts */
	C_MY,	     /* my */
	C_ME,	     /* I, me */
	C_DEST,	     /* an address, URL, account number */
	C_EVERY,     /* all, entire */
	C_REPLY,     /* reply, response, answer */
	C_SAY,	     /* say, print, write, include, add */
	C_URGENT,    /* important, immediately, must */
	C_FIRST,     /* first, before, instead */
	C_PLEASE,    /* please, could */
	C_NOTE,	     /* to do, note */
	C_PLAY,	     /* pretend, act, role */
	C_NOW,	     /* now, "from now on" */
	C_SYSTEM,    /* system, administrator, developer */
	C_PROMPT,    /* prompt */
	C_APPROVED,  /* approved, authorised */
	C_COMMAND,   /* command; shell words; code in back quotes */
	C_FOLLOW,    /* follow, obey, comply */
	C_FOLLOWING, /* the following, below */
	C_BUGS,	     /* issue, patch, feedback: what READMEs ask people for */
	C_IF,	     /* if, when, whether */
	C_THIS,	     /* this, these: text speaking of itself */
	C_READER,    /* reading, processing, summarising: what a model does with text */
	C_ROLE,	     /* a word that names a role or block in templates */
	C_ORDER,     /* a grammatical imperative in one word (Japanese, Korean, Chinese) */
	C_ARE,	     /* are, bist, es */
	C_RESPONSE,  /* confirmation, permission, approval, warning */
	C_HIDE,	     /* hide, conceal, secret (not a thing) */
	C_CLOUD,     /* things that live with services: transaction, calendar, wallet */
	C_NEW,	     /* new, updated, real, actual */
	C_AND,	     /* and, then */
	C_QUESTION,  /* which, what, how: begins a question */
	C_FORM,	     /* format, style, typos, spaces: the shape of an answer */
	C_THIRD,     /* we, our, they: prose about others */
	C_END,	     /* end, begin */
	C_ONE,	     /* a single model, as one is spoken to */
	C_FILL,	     /* an address with a place for data to be filled in */
	C_PROSE,     /* story, essay, sentence: what chat models are asked to write */
	C_LET,	     /* let us, suppose */
	C_MUST,	     /* must, should, shall */
	C_DEAR,	     /* dear, hello: how a letter begins */
	C_JOB,	     /* job, mission: what somebody is there for */
	C_VAGUE,     /* a model's name that names other things too: agent, bot; with no
		      * C_MODEL: what was done, or has to be: uploaded, deleted */
	C_LIMIT,     /* what keeps a model from harm: filters, ethics */
	C_ONLY,	     /* only, nothing else, the single word */
	C_BLOCK,     /* a snippet, excerpt or block of code */
	C_COUNT,
};
#define C(name) (UINT64_C(1) << C_##name)

/* A word of the vocabulary. */
struct scan_word {
	uint64_t what;
	uint8_t len;
	uint8_t shift;
	char text[SCAN_WORD_MAX]; /* folded; no NUL */
};

/* What is certainly no word is told by a bit: of 16 bits of the hash; of a stem's first two
 * letters; of the hash of two characters of other scripts; of a character that is a word. */
struct scan_filter {
	uint64_t latin[1024];
	uint64_t wide[1024];
	uint64_t one[1024];
	uint64_t stem[16];
	/* For the sieve: which of `what` a word may mean by its first eight letters, and by the
	 * SCAN_STEM_KEY of a longer one. Never less than it means. */
	uint8_t head[1 << SCAN_HEAD_BITS], stem5[1 << SCAN_STEM_BITS];
	uint64_t what[256];
	size_t nwhat;
	/* Lengths, a bit each, of the words that begin with three letters of this hash. */
	uint32_t lengths[SCAN_THREES];
	uint32_t longer[SCAN_FOURS]; /* the same for four letters */
};
static inline unsigned
scan_four(const char *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof(x));
	return (le32toh(x) | 0x20202020) * 0x9E3779B1u >> (32 - SCAN_FOURS_BITS);
}
static inline unsigned
scan_three(const char *p)
{
	uint32_t x = (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8 |
		     (uint32_t)(unsigned char)p[2] << 16;

	return (x | 0x202020) * 0x9E3779B1u >> (32 - SCAN_THREES_BITS);
}
struct scan_vocab;
const struct scan_filter *scan_vocab_filter(const struct scan_vocab *v);
/* Meanings as the sieve counts them: those that only speak against a hit are left out, and make
 * room for what else may have to be there. */
#define SCAN_COLON C(BUGS)  /* a word of SCAN_BEFORE_COLON with a colon behind it */
#define SCAN_FIRM  C(VAGUE) /* a model's name that names nothing else */
#define SCAN_CAPS  C(THIRD) /* two capitals in a row */
#define SCAN_AMISS (UINT64_C(1) << 63) /* only reading can tell */
#define SCAN_BEFORE_COLON \
	(C(INSTR) | C(MODEL) | C(ONE) | C(ROLE) | C(SYSTEM) | C(URGENT) | C(NOTE) | C(JOB))
static inline uint64_t
scan_sieve_what(uint64_t what, unsigned shift)
{
	bool vague = what & C(VAGUE), model = what & (C(MODEL) | C(ONE));

	if (shift)
		return SCAN_AMISS;
	what &= ~(C(BUGS) | C(VAGUE) | C(THIRD));
	what |= model && !vague ? SCAN_FIRM : 0;
	/* Without a say by itself, but it stands there; or what was done. */
	return what && (model || !vague) ? what : what | C(AND);
}
#define SCAN_HASH_LOWER UINT64_C(0x2020202020202020)
/* The first letters of a word in lower case, the others 0, to an index of head or stem5. */
static inline size_t
scan_sieve_slot(uint64_t letters, unsigned bits)
{
	return letters * UINT64_C(0x9E3779B97F4A7C15) >> (64 - bits);
}
/* False: the letters p[0..n) are no word of the vocabulary. */
static inline bool
scan_sieve_word(const struct scan_filter *f, const char *p, size_t n)
{
	uint64_t a = 0;

	if (n >= sizeof(a))
		memcpy(&a, p, sizeof(a));
	else
		for (size_t i = 0; i < n; i++)
			a |= (uint64_t)(unsigned char)p[i] << 8 * i;
	a = n >= sizeof(a) ? le64toh(a) | SCAN_HASH_LOWER
			   : a | (SCAN_HASH_LOWER & ((UINT64_C(1) << 8 * n) - 1));
	if (f->head[scan_sieve_slot(a, SCAN_HEAD_BITS)])
		return true;
	a &= (UINT64_C(1) << 8 * SCAN_STEM_KEY) - 1;
	return n > SCAN_STEM_KEY && f->stem5[scan_sieve_slot(a, SCAN_STEM_BITS)];
}
static inline bool
scan_filter_has(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}
static inline bool
scan_filter_word(const struct scan_filter *f, const char *p, size_t n, uint64_t hash)
{
	return scan_filter_has(f->latin, hash >> 48) ||
	       (n > SCAN_STEM_KEY &&
		scan_filter_has(f->stem, (size_t)((p[0] & 31) * 32 + (p[1] & 31))));
}
/* The hash of a wide word's first one or two characters, n bytes; `room` may be read. */
static inline uint64_t
scan_wide_hash(const char *p, size_t n, size_t room)
{
	uint64_t k = 0;

	if (room >= sizeof(k)) { /* one load: this is done for each character of Japanese */
		memcpy(&k, p, sizeof(k));
		k = le64toh(k) & (~UINT64_C(0) >> (64 - 8 * n));
	} else {
		memcpy(&k, p, n);
		k = le64toh(k);
	}
	k *= UINT64_C(0x9E3779B97F4A7C15);
	return k ^ (k >> 29);
}
/* True when no word begins at p, a character of three bytes with another one behind it. Eight
 * bytes may be read. */
static inline bool
scan_filter_none(const struct scan_filter *f, const char *p)
{
	const unsigned char *c = (const unsigned char *)p;

	return (c[0] & 0xF0) == 0xE0 && (c[3] & 0xF0) == 0xE0 &&
	       !scan_filter_has(f->wide, scan_wide_hash(p, 6, 8) >> 48) &&
	       !scan_filter_has(
		   f->one, (size_t)((c[0] & 15) << 12 | (c[1] & 63) << 6 | (c[2] & 63)));
}
/* The vocabulary: constant, made at the first call (0.5 ms), for all threads. */
const struct scan_vocab *scan_vocab(void);
/* The word p[0..n) of ASCII letters in either case, n <= SCAN_WORD_MAX, or NULL. `hash` is
 * scan_hash() of it, or the same steps over its groups of eight letters. */
const struct scan_word *
scan_vocab_find(const struct scan_vocab *v, const char *p, size_t n, uint64_t hash);
static inline uint64_t
scan_hash_step(uint64_t h, uint64_t eight)
{
	h = (h ^ eight) * UINT64_C(0x9E3779B97F4A7C15);
	return h ^ (h >> 29);
}
uint64_t scan_hash(const char *p, size_t n);
/* The longest word that begins at p[0..n), the first byte beyond ASCII; NULL: none. */
const struct scan_word *
scan_vocab_prefix(const struct scan_vocab *v, const char *p, size_t n);

/* Rows of the vocabulary: words with blanks between; "stem*" for all that begin so. */
struct scan_row {
	uint64_t what;
	const char *words;
};
extern const struct scan_row scan_words_en[], scan_words_eu[], scan_words_asia[];
extern const size_t scan_words_en_n, scan_words_eu_n, scan_words_asia_n;

#endif
