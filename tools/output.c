/* Pages of earlier outputs. See output.h.
 *
 * The file is read twice through a window of READ_MAX bytes: once to count its rows, once to the
 * page. Rows are cut from raw bytes, before anything is folded, so that a row's number does not
 * depend on where reading began. Memory is bounded by window and page.
 *
 * Pinned by tests/unit/test_output.c and tests/e2e/test_output.py. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/fold.h"
#include "tools/output.h"

#define READ_MAX (64 * KIB) /* bytes of a file at a time */

/* ---- what is kept ---- */

static void
kept_release(struct output_kept *k)
{
	free(TAKE(k->path));
	free(TAKE(k->text));
	free(TAKE(k->binary));
}

/* Drops the oldest texts until all fit; that they were there is remembered. */
static void
outputs_shrink(struct outputs *o)
{
	for (size_t i = 0; o->kept > OUTPUTS_KEEP_MAX && i < o->n; i++) {
		if (!o->at[i].text)
			continue;
		o->kept -= strlen(o->at[i].text);
		free(TAKE(o->at[i].text));
	}
}

void
outputs_add(struct outputs *o, unsigned step, const struct step_result *r)
{
	struct output_kept k = {.step = step, .bytes = r->total_bytes, .mark = UINT_MAX};

	if (r->end == STEP_NOT_RUN)
		return;
	if (r->binary)
		k.binary = mem_strdup(r->binary);
	if (r->spill_path)
		k.path = mem_strdup(r->spill_path);
	else
		k.text = mem_strdup(r->output ? r->output : "");
	k.partial = !r->spill_path && r->omitted_bytes > 0;
	o->at = mem_array(o->at, o->n + 1, sizeof(*o->at));
	o->at[o->n++] = k;
	o->kept += k.text ? strlen(k.text) : 0;
	outputs_shrink(o);
}

void
outputs_release(struct outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		kept_release(&o->at[i]);
	free(o->at);
	*o = (struct outputs){0};
}

static const struct output_kept *
outputs_find(const struct outputs *o, int64_t step)
{
	for (size_t i = o->n; i > 0; i--)
		if (o->at[i - 1].step == step)
			return &o->at[i - 1];
	return NULL;
}

void
outputs_set_mark(struct outputs *o, unsigned step, unsigned mark)
{
	if (o->n && o->at[o->n - 1].step == step)
		o->at[o->n - 1].mark = mark;
}

unsigned
outputs_mark(const struct outputs *o, int64_t step)
{
	const struct output_kept *k = outputs_find(o, step);

	return k ? k->mark : UINT_MAX;
}

/* ---- rows ---- */

/* Where rows come from: a file, or a text. */
struct source {
	int fd; /* or -1 */
	const char *text;
	size_t left; /* bytes of the text */
	struct buf window;
	bool ended;
};

static void
source_fill(struct source *s)
{
	char block[READ_MAX];
	ssize_t n;

	if (s->fd < 0) {
		n = (ssize_t)MIN_OF(s->left, sizeof(block));
		buf_add(&s->window, s->text, (size_t)n);
		s->text += n;
		s->left -= (size_t)n;
	} else {
		do
			n = read(s->fd, block, sizeof(block));
		while (n < 0 && errno == EINTR);
		if (n > 0)
			buf_add(&s->window, block, (size_t)n);
	}
	s->ended = n <= 0;
}

/* Length of the row at p, without looking past the bytes that are there. */
static size_t
row_length(const char *p, size_t n)
{
	size_t most = MIN_OF(n, OUTPUT_ROW_MAX);
	const char *newline = memchr(p, '\n', most);

	if (newline)
		return (size_t)(newline - p) + 1;
	/* A character is not cut; four bytes are the longest. */
	for (size_t i = 0; i < 3 && most < n && ((unsigned char)p[most] & 0xC0) == 0x80;
	     i++)
		most++;
	return most;
}

typedef bool row_fn(const char *p, size_t n, void *arg); /* false: enough */

static void
source_rows(struct source *s, row_fn *take, void *arg)
{
	size_t at = 0;

	for (;;) {
		if (!s->ended && s->window.len - at < OUTPUT_ROW_MAX + 4) {
			buf_consume(&s->window, at);
			at = 0;
			source_fill(s);
			continue;
		}
		if (at == s->window.len)
			return;
		size_t n = row_length(s->window.data + at, s->window.len - at);

		if (!take(s->window.data + at, n, arg))
			return;
		at += n;
	}
}

static bool
row_count(const char *p, size_t n, void *arg)
{
	(void)p;
	(void)n;
	++*(int64_t *)arg;
	return true;
}

