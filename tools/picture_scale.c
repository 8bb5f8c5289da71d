/* Makes a picture smaller, a row at a time, and turns it. Contract in picture.h.
 *
 * Each source pixel counts for the one target pixel that its corner falls into; with targets no
 * larger than sources every target pixel gets at least one. Pinned by tests/unit/test_picture.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "tools/picture.h"

/* Which of `to` parts the i-th of `from` falls into. */
static unsigned
part_of(unsigned i, unsigned from, unsigned to)
{
	return (unsigned)((uint64_t)i * to / from);
}

void
picture_scale_init(struct picture_scale *s, unsigned from_width, unsigned from_height,
		   unsigned to_width, unsigned to_height)
{
	*s = (struct picture_scale){.from_width = from_width,
				    .from_height = from_height,
				    .to_width = to_width,
				    .to_height = to_height};
	s->sum = mem_alloc((size_t)to_width * 3 * sizeof(*s->sum));
	s->count = mem_alloc(to_width * sizeof(*s->count));
	for (unsigned x = 0; x < from_width; x++)
		s->count[part_of(x, from_width, to_width)]++;
}

void
picture_scale_release(struct picture_scale *s)
{
	free(TAKE(s->sum));
	free(TAKE(s->count));
}

static void
scale_out(struct picture_scale *s, unsigned char *out)
{
	for (unsigned x = 0; x < s->to_width; x++) {
		uint64_t n = (uint64_t)s->count[x] * s->rows;

		for (unsigned c = 0; c < 3; c++)
			out[3 * x + c] = (unsigned char)((s->sum[3 * x + c] + n / 2) / n);
	}
	memset(s->sum, 0, (size_t)s->to_width * 3 * sizeof(*s->sum));
	s->rows = 0;
	s->done++;
}

bool
picture_scale_row(struct picture_scale *s, const unsigned char *rgb, unsigned char *out)
{
	unsigned next;

	for (unsigned x = 0; x < s->to_width; x++) {
		unsigned red = 0, green = 0, blue = 0;

		for (uint32_t k = s->count[x]; k > 0; k--, rgb += 3) {
			red += rgb[0];
			green += rgb[1];
			blue += rgb[2];
		}
		s->sum[3 * x] += red;
		s->sum[3 * x + 1] += green;
		s->sum[3 * x + 2] += blue;
	}
	s->rows++;
	s->row++;
	next = s->row < s->from_height ? part_of(s->row, s->from_height, s->to_height)
				       : s->to_height;
	if (next == s->done)
		return false;
	scale_out(s, out);
	return true;
}

/* Where the pixel of column x and row y comes from. */
static size_t
turned_from(const struct pixels *p, unsigned turn, unsigned x, unsigned y)
{
	unsigned right = p->width - 1, low = p->height - 1;

	if (turn >= 5) { /* rows have become columns */
		unsigned swap = x;

		x = y;
		y = swap;
	}
	if (turn == 2 || turn == 3 || turn == 7 || turn == 8)
		x = right - x;
	if (turn == 3 || turn == 4 || turn == 6 || turn == 7)
		y = low - y;
	return ((size_t)y * p->width + x) * 3;
}

void
pixels_turn(struct pixels *p, unsigned turn)
{
	bool swap = turn >= 5;
	struct pixels out = {.width = swap ? p->height : p->width,
			     .height = swap ? p->width : p->height};
	unsigned char *to;

	if (turn < 2 || turn > 8)
		return;
	out.rgb = to = mem_alloc((size_t)p->width * p->height * 3);
	for (unsigned y = 0; y < out.height; y++)
		for (unsigned x = 0; x < out.width; x++, to += 3)
			memcpy(to, p->rgb + turned_from(p, turn, x, y), 3);
	free(p->rgb);
	*p = out;
}
