/* Terminal sequences in tool output: what they hide and what they spell.
 *
 * Copies a line without its sequences, so that a colour inside a word does not part it. Letters
 * under conceal (SGR 8) or drawn in the colour of their ground, titles, and what a carriage
 * return overwrites are kept and marked as unseen. Sequences after ECMA-48, OSC numbers after
 * xterm's ctlseqs. Pinned by tests/unit/test_scan.c. */
#include <string.h>

#include "agent/gate/scan_int.h"

#define ANSI_SEQ_MAX 4096 /* bytes of one sequence; a longer one is text */

static void
ansi_put(struct scan_clean *c, char ch, size_t from, unsigned how)
{
	c->text[c->len] = ch;
	c->from[c->len] = (uint32_t)from;
	c->how[c->len] = (uint8_t)how;
	c->len++;
}

/* One SGR parameter; returns how many further ones it takes (38;5;n and 38;2;r;g;b). */
static size_t
ansi_sgr_one(struct scan_ansi *a, const int *v, size_t left)
{
	if (v[0] == 0)
		*a = (struct scan_ansi){.fg = -1, .bg = -1};
	else if (v[0] == 8)
		a->conceal = true;
	else if (v[0] == 28)
		a->conceal = false;
	else if ((v[0] >= 30 && v[0] <= 37) || (v[0] >= 90 && v[0] <= 97))
		a->fg = v[0] >= 90 ? v[0] - 82 : v[0] - 30;
	else if ((v[0] >= 40 && v[0] <= 47) || (v[0] >= 100 && v[0] <= 107))
		a->bg = v[0] >= 100 ? v[0] - 92 : v[0] - 40;
	else if (v[0] == 39)
		a->fg = -1;
	else if (v[0] == 49)
		a->bg = -1;
	if ((v[0] != 38 && v[0] != 48) || left < 3)
		return 0;
	if (v[1] == 2 && left >= 5) {
		*(v[0] == 38 ? &a->fg : &a->bg) =
		    256 + ((v[2] & 255) << 16 | (v[3] & 255) << 8 | (v[4] & 255));
		return 4;
	}
	*(v[0] == 38 ? &a->fg : &a->bg) = v[2] & 255;
	return 2;
}

static void
ansi_sgr(struct scan_ansi *a, const char *p, size_t n)
{
	int v[32] = {0};
	size_t count = 1;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == ';' || p[i] == ':') {
			if (count == ARRAY_LEN(v))
				break;
			v[count++] = 0;
		} else if (p[i] >= '0' && p[i] <= '9' && v[count - 1] < 100000) {
			v[count - 1] = v[count - 1] * 10 + (p[i] - '0');
		}
	}
	for (size_t i = 0; i < count; i++)
		i += ansi_sgr_one(a, v + i, count - i);
}

/* Bytes of a CSI sequence behind "ESC [", its final byte included; 0: none. */
static size_t
ansi_csi(const char *p, size_t n)
{
	for (size_t i = 0; i < n && i < 64; i++)
		if (p[i] >= 0x40 && p[i] <= 0x7E)
			return i + 1;
		else if (p[i] < 0x20)
			return 0;
	return 0;
}

/* Length of a string sequence's text behind its introducer; *end is where the next begins. */
static bool
ansi_string(const char *p, size_t n, size_t *len, size_t *end)
{
	for (size_t i = 0; i < n && i < ANSI_SEQ_MAX; i++) {
		if (p[i] == '\a' || (p[i] == 0x1B && i + 1 < n && p[i + 1] == '\\')) {
			*len = i;
			*end = i + (p[i] == '\a' ? 1 : 2);
			return true;
		}
	}
	return false;
}

/* A title is text that stands nowhere on the screen; other OSC say nothing. */
static void
ansi_osc(struct scan_clean *c, const char *p, size_t len, size_t from)
{
	size_t i = 0;

	while (i < len && p[i] >= '0' && p[i] <= '9')
		i++;
	if (i == 2 && p[0] == '5' && p[1] == '2')
		c->clipboard = true;
	if (i != 1 || p[0] > '2')
		return;
	ansi_put(c, SCAN_BREAK, from, SCAN_UNSEEN);
	for (i++; i < len; i++)
		ansi_put(c, p[i], from + i, SCAN_UNSEEN);
	ansi_put(c, SCAN_BREAK, from + len, SCAN_UNSEEN);
}

