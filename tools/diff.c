/* Unified differences. Contract in diff.h.
 *
 * Lines that both texts begin or end with are put aside; what is left goes through Myers'
 * greedy search for the shortest edit, whose frontiers are kept for the way back. The search is
 * bounded: texts too far apart are shown as one block of old lines and one of new ones, which is
 * what a reader of such a difference does anyway.
 *
 * Source: E. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986).
 * Pinned by tests/unit/test_diff.c. */
#include "tools/diff.h"

#include <stdio.h>
#include <string.h>

#include "agent/base/mem.h"

#define BINARY_LOOK 8000 /* bytes in which a NUL makes a file binary, as git has it */

struct line {
	const char *p;
	size_t n; /* with its newline */
};

struct text {
	struct line *at;
	size_t n;
};

/* A run of lines: `del` of a are replaced by `add` of b. */
struct edit {
	size_t a, del, b, add;
};

struct edits {
	struct edit *at;
	size_t n, cap;
};

bool
diff_is_binary(const char *p, size_t n)
{
	return n > 0 && memchr(p, 0, MIN_OF(n, (size_t)BINARY_LOOK));
}

static struct text
split(const char *p, size_t n)
{
	struct text t = {.at = NULL};
	size_t cap = 0;

	while (n > 0) {
		const char *nl = memchr(p, '\n', n);
		size_t len = nl ? (size_t)(nl - p) + 1 : n;

		if (t.n == cap) {
			cap = cap ? cap * 2 : 64;
			t.at = mem_array(t.at, cap, sizeof(*t.at));
		}
		t.at[t.n++] = (struct line){p, len};
		p += len;
		n -= len;
	}
	return t;
}

static bool
same(const struct line *x, const struct line *y)
{
	return x->n == y->n && memcmp(x->p, y->p, x->n) == 0;
}

/* Edits come from the end to the beginning; ones that touch are one. */
static void
push(struct edits *e, size_t a, size_t del, size_t b, size_t add)
{
	struct edit *last = e->n ? &e->at[e->n - 1] : NULL;

	if (last && last->a == a + del && last->b == b + add) {
		*last = (struct edit){a, last->del + del, b, last->add + add};
		return;
	}
	if (e->n == e->cap) {
		e->cap = e->cap ? e->cap * 2 : 16;
		e->at = mem_array(e->at, e->cap, sizeof(*e->at));
	}
	e->at[e->n++] = (struct edit){a, del, b, add};
}

/* Row d of the trace holds v[-d..d] behind d*d other numbers. */
static int *
row(int *trace, int d)
{
	return trace + (size_t)d * (size_t)d + (size_t)d;
}

/* The furthest x on diagonal k after d edits, from the row before. */
static int
step(const int *before, int d, int k)
{
	if (d == 0)
		return 0;
	if (k == -d || (k != d && before[k - 1] < before[k + 1]))
		return before[k + 1];
	return before[k - 1] + 1;
}

/* The number of edits, or -1 when there are more than the bound. */
static int
search(const struct line *a, int na, const struct line *b, int nb, int **trace)
{
	int bound = MIN_OF(na + nb, DIFF_EDITS_MAX);

	for (int d = 0; d <= bound; d++) {
		int *v;

		*trace = mem_array(*trace, (size_t)(d + 1) * (size_t)(d + 1), sizeof(int));
		v = row(*trace, d);
		for (int k = -d; k <= d; k += 2) {
			int x = step(d ? row(*trace, d - 1) : NULL, d, k), y = x - k;

			while (x < na && y >= 0 && y < nb && same(&a[x], &b[y])) {
				x++;
				y++;
			}
			v[k] = x;
			if (x >= na && y >= nb)
				return d;
		}
	}
	return -1;
}

/* Walks the trace back from the end. `at` is where the middle begins in both texts. */
static void
collect(int *trace, int d, int na, int nb, size_t at, struct edits *e)
{
	int x = na, y = nb;

	for (; d > 0; d--) {
		const int *before = row(trace, d - 1);
		int k = x - y;
		bool down = k == -d || (k != d && before[k - 1] < before[k + 1]);
		int px = down ? before[k + 1] : before[k - 1],
		    py = px - (down ? k + 1 : k - 1);

		push(e, at + (size_t)px, !down, at + (size_t)py, down);
		x = px;
		y = py;
	}
}

