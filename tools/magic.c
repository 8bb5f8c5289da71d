/* Formats by their first bytes. See magic.h.
 *
 * Text is told from data by its control characters: none of UTF-8, Shift JIS, EUC-JP or ISO
 * 2022-JP has them between words, compressed or machine code has one in ten.
 *
 * Sources: PNG (RFC 2083), JPEG (ITU T.81, annex B), GIF89a, gzip (RFC 1952), ZIP's APPNOTE,
 * PDF 1.7, elf(5). Pinned by tests/unit/test_magic.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/magic.h"

#define BINARY_MIN 64 /* bytes; of fewer nobody can say that they are no text */
#define FRONT_MIN  4  /* bytes; noise begins with fewer by chance */

static unsigned
big_endian(const unsigned char *p, int n)
{
	unsigned v = 0;

	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static void
png_size(const unsigned char *p, size_t n, struct magic *m)
{
	if (n < 24)
		return;
	m->width = big_endian(p + 16, 4);
	m->height = big_endian(p + 20, 4);
}

static void
gif_size(const unsigned char *p, size_t n, struct magic *m)
{
	if (n < 10)
		return;
	m->width = p[6] | (unsigned)p[7] << 8;
	m->height = p[8] | (unsigned)p[9] << 8;
}

/* Walks the segments to the frame header. */
static void
jpeg_size(const unsigned char *p, size_t n, struct magic *m)
{
	size_t at = 2;

	while (at + 9 < n && p[at] == 0xFF) {
		unsigned kind = p[at + 1];

		if (kind == 0xFF) { /* fill */
			at++;
			continue;
		}
		if (kind >= 0xC0 && kind <= 0xCF && kind != 0xC4 && kind != 0xC8 &&
		    kind != 0xCC) {
			m->height = big_endian(p + at + 5, 2);
			m->width = big_endian(p + at + 7, 2);
			return;
		}
		at += 2 + MAX_OF(big_endian(p + at + 2, 2), 2u);
	}
}

static const struct magic_row {
	const char *bytes;
	size_t n;
	const char *what;
	void (*size)(const unsigned char *p, size_t n, struct magic *m); /* of pictures */
} magic_rows[] = {
    {"\x89PNG\r\n\x1a\n", 8, "PNG image", png_size},
    {"\xff\xd8\xff", 3, "JPEG image", jpeg_size},
    {"GIF87a", 6, "GIF image", gif_size},
    {"GIF89a", 6, "GIF image", gif_size},
    {"%PDF-", 5, "PDF document", NULL},
    {"PK\3\4", 4, "ZIP archive", NULL},
    {"\x1f\x8b\x08", 3, "gzip data", NULL},
    {"\x7f"
     "ELF",
     4, "ELF program", NULL},
};

bool
magic_known(const void *p, size_t n, struct magic *m)
{
	*m = (struct magic){0};
	for (size_t i = 0; i < ARRAY_LEN(magic_rows); i++) {
		const struct magic_row *r = &magic_rows[i];

		if (n < r->n || memcmp(p, r->bytes, r->n) != 0)
			continue;
		m->what = r->what;
		m->picture = r->size != NULL;
		if (r->size)
			r->size(p, n, m);
		return true;
	}
	return false;
}

/* BEL, BS, TAB, LF, VT, FF, CR, ESC, SO and SI have their place in what programs print. */
static bool
is_control(unsigned char c)
{
	return (c < 0x20 && !(c >= 0x07 && c <= 0x0F) && c != 0x1B) || c == 0x7F;
}

bool
magic_binary(const void *p, size_t n, struct magic *m)
{
	const unsigned char *at = p;
	size_t control = 0, nul = 0, pairs = 0;

	if (n < BINARY_MIN) {
		*m = (struct magic){0};
		return false;
	}
	if (magic_known(p, n, m))
		return true;
	m->what = "data";
	n = MIN_OF(n, MAGIC_BYTES);
	for (size_t i = 0; i < n; i++) {
		control += is_control(at[i]);
		nul += at[i] == 0;
		pairs += at[i] == 0 && i > 0 && at[i - 1] == 0;
	}
	if (control == nul && pairs == 0 && nul * 5 < n) /* find -print0 */
		return false;
	return control * 20 > n;
}

static bool
is_line(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_control(p[i]))
			return false;
	return utf8_valid((const char *)p, n);
}

bool
magic_behind(const void *p, size_t n, size_t *front, struct magic *m)
{
	const unsigned char *at = p, *end, *nl;
	struct magic rest;

	*front = 0;
	if (n < BINARY_MIN)
		return magic_binary(p, n, m);
	end = at + MIN_OF(n, MAGIC_BYTES);
	while ((nl = memchr(at, '\n', (size_t)(end - at))) &&
	       is_line(at, (size_t)(nl - at)))
		at = nl + 1;
	if (at - (const unsigned char *)p >= FRONT_MIN &&
	    magic_binary(at, (size_t)(end - at), &rest)) {
		*front = (size_t)(at - (const unsigned char *)p);
		*m = rest;
		return true;
	}
	return magic_binary(p, n, m);
}

char *
magic_words(const struct magic *m)
{
	if (m->width == 0 || m->height == 0)
		return mem_strdup(m->what);
	return mem_printf("%s %ux%u", m->what, m->width, m->height);
}

char *
magic_size(size_t bytes)
{
	static const char *const units[] = {"KB", "MB", "GB"};
	double v = (double)bytes / 1000;
	size_t i = 0;

	if (bytes < 1000)
		return mem_printf("%zu bytes", bytes);
	for (; v >= 999.95 && i + 1 < ARRAY_LEN(units); i++)
		v /= 1000;
	return mem_printf("%.1f %s", v, units[i]);
}
