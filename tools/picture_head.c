/* What a file claims to be: the heads of PNG and JPEG. Contract in picture.h.
 *
 * Stricter than magic.c, which only names what it sees: what passes here is given to a decoder.
 * A PNG's size stands at a fixed place; a JPEG's in the first frame header, before which any
 * number of segments may stand (a camera's preview among them), each with its length.
 *
 * Sources: PNG, third edition, 11.2.1 (IHDR) and table 11.1; JPEG (ITU T.81), annex B; TIFF 6.0,
 * section 2; Exif 2.32, 4.6.4 (Orientation).
 * Pinned by tests/unit/test_picture.c and tests/fuzz/fuzz_picture.c. */
#include <string.h>

#include "tools/picture.h"

#define PNG_HEAD	 33u /* bytes: signature, length, type, 13 of content, checksum */
#define IHDR_SIZE	 13u
#define EXIF_ENTRY	 12u	/* bytes of one entry of a TIFF folder */
#define EXIF_ORIENTATION 0x112u /* its tag */
#define SOF_FIXED \
	8u /* bytes of a frame header before its components, its length among them */

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned
be16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static bool
wrong(const char **why, const char *what)
{
	*why = what;
	return false;
}

/* Bit depths that the colour type allows, as a set. */
static unsigned
png_depths(unsigned color)
{
	switch (color) {
	case 0:
		return 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 | 1 << 16;
	case 3:
		return 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8;
	case 2:
	case 4:
	case 6:
		return 1 << 8 | 1 << 16;
	default:
		return 0;
	}
}

static bool
png_head(const unsigned char *p, size_t n, struct picture_head *h, const char **why)
{
	if (n < PNG_HEAD)
		return wrong(why, "it is cut off");
	if (be32(p + 8) != IHDR_SIZE || memcmp(p + 12, "IHDR", 4) != 0)
		return wrong(why, "its header is damaged");
	if (p[24] > 16 || !(png_depths(p[25]) & 1u << p[24]) || p[26] || p[27] || p[28] > 1)
		return wrong(why, "its header is damaged");
	h->width = be32(p + 16);
	h->height = be32(p + 20);
	return (h->width && h->height) || wrong(why, "it has no pixels");
}

static unsigned
tiff16(const unsigned char *p, bool little)
{
	return little ? be16((const unsigned char[]){p[1], p[0]}) : be16(p);
}

static uint32_t
tiff32(const unsigned char *p, bool little)
{
	return little ? be32((const unsigned char[]){p[3], p[2], p[1], p[0]}) : be32(p);
}

/* The orientation in an Exif segment's content, or 0. What is odd in it is no reason not to draw. */
static unsigned
exif_turn(const unsigned char *p, size_t n)
{
	unsigned entries, turn;
	bool little;
	uint32_t at;

	if (n < 6 + 8 || memcmp(p, "Exif\0\0", 6) != 0)
		return 0;
	p += 6;
	n -= 6;
	little = p[0] == 'I';
	at = tiff32(p + 4, little);
	if (at > n - 2)
		return 0;
	entries = tiff16(p + at, little);
	for (size_t i = at + 2; entries > 0 && i + EXIF_ENTRY <= n;
	     entries--, i += EXIF_ENTRY) {
		if (tiff16(p + i, little) != EXIF_ORIENTATION)
			continue;
		turn = tiff16(p + i + 8, little);
		return turn <= 8 ? turn : 0;
	}
	return 0;
}

/* A marker without a segment behind it. */
static bool
jpeg_is_bare(unsigned marker)
{
	return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7);
}

/* Baseline, extended and progressive Huffman frames: what decoders know. */
static bool
jpeg_is_frame(unsigned marker)
{
	return marker >= 0xC0 && marker <= 0xC2;
}

static bool
jpeg_is_other_frame(unsigned marker)
{
	return marker >= 0xC3 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 &&
	       marker != 0xCC;
}

static bool
jpeg_frame(const unsigned char *p, size_t n, struct picture_head *h, const char **why)
{
	unsigned parts;

	if (n < SOF_FIXED)
		return wrong(why, "it is cut off");
	parts = p[7];
	if (p[2] != 8 || be16(p) != SOF_FIXED + 3 * parts)
		return wrong(why, "its header is damaged");
	if (parts != 1 && parts != 3)
		return wrong(why, "its colours are those of print (CMYK)");
	h->height = be16(p + 3);
	h->width = be16(p + 5);
	return (h->width && h->height) || wrong(why, "it has no pixels");
}

static bool
jpeg_head(const unsigned char *p, size_t n, struct picture_head *h, const char **why)
{
	size_t at = 2;

	while (at + 4 <= n) {
		unsigned marker = p[at + 1], len;

		if (p[at] != 0xFF)
			return wrong(why, "its header is damaged");
		if (marker == 0xFF) { /* fill */
			at++;
			continue;
		}
		if (jpeg_is_bare(marker)) {
			at += 2;
			continue;
		}
		if (jpeg_is_frame(marker))
			return jpeg_frame(p + at + 2, n - at - 2, h, why);
		len = be16(p + at + 2);
		if (jpeg_is_other_frame(marker) || marker == 0xD9 || marker == 0xDA ||
		    marker == 0 || len < 2)
			return wrong(why, "its header is damaged or of a rare kind");
		if (marker == 0xE1 && !h->turn && n - at - 4 >= len - 2)
			h->turn = exif_turn(p + at + 4, len - 2);
		at += 2 + len;
	}
	return wrong(why, "it is cut off");
}

bool
picture_head(const void *bytes, size_t n, struct picture_head *h, const char **why)
{
	const unsigned char *p = bytes;
	bool fine;

	*h = (struct picture_head){0};
	*why = NULL;
	if (n >= 8 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0) {
		fine = png_head(p, n, h, why);
		h->kind = PICTURE_PNG;
	} else if (n >= 3 && memcmp(p, "\xff\xd8\xff", 3) == 0) {
		fine = jpeg_head(p, n, h, why);
		h->kind = PICTURE_JPEG;
	} else {
		return false;
	}
	if (!fine)
		*h = (struct picture_head){0};
	return fine;
}

enum err_kind
picture_bounds(const struct picture_head *h, struct err *e)
{
	if (h->width <= PICTURE_SIDE_MAX && h->height <= PICTURE_SIDE_MAX &&
	    (uint64_t)h->width * h->height <= PICTURE_PIXELS_MAX)
		return ERR_NONE;
	err_set(e, ERR_LIMIT, "it says that it is %ux%u pixels large", h->width, h->height);
	err_hint(e, "at most %u megapixels are drawn, and %u to a side",
		 PICTURE_PIXELS_MAX >> 20, PICTURE_SIDE_MAX);
	return ERR_LIMIT;
}

/* v * to / from, rounded, 1 at least. */
static unsigned
scaled(unsigned v, unsigned to, unsigned from)
{
	unsigned r = (unsigned)(((uint64_t)v * to + from / 2) / from);

	return MAX_OF(r, 1u);
}

void
picture_fit(const struct picture_head *h, unsigned width, unsigned height,
	    struct pixels *out)
{
	width = MIN_OF(MAX_OF(MIN_OF(width, h->width), 1u), PICTURE_DRAWN_MAX);
	height = MIN_OF(MAX_OF(MIN_OF(height, h->height), 1u), PICTURE_DRAWN_MAX);
	if ((uint64_t)width * h->height > (uint64_t)height * h->width) {
		out->height = height;
		out->width = MIN_OF(scaled(h->width, height, h->height), width);
	} else {
		out->width = width;
		out->height = MIN_OF(scaled(h->height, width, h->width), height);
	}
}
