/* Where a text's letters, marks, blanks and line ends are: one bit for each byte.
 *
 * The first pass of the detector: 64 bytes become five words, so that what follows goes from one
 * thing worth looking at to the next without touching the bytes between. With SSE2, which every
 * x86-64 has, in about a cycle a byte; elsewhere by a table. Both must agree, which
 * tests/unit/test_scan.c checks; a stir bit too many costs time and nothing else. */
#include <string.h>

#include "agent/gate/scan_class.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bits of a byte's row in the table. */
enum bits_kind { B_LETTER = 1, B_STIR = 2, B_ODD = 4, B_BLANK = 8, B_DIGIT = 16 };

static const uint8_t bits_table[256] = {
    ['a' ... 'z'] = B_LETTER,
    ['A' ... 'Z'] = B_LETTER,
    ['0' ... '9'] = B_DIGIT,
    [0x80 ... 0xFF] = B_STIR | B_ODD,
    [0x00 ... 0x08] = B_ODD,
    ['\t'] = B_BLANK,
    ['\n'] = B_STIR,
    ['\v'] = B_ODD,
    ['\f'] = B_STIR | B_ODD,
    ['\r' ... 0x1F] = B_ODD,
    [' '] = B_BLANK,
    ['!'] = B_STIR,
    ['"'] = B_STIR,
    ['$'] = B_STIR,
    ['%'] = B_ODD,
    ['&'] = B_ODD,
    ['\''] = B_STIR,
    ['('] = B_STIR,
    [':'] = B_STIR,
    [';'] = B_STIR,
    ['<'] = B_STIR,
    ['>'] = B_STIR,
    ['?'] = B_STIR,
    ['@'] = B_STIR,
    ['['] = B_STIR,
    ['\\'] = B_ODD,
    ['`'] = B_STIR,
    ['{'] = B_STIR,
    ['|'] = B_STIR,
    ['}'] = B_STIR,
};

/* What a block's bytes are, before neighbours are looked at. */
struct bits_raw {
	uint64_t letter, digit, stir, odd, blank, lf, dot, dash;
};

static void
bits_raw_table(struct bits_raw *r, const unsigned char *p)
{
	*r = (struct bits_raw){0};
	for (unsigned i = 0; i < 64; i++) {
		uint64_t bit = UINT64_C(1) << i;
		unsigned k = bits_table[p[i]];

		r->letter |= k & B_LETTER ? bit : 0;
		r->digit |= k & B_DIGIT ? bit : 0;
		r->stir |= k & B_STIR ? bit : 0;
		r->odd |= k & B_ODD ? bit : 0;
		r->blank |= k & B_BLANK ? bit : 0;
		r->lf |= p[i] == '\n' ? bit : 0;
		r->dot |= p[i] == '.' ? bit : 0;
		r->dash |= p[i] == '-' ? bit : 0;
	}
}

#ifdef __SSE2__
static inline uint64_t
bits_mask(__m128i v, unsigned quarter)
{
	return (uint64_t)(unsigned)_mm_movemask_epi8(v) << (16 * quarter);
}

/* Bytes from `first` to `last`, both below 0x80. */
static inline __m128i
bits_range(__m128i v, char first, char last)
{
	return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8((char)(first - 1))),
			     _mm_cmpgt_epi8(_mm_set1_epi8((char)(last + 1)), v));
}

static inline __m128i
bits_is(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

static inline __m128i
bits_or(__m128i a, __m128i b)
{
	return _mm_or_si128(a, b);
}

static void
bits_raw_vector(struct bits_raw *r, const unsigned char *p)
{
	*r = (struct bits_raw){0};
	for (unsigned q = 0; q < 4; q++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * q));
		__m128i low = _mm_or_si128(v, _mm_set1_epi8(0x20));
		__m128i lf = bits_is(v, '\n'), tab = bits_is(v, '\t');
		/* Signed: bytes from 0x80 on are below the controls. */
		__m128i below = _mm_cmpgt_epi8(_mm_set1_epi8(0x20), v);
		__m128i wide = _mm_cmpgt_epi8(_mm_setzero_si128(), v);
		__m128i odd = _mm_andnot_si128(bits_or(lf, tab), below);
		__m128i stir = bits_or(wide, lf);

		odd = bits_or(odd, bits_or(bits_is(v, '&'),
					   bits_or(bits_is(v, '%'), bits_is(v, '\\'))));
		/* : ; < > ? @, ! ", ' (, [ { and | } */
		stir = bits_or(stir,
			       _mm_andnot_si128(bits_is(v, '='), bits_range(v, ':', '@')));
		stir = bits_or(stir, bits_or(bits_is(v, '!'), bits_is(v, '"')));
		stir = bits_or(stir, bits_range(v, '\'', '('));
		stir = bits_or(stir, bits_or(bits_is(low, '{'), bits_range(v, '|', '}')));
		stir = bits_or(stir, bits_or(bits_is(v, '$'), bits_is(v, '`')));
		stir = _mm_andnot_si128(bits_is(low, '\\' | 0x20), stir);
		stir = bits_or(stir, bits_or(bits_is(v, '\f'), bits_is(v, '|')));
		r->letter |= bits_mask(bits_range(low, 'a', 'z'), q);
		r->digit |= bits_mask(bits_range(v, '0', '9'), q);
		r->stir |= bits_mask(stir, q);
		r->odd |= bits_mask(odd, q);
		r->blank |= bits_mask(bits_or(bits_is(v, ' '), tab), q);
		r->lf |= bits_mask(lf, q);
		r->dot |= bits_mask(bits_is(v, '.'), q);
		r->dash |= bits_mask(bits_is(v, '-'), q);
	}
}
#endif

/* A full stop before a letter or digit ends nothing; a dash counts before letters and dashes.
 * What the next block begins with is not known here. */
static void
bits_block(struct scan_bits *b, const unsigned char *p, bool table)
{
	const uint64_t last = UINT64_C(1) << 63;
	struct bits_raw r;

#ifdef __SSE2__
	if (!table)
		bits_raw_vector(&r, p);
	else
#endif
		bits_raw_table(&r, p);
	(void)table;
	b->letter = r.letter;
	b->odd = r.odd;
	b->blank = r.blank;
	b->lf = r.lf;
	b->stir = r.letter | r.stir | r.digit |
		  (r.dot & (~((r.letter | r.digit) >> 1) | last)) |
		  (r.dash & ((r.letter | r.dash) >> 1 | last));
}

void
scan_bits(struct scan_bits *b, const char *p, size_t n, bool table)
{
	size_t i = 0;

	for (; i + 64 <= n; i += 64)
		bits_block(b++, (const unsigned char *)p + i, table);
	if (i < n) {
		unsigned char rest[64];
		uint64_t in = (UINT64_C(1) << (n - i)) - 1;

		memset(rest, '\n', sizeof(rest));
		memcpy(rest, p + i, n - i);
		bits_block(b, rest, table);
		b->letter &= in;
		b->odd &= in;
		b->blank &= in;
		b->lf &= in;
		b++;
	}
	*b = (struct scan_bits){.stir = ~UINT64_C(0)}; /* so that no search runs on */
}
