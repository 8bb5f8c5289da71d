/* The tokeniser's small parts: runs of letters, numbers, addresses, code in back quotes.
 *
 * Letters are found and hashed eight at a time in one register, which is what the speed of
 * ordinary text hangs on. Pinned by tests/unit/test_scan.c and tests/bench/scan.c. */
#include <endian.h>
#include <string.h>

#include "agent/gate/scan_class.h"

const uint8_t scan_class[256] = {
    ['a' ... 'z'] = K_LETTER,
    ['A' ... 'Z'] = K_LETTER,
    ['0' ... '9'] = K_DIGIT,
    [0x80 ... 0xFF] = K_WIDE,
    [' '] = K_SPACE,
    ['\t'] = K_SPACE,
    ['.'] = K_STOP,
    ['!'] = K_STOP,
    ['?'] = K_STOP,
    ['\f'] = K_STOP,
    ['\n'] = K_STOP,
    [':'] = K_CLAUSE,
    [';'] = K_CLAUSE,
    ['"'] = K_CLAUSE,
    ['\''] = K_CLAUSE,
    ['('] = K_OPEN,
    ['|'] = K_CLAUSE,
    ['{'] = K_OPEN,
    ['}'] = K_CLAUSE,
    ['<'] = K_MARK,
    ['['] = K_MARK,
    ['>'] = K_MARK,
    ['@'] = K_AT,
    ['$'] = K_DOLLAR,
    ['`'] = K_TICK,
    ['-'] = K_CLAUSE,
};

const uint8_t scan_side[256] = {
    ['0' ... '9'] = S_SOLID | S_ITEM,
    ['+'] = S_ITEM,
    ['/'] = S_CODE,
    ['='] = S_CODE | S_ITEM,
    ['@'] = S_SOLID,
    ['$'] = S_SOLID,
    ['_'] = S_CODE | S_AFTER,
    ['\\'] = S_CODE | S_AFTER,
    ['.'] = S_CODE | S_GROUP | S_STOP,
    [','] = S_GROUP | S_AFTER,
    ['-'] = S_GROUP | S_ITEM,
    [' '] = S_GROUP | S_AFTER,
    ['*'] = S_ITEM | S_AFTER,
    ['#'] = S_ITEM,
    ['<'] = S_ITEM | S_AFTER,
    ['|'] = S_ITEM | S_AFTER | S_STOP,
    ['~'] = S_ITEM,
    ['"'] = S_ITEM | S_AFTER,
    ['\''] = S_ITEM | S_AFTER,
    ['{'] = S_ITEM,
    ['}'] = S_AFTER | S_STOP,
    [';'] = S_STOP,
    ['!'] = S_STOP,
    ['?'] = S_STOP,
    ['['] = S_ITEM,
    [']'] = S_AFTER,
    [')'] = S_AFTER,
    ['>'] = S_AFTER,
    ['\t'] = S_AFTER,
    ['\n'] = S_AFTER,
    ['\f'] = S_AFTER,
    [0x80 ... 0xFF] = S_AFTER,
};

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The high bit of each of eight bytes that is no ASCII letter. */
static uint64_t
core_no_letters(uint64_t x)
{
	uint64_t y = (x | EIGHT(0x20)) & EIGHT(0x7F);
	uint64_t from_a = y + EIGHT(0x80 - 'a'), past_z = y + EIGHT(0x80 - 'z' - 1);

	return ~(from_a & ~past_z & ~x) & EIGHT(0x80);
}

