/* What a long text holds, read once. See link_int.h.
 *
 * The text is cut into windows of some lines. Of each window the hashes of all tokens are kept, of
 * all words, for a command may stand there in another order, and of every two words that stand
 * beside each other, as they do in an order that is repeated. An
 * action's token is then a look into a bucket, and only the windows that come out, which are next
 * to always the right ones, are read again and compared byte by byte. So the index decides nothing:
 * a hash met by chance costs the reading of a window. Each window begins with the last line of the
 * one before, for a number may be named by a word above it; a line that is longer than a window is
 * cut with an overlap that holds the longest token.
 * Pinned by tests/unit/test_link_cache.c; measured by tests/bench/link.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/link_int.h"

#define WINDOW	    4096 /* bytes; up to twice as many to the end of a line */
#define CONTEXT	    2048 /* of the line before that a window begins with */
#define WINDOW_BITS 24	 /* of an entry; the rest is hash */
#define BUCKET_FILL 4	 /* entries of one, about */
#define RECENT	    1024 /* entries that are not written twice; a power of two */
#define TEXT_MAX    (1u << 30)
#define ENTRIES_MAX (LINK_CACHE_MAX / sizeof(uint64_t))
#define PAIR	    LINK_KINDS /* the kind that two words are hashed with */
#define WORD	    (LINK_KINDS + 1)
#define WINDOW_MASK ((UINT64_C(1) << WINDOW_BITS) - 1)

struct index_window {
	uint32_t from, to;
	uint32_t
	    step; /* how many pairs of the command in hand it has, counted from `base` */
	bool marked;
};

struct link_index {
	uint64_t *entry;  /* hash above, number of the window below */
	uint32_t *bucket; /* where the entries of each begin, and their end */
	size_t n, nbuckets;
	struct index_window *window;
	size_t nwindows;
	uint32_t base;
};

/* Being made. */
struct index_new {
	struct link_index *x;
	size_t cap, wcap;
	uint64_t recent[RECENT];
};

static void
index_add(struct index_new *b, uint64_t hash)
{
	struct link_index *x = b->x;
	uint64_t e = (hash & ~WINDOW_MASK) | (x->nwindows - 1);
	uint64_t *seen = &b->recent[(hash >> WINDOW_BITS) % RECENT];

	if (*seen == e)
		return;
	*seen = e;
	if (x->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 256;
		x->entry = mem_array(x->entry, b->cap, sizeof(*x->entry));
	}
	x->entry[x->n++] = e;
}

/* The upper bits are kept: they need mixing once more. */
static uint64_t
index_hash(uint64_t h, const char *p, size_t n)
{
	h = link_hash(h, p, n);
	h = (h ^ (h >> 29)) * UINT64_C(0xBF58476D1CE4E5B9);
	return h ^ (h >> 32);
}

static void
index_token(void *ctx, enum link_kind kind, const char *p, size_t n, size_t start,
	    size_t end)
{
	(void)start;
	(void)end;
	index_add(ctx, index_hash((uint64_t)kind, p, n));
}

static uint64_t
index_pair(uint64_t first, uint64_t second)
{
	return index_hash(PAIR, (const char *)(uint64_t[]){first, second},
			  2 * sizeof(uint64_t));
}

static void
index_word(struct index_new *b, const char *p, size_t n)
{
	size_t bare = link_bare(p, n);

	index_add(b, index_hash(WORD, p, n));
	if (bare < n)
		index_add(b, index_hash(WORD, p, bare));
}

static void
index_pairs(struct index_new *b, const struct link_clean *t)
{
	uint64_t before = 0;
	bool any = false;

	for (size_t i = 0, start, len; i < t->len;) {
		uint64_t word;

		if (!link_word(t, &i, &start, &len)) {
			any = false;
			continue;
		}
		word = link_hash(0, t->text + start, len);
		index_word(b, t->text + start, len);
		if (any)
			index_add(b, index_pair(before, word));
		before = word;
		any = true;
	}
}

/* The end of the window that begins at `from`. */
static size_t
index_end(const char *p, size_t n, size_t from)
{
	size_t least = MIN_OF(n, from + WINDOW), most = MIN_OF(n, from + 2 * WINDOW);
	const char *lf = memchr(p + least, '\n', most - least);

	while (lf && lf > p && lf[-1] == '\\')
		lf = memchr(lf + 1, '\n', most - (size_t)(lf + 1 - p));
	return lf ? (size_t)(lf - p) : most;
}

/* Where the window behind the one that ends at `to` begins. */
static size_t
index_next(const char *p, size_t to)
{
	const char *lf;

	if (p[to] != '\n')
		return to - WINDOW;
	lf = memrchr(p + to - CONTEXT, '\n', CONTEXT);
	return lf ? (size_t)(lf - p) + 1 : to + 1;
}

