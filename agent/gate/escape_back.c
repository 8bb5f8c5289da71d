/* The way back from an escaped view. See escape.h.
 *
 * The decoder accepts exactly what the walker writes, so that a test can prove that nothing is
 * lost: decode(view(x)) == x for every x. A bracket that the walker never writes is an error.
 * Pinned by tests/unit/test_escape.c and tests/fuzz/fuzz_escape.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/gate/escape.h"

#define BACK_TIMES_MAX (64 * MIB) /* bytes that one bracket may stand for */

struct back {
	const char *p;
	size_t n, i;
	const char *open, *close, *times;
	struct buf *out;
};

static bool
back_eat(struct back *b, const char *text)
{
	size_t len = strlen(text);

	if (b->n - b->i < len || memcmp(b->p + b->i, text, len) != 0)
		return false;
	b->i += len;
	return true;
}

static int
back_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Up to `max` upper-case digits; how many there were. */
static size_t
back_number(struct back *b, size_t max, uint32_t *value)
{
	size_t k = 0;

	for (*value = 0; k < max && b->i < b->n && back_hex(b->p[b->i]) >= 0; k++, b->i++)
		*value = *value * 16 + (uint32_t)back_hex(b->p[b->i]);
	return k;
}

/* What one bracket stands for, into unit[4]; the bytes, 0 for none. */
static size_t
back_unit(struct back *b, char unit[4])
{
	uint32_t value;

	if (back_eat(b, "U+")) {
		if (back_number(b, 6, &value) < 4 || value > 0x10FFFF)
			return 0;
		if (back_eat(b, " "))
			while (b->i < b->n && strncmp(b->p + b->i, b->close, 1) != 0 &&
			       strncmp(b->p + b->i, b->times, 1) != 0)
				b->i++;
		return utf8_encode(value, unit);
	}
	if (back_eat(b, "\\x")) {
		if (back_number(b, 2, &value) != 2)
			return 0;
		unit[0] = (char)value;
		return 1;
	}
	unit[0] = back_eat(b, "SP")    ? ' '
		  : back_eat(b, "TAB") ? '\t'
		  : back_eat(b, "CR")  ? '\r'
		  : back_eat(b, "LF")  ? '\n'
				       : '\0';
	return unit[0] ? 1 : 0;
}

static size_t
back_times(struct back *b)
{
	size_t value = 0;

	if (!back_eat(b, b->times))
		return 1;
	while (b->i < b->n && b->p[b->i] >= '0' && b->p[b->i] <= '9' &&
	       value < BACK_TIMES_MAX)
		value = value * 10 + (size_t)(b->p[b->i++] - '0');
	return value;
}

static bool
back_bracket(struct back *b)
{
	char unit[4];
	size_t len = back_unit(b, unit), times;

	if (len == 0)
		return false;
	times = back_times(b);
	if (times == 0 || times > BACK_TIMES_MAX || !back_eat(b, b->close))
		return false;
	while (times-- > 0)
		if (!buf_add(b->out, unit, len))
			return false;
	if (unit[0] == '\n')
		back_eat(b, "\n"); /* a folded run has its row's end behind it */
	return true;
}

/* In ASCII '<' begins a bracket only before what a bracket can hold. */
static bool
back_opens(struct back *b)
{
	static const char *const heads[] = {"U+", "\\x", "SP", "LF", "CR", "TAB"};
	size_t start = b->i, inside;

	if (!back_eat(b, b->open))
		return false;
	inside = b->i;
	if (b->open[0] != '<')
		return true;
	for (size_t k = 0; k < ARRAY_LEN(heads); k++) {
		if (back_eat(b, heads[k])) {
			b->i = inside;
			return true;
		}
	}
	b->i = start;
	return false;
}

bool
escape_decode(struct buf *out, const char *p, size_t n, unsigned mode)
{
	bool ascii = mode & ESCAPE_ASCII;
	struct back b = {.p = p,
			 .n = n,
			 .out = out,
			 .open = ascii ? "<" : "⟨",
			 .close = ascii ? ">" : "⟩",
			 .times = ascii ? "*" : "×"};
	bool ok = true;

	while (ok && b.i < n) {
		if (back_opens(&b))
			ok = back_bracket(&b);
		else if (!ascii && back_eat(&b, "⇥   "))
			ok = buf_addc(out, '\t');
		else if (!ascii && back_eat(&b, "□"))
			ok = buf_adds(out, "\u3000");
		else
			ok = buf_addc(out, p[b.i++]);
	}
	return ok;
}
