/* What the parts of the detector share. Not for others; the contract is scan.h.
 *
 * A line goes through scan_norm when it holds trouble; lines that hold none are taken together.
 * Then scan_walk finds the sentences that may matter, scan_core turns words of scan_vocab into
 * tokens, and scan_sentence judges a sentence's tokens by the rows of scan_rules.
 * What is encoded goes through scan_decode and comes back as a line of its own. */
#ifndef SUNABA_GATE_SCAN_INT_H
#define SUNABA_GATE_SCAN_INT_H

#include <endian.h>
#include <string.h>

#include "agent/gate/scan.h"
#include "agent/gate/scan_window.h"

#define SCAN_TOKENS_MAX	   192 /* tokens of a sentence; a longer one is judged in parts */
#define SCAN_TOKENS_KEPT   24  /* of them, looked at again with the next part */
#define SCAN_DEPTH_MAX	   2   /* encodings inside encodings */
#define SCAN_SLACK	   64  /* bytes behind a clean line that may be read */
#define SCAN_STEM_KEY	   5   /* letters by which a stem is found */
#define SCAN_WORD_MAX	   24  /* letters of a word of the vocabulary */
#define SCAN_THREES_BITS   12
#define SCAN_HEAD_BITS	   18 /* few words alike by chance, and the table in the second cache */
#define SCAN_STEM_BITS	   14
#define SCAN_THREES	   (1 << SCAN_THREES_BITS)
#define SCAN_FOURS_BITS	   13
#define SCAN_FOURS	   (1 << SCAN_FOURS_BITS)
#define SCAN_DEMAND_MIN	   5 /* points of a demand that counts */
#define SCAN_UNSEEN_POINTS 3 /* what it adds to a hit that nobody sees its words */

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

/* Where a token stands. */
enum scan_place {
	P_START = 1,	/* first in its clause */
	P_LINE = 2,	/* first on its line, after blanks and quote or comment marks */
	P_COLON = 4,	/* a colon behind it */
	P_STRONG = 8,	/* with C_ROLE: a mark of templates that nothing else writes */
	P_WEAK = 16,	/* with C_ROLE: a tag that may be honest */
	P_CODE = 32,	/* part of an identifier or path: no sentence */
	P_CAPS = 64,	/* all capitals */
	P_QUOTE = 128,	/* behind a quotation mark */
	P_YOURS = 256,	/* right behind "you" or "your" */
	P_HIDDEN = 512, /* encoded, invisible or not shown */
};

struct scan_token {
	uint64_t what;	     /* bits of enum scan_concept */
	uint64_t start, end; /* input bytes */
	uint64_t line;	     /* 1-based, where it starts */
	uint32_t pos;	     /* half words since the start */
	uint16_t place;
	uint8_t how;
	uint8_t shift; /* 1..25, 26 reversed; 0 plain */
};

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

/* A line made readable: `text` with, for each byte, where it came from and how. */
struct scan_clean {
	char *text;	/* SCAN_LINE_MAX bytes */
	uint32_t *from; /* offset of its source in the line */
	uint8_t *how;
	size_t len;
	char *hidden; /* what tag characters and variation selectors spell */
	size_t nhidden;
	uint32_t hidden_at;
	size_t invisible_run; /* longest run of characters drawn as nothing */
	uint32_t invisible_at;
	size_t concealed; /* letters under ANSI conceal or foreground on itself */
	uint32_t concealed_at;
	size_t overridden; /* letters behind a bidi override */
	uint32_t overridden_at;
	bool clipboard; /* an OSC 52 */
};

/* ANSI state that outlives a line. */
struct scan_ansi {
	bool conceal;
	int fg, bg; /* -1: default */
};

/* What a line holds that cannot be read as it stands; 0: nothing. */
enum scan_trouble {
	SCAN_CONTROLS = 1, /* ESC, CR before the end, BS, NUL */
	SCAN_ESCAPES = 2,  /* entities, percent, backslash */
	SCAN_WIDE = 4,	   /* bytes beyond ASCII */
};
/* A character of Han, kana or Hangul that needs nothing done, or one of their stops and
 * quotation marks, which scan_core.c knows: three bytes. */
bool scan_east_plain(const char *s, size_t n);
/* `wide`: struct scan's. */
unsigned scan_trouble(const char *p, size_t n, bool wide);
/* The first byte of lines p[0..n), each with its LF, for which it is not 0; n: none. */
size_t scan_trouble_find(const char *p, size_t n, bool wide);
/* Makes p[0..n), n <= SCAN_LINE_MAX, readable in c. */
void scan_norm(struct scan_clean *c, struct scan_ansi *a, unsigned trouble, const char *p,
	       size_t n);
/* The three steps of it, each in its own file, on c in place. */
void scan_norm_ansi(struct scan_clean *c, struct scan_ansi *a, const char *p, size_t n);
void scan_norm_escapes(struct scan_clean *c);
/* An escape is at p[0], one of & % and the backslash. */
bool scan_escape_is(const char *p, size_t n);
void scan_norm_wide(struct scan_clean *c);
/* A boundary that no text can hold once it is clean. */
#define SCAN_BREAK '\f'
void scan_clean_init(struct scan_clean *c);
void scan_clean_release(struct scan_clean *c);

