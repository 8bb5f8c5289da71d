/* What the parts of the linker share. The contract is link.h. */
#ifndef SUNABA_GATE_LINK_INT_H
#define SUNABA_GATE_LINK_INT_H

#include "agent/base/buf.h"
#include "agent/gate/link.h"

#define LINK_TOKEN_MAX 2048 /* bytes of a token; the rest does not count */
#define LINK_WORDS_MAX 64   /* words of a command that are compared */
#define LINK_WORDS_MIN 3    /* of one that changes nothing of the system */

/* A text in one spelling, and where each byte of it came from. */
struct link_clean {
	char *text;
	uint32_t *from;
	size_t len;
	size_t base;   /* where the source begins in the text that it is part of */
	size_t source; /* bytes of the source */
};

/* How strings beside each other are read. */
enum link_join {
	LINK_APART, /* as they stand */
	LINK_PLUS,  /* 'ev' + 'il.com' and "ev" "il.com" are one */
	LINK_COMMA, /* so are ['ev', 'il.com'] */
	LINK_DOT,   /* those with a dot between, as '.'.join() makes them */
	LINK_AT,    /* with '@': '%s@%s' % ('ev', 'il.com') */
	LINK_SLASH, /* with '/': Path('/mnt') / 'x', join('/mnt', 'x'); homes as ~ */
	LINK_JOINS,
};

/* One spelling: ASCII in lower case, widths and invisible characters gone, escapes of the
 * percent and \x kinds decoded, "hxxp" and "[.]" undone. Release with link_clean_release(). */
void link_clean(struct link_clean *c, const char *p, size_t n, enum link_join join);
void link_clean_release(struct link_clean *c);
/* Whether an escape at p[0] may stand for a letter, or stand inside a word. */
bool link_rewrites(const char *p, size_t n);

/* Called for each token: normalised bytes, and where they stood in the clean text. */
typedef void link_token_fn(void *ctx, enum link_kind kind, const char *p, size_t n,
			   size_t start, size_t end);

/* Who the text is from decides how much doubt it gets. */
enum link_side { LINK_ACTION, LINK_TOOL, LINK_USER };

struct link_walk {
	const struct link_clean *text;
	enum link_side side;
	const struct link_query *query;
	link_token_fn *found;
	void *ctx;
};

/* URLs, hosts, addresses and paths; numbers. */
void link_walk_names(const struct link_walk *w);
void link_walk_numbers(const struct link_walk *w);
/* Tries p[0..n) as a path; true when it was one, of interest or not. */
bool link_path(const struct link_walk *w, const char *p, size_t n, size_t start);
/* The IPv4 or IPv6 address that the host stands for, in its usual spelling; false: a name. Also
 * the forms that inet_aton() takes: 2130706433, 0x7f.1. */
bool link_address(const char *p, size_t n, char out[64]);
/* True for an address or name that cannot leave the machine. */
bool link_loopback(const char *host);

/* The host p[0..n) with its labels beyond ASCII as "xn--". */
void link_puny(struct buf *out, const char *p, size_t n);

/* Called with a text that the action makes, and where in the source it stands. */
typedef void link_made_fn(void *ctx, const char *p, size_t n, size_t from, size_t to);
/* p[0..n) with constants of its expressions in their places; false: there are none. `found` gets those
 * whose letters were disguised. */
bool link_fold(const char *p, size_t n, struct buf *out, link_made_fn *found, void *ctx);
/* What a shell makes of the lines of p[0..n): braces, quotes in words, the folder that it goes to, and
 * what rev, tr and sed make of an echo. Lines, each as a command. */
void link_bash(const char *p, size_t n, const char *workspace, struct buf *out);
/* The texts that the action makes of its own words. `whole`: of its language; `piece`: a command, it
 * may be, whatever that is. */
struct link_making {
	link_made_fn *whole, *piece;
	void *ctx;
};
void link_made(const struct link_query *q, const struct link_making *m);

/* The files whose text the action runs: their names without folders. */
void link_runs(const char *p, size_t n, bool shell, link_made_fn *found, void *ctx);
/* Where a tool showed the file: the text, and the name's place in it, or [0, 0). False: nowhere, or the
 * user asked to run it. */