static void
index_window(struct index_new *b, size_t from, size_t to)
{
	struct link_index *x = b->x;

	if (x->nwindows == b->wcap) {
		b->wcap = b->wcap ? b->wcap * 2 : 4;
		x->window = mem_array(x->window, b->wcap, sizeof(*x->window));
	}
	x->window[x->nwindows++] =
	    (struct index_window){.from = (uint32_t)from, .to = (uint32_t)to};
}

/* Entries in the order of their buckets. */
static void
index_sort(struct link_index *x)
{
	uint64_t *sorted = mem_array(NULL, x->n + 1, sizeof(*sorted));

	x->nbuckets = x->n / BUCKET_FILL + 1;
	x->bucket = mem_array(NULL, x->nbuckets + 2, sizeof(*x->bucket));
	memset(x->bucket, 0, (x->nbuckets + 2) * sizeof(*x->bucket));
	for (size_t i = 0; i < x->n; i++)
		x->bucket[(x->entry[i] >> WINDOW_BITS) % x->nbuckets + 2]++;
	for (size_t i = 2; i < x->nbuckets + 2; i++)
		x->bucket[i] += x->bucket[i - 1];
	for (size_t i = 0; i < x->n; i++)
		sorted[x->bucket[(x->entry[i] >> WINDOW_BITS) % x->nbuckets + 1]++] =
		    x->entry[i];
	free(x->entry);
	x->entry = sorted;
}

struct link_index *
link_index_new(const struct link_text *t, enum link_side side, enum link_join join,
	       const struct link_query *q)
{
	struct index_new b = {.x = NULL};
	size_t to;

	if (t->len > TEXT_MAX)
		return NULL;
	b.x = mem_alloc(sizeof(*b.x));
	for (size_t from = 0; from < t->len; from = index_next(t->text, to)) {
		struct link_clean c;
		struct link_walk w = {
		    .text = &c, .side = side, .query = q, .found = index_token, .ctx = &b};

		if (b.x->n > ENTRIES_MAX) {
			link_index_free(b.x);
			return NULL;
		}
		to = index_end(t->text, t->len, from);
		index_window(&b, from, to);
		link_clean(&c, t->text + from, to - from, join);
		link_walk_names(&w);
		link_walk_numbers(&w);
		index_pairs(&b, &c);
		link_clean_release(&c);
		if (to == t->len)
			break;
	}
	index_sort(b.x);
	return b.x;
}

void
link_index_free(struct link_index *x)
{
	if (!x)
		return;
	free(x->entry);
	free(x->bucket);
	free(x->window);
	free(x);
}

size_t
link_index_bytes(const struct link_index *x)
{
	return sizeof(*x) + x->n * sizeof(*x->entry) + x->nbuckets * sizeof(*x->bucket) +
	       x->nwindows * sizeof(*x->window);
}

static bool
index_same(uint64_t entry, uint64_t hash)
{
	return (entry & ~WINDOW_MASK) == (hash & ~WINDOW_MASK);
}

/* Windows that were at `step` and have this hash are one further. */
static void
index_step(struct link_index *x, uint64_t hash, uint32_t step, bool first)
{
	size_t k = (hash >> WINDOW_BITS) % x->nbuckets;

	for (size_t i = x->bucket[k]; i < x->bucket[k + 1]; i++) {
		struct index_window *w = &x->window[x->entry[i] & WINDOW_MASK];

		if (index_same(x->entry[i], hash) && (first || w->step == step))
			w->step = step + 1;
	}
}

/* The words stand in p with one blank between: in this order, or in any. */
static uint32_t
index_words(struct link_index *x, const char *p, size_t n, bool ordered)
{
	uint32_t steps = 0;
	uint64_t before = 0;

	for (size_t i = 0, words = 0; i <= n; words++) {
		const char *blank = memchr(p + i, ' ', n - i);
		size_t end = blank ? (size_t)(blank - p) : n;
		uint64_t word = link_hash(0, p + i, end - i);

		if (!ordered || words > 0) {
			index_step(x,
				   ordered ? index_pair(before, word)
					   : index_hash(WORD, p + i, end - i),
				   x->base + steps, steps == 0);
			steps++;
		}
		before = word;
		i = end + 1;
	}
	return steps;
}

void
link_index_find(struct link_index *x, enum link_kind kind, const char *p, size_t n)
{
	bool command = kind == LINK_COMMAND || kind == LINK_TEXT;
	uint32_t steps = 1;

	if (command)
		steps = index_words(x, p, n, kind == LINK_TEXT);
	else
		index_step(x, index_hash((uint64_t)kind, p, n), x->base, true);
	for (size_t i = 0; i < x->nwindows; i++)
		x->window[i].marked |= steps == 0 || x->window[i].step == x->base + steps;
	x->base += steps + 1;
}

void
link_index_walk(struct link_index *x, void (*walk)(void *, size_t, size_t), void *ctx)
{
	for (size_t i = 0; i < x->nwindows; i++) {
		if (x->window[i].marked)
			walk(ctx, x->window[i].from, x->window[i].to);
		x->window[i].marked = false;
	}
}
