/* Head, tail and spill file of a step's output. See collect.h.
 *
 * What is shown is folded text, what is spilled are the raw bytes: a progress bar of a megabyte
 * folds to a line and is still there to be looked at. The tail is a buffer of twice its size
 * that is cut when it is full, so that each byte is moved at most once.
 *
 * Pinned by tests/unit/test_collect.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/collect.h"

#define LAST_TEXT_MIN 4 /* bytes; noise holds fewer by chance */

static void
collect_tail(struct collect *c, const char *p, size_t n)
{
	if (n >= c->half) {
		p += n - c->half;
		n = c->half;
		buf_reset(&c->tail);
	} else if (c->tail.len + n > 2 * c->half) {
		buf_consume(&c->tail, c->tail.len + n - c->half);
	}
	buf_add(&c->tail, p, n);
}

static void
collect_text(const char *p, size_t n, void *arg)
{
	struct collect *c = arg;
	size_t room = c->half - c->head.len, first = MIN_OF(room, n);

	c->text_bytes += n;
	buf_add(&c->head, p, first);
	if (n > first)
		collect_tail(c, p + first, n - first);
}

void
collect_init(struct collect *c, size_t show, const char *dir, size_t spill_max)
{
	size_t half = MAX_OF(show / 2, (size_t)1);

	*c = (struct collect){.half = half,
			      .head = BUF_INIT(half),
			      .tail = BUF_INIT(2 * half),
			      .raw = BUF_INIT(2 * half),
			      .sniff = BUF_INIT(MAGIC_BYTES),
			      .last = BUF_INIT(2 * COLLECT_LAST_MAX),
			      .dir = dir,
			      .fd = -1,
			      .spill_max = spill_max};
	fold_init(&c->fold, collect_text, c);
}

void
collect_release(struct collect *c)
{
	fold_release(&c->fold);
	buf_release(&c->head);
	buf_release(&c->tail);
	buf_release(&c->raw);
	buf_release(&c->sniff);
	buf_release(&c->last);
	free(TAKE(c->path));
	if (c->fd >= 0)
		close(TAKE_FD(c->fd));
}

static enum err_kind
collect_open(struct collect *c, struct err *e)
{
	AUTO_FREE char *path = NULL;
	enum err_kind kind = fs_mkdirs(c->dir, 0700, e);

	if (kind)
		return kind;
	path = mem_printf("%s/output-XXXXXX", c->dir);
	c->fd = mkostemp(path, O_CLOEXEC);
	if (c->fd < 0)
		return err_sys(e, ERR_IO, "cannot make a file in '%s'", c->dir);
	c->path = TAKE(path);
	return ERR_NONE;
}

static void
collect_spill(struct collect *c, const char *p, size_t n)
{
	size_t room = c->spill_max - c->spilled;

	n = MIN_OF(n, room);
	if (c->fd < 0 || n == 0)
		return;
	if (fs_write_all(c->fd, p, n, &c->spill_error))
		close(TAKE_FD(c->fd));
	else
		c->spilled += n;
}

static void
collect_keep(struct collect *c, const char *p, size_t n)
{
	if (!c->dir || c->spill_error.kind)
		return;
	if (!c->path && buf_add(&c->raw, p, n))
		return;
	if (!c->path) {
		if (!collect_open(c, &c->spill_error))
			collect_spill(c, c->raw.data, c->raw.len);
		buf_release(&c->raw);
	}
	collect_spill(c, p, n);
}

static void
collect_last(struct collect *c, const char *p, size_t n)
{
	size_t keep = MIN_OF(n, COLLECT_LAST_MAX);

	if (c->last.len + keep > 2 * COLLECT_LAST_MAX)
		buf_consume(&c->last, c->last.len - (COLLECT_LAST_MAX - keep));
	buf_add(&c->last, p + n - keep, keep);
}

void
collect_add(struct collect *c, const char *p, size_t n)
{
	c->total_bytes += n;
	buf_add(&c->sniff, p, MIN_OF(n, MAGIC_BYTES - c->sniff.len));
	collect_last(c, p, n);
	collect_keep(c, p, n);
	fold_feed(&c->fold, p, n);
}

bool
collect_full(const struct collect *c)
{
	return c->total_bytes > c->spill_max;
}

/* Ends the first part behind a line, if one ends in its last quarter, else at a character. */
static size_t
collect_head_end(const struct buf *b)
{
	size_t from = b->len - b->len / 4;
	const char *newline = memrchr(b->data + from, '\n', b->len - from);

	if (newline)
		return (size_t)(newline - b->data) + 1;
	return b->len - utf8_tail(b->data, b->len);
}

/* Begins the last part at a line, if one begins in its first quarter, else at a character. */
static size_t
collect_tail_start(const char *p, size_t n)
{
	const char *newline = memchr(p, '\n', n / 4);
	size_t start = 0;

	if (newline)
		return (size_t)(newline - p) + 1;
	while (start < n && start < 4 && (p[start] & 0xC0) == 0x80)
		start++;
	return start;
}

static char *
collect_ends(struct collect *c, size_t *omitted)
{
	size_t head = collect_head_end(&c->head), n = MIN_OF(c->tail.len, c->half);
	const char *last = c->tail.data + (c->tail.len - n);
	size_t start = collect_tail_start(last, n);
	struct buf out = BUF_INIT(2 * c->half + 128);

	*omitted = c->text_bytes - head - (n - start);
	/* Bytes that are no text are longer as text: what is told are bytes of the output. */
	if (c->text_bytes > c->total_bytes)
		*omitted = (size_t)((double)*omitted * (double)c->total_bytes /
				    (double)c->text_bytes);
	buf_add(&out, c->head.data, head);
	buf_addf(&out, "%s[%zu bytes left out]\n",
		 head > 0 && c->head.data[head - 1] == '\n' ? "" : "\n", *omitted);
	buf_add(&out, last + start, n - start);
	return buf_take(&out);
}

char *
collect_end(struct collect *c, size_t *omitted)
{
	struct buf out = BUF_INIT(2 * c->half);

	fold_end(&c->fold);
	if (c->fd >= 0)
		close(TAKE_FD(c->fd));
	*omitted = 0;
	if (c->text_bytes > 2 * c->half)
		return collect_ends(c, omitted);
	buf_add(&out, c->head.data, c->head.len);
	buf_add(&out, c->tail.data, c->tail.len);
	return buf_take(&out);
}

char *
collect_binary(const struct collect *c, size_t *front)
{
	struct magic m;
	AUTO_FREE char *what = NULL, *size = NULL;

	if (!magic_behind(c->sniff.data, c->sniff.len, front, &m))
		return NULL;
	what = magic_words(&m);
	size = magic_size(c->total_bytes - *front);
	return mem_printf("[binary output: %s, %s]", size, what);
}

char *
collect_last_text(const struct collect *c)
{
	const char *p = c->last.data;
	size_t n = c->last.len, start = n;

	if (n == 0 || p[n - 1] != '\n')
		return NULL;
	/* Behind the first newline from which on all is text. */
	for (size_t i = n - 1; i > 0; i--) {
		unsigned char b = (unsigned char)p[i - 1];

		if (b == '\n' && !utf8_valid(p + i, n - i))
			break;
		if (b == '\n')
			start = i;
		if ((b < 0x20 && b != '\n' && b != '\t') || b == 0x7F)
			break;
	}
	if (n - start < LAST_TEXT_MIN)
		return NULL;
	return mem_strndup(p + start, n - start);
}