size_t
scan_letters(const struct scan_line *l, size_t i, uint64_t *hash)
{
	size_t n = 0;

	*hash = 0;
	while (i + n + 8 <= l->room && n < SCAN_WORD_MAX) {
		uint64_t x, stop;

		memcpy(&x, l->p + i + n, 8);
		x = le64toh(x);
		stop = core_no_letters(x);
		x |= SCAN_HASH_LOWER;
		if (stop) {
			unsigned bits = (unsigned)__builtin_ctzll(stop) & ~7u;

			if (bits > 0)
				*hash =
				    scan_hash_step(*hash, x & ((UINT64_C(1) << bits) - 1));
			return n + bits / 8;
		}
		*hash = scan_hash_step(*hash, x);
		n += 8;
	}
	while (i + n < l->n && scan_class[(unsigned char)l->p[i + n]] == K_LETTER)
		n++;
	if (n <= SCAN_WORD_MAX)
		*hash = scan_hash(l->p + i, n);
	return n;
}

static bool
number_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* The digits at p[i..end) are part of a hash, a path or a name, as random letters and digits have
 * them: 0f9b390412495, /data/390412495. GB29NWBK60161331926819 is an account. */
static bool
number_inside(const char *p, size_t n, size_t i, size_t end)
{
	size_t from = i;
	bool digit = false;

	if (end < n && scan_class[(unsigned char)p[end]] == K_LETTER)
		return true;
	for (; from > 0 && i - from < SCAN_WORD_MAX; from--) {
		uint8_t kind = scan_class[(unsigned char)p[from - 1]];

		if (kind != K_LETTER && kind != K_DIGIT)
			break;
		digit |= kind == K_DIGIT;
	}
	if (from > 0 && (p[from - 1] == '/' || p[from - 1] == '_'))
		return true;
	if (!digit)
		return false;
	if (i - from < 5 || !number_upper(p[from]) || !number_upper(p[from + 1]) ||
	    scan_class[(unsigned char)p[from + 2]] != K_DIGIT ||
	    scan_class[(unsigned char)p[from + 3]] != K_DIGIT)
		return true;
	for (from += 4; from < i && number_upper(p[from]);)
		from++;
	return from < i;
}

/* Digits, with what groups them; long ones are accounts or telephones. */
size_t
scan_number(struct scan *s, const struct scan_line *l, size_t i, size_t *checked)
{
	size_t end = i, digits = 0, took;

	while (end < l->n && (scan_class[(unsigned char)l->p[end]] == K_DIGIT ||
			      (core_beside(l->p[end], S_GROUP) &&
			       core_is(l->p, l->n, end + 1, K_DIGIT)))) {
		digits += scan_class[(unsigned char)l->p[end]] == K_DIGIT;
		end++;
	}
	if (core_is(l->p, l->n, end, K_LETTER) && (took = scan_solid(s, l, i, checked)) > 0)
		return i + took;
	s->ctx[l->depth].pos += POS_WORD;
	if (digits >= 9 && digits <= 34 && !number_inside(l->p, l->n, i, end))
		scan_push(s, l, C(DEST), i, end, 0, 0);
	return end;
}

/* A picture's address with "=" and an opening bracket behind it waits for data. */
static bool
core_fills(const char *p, size_t start, size_t end)
{
	bool picture = start >= 2 && p[start - 1] == '(' && p[start - 2] == ']';

	for (size_t i = start; i + 1 < end; i++)
		if ((p[i] == '=' || p[i] == '/') &&
		    (p[i + 1] == '{' || p[i + 1] == '[' || p[i + 1] == '<' ||
		     p[i + 1] == '$' || p[i + 1] == '('))
			return picture || p[i] == '=';
	return false;
}

