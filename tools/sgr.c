/* What SGR sequences say. See sgr.h.
 *
 * Sources: ECMA-48 8.3.117; ITU-T T.416 13.1.8 (38 and 48), in xterm's forms with ";" and ":".
 * Pinned by tests/unit/test_sgr.c. */
#include "tools/sgr.h"

#define SGR_PARAMS_MAX 32 /* of one sequence */
#define SGR_BRIGHT     8  /* from a colour to its bright one */

struct params {
	int at[SGR_PARAMS_MAX];
	size_t n;
};

static bool
sgr_params(const char *p, size_t n, struct params *out)
{
	int value = 0;

	out->n = 0;
	for (size_t i = 0; i <= n; i++) {
		char c = i < n ? p[i] : ';';

		if (c >= '0' && c <= '9') {
			value = MIN_OF(value * 10 + (c - '0'), 9999);
		} else if (c == ';' || c == ':') {
			if (out->n < SGR_PARAMS_MAX)
				out->at[out->n++] = value;
			value = 0;
		} else {
			return false;
		}
	}
	return true;
}

/* The nearest of the palette's: which of red, green and blue count, and whether it is light. */
static uint8_t
sgr_nearest(int r, int g, int b)
{
	int most = MAX_OF(r, MAX_OF(g, b));
	int colour = (r * 2 > most) | (g * 2 > most) << 1 | (b * 2 > most) << 2;

	if (most < 64)
		return 1 + SGR_BRIGHT;
	return (uint8_t)(1 + colour + (most > 191 ? SGR_BRIGHT : 0));
}

static uint8_t
sgr_of_256(int n)
{
	static const uint8_t steps[] = {0, 95, 135, 175, 215, 255};

	if (n < 16)
		return (uint8_t)(n + 1);
	if (n >= 232)
		return sgr_nearest((n - 232) * 10 + 8, (n - 232) * 10 + 8,
				   (n - 232) * 10 + 8);
	n -= 16;
	return sgr_nearest(steps[n / 36], steps[n / 6 % 6], steps[n % 6]);
}

/* Behind 38 or 48 at `i`: the colour; returns how many parameters it took, itself among them. */
static size_t
sgr_extended(const struct params *p, size_t i, uint8_t *colour)
{
	size_t left = p->n - i;
	const int *at = p->at + i;

	if (left >= 3 && at[1] == 5) {
		if (at[2] < 256)
			*colour = sgr_of_256(at[2]);
		return 3;
	}
	if (left >= 5 && at[1] == 2) {
		*colour = sgr_nearest(at[2] & 255, at[3] & 255, at[4] & 255);
		return 5;
	}
	return left;
}

static void
sgr_attr(struct sgr *s, int code)
{
	static const struct {
		int on, off;
		uint8_t attrs; /* that `off` takes away, `on` being the lowest */
	} rows[] = {
	    {1, 22, SGR_BOLD | SGR_DIM}, {3, 23, SGR_ITALIC}, {4, 24, SGR_UNDERLINE},
	    {7, 27, SGR_REVERSE},	 {9, 29, SGR_STRIKE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (code == rows[i].on)
			s->attrs |= rows[i].attrs & (uint8_t)-rows[i].attrs;
		if (code == rows[i].off)
			s->attrs &= (uint8_t)~rows[i].attrs;
	}
	if (code == 2)
		s->attrs |= SGR_DIM;
}

/* False: it is none of a colour's. */
static bool
sgr_colour(struct sgr *s, int code)
{
	if (code >= 30 && code <= 37)
		s->fg = (uint8_t)(code - 29);
	else if (code >= 90 && code <= 97)
		s->fg = (uint8_t)(code - 89 + SGR_BRIGHT);
	else if (code == 39)
		s->fg = 0;
	else if (code >= 40 && code <= 47)
		s->bg = (uint8_t)(code - 39);
	else if (code >= 100 && code <= 107)
		s->bg = (uint8_t)(code - 99 + SGR_BRIGHT);
	else if (code == 49)
		s->bg = 0;
	else
		return false;
	return true;
}

void
sgr_apply(struct sgr *s, const char *params, size_t n)
{
	struct params p;

	if (!sgr_params(params, n, &p))
		return;
	for (size_t i = 0; i < p.n;) {
		int code = p.at[i];

		if (code == 38 || code == 48) {
			i += sgr_extended(&p, i, code == 38 ? &s->fg : &s->bg);
			continue;
		}
		if (code == 0)
			*s = (struct sgr){0};
		else if (!sgr_colour(s, code))
			sgr_attr(s, code);
		i++;
	}
}

struct sgr
sgr_visible(struct sgr s)
{
	if (s.fg != 0 && s.fg == s.bg)
		s.fg = s.bg = 0;
	if (s.fg == 1 && s.bg == 0)
		s.fg = 1 + SGR_BRIGHT;
	return s;
}

void
sgr_mark(struct sgr s, char out[SGR_MARK])
{
	out[0] = (char)SGR_LEAD;
	out[1] = (char)(0x80 | (s.attrs & 0x3F));
	out[2] = (char)(0x80 | (s.fg & 0x3F));
	out[3] = (char)(0x80 | (s.bg & 0x3F));
}

bool
sgr_read(const char *p, size_t n, struct sgr *out)
{
	if (n < SGR_MARK || (unsigned char)p[0] != SGR_LEAD)
		return false;
	*out = (struct sgr){.attrs = p[1] & 0x3F, .fg = p[2] & 0x3F, .bg = p[3] & 0x3F};
	return out->fg <= 16 && out->bg <= 16;
}
