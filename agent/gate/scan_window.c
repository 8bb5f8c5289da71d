/* A window of bytes turned into bits by their class.
 *
 * A class is any set of ASCII characters. Its table gives for each low half of a byte the rows
 * of ASCII in which the character is a member; the row's own bit comes from the high half. With
 * AVX2 both are looked up for thirty-two bytes at once (as in simdjson and Hyperscan), with
 * AVX-512 for all; anywhere else a table of all classes gives them byte by byte. Pinned by tests/unit/test_scan.c and
 * tests/fuzz/fuzz_scan.c. */
#include "agent/gate/scan_window.h"

/* The classes, as scan_window() has them. */
enum window_class {
	W_LETTER = 1,
	W_DIGIT = 2,
	W_SOLID = 4,
	W_GROUP = 8,
	W_BLANK = 16,
	W_ITEM = 32,
	W_HARD = 64,
	W_DOT = 128,
	W_EVENT = 256,
	W_APOSTROPHE = 512,
	W_COLON = 1024,
	W_SLASH = 2048,
	W_GREATER = 4096,
	W_LF = 8192,
	W_WIDE = 16384,
	W_UPPER = 32768,
};

static const uint16_t window_class[256] = {
    ['a' ... 'z'] = W_LETTER,
    ['A' ... 'Z'] = W_LETTER | W_UPPER,
    ['0' ... '9'] = W_DIGIT | W_SOLID | W_ITEM,
    ['@'] = W_SOLID,
    ['$'] = W_SOLID,
    ['<'] = W_EVENT | W_ITEM,
    ['['] = W_EVENT | W_ITEM,
    ['`'] = W_EVENT,
    ['\n'] = W_LF | W_ITEM,
    ['\t'] = W_BLANK,
    ['\f'] = W_HARD,
    [0x80 ... 0xFF] = W_WIDE,
    ['.'] = W_DOT | W_GROUP,
    ['!'] = W_DOT,
    ['?'] = W_DOT,
    [';'] = W_HARD,
    ['|'] = W_HARD | W_ITEM,
    ['}'] = W_HARD,
    ['{'] = W_ITEM,
    [':'] = W_COLON,
    ['"'] = W_ITEM,
    ['\''] = W_ITEM | W_APOSTROPHE,
    [','] = W_GROUP,
    ['-'] = W_GROUP | W_ITEM,
    [' '] = W_GROUP | W_BLANK,
    ['+'] = W_ITEM,
    ['='] = W_ITEM,
    ['*'] = W_ITEM,
    ['#'] = W_ITEM,
    ['~'] = W_ITEM,
    ['/'] = W_SLASH,
    ['>'] = W_GREATER,
};

/* Bit i of byte k to bit k of byte i (Hacker's Delight, 7-3). */
static uint64_t
window_turn(uint64_t x)
{
	uint64_t t = (x ^ x >> 7) & UINT64_C(0x00AA00AA00AA00AA);

	x ^= t ^ t << 7;
	t = (x ^ x >> 14) & UINT64_C(0x0000CCCC0000CCCC);
	x ^= t ^ t << 14;
	t = (x ^ x >> 28) & UINT64_C(0x00000000F0F0F0F0);
	return x ^ t ^ t << 28;
}

void
scan_window(struct scan_window *w, const char *p, size_t n)
{
	uint64_t bits[16] = {0};

	for (unsigned at = 0; at < n; at += 8) {
		uint64_t low = 0, high = 0;

		for (unsigned i = 0; i < 8; i++) {
			uint64_t c = window_class[(unsigned char)p[at + i]];

			low |= (c & 255) << 8 * i;
			high |= c >> 8 << 8 * i;
		}
		low = window_turn(low);
		high = window_turn(high);
		for (unsigned i = 0; i < 8; i++) {
			bits[i] |= (low >> 8 * i & 255) << at;
			bits[i + 8] |= (high >> 8 * i & 255) << at;
		}
	}
	for (unsigned i = 0; i < 16; i++)
		bits[i] &= scan_bits_below(n);
	*w = (struct scan_window){
	    .letter = bits[0],
	    .digit = bits[1],
	    .solid = bits[2],
	    .group = bits[3],
	    .blank = bits[4],
	    .item = bits[5],
	    .hard = bits[6],
	    .dot = bits[7],
	    .event = bits[8],
	    .apostrophe = bits[9],
	    .colon = bits[10],
	    .slash = bits[11],
	    .greater = bits[12],
	    .lf = bits[13],
	    .wide = bits[14],
	    .upper = bits[15],
	};
}

