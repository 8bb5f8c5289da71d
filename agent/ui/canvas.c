/* What a terminal can draw pictures with. Contract in canvas.h.
 *
 * A name in the environment decides where it is known for sure; terminals of the xterm family are
 * asked, since the same TERM stands for some that draw and some that do not. Others are not:
 * what does not know a question may print it.
 *
 * Sources: sw.kovidgoyal.net/kitty/graphics-protocol (querying), XTerm control sequences (DA1,
 * "CSI 16 t"), iterm2.com/documentation-images.html. Pinned by tests/unit/test_canvas.c. */
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/ui/canvas.h"

#define CELL_MIN 3u /* pixels; what is beyond is no character's place */
#define CELL_MAX 96u

const char canvas_query[] = "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\\033[16t\033[c";

static const struct env_row {
	const char *name, *value; /* a value that ends in '*': beginning so */
	enum canvas_kind kind;
} env_rows[] = {
    {"TMUX", "*", CANVAS_SYMBOLS},
    {"STY", "*", CANVAS_SYMBOLS},
    {"TERM", "tmux*", CANVAS_SYMBOLS},
    {"TERM", "screen*", CANVAS_SYMBOLS},
    {"TERM", "xterm-kitty", CANVAS_KITTY},
    {"TERM", "xterm-ghostty", CANVAS_KITTY},
    {"TERM_PROGRAM", "ghostty", CANVAS_KITTY},
    {"TERM_PROGRAM", "iTerm.app", CANVAS_ITERM2},
    {"LC_TERMINAL", "iTerm2", CANVAS_ITERM2},
    {"TERM_PROGRAM", "WezTerm", CANVAS_ITERM2},
    {"TERM_PROGRAM", "mintty", CANVAS_SIXEL},
    {"TERM", "foot*", CANVAS_SIXEL},
    {"TERM", "mlterm*", CANVAS_SIXEL},
    {"TERM", "yaft*", CANVAS_SIXEL},
    {"TERM_PROGRAM", "Apple_Terminal", CANVAS_SYMBOLS}, /* would print the questions */
    {"TERM", "xterm*", CANVAS_ASK},
    {"TERM", "konsole*", CANVAS_ASK},
    {"TERM", "contour*", CANVAS_ASK},
    {"TERM", "wezterm", CANVAS_ASK},
    {"TERM", "rio", CANVAS_ASK},
};

static bool
env_fits(const struct env_row *r, const char *v)
{
	size_t n = strlen(r->value);

	if (!v || !*v)
		return false;
	if (r->value[n - 1] == '*')
		return strncmp(v, r->value, n - 1) == 0;
	return strcmp(v, r->value) == 0;
}

enum canvas_kind
canvas_of_env(canvas_env_fn *get)
{
	for (size_t i = 0; i < ARRAY_LEN(env_rows); i++)
		if (env_fits(&env_rows[i], get(env_rows[i].name)))
			return env_rows[i].kind;
	return CANVAS_SYMBOLS;
}

enum canvas_colors
canvas_colors_of_env(canvas_env_fn *get)
{
	const char *term = get("TERM"), *color = get("COLORTERM");

	if (color && (strcmp(color, "truecolor") == 0 || strcmp(color, "24bit") == 0))
		return CANVAS_TRUE;
	if (term && strstr(term, "direct"))
		return CANVAS_TRUE;
	if (term && (strstr(term, "256color") || strstr(term, "kitty") ||
		     strstr(term, "ghostty") || strstr(term, "foot")))
		return CANVAS_256;
	return CANVAS_16;
}

/* ---- answers ---- */

/* The parameters of a CSI sequence; returns how many there are. */
static size_t
parameters(const char *p, const char *end, unsigned *out, size_t max)
{
	size_t n = 0;
	unsigned v = 0;

	for (; p < end; p++) {
		if (*p >= '0' && *p <= '9' && v < 100000) {
			v = v * 10 + (unsigned)(*p - '0');
		} else if (*p == ';' && n < max) {
			out[n++] = v;
			v = 0;
		}
	}
	if (n < max)
		out[n++] = v;
	return n;
}

bool
canvas_cell_fine(unsigned v)
{
	return v >= CELL_MIN && v <= CELL_MAX;
}

