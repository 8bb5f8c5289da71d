/* Sixty-four bytes of a line as bits, one for each byte. Not for others. */
#ifndef SUNABA_GATE_SCAN_WINDOW_H
#define SUNABA_GATE_SCAN_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_WINDOW 64 /* bytes */

#ifdef __x86_64__
#include <immintrin.h>

/* What every processor since 2013 has; asked for by scan_window_wide(). */
#define SCAN_WIDE_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
/* What most of servers and many others have; asked for by scan_window_widest(). */
#define SCAN_WIDEST_TARGET \
	__attribute__((target("avx512f,avx512bw,avx2,bmi,bmi2,popcnt,lzcnt")))
#endif

/* How many bytes the processor looks at in one step. */
enum scan_width {
	SCAN_WIDTH_BYTE,   /* anything */
	SCAN_WIDTH_WIDE,   /* 32: may do what has SCAN_WIDE_TARGET */
	SCAN_WIDTH_WIDEST, /* 64: and SCAN_WIDEST_TARGET */
};

/* A bit is set for a byte of the class. */
struct scan_window {
	uint64_t letter, upper, digit;
	uint64_t solid; /* digits, @ $ */
	uint64_t group; /* . , - and the blank, which stand between digits */
	uint64_t blank; /* the blank and TAB */
	uint64_t item;	/* behind the blanks of a line: ends the sentence before; LF too */
	uint64_t hard;	/* ; | } and FF: end a sentence */
	uint64_t dot;	/* . ! ?: end one before a blank */
	uint64_t event; /* < [ and the back quote */
	uint64_t apostrophe, colon, slash, greater, lf;
	uint64_t wide; /* beyond ASCII */
};

/* The bits of p[0..n), n <= SCAN_WINDOW; SCAN_WINDOW bytes may be read. */
void scan_window(struct scan_window *w, const char *p, size_t n);
/* What this processor can do. */
enum scan_width scan_window_can(void);

/* The first n bits, n <= 64. */
static inline uint64_t
scan_bits_below(size_t n)
{
	return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* Nothing from byte n on. */
static inline void
scan_window_cut(struct scan_window *w, size_t n)
{
	uint64_t inside = scan_bits_below(n);

	w->letter &= inside;
	w->upper &= inside;
	w->digit &= inside;
	w->solid &= inside;
	w->group &= inside;
	w->blank &= inside;
	w->item &= inside;
	w->hard &= inside;
	w->dot &= inside;
	w->event &= inside;
	w->apostrophe &= inside;
	w->colon &= inside;
	w->slash &= inside;
	w->greater &= inside;
	w->lf &= inside;
	w->wide &= inside;
}

#ifdef SCAN_WIDE_TARGET

/* Classes of ASCII characters, as struct scan_window names them. */
enum scan_window_class {
	ROWS_LETTER,
	ROWS_DIGIT,
	ROWS_SOLID,
	ROWS_GROUP,
	ROWS_BLANK,
	ROWS_ITEM,
	ROWS_HARD,
	ROWS_DOT,
	ROWS_EVENT,
	ROWS_UPPER,
	ROWS_CLASSES
};

/* For each class, by the low half of a byte, the rows of ASCII that have a member there. */
extern const unsigned char scan_window_rows[ROWS_CLASSES][16], scan_odd_rows[16];

/* 255 for the bytes whose row is among those that the class has for their low half. */
SCAN_WIDE_TARGET static inline uint32_t
scan_window_in(__m256i v, __m256i row, const unsigned char *rows)
{
	__m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)rows));
	__m256i both = _mm256_and_si256(_mm256_shuffle_epi8(table, v), row);

	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(both, row));
}

/* The row of each byte as a bit; beyond ASCII all bits, which no class has. */
SCAN_WIDE_TARGET static inline __m256i
scan_window_row(__m256i v)
{
	const __m256i bit =
	    _mm256_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0, 1,
			     2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
	__m256i row = _mm256_shuffle_epi8(bit, high);

	return _mm256_or_si256(row, _mm256_cmpeq_epi8(row, _mm256_setzero_si256()));
}

/* The first n bits of x; n may be more than there are, up to 255. */
SCAN_WIDE_TARGET static inline uint64_t
scan_bits_wide(uint64_t x, unsigned n)
{
	return _bzhi_u64(x, n);
}