static void
find(const struct text *a, const struct text *b, struct edits *e)
{
	size_t head = 0, tail = 0, na, nb;
	AUTO_FREE int *trace = NULL;
	int d = -1;

	while (head < a->n && head < b->n && same(&a->at[head], &b->at[head]))
		head++;
	while (tail < a->n - head && tail < b->n - head &&
	       same(&a->at[a->n - 1 - tail], &b->at[b->n - 1 - tail]))
		tail++;
	na = a->n - head - tail;
	nb = b->n - head - tail;
	if (na == 0 && nb == 0)
		return;
	if (na && nb && na <= DIFF_LINES_MAX && nb <= DIFF_LINES_MAX)
		d = search(a->at + head, (int)na, b->at + head, (int)nb, &trace);
	if (d < 0)
		push(e, head, na, head, nb);
	else
		collect(trace, d, (int)na, (int)nb, head, e);
}

/* ---- hunks ---- */

struct out {
	diff_line_fn *fn;
	void *arg;
};

static void
put_lines(const struct out *o, enum diff_kind kind, const struct text *t, size_t at,
	  size_t n)
{
	for (size_t i = at; i < at + n; i++) {
		const struct line *l = &t->at[i];
		bool eol = l->p[l->n - 1] == '\n';

		o->fn(kind, l->p, l->n - eol, o->arg);
		if (!eol)
			o->fn(DIFF_NOEOL, "", 0, o->arg);
	}
}

static void
put_head(const struct out *o, size_t a, size_t na, size_t b, size_t nb)
{
	char head[96];
	int n = snprintf(head, sizeof(head), "@@ -%zu,%zu +%zu,%zu @@", na ? a + 1 : a, na,
			 nb ? b + 1 : b, nb);

	o->fn(DIFF_HUNK, head, (size_t)n, o->arg);
}

/* Edits from..to (they are in reverse order) are near enough to be one hunk. */
static void
put_hunk(const struct out *o, const struct text *a, const struct text *b,
	 const struct edits *all, size_t from, size_t to)
{
	const struct edit *e = &all->at[from], *last = &all->at[to];
	size_t lead = MIN_OF(e->a, (size_t)DIFF_CONTEXT);
	size_t end = last->a + last->del, trail = MIN_OF(a->n - end, (size_t)DIFF_CONTEXT);
	size_t at = e->a - lead;

	put_head(o, at, end + trail - at, e->b - lead,
		 last->b + last->add + trail - (e->b - lead));
	for (size_t i = from + 1; i > to; i--) {
		e = &all->at[i - 1];
		put_lines(o, DIFF_SAME, a, at, e->a - at);
		put_lines(o, DIFF_DEL, a, e->a, e->del);
		put_lines(o, DIFF_ADD, b, e->b, e->add);
		at = e->a + e->del;
	}
	put_lines(o, DIFF_SAME, a, at, trail);
}

static void
put_hunks(const struct out *o, const struct text *a, const struct text *b,
	  const struct edits *e)
{
	size_t i = e->n;

	while (i > 0) {
		size_t k = i - 1;

		while (k > 0 &&
		       e->at[k - 1].a - (e->at[k].a + e->at[k].del) <= 2 * DIFF_CONTEXT)
			k--;
		put_hunk(o, a, b, e, i - 1, k);
		i = k;
	}
}

struct diff_count
diff_text(const char *a, size_t na, const char *b, size_t nb, diff_line_fn *fn, void *arg)
{
	struct text x = split(a, na), y = split(b, nb);
	struct diff_count count = {0};
	struct out o = {fn, arg};
	struct edits e = {0};

	find(&x, &y, &e);
	for (size_t i = 0; i < e.n; i++) {
		count.deleted += e.at[i].del;
		count.added += e.at[i].add;
	}
	if (fn)
		put_hunks(&o, &x, &y, &e);
	free(e.at);
	free(x.at);
	free(y.at);
	return count;
}