/* Latin letter (lower case, or several for a ligature: the first) that cp passes for; 0: none.
 * *alike is true when that is a disguise rather than an accent or a width. */
unsigned scan_fold(uint32_t cp, bool *alike);
bool scan_is_invisible(uint32_t cp);

/* Decodes p[0..n) of base64 (either alphabet) or hex digits to out (n bytes of room); returns
 * the length when it is text, else 0. */
size_t scan_decode(const char *p, size_t n, char *out);

#define SCAN_RULE_PARTS 4 /* of 64 bits */
#define SCAN_RULES_MAX	(SCAN_RULE_PARTS * 64)

#define SCAN_RULE_ROW (SCAN_RULE_PARTS * 5) /* for each of a rule's words */

/* Rules by what they need, a bit for each rule. */
struct scan_index {
	uint64_t keys; /* meanings of the rarest kind of word of each */
	/* Those of which the first, second ... word may mean this; of which there
	 * is no such word; which need a word in capitals and so on. */
	uint64_t word[C_COUNT][SCAN_RULE_ROW], without[SCAN_RULE_ROW];
	uint64_t colon[SCAN_RULE_PARTS], caps[SCAN_RULE_PARTS], yours[SCAN_RULE_PARTS];
	uint64_t placed[SCAN_RULE_PARTS]; /* those that need a place only reading tells */
	size_t hidden;			  /* of them, the one for words that nobody sees */
	/* Points of a demand for what is told by each eight bits of meanings, or more. */
	uint8_t demand[8][256];
};
void scan_index_init(struct scan_index *x);
const struct scan_index *scan_index(void); /* constant, made at the first call */
/* Those whose words are all among `seen`, wherever they stand. */
void scan_rules_found(const struct scan *s, uint64_t seen, uint64_t found[SCAN_RULE_PARTS]);

/* A text being read: the whole, or one that was decoded out of it. */
struct scan_ctx {
	struct scan_token tok[SCAN_TOKENS_MAX];
	size_t ntok;
	uint64_t seen;	  /* union of tok[].what */
	uint32_t pos;	  /* half words so far */
	unsigned place;	  /* of the next word */
	unsigned heat;	  /* sentences for which an order weighs more */
	bool comment;	  /* inside an HTML comment */
	bool unseen;	  /* inside an element that is not shown */
	bool block;	  /* inside a tag that ends a sentence */
	bool tag;	  /* inside any tag */
	unsigned shifted; /* tokens read in a shifted alphabet */
	uint64_t line;	  /* of the last text */
};

/* A line as the tokeniser sees it. */
struct scan_line {
	const char *p;
	size_t n;
	size_t room;	      /* bytes that may be read from p, n or more */
	uint64_t base;	      /* offset of the line in the input */
	const uint32_t *from; /* NULL: as it stands */
	const uint8_t *how;
	uint64_t span;	/* decoded: all of it stood in [base, base + span); else 0 */
	unsigned extra; /* bits of enum scan_how for all of it */
	unsigned depth; /* 0: the text itself */
	bool joined;	/* goes on where the last piece was cut */
	bool last;	/* of its sentence: the line behind it begins another one */
};

/* What a name or a tag that hides begins with, for a quick no. */
struct scan_marks {
	uint32_t strong[32], weak[32], inside[32]; /* lengths by the first letter */
	uint32_t first[256], second[256];	   /* patterns by their first two letters */
};
void scan_marks_init(struct scan_marks *m);

#define SCAN_NEAR_MAX  512 /* words of a sentence; a longer one is told by its sum alone */
#define SCAN_SPANS_MAX 256 /* windows */
/* What the sieve knows of a word that may mean something. */
struct scan_near {
	uint64_t what; /* as it counts */
	uint32_t
	    at; /* half words: others are at least as far from it as their difference */
	uint16_t byte; /* windows counted from the first of the sentence */
	bool inside;   /* certainly not the first of its clause */
};
/* A window of a sentence, a bit for a byte. */
struct scan_span {
	uint64_t apart;	 /* words that count as one each */
	uint64_t within; /* words that certainly do not begin a clause */
};
#define SCAN_MEMO_BITS 9

/* An answer of scan_may(). */
struct scan_memo {
	uint64_t seen;
	bool may;
};

struct scan {
	struct scan_report report;
	struct scan_hit hits[SCAN_HITS_MAX];
	const struct scan_vocab *vocab;
	const struct scan_filter *filter;	 /* of vocab */
	struct scan_ctx ctx[SCAN_DEPTH_MAX + 1]; /* [0]: the text itself */
	const struct scan_index *index;
	struct scan_memo memo[2][1 << SCAN_MEMO_BITS];
	struct scan_near near[SCAN_NEAR_MAX]; /* of the walk */
	struct scan_span span[SCAN_SPANS_MAX];
	struct scan_marks marks;
	struct scan_clean clean;
	struct scan_ansi ansi;
	char *held; /* a line not yet whole */
	size_t nheld;
	char *decoded[SCAN_DEPTH_MAX];
	uint64_t at;	      /* input bytes judged */
	uint64_t line;	      /* of the line being judged, 1-based */
	bool joined;	      /* the last piece was cut from its line */
	enum scan_width wide; /* of the processor */
	bool all;	      /* read all of it: what tests compare with */
	bool ended;
};

