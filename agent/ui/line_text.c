/* What happens to entered text. See line_text.h. Pinned by tests/unit/test_line_text.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/gate/charclass.h"
#include "agent/ui/escape.h"
#include "agent/ui/line_text.h"
#include "agent/ui/width.h"

#define QUOTES		    "\"\"\""
#define LINE_TEXT_PIECE_MAX (1 * MIB) /* bytes of one piece of a view */
#define KEY_ESC		    0x1B
#define KEY_ERASE	    0x7F
#define KEY_BACKSPACE	    0x08
#define KEY_KILL	    0x15 /* Ctrl-U */
#define KEY_WORD_ERASE	    0x17 /* Ctrl-W */

static size_t
text_blanks(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n'))
		i++;
	return i;
}

static size_t
text_trimmed(const char *p, size_t n)
{
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\n'))
		n--;
	return n;
}

/* Where the block's text begins; 0: this is none. */
static size_t
text_block(const char *p, size_t n)
{
	size_t start = text_blanks(p, n);

	return n - start >= 3 && memcmp(p + start, QUOTES, 3) == 0 ? start + 3 : 0;
}

/* Length of a code fence that this line is: of any when `run` is 0, else one that closes a fence
 * of `run` times `mark`. */
static size_t
text_fence(const char *p, size_t n, char mark, size_t run)
{
	size_t k = 0;

	for (int i = 0; run && i < 3 && n > 0 && *p == ' '; i++) {
		p++;
		n--;
	}
	if (!run)
		mark = n > 0 && (*p == '`' || *p == '~') ? *p : '\0';
	while (k < n && mark && p[k] == mark)
		k++;
	if (k < 3 || k < run)
		return 0;
	if (run)
		return text_trimmed(p, n) == k ? k : 0;
	return mark == '`' && memchr(p + k, '`', n - k) ? 0 : k;
}

/* A message that begins with a code block and is still inside one. */
static bool
text_in_code(const char *p, size_t n)
{
	size_t at = text_blanks(p, n), run = 0;
	char mark = '\0';

	for (bool first = true; at < n; first = false) {
		const char *nl = memchr(p + at, '\n', n - at);
		size_t len = nl ? (size_t)(nl - p) - at : n - at;
		size_t k = text_fence(p + at, len, mark, run);

		if (first && k == 0)
			return false;
		if (k > 0) {
			mark = run ? '\0' : p[at];
			run = run ? 0 : k;
		}
		at += len + 1;
	}
	return run > 0;
}

bool
line_text_open(const char *p, size_t n)
{
	size_t start = text_block(p, n), end = text_trimmed(p, n);

	if (start == 0)
		return text_in_code(p, n);
	return end < start + 3 || memcmp(p + end - 3, QUOTES, 3) != 0;
}

void
line_text_unwrap(struct buf *out, const char *p, size_t n)
{
	size_t start = text_block(p, n), end = text_trimmed(p, n);

	if (start > 0 && !line_text_open(p, n)) {
		end -= 3;
		if (start < end && p[start] == '\n')
			start++;
		if (start < end && p[end - 1] == '\n')
			end--;
		p += start;
		n = end - start;
	}
	buf_add(out, p, n);
}

bool
line_text_c1(const char *p, size_t n)
{
	return n >= 2 && (unsigned char)p[0] == 0xC2 && (unsigned char)p[1] >= 0x80 &&
	       (unsigned char)p[1] < 0xA0;
}

/* Valid UTF-8 without C1 controls. */
static void
text_repair(struct buf *out, const char *p, size_t n)
{
	AUTO_BUF struct buf valid = BUF_INIT(3 * n + 1);

	utf8_repair(&valid, p, n);
	for (size_t i = 0; i < valid.len; i++) {
		if (line_text_c1(valid.data + i, valid.len - i)) {
			buf_adds(out, "\uFFFD");
			i++;
		} else {
			buf_addc(out, valid.data[i]);
		}
	}
}

void
line_text_paste(struct buf *out, const char *p, size_t n)
{
	AUTO_BUF struct buf plain = BUF_INIT(n + 1);

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
			continue;
		if (p[i] != '\0')
			buf_addc(&plain, p[i] == '\r' ? '\n' : p[i]);
	}
	text_repair(out, plain.data, plain.len);
}