struct page {
	int64_t row, first, last; /* rows: at hand, wanted, from 1 */
	struct buf text;
};

static void
page_text(const char *p, size_t n, void *arg)
{
	buf_add(arg, p, n);
}

/* True: the row fitted, or it is the first: OUTPUT_ROW_MAX bytes are never too many. */
static bool
page_row(const char *p, size_t n, void *arg)
{
	struct page *g = arg;
	struct buf row = BUF_INIT(4 * OUTPUT_ROW_MAX);
	struct fold f;
	bool fits = true;

	if (++g->row < g->first)
		return true;
	fold_init(&f, page_text, &row);
	fold_feed(&f, p, n);
	fold_end(&f);
	fold_release(&f);
	if (n > 0 && p[n - 1] != '\n')
		buf_addc(&row, '\n');
	if (g->row > g->last || !buf_add(&g->text, row.data, row.len)) {
		g->row--;
		fits = false;
	}
	buf_release(&row);
	return fits && g->row < g->last;
}

/* ---- a page ---- */

static bool
source_open(const struct output_kept *k, struct source *s)
{
	*s = (struct source){.fd = -1,
			     .text = k->text,
			     .left = k->text ? strlen(k->text) : 0,
			     .window = BUF_INIT(READ_MAX + OUTPUT_ROW_MAX + 4)};
	if (k->path)
		s->fd = open(k->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return s->fd >= 0 || k->text;
}

static void
source_close(struct source *s)
{
	buf_release(&s->window);
	if (s->fd >= 0)
		close(TAKE_FD(s->fd));
}

static int64_t
kept_rows(const struct output_kept *k)
{
	struct source s;
	int64_t rows = 0;

	if (source_open(k, &s))
		source_rows(&s, row_count, &rows);
	source_close(&s);
	return rows;
}

/* Why there is nothing to page through, in words; or NULL. */
static char *
output_none(const struct outputs *o, const struct output_kept *k,
	    const struct output_ask *ask)
{
	struct source s;
	bool there;

	if (!k && o->n == 0)
		return mem_strdup("No step has run yet: there is no output to read.");
	if (!k)
		return mem_printf("There is no output of a step %lld. The steps that ran: "
				  "%u to %u.",
				  (long long)ask->step, o->at[0].step,
				  o->at[o->n - 1].step);
	if (k->binary)
		return mem_printf("The output of step %u is no text: %s Read it with code, "
				  "or let the step write it to a file.",
				  k->step, k->binary);
	there = source_open(k, &s);
	source_close(&s);
	if (!there)
		return mem_printf("The output of step %u was removed: what is kept of a "
				  "session's outputs is bounded. Run the step again, with "
				  "its output in a file.",
				  k->step);
	return NULL;
}

static void
page_head(const struct output_kept *k, const struct page *g, int64_t rows, struct buf *out)
{
	buf_addf(out, "[step %u · lines %lld to %lld of %lld", k->step, (long long)g->first,
		 (long long)g->row, (long long)rows);
	if (g->row < rows)
		buf_addf(out, " · next: {\"step\": %u, \"from\": %lld}", k->step,
			 (long long)g->row + 1);
	if (k->partial)
		buf_adds(out, " · its middle was not kept");
	buf_adds(out, "]\n");
}

bool
output_page(const struct outputs *o, const struct output_ask *ask, struct buf *out)
{
	const struct output_kept *k = outputs_find(o, ask->step);
	AUTO_FREE char *none = output_none(o, k, ask);
	int64_t lines = ask->lines > 0 ? ask->lines : OUTPUT_LINES, rows;
	struct page g = {.text = BUF_INIT(OUTPUT_BYTES_MAX)};
	struct source s;

	if (none)
		return buf_adds(out, none), false;
	rows = kept_rows(k);
	g.first = ask->from < 0 ? MAX_OF(rows + ask->from + 1, (int64_t)1)
				: MAX_OF(ask->from, (int64_t)1);
	if (g.first > rows) {
		buf_addf(out,
			 "The output of step %u has %lld lines; there is no line %lld.",
			 k->step, (long long)rows, (long long)g.first);
		return false;
	}
	g.last = MIN_OF(g.first + MIN_OF(lines, (int64_t)OUTPUT_LINES_MAX) - 1, rows);
	if (source_open(k, &s))
		source_rows(&s, page_row, &g);
	source_close(&s);
	page_head(k, &g, rows, out);
	buf_add(out, g.text.data, g.text.len);
	buf_release(&g.text);
	return true;
}