/* The sequence at p[0] == ESC; returns its bytes, at least 1. */
static size_t
ansi_escape(struct scan_clean *c, struct scan_ansi *a, const char *p, size_t n, size_t from)
{
	size_t len, end;

	if (n < 2)
		return 1;
	if (p[1] == '[') {
		len = ansi_csi(p + 2, n - 2);
		if (len > 0 && p[1 + len] == 'm')
			ansi_sgr(a, p + 2, len - 1);
		else if (len > 0 && strchr("HfABCDEFGJKd", p[1 + len]))
			ansi_put(c, p[1 + len] == 'C' ? ' ' : SCAN_BREAK, from, 0);
		return 2 + len;
	}
	if (strchr("]PX^_", p[1])) {
		if (!ansi_string(p + 2, n - 2, &len, &end))
			return 2;
		if (p[1] == ']')
			ansi_osc(c, p + 2, len, from + 2);
		return 2 + end;
	}
	if (p[1] == 'c') /* reset */
		*a = (struct scan_ansi){.fg = -1, .bg = -1};
	return 2;
}

bool
scan_ansi_unseen(const struct scan_ansi *a)
{
	return a->conceal || (a->fg >= 0 && a->fg == a->bg);
}

static void
ansi_overwritten(struct scan_clean *c, size_t since)
{
	for (size_t i = since; i < c->len; i++)
		c->how[i] |= SCAN_UNSEEN;
}

typedef uint32_t ansi_four __attribute__((vector_size(16), aligned(4), may_alias));

/* Counts up from i; n of them. */
static void
ansi_count(uint32_t *from, size_t i, size_t n)
{
	uint32_t first = (uint32_t)i;
	ansi_four next = {first, first + 1, first + 2, first + 3};
	size_t k = 0;

	for (; k + 4 <= n; k += 4, next += 4)
		*(ansi_four *)(from + k) = next;
	for (; k < n; k++)
		from[k] = first + (uint32_t)k;
}

/* Plain bytes up to the next control. */
static size_t
ansi_run(struct scan_clean *c, const char *p, size_t n, size_t i, unsigned how)
{
	size_t end = i;

	while (end < n && ((unsigned char)p[end] >= 0x20 || p[end] == '\t')) {
		uint64_t x;

		end++;
		/* Eight at once, none of them below 0x20. */
		for (; end + sizeof(x) <= n; end += sizeof(x)) {
			memcpy(&x, p + end, sizeof(x));
			if ((x - 0x2020202020202020) & ~x & 0x8080808080808080)
				break;
		}
	}
	memcpy(c->text + c->len, p + i, end - i);
	memset(c->how + c->len, (int)how, end - i);
	ansi_count(c->from + c->len, i, end - i);
	if (how) {
		if (c->concealed == 0)
			c->concealed_at = (uint32_t)i;
		for (size_t k = i; k < end; k++)
			c->concealed += (p[k] | 0x20) >= 'a' && (p[k] | 0x20) <= 'z';
	}
	c->len += end - i;
	return end;
}

void
scan_norm_ansi(struct scan_clean *c, struct scan_ansi *a, const char *p, size_t n)
{
	size_t i = 0, since = 0;

	while (i < n) {
		i = ansi_run(c, p, n, i, scan_ansi_unseen(a) ? SCAN_UNSEEN : 0);
		if (i == n)
			break;
		if (p[i] == 0x1B) {
			i += MIN_OF(ansi_escape(c, a, p + i, n - i, i), n - i);
			continue;
		}
		if (p[i] == '\r' && i + 1 < n && p[i + 1] != '\n') {
			ansi_overwritten(c, since);
			ansi_put(c, SCAN_BREAK, i, 0);
			since = c->len;
		} else if (p[i] == '\b' && c->len > since) {
			c->len--; /* overstrike: the letter that follows is the same or wins */
		} else if (p[i] == '\n') {
			ansi_put(c, '\n', i, 0);
		} else if (p[i] == '\f' || p[i] == '\v') {
			ansi_put(c, SCAN_BREAK, i, 0);
		}
		i++;
	}
}