/* Bytes of the escape sequence at p[0]: CSI and SS3 as arrow keys send them, else ESC alone
 * with the character behind it. */
static size_t
text_sequence(const char *p, size_t n)
{
	size_t i = 2;

	if (n < 2)
		return n;
	if (p[1] == 'O')
		return MIN_OF(n, 3);
	if (p[1] != '[')
		return 2;
	while (i < n && (unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x40)
		i++;
	return MIN_OF(i + 1, n);
}

static void
text_erase(struct buf *out, char key)
{
	size_t n = out->len;

	if (key == KEY_KILL) {
		n = 0;
	} else if (key == KEY_WORD_ERASE) {
		while (n > 0 && out->data[n - 1] == ' ')
			n--;
		while (n > 0 && out->data[n - 1] != ' ')
			n--;
	} else {
		while (n > 0 && ((unsigned char)out->data[n - 1] & 0xC0) == 0x80)
			n--;
		n -= n > 0;
	}
	buf_truncate(out, n);
}

void
line_text_ahead(struct buf *out, const char *p, size_t n)
{
	AUTO_BUF struct buf keys = BUF_INIT(n + 1);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == KEY_ESC)
			i += text_sequence(p + i, n - i) - 1;
		else if (c == KEY_ERASE || c == KEY_BACKSPACE || c == KEY_KILL ||
			 c == KEY_WORD_ERASE)
			text_erase(&keys, p[i]);
		else if (c == '\r' || c == '\n')
			buf_addc(&keys, '\n');
		else if (c >= 0x20 || c == '\t')
			buf_addc(&keys, p[i]);
	}
	while (keys.len > 0 && keys.data[keys.len - 1] == '\n')
		buf_truncate(&keys, keys.len - 1);
	text_repair(out, keys.data, keys.len);
}

struct strip {
	struct buf *out; /* NULL: only count */
	size_t hidden;
	uint32_t first;
};

static void
strip_piece(enum escape_kind kind, const char *p, size_t n, void *arg)
{
	struct strip *s = arg;
	struct buf raw = BUF_INIT(LINE_TEXT_PIECE_MAX);
	enum char_class c;
	uint32_t cp;

	if (kind == ESCAPE_NOTE || !escape_decode(&raw, p, n, 0) || raw.len == 0) {
		buf_release(&raw);
		return;
	}
	utf8_decode(raw.data, raw.len, &cp);
	c = cp == UINT32_MAX ? CHAR_PLAIN : char_class(cp);
	if (kind == ESCAPE_MARK && cp != '\t' && cp != '\n' &&
	    (c == CHAR_CONTROL || c == CHAR_BIDI || c == CHAR_INVISIBLE)) {
		s->first = s->hidden == 0 ? cp : s->first;
		s->hidden += raw.len / MAX_OF(utf8_encode(cp, (char[4]){0}), (size_t)1);
	} else if (s->out) {
		buf_add(s->out, raw.data, raw.len);
	}
	buf_release(&raw);
}

size_t
line_text_hidden(const char *p, size_t n, uint32_t *cp)
{
	struct strip s = {0};

	escape_walk(p, n, ESCAPE_ONE_LINE, strip_piece, &s, NULL);
	*cp = s.first;
	return s.hidden;
}

void
line_text_strip(struct buf *out, const char *p, size_t n)
{
	struct strip s = {.out = out};

	escape_walk(p, n, ESCAPE_ONE_LINE, strip_piece, &s, NULL);
}

/* Start of the logical line that byte `at` is in, and its end. */
static size_t
text_line_start(const char *p, size_t at)
{
	while (at > 0 && p[at - 1] != '\n')
		at--;
	return at;
}

static size_t
text_line_end(const char *p, size_t n, size_t at)
{
	while (at < n && p[at] != '\n')
		at++;
	return at;
}

bool
line_text_move(const char *p, size_t n, size_t at, bool up, size_t *to)
{
	size_t start = text_line_start(p, at), end = text_line_end(p, n, at);
	int column, used;

	if (up ? start == 0 : end == n)
		return false;
	column = width_of(p + start, at - start);
	start = up ? text_line_start(p, start - 1) : end + 1;
	end = text_line_end(p, n, start);
	*to = start + width_fit(p + start, end - start, column, &used);
	return true;
}