SCAN_WIDE_TARGET static inline uint32_t
scan_window_is(__m256i v, char c)
{
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)));
}

SCAN_WIDE_TARGET static inline void
scan_window_wide(struct scan_window *w, const char *p, size_t n)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)p);
	__m256i b = _mm256_loadu_si256((const __m256i *)(p + 32));
	__m256i row_a = scan_window_row(a), row_b = scan_window_row(b);

#define BOTH(low, high) ((uint64_t)(high) << 32 | (low))
#define IN(class)                                               \
	BOTH(scan_window_in(a, row_a, scan_window_rows[class]), \
	     scan_window_in(b, row_b, scan_window_rows[class]))
#define IS(c) BOTH(scan_window_is(a, c), scan_window_is(b, c))
	w->letter = IN(ROWS_LETTER);
	w->upper = IN(ROWS_UPPER);
	w->digit = IN(ROWS_DIGIT);
	w->solid = IN(ROWS_SOLID);
	w->group = IN(ROWS_GROUP);
	w->blank = IN(ROWS_BLANK);
	w->item = IN(ROWS_ITEM);
	w->hard = IN(ROWS_HARD);
	w->dot = IN(ROWS_DOT);
	w->event = IN(ROWS_EVENT);
	w->apostrophe = IS('\'');
	w->colon = IS(':');
	w->slash = IS('/');
	w->greater = IS('>');
	w->lf = IS('\n');
	w->wide =
	    BOTH((uint32_t)_mm256_movemask_epi8(a), (uint32_t)_mm256_movemask_epi8(b));
#undef IS
#undef IN
#undef BOTH
	if (n < SCAN_WINDOW)
		scan_window_cut(w, n);
}

/* The members of a class, whose row's bit is among those of their low half. */
SCAN_WIDEST_TARGET static inline uint64_t
scan_window_among(__m512i v, __m512i row, const unsigned char *rows)
{
	__m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)rows));

	return _mm512_test_epi8_mask(_mm512_shuffle_epi8(table, v), row);
}

SCAN_WIDEST_TARGET static inline uint64_t
scan_window_same(__m512i v, char c)
{
	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
}

SCAN_WIDEST_TARGET static inline void
scan_window_widest(struct scan_window *w, const char *p, size_t n)
{
	/* A bit for each row; there are none beyond ASCII. */
	const __m512i bit = _mm512_broadcast_i32x4(
	    _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
	__m512i v = _mm512_loadu_si512(p);
	__m512i high = _mm512_and_si512(_mm512_srli_epi16(v, 4), _mm512_set1_epi8(15));
	__m512i row = _mm512_shuffle_epi8(bit, high);

#define IN(class) scan_window_among(v, row, scan_window_rows[class])
	*w = (struct scan_window){
	    .letter = IN(ROWS_LETTER),
	    .upper = IN(ROWS_UPPER),
	    .digit = IN(ROWS_DIGIT),
	    .solid = IN(ROWS_SOLID),
	    .group = IN(ROWS_GROUP),
	    .blank = IN(ROWS_BLANK),
	    .item = IN(ROWS_ITEM),
	    .hard = IN(ROWS_HARD),
	    .dot = IN(ROWS_DOT),
	    .event = IN(ROWS_EVENT),
	    .apostrophe = scan_window_same(v, '\''),
	    .colon = scan_window_same(v, ':'),
	    .slash = scan_window_same(v, '/'),
	    .greater = scan_window_same(v, '>'),
	    .lf = scan_window_same(v, '\n'),
	    .wide = _mm512_movepi8_mask(v),
	};
#undef IN
	if (n < SCAN_WINDOW)
		scan_window_cut(w, n);
}

/* The first of p[i..n) that may be trouble, or where less than 32 bytes are left. */
SCAN_WIDE_TARGET static inline size_t
scan_odd_wide(const char *p, size_t i, size_t n)
{
	for (; i + 32 <= n; i += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(p + i));
		uint32_t odd = scan_window_in(v, scan_window_row(v), scan_odd_rows) |
			       (uint32_t)_mm256_movemask_epi8(v);

		if (odd)
			return i + (size_t)__builtin_ctz(odd);
	}
	return i;
}

#endif

#endif