#ifndef SCAN_WIDE_TARGET

enum scan_width
scan_window_can(void)
{
	return SCAN_WIDTH_BYTE;
}

#else

enum scan_width
scan_window_can(void)
{
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
	    !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("popcnt"))
		return SCAN_WIDTH_BYTE;
	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512f")
		   ? SCAN_WIDTH_WIDEST
		   : SCAN_WIDTH_WIDE;
}

/* Rows of ASCII: bit 2 is 0x20 to 0x2F. The members of a class with each low half. */
#define R(row) (1 << (row))
/* clang-format off */
const unsigned char scan_window_rows[ROWS_CLASSES][16] = {
    /* letters: rows 4 and 6 from 1 on, 5 and 7 up to 'Z' */
    {R(5) | R(7), R(4) | R(5) | R(6) | R(7), R(4) | R(5) | R(6) | R(7), R(4) | R(5) | R(6) | R(7),
     R(4) | R(5) | R(6) | R(7), R(4) | R(5) | R(6) | R(7), R(4) | R(5) | R(6) | R(7),
     R(4) | R(5) | R(6) | R(7), R(4) | R(5) | R(6) | R(7), R(4) | R(5) | R(6) | R(7),
     R(4) | R(5) | R(6) | R(7), R(4) | R(6), R(4) | R(6), R(4) | R(6), R(4) | R(6), R(4) | R(6)},
    /* digits */
    {R(3), R(3), R(3), R(3), R(3), R(3), R(3), R(3), R(3), R(3)},
    /* digits @ $ */
    {R(3) | R(4), R(3), R(3), R(3), R(2) | R(3), R(3), R(3), R(3), R(3), R(3)},
    /* blank , - . */
    {[0x0] = R(2), [0xC] = R(2), [0xD] = R(2), [0xE] = R(2)},
    /* blank TAB */
    {[0x0] = R(2), [0x9] = R(0)},
    /* digits LF " # \' * + - < = [ { | ~ */
    {R(3), R(3), R(2) | R(3), R(2) | R(3), R(3), R(3), R(3), R(2) | R(3), R(3), R(3),
     R(0) | R(2), R(2) | R(5) | R(7), R(3) | R(7), R(2) | R(3), R(7)},
    /* FF ; | } */
    {[0xB] = R(3), [0xC] = R(0) | R(7), [0xD] = R(7)},
    /* ! . ? */
    {[0x1] = R(2), [0xE] = R(2), [0xF] = R(3)},
    /* < [ ` */
    {[0x0] = R(6), [0xB] = R(5), [0xC] = R(3)},
    /* capitals */
    {R(5), R(4) | R(5), R(4) | R(5), R(4) | R(5), R(4) | R(5), R(4) | R(5), R(4) | R(5), R(4) | R(5),
     R(4) | R(5), R(4) | R(5), R(4) | R(5), R(4), R(4), R(4), R(4), R(4)},
};
/* clang-format on */

/* & % \\ and controls: norm_odd of scan_norm.c, bytes beyond ASCII aside. */
const unsigned char scan_odd_rows[16] = {
    [0x0] = R(0) | R(1),
    [0x1] = R(0) | R(1),
    [0x2] = R(0) | R(1),
    [0x3] = R(0) | R(1),
    [0x4] = R(0) | R(1),
    [0x5] = R(0) | R(1) | R(2),
    [0x6] = R(0) | R(1) | R(2),
    [0x7] = R(0) | R(1),
    [0x8] = R(0) | R(1),
    [0x9] = R(1),
    [0xA] = R(1),
    [0xB] = R(0) | R(1),
    [0xC] = R(0) | R(1) | R(5),
    [0xD] = R(0) | R(1),
    [0xE] = R(0) | R(1),
    [0xF] = R(0) | R(1),
};

#endif
