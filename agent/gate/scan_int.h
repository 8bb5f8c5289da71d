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
#include "agent/gate/scan_vocab.h"
#include "agent/gate/scan_window.h"

#define SCAN_TOKENS_MAX	   192 /* tokens of a sentence; a longer one is judged in parts */
#define SCAN_TOKENS_KEPT   24  /* of them, looked at again with the next part */
#define SCAN_DEPTH_MAX	   2   /* encodings inside encodings */
#define SCAN_SLACK	   64  /* bytes behind a clean line that may be read */
#define SCAN_DEMAND_MIN	   5   /* points of a demand that counts */
#define SCAN_UNSEEN_POINTS 3   /* what it adds to a hit that nobody sees its words */

/* Where a token stands. */
enum scan_place {
	P_START = 1,	  /* first in its clause */
	P_LINE = 2,	  /* first on its line, after blanks and quote or comment marks */
	P_COLON = 4,	  /* a colon behind it */
	P_STRONG = 8,	  /* with C_ROLE: a mark of templates that nothing else writes */
	P_WEAK = 16,	  /* with C_ROLE: a tag that may be honest */
	P_CODE = 32,	  /* part of an identifier or path: no sentence */
	P_CAPS = 64,	  /* all capitals */
	P_QUOTE = 128,	  /* behind a quotation mark */
	P_YOURS = 256,	  /* right behind "you" or "your" */
	P_HIDDEN = 512,	  /* encoded, invisible or not shown */
	P_NAME = 1024,	  /* with P_CODE: part of a name with underscores or colons */
	P_PASSIVE = 2048, /* with C_MUST: "be" behind it */
	P_COMMA = 4096,	  /* with C_MODEL or C_ONE: a comma behind it */
	P_OWN = 8192,	  /* with C_NOTE: what its writer means to do */
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
	bool altered;	/* false: how[] is 0 throughout */
	bool beyond;	/* an escape stood for something beyond ASCII */
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
/* `from`: it is known to be nothing before that. `wide`: struct scan's. */
unsigned scan_trouble(const char *p, size_t n, size_t from, bool wide);
/* The first byte of lines p[0..n), each with its LF, for which it is not 0; n: none. *broken: what is
 * before it may be trouble beside other one. */
size_t scan_trouble_find(const char *p, size_t n, bool wide, bool *broken);
/* Makes p[0..n), n <= SCAN_LINE_MAX, readable in c; `room` bytes may be read. */
void scan_norm(struct scan_clean *c, struct scan_ansi *a, unsigned trouble, const char *p,
	       size_t n, size_t room);
/* The three steps of it, each in its own file, on c in place. */
void scan_norm_ansi(struct scan_clean *c, struct scan_ansi *a, const char *p, size_t n);
void scan_norm_escapes(struct scan_clean *c);
/* The first two for a line p[0..n) whose only trouble is escapes, where all is seen. */
void scan_norm_escapes_of(struct scan_clean *c, const char *p, size_t n, size_t room);
/* What is written now is not seen. */
bool scan_ansi_unseen(const struct scan_ansi *a);
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
	bool inside; /* certainly not the first of its clause */
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

/* A mark at l->p[i]. */
struct scan_markup {
	bool comment;  /* "<!--" */
	bool tag;      /* of markup; the rest is about it: */
	bool block;    /* ends the sentence */
	bool closes;   /* what follows is seen */
	bool styled;   /* more than its name: scan_mark_hides() may say that it is not */
	unsigned role; /* P_STRONG, P_WEAK: a token; 0: none */
	size_t end;    /* of its name */
};

#define SCAN_NAMED_BITS 6

/* Such a one that its first characters tell. */
struct scan_named {
	uint64_t key; /* these, by look_named() */
	struct scan_markup m;
};

struct scan {
	struct scan_report report;
	struct scan_hit hits[SCAN_HITS_MAX];
	const struct scan_vocab *vocab;
	const struct scan_filter *filter;	 /* of vocab */
	struct scan_ctx ctx[SCAN_DEPTH_MAX + 1]; /* [0]: the text itself */
	const struct scan_index *index;
	struct scan_memo memo[2][1 << SCAN_MEMO_BITS];
	/* Of the walk: meanings of words, and their bytes, windows counted from the first of the
	 * sentence; both as they are asked about. */
	uint64_t near_what[SCAN_NEAR_MAX];
	uint16_t near_byte[SCAN_NEAR_MAX];
	struct scan_near near[SCAN_NEAR_MAX];
	struct scan_span span[SCAN_SPANS_MAX];
	struct scan_marks marks;
	struct scan_named named[1 << SCAN_NAMED_BITS]; /* met before */
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
void scan_mark_name(const struct scan *s, const struct scan_line *l, size_t i,
		    struct scan_markup *m);
/* True when the tag at l->p[i] hides its content: of what is said twice the later counts. */
bool scan_mark_hides(const struct scan *s, const struct scan_line *l, size_t i);
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