/* p[0..n) is a whole CSI sequence. True: it was an answer. */
static bool
answer_csi(const char *p, size_t n, struct canvas_answer *a)
{
	unsigned v[32] = {0};
	size_t count;

	if (n >= 4 && p[2] == '?' && p[n - 1] == 'c') {
		count = parameters(p + 3, p + n - 1, v, ARRAY_LEN(v));
		for (size_t i = 1; i < count; i++)
			a->sixel |= v[i] == 4;
		a->whole = true;
		return true;
	}
	if (n >= 4 && p[2] == '6' && p[3] == ';' && p[n - 1] == 't') {
		count = parameters(p + 2, p + n - 1, v, ARRAY_LEN(v));
		if (count == 3 && canvas_cell_fine(v[1]) && canvas_cell_fine(v[2])) {
			a->cell_height = v[1];
			a->cell_width = v[2];
		}
		return true;
	}
	return false;
}

/* Bytes of the CSI sequence at p, or 0: cut off. */
static size_t
csi_len(const char *p, size_t n)
{
	for (size_t i = 2; i < n; i++)
		if (p[i] >= 0x40 && p[i] <= 0x7e)
			return i + 1;
	return 0;
}

/* Bytes of the APC sequence at p, its end among them, or 0: cut off. */
static size_t
apc_len(const char *p, size_t n)
{
	const char *end = memmem(p, n, "\033\\", 2);

	return end ? (size_t)(end - p) + 2 : 0;
}

void
canvas_read_answer(const char *p, size_t n, struct canvas_answer *a, struct buf *rest)
{
	*a = (struct canvas_answer){0};
	for (size_t i = 0, len; i < n; i += len) {
		len = 1;
		if (p[i] == '\033' && i + 1 < n && p[i + 1] == '[') {
			len = csi_len(p + i, n - i);
			if (!len)
				return;
			if (answer_csi(p + i, len, a))
				continue;
		} else if (p[i] == '\033' && i + 1 < n && p[i + 1] == '_') {
			len = apc_len(p + i, n - i);
			if (!len)
				return;
			a->kitty |=
			    len == 12 && memcmp(p + i, "\033_Gi=31;OK\033\\", 12) == 0;
			continue;
		}
		buf_add(rest, p + i, len);
	}
}

/* ---- what may be written ---- */

/* Bytes of "CSI [0-9;]* m" at p, or 0. */
static size_t
sgr_len(const char *p, size_t n)
{
	size_t i = 2;

	if (n < 3 || p[1] != '[')
		return 0;
	while (i < n && ((p[i] >= '0' && p[i] <= '9') || p[i] == ';'))
		i++;
	return i < n && p[i] == 'm' ? i + 1 : 0;
}

static bool
symbols_fine(const char *p, size_t n)
{
	for (size_t i = 0, len; i < n; i += len) {
		uint32_t cp;

		len =
		    p[i] == '\033' ? sgr_len(p + i, n - i) : utf8_decode(p + i, n - i, &cp);
		if (len == 0)
			return false;
		if (p[i] == '\033' || p[i] == '\n')
			continue;
		/* Blocks and their like; nothing that joins, hides or turns around. */
		if (cp < 0x20 || (cp >= 0x7f && cp < 0x2500) || cp > 0x28ff)
			return false;
	}
	return true;
}

static bool
body_fine(const char *p, const char *end, bool lines)
{
	for (; p < end; p++)
		if ((*p < 0x20 || *p > 0x7e) && !(lines && (*p == '\n' || *p == '\r')))
			return false;
	return true;
}

bool
canvas_bytes_fine(enum canvas_kind kind, const char *p, size_t n)
{
	static const struct {
		const char *begin, *end;
	} shapes[] = {[CANVAS_SIXEL] = {"\033P", "\033\\"},
		      [CANVAS_KITTY] = {"\033_G", "\033\\"},
		      [CANVAS_ITERM2] = {"\033]1337;File=", "\a"}};
	const char *stop = p + n;

	if (kind == CANVAS_SYMBOLS)
		return symbols_fine(p, n);
	if (kind != CANVAS_SIXEL && kind != CANVAS_KITTY && kind != CANVAS_ITERM2)
		return false;
	while (p < stop) {
		const char *begin = shapes[kind].begin, *end;

		if ((size_t)(stop - p) < strlen(begin) ||
		    memcmp(p, begin, strlen(begin)) != 0)
			return false;
		p += strlen(begin);
		end = memmem(p, (size_t)(stop - p), shapes[kind].end,
			     strlen(shapes[kind].end));
		if (!end || !body_fine(p, end, kind == CANVAS_SIXEL))
			return false;
		p = end + strlen(shapes[kind].end);
	}
	return n > 0;
}