/* Turns a line into tokens, judging each sentence as it ends. */
void scan_core(struct scan *s, const struct scan_line *l);
/* The same for whole lines of the input, each with its LF, that hold no trouble. */
void scan_plain_lines(struct scan *s, const char *p, size_t n, size_t room);
/* The line behind p[0..n), which ends with LF, begins a new sentence, whatever is made of it; `room`
 * are the bytes of both and what follows. */
bool scan_line_last(const char *p, size_t n, size_t room);
/* Judges the tokens of a sentence that has ended, and forgets them. */
void scan_sentence(struct scan *s, struct scan_ctx *x);
/* The input byte of l->p[i]; of its end for i == l->n. */
uint64_t scan_source(const struct scan_line *l, size_t i);
void scan_push(struct scan *s, const struct scan_line *l, uint64_t what, size_t start,
	       size_t end, unsigned place, unsigned shift);

/* The weight of the strongest demand among the tokens, below SCAN_THRESHOLD too; *h is its place
 * then. */
unsigned scan_demand(const struct scan_ctx *x, size_t *first, size_t *last);
/* SCAN_THRESHOLD when a sentence wants such a thing done by whoever reads it; else 0. */
unsigned scan_advice(const struct scan_ctx *x, size_t *first, size_t *last);
/* False: words that mean `seen`, as they are or as the sieve counts them, want nothing of the kind. */
bool scan_advice_may(uint64_t seen);

/* The same for a sentence that turns to a model. */
unsigned scan_call(const struct scan_ctx *x, size_t *first, size_t *last);

/* Disguised words: each returns the bytes of l->p it took from i, 0: nothing there. */
size_t scan_solid(struct scan *s, const struct scan_line *l, size_t i, size_t *checked);
size_t scan_spaced(struct scan *s, const struct scan_line *l, size_t i);
void scan_glued(struct scan *s, const struct scan_line *l, const char *p, size_t n,
		size_t start, size_t end, unsigned how);
/* Marks of templates and markup at l->p[i] == '<' or '['. */
void scan_mark(struct scan *s, const struct scan_line *l, size_t i);

/* What scan_look.c asks before anything is entered: the same at l->p[i], told and not done. */
struct scan_markup {
	bool comment;	    /* "<!--" */
	bool tag;	    /* of markup; the rest is about it: */
	bool block;	    /* ends the sentence */
	bool closes, hides; /* what follows is seen, is not seen */
	unsigned role;	    /* P_STRONG, P_WEAK: a token; 0: none */
	size_t end;	    /* of its name */
};
void scan_mark_look(const struct scan *s, const struct scan_line *l, size_t i,
		    struct scan_markup *m);
/* True when scan_solid() would find something; *end: behind random digits that it passes, else
 * i. */
bool scan_solid_look(struct scan *s, const struct scan_line *l, size_t i, size_t *checked,
		     size_t *end);
/* The bytes that scan_spaced() takes; *words: it enters some. */
size_t
scan_spaced_look(const struct scan *s, const struct scan_line *l, size_t i, bool *words);
/* The meanings that scan_glued() enters, as the sieve counts. */
uint64_t scan_glued_look(const struct scan *s, const char *p, size_t n);
/* The meanings of the address whose mark is at i; it is l->p[*first, *behind). */
uint64_t scan_address_look(const struct scan_line *l, size_t i, size_t skip, size_t *first,
			   size_t *behind);
/* False: a sentence whose words mean `seen` (scan_sieve_what()) is certainly no hit and prepares
 * none. `unseen`: all of it stands where nobody sees it. */
bool scan_may(struct scan *s, uint64_t seen, bool unseen);
/* Tells the places of s->near[0..n) in s->span[0..spans). False: too many are close together to
 * look at one by one. */
bool scan_near_place(struct scan *s, size_t n, size_t spans);
/* The same as scan_may() by order and distance of the tokens t[0..n), places told, of a sentence;
 * what `loose` means is in it too, anywhere. */
bool scan_near(const struct scan *s, const struct scan_near *t, size_t n, uint64_t loose,
	       bool unseen);
void scan_demand_init(struct scan_index *x);
int scan_demand_most(const struct scan_index *x, uint64_t seen);
bool scan_demand_near(const struct scan_near *t, size_t n, uint64_t seen, uint64_t loose,
		      int needed);
bool scan_call_may(uint64_t seen);
bool scan_call_near(const struct scan_near *t, size_t n, uint64_t seen, uint64_t loose);

/* Records a hit of rule group `best`; overlapping ones are joined. */
void scan_hit_add(struct scan *s, const struct scan_hit *h);
/* Scans decoded text that stood in the input at [start, end). `more`: it may go on. */
void scan_nested(struct scan *s, const struct scan_line *outer, const char *p, size_t n,
		 uint64_t start, uint64_t end, unsigned extra, bool more);

#endif