bool link_shown(const struct link_query *q, const char *name, size_t n, size_t *tool,
		size_t *start, size_t *end);
/* The action may be of a shell. */
bool link_is_shell(const struct link_query *q);

/* p[0..n) with the variables that it sets itself, and $IFS, in their places; false:
 * there are none. */
bool link_expand(const char *p, size_t n, struct buf *out);

/* What of a text has to be read closely; empty when zero. */
struct link_filter {
	uint64_t bits[1024];  /* of the hash of four bytes */
	uint64_t brief[1024]; /* of the hash of a run of less that stands alone */
	uint64_t ends[4];     /* the bytes that such a run ends with */
	bool any;	      /* something of these is set */
	bool digits, ip;      /* numbers, addresses are looked for */
	bool all;	      /* everything has to be read */
};
/* The action holds this. */
void link_filter_add(struct link_filter *f, enum link_kind kind, const char *p, size_t n);
/* Calls walk() with the parts [from, to) of p[0..n), which may overlap. */
void link_filter_walk(const struct link_filter *f, const char *p, size_t n,
		      void (*walk)(void *, size_t, size_t), void *ctx);

uint64_t link_hash(uint64_t h, const char *p, size_t n);

/* Where in a text something may stand: what each window of it holds, by hash. */
struct link_index;
/* Reads the text as a walk with this side and query does. The caller frees; NULL: too long,
 * or it holds more than a cache has room for. */
struct link_index *link_index_new(const struct link_text *t, enum link_side side,
				  enum link_join join, const struct link_query *q);
void link_index_free(struct link_index *x);
size_t link_index_bytes(const struct link_index *x);
/* Marks the windows that may hold it: no other does. */
void link_index_find(struct link_index *x, enum link_kind kind, const char *p, size_t n);
/* Calls walk() with the marked windows [from, to), which may overlap, and takes the marks away. */
void link_index_walk(struct link_index *x, void (*walk)(void *, size_t, size_t), void *ctx);

/* The index of a text, made where it is not there yet; borrowed until the next call. NULL: the text
 * has no id, or there is no room. */
struct link_index *link_cache_get(const struct link_query *q, const struct link_text *t,
				  enum link_side side, enum link_join join);
/* How many indexes were made, for tests and figures. */
size_t link_cache_made(const struct link_cache *c);
/* A query begins: what it does not ask for may go. */
void link_cache_begin(const struct link_query *q);
struct scan_vocab;

/* A command line of the action: its words. */
struct link_command {
	const char *word[LINK_WORDS_MAX];
	size_t len[LINK_WORDS_MAX];
	size_t n;
	size_t start, end; /* in the clean text */
};
typedef void link_command_fn(void *ctx, const struct link_command *c);
/* The command lines of the action, three words or more each. */
void link_commands(const struct link_clean *t, const char *language, link_command_fn *found,
		   void *ctx);
/* A command's words with one blank between. Those for which there is no room are left out; *first is
 * the first that is not. False: too few are left. */
bool link_command_text(const struct link_command *c, struct buf *text, size_t *first);
/* Whether the words of p[0..n), with one blank between, stand at t->text[i] on one line; *end behind
 * them. */
bool
link_words_at(const struct link_clean *t, const char *p, size_t n, size_t i, size_t *end);
/* The bytes of a word without a version behind it: pkg of pkg==1.2, @s/pkg of @s/pkg@1. */
size_t link_bare(const char *p, size_t n);
/* The same when all stand behind the first in any order, with few words between. */
bool
link_words_near(const struct link_clean *t, const char *p, size_t n, size_t i, size_t *end);
/* The orders that the action says. */
void link_says(const struct link_clean *t, const struct scan_vocab *v,
	       link_command_fn *found, void *ctx);
/* The next word from *i on, without quotes and marks around it; false at the end of the line,
 * *i is then behind it or at the end. */
bool link_word(const struct link_clean *t, size_t *i, size_t *start, size_t *len);

#endif