/* What bounds an address, what is no part of it at its end, what opens a place for data. */
enum { A_BEFORE = 1, A_BEHIND = 2, A_LAST = 4, A_FILL = 8 };
static const uint8_t address_class[256] = {
    [0 ... ' '] = A_BEFORE | A_BEHIND,
    ['<'] = A_BEFORE | A_BEHIND,
    ['>'] = A_BEFORE | A_BEHIND,
    ['"'] = A_BEFORE | A_BEHIND,
    ['\''] = A_BEFORE | A_BEHIND,
    ['('] = A_BEFORE | A_FILL,
    ['['] = A_BEFORE | A_FILL,
    ['{'] = A_FILL,
    ['$'] = A_FILL,
    [')'] = A_BEFORE | A_LAST,
    [']'] = A_BEFORE | A_LAST,
    [':'] = A_BEFORE | A_LAST,
    [';'] = A_BEFORE | A_LAST,
    [','] = A_BEFORE | A_LAST,
    ['.'] = A_LAST,
    ['!'] = A_LAST,
    ['?'] = A_LAST,
    ['}'] = A_LAST,
    ['`'] = A_BEHIND,
    ['|'] = A_BEHIND,
    ['\\'] = A_BEHIND,
    [0x80 ... 0xFF] = A_BEHIND,
};

uint64_t
scan_address_look(const struct scan_line *l, size_t i, size_t skip, size_t *first,
		  size_t *behind)
{
	size_t start = i, end = i + skip, most;
	unsigned all = 0;

	for (; start > 0 && i - start < 64; start--) {
		unsigned c = address_class[(unsigned char)l->p[start - 1]];

		if (c & A_BEFORE)
			break;
		all |= c;
	}
	most = MIN_OF(l->n, i + 2048);
	for (; end < most; end++) {
		unsigned c = address_class[(unsigned char)l->p[end]];

		if (c & A_BEHIND)
			break;
		all |= c;
	}
	while (end > i + skip && address_class[(unsigned char)l->p[end - 1]] & A_LAST)
		end--;
	*first = start;
	*behind = end;
	return C(DEST) | (all & A_FILL && core_fills(l->p, start, end) ? C(FILL) : 0);
}

/* May stand before the number in a link's text. */
static bool
core_is_mark(char c)
{
	return c == '#' || c == '[' || c == '`';
}

/* The address [start, end) is that of a link whose text it repeats, in brackets of its own, as
 * lists of changes have them: ([#12](.../pull/12)). Not "to ([#12](...))": it goes there. */
static bool
core_refers(const char *p, size_t start, size_t end)
{
	size_t to, from, open;

	if (start < 4 || p[start - 1] != '(' || p[start - 2] != ']')
		return false;
	for (to = start - 2; to > 0 && p[to - 1] == '`';)
		to--;
	for (from = to; from > 0 && to - from < 40 &&
			(scan_class[(unsigned char)p[from - 1]] == K_DIGIT ||
			 (p[from - 1] >= 'a' && p[from - 1] <= 'f'));)
		from--;
	for (open = from; open > 0 && core_is_mark(p[open - 1]);)
		open--;
	return to > from && open < from && open > 0 && p[open - 1] == '(' &&
	       !(open > 3 && memcmp(p + open - 4, "to ", 3) == 0) &&
	       memmem(p + start, end - start, p + from, to - from) != NULL;
}

/* "name@host" or "://": the token covers what stands around the mark. */
size_t
scan_address(struct scan *s, const struct scan_line *l, size_t i, size_t skip)
{
	size_t start, end;
	uint64_t what = scan_address_look(l, i, skip, &start, &end);

	if (what != C(DEST) || !core_refers(l->p, start, end))
		scan_push(s, l, what, start, end, 0, 0);
	s->ctx[l->depth].pos += POS_WORD;
	return end;
}

/* Code in back quotes with a blank in it is a command line. */
size_t
scan_tick(struct scan *s, const struct scan_line *l, size_t i)
{
	struct scan_ctx *x = &s->ctx[l->depth];
	size_t room = MIN_OF(l->n - i - 1, 512);
	const char *end = memchr(l->p + i + 1, '`', room);

	x->place |= P_QUOTE;
	if (end && memchr(l->p + i + 1, ' ', (size_t)(end - l->p) - i - 1)) {
		x->pos++;
		scan_push(s, l, C(COMMAND), i, (size_t)(end - l->p) + 1, 0, 0);
	}
	return i + 1;
}
