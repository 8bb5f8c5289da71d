/* Letters that pass for Latin ones, and characters that nobody sees.
 *
 * Accents and widths are folded as writing (no disguise); Cyrillic, Greek and Armenian
 * look-alikes and the styled alphabets of mathematics, circles and squares as disguise. After
 * Unicode TR39's confusables, cut down to what reads as a letter at a glance; invisible is the
 * property Default_Ignorable_Code_Point (DerivedCoreProperties 15) and the blank Braille
 * pattern. Own tables: this folder must not need libunistring at 200 MB/s. Pinned by
 * tests/unit/test_scan.c. */
#include <string.h>

#include "agent/gate/scan_int.h"

/* U+00C0 .. U+017F without accents; '.' where there is no letter. */
static const char fold_accents[] = "aaaaaaaceeeeiiiidnooooo.ouuuuyts"
				   "aaaaaaaceeeeiiiidnooooo.ouuuuyty"
				   "aaaaaaccccccccddddeeeeeeeeeegggg"
				   "gggghhhhiiiiiiiiiiiijjkkklllllll"
				   "lllnnnnnnnnnoooooooorrrrrrssssss"
				   "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* U+01CD .. U+0233. */
static const char fold_caron[] = "aaiioouuuuuuuuuu.aaaa....ggkkooo"
				 "o..jdddgg..nnaa....aaaaeeeeiiiio"
				 "ooorrrruuuusstt..hh......aaeeooo"
				 "oooooyy";
/* U+1E00 .. U+1EFF. */
static const char fold_marks[] = "aabbbbbbccddddddddddeeeeeeeeeeff"
				 "gghhhhhhhhhhiiiikkkkkkllllllllmm"
				 "mmmmnnnnnnnnoooooooopppprrrrrrrr"
				 "ssssssssssttttttttuuuuuuuuuuvvvv"
				 "wwwwwwwwwwxxxxyyzzzzzzhtwyas...."
				 "aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
				 "eeeeeeeeiiiioooooooooooooooooooo"
				 "oooouuuuuuuuuuuuuuyyyyyyyy......";

struct fold_pair {
	uint16_t cp;
	char to;
};

/* Sorted by code point. Upper-case ones as the letter that their shape is. */
static const struct fold_pair fold_alike[] = {
    {0x0251, 'a'}, {0x0261, 'g'}, {0x0262, 'g'}, {0x0269, 'i'}, {0x026A, 'i'},
    {0x0274, 'n'}, {0x0280, 'r'}, {0x028F, 'y'}, {0x0299, 'b'}, {0x029C, 'h'},
    {0x029F, 'l'}, {0x0391, 'a'}, {0x0392, 'b'}, {0x0395, 'e'}, {0x0396, 'z'},
    {0x0397, 'h'}, {0x0399, 'i'}, {0x039A, 'k'}, {0x039C, 'm'}, {0x039D, 'n'},
    {0x039F, 'o'}, {0x03A1, 'p'}, {0x03A4, 't'}, {0x03A5, 'y'}, {0x03A7, 'x'},
    {0x03B1, 'a'}, {0x03B5, 'e'}, {0x03B7, 'n'}, {0x03B9, 'i'}, {0x03BA, 'k'},
    {0x03BD, 'v'}, {0x03BF, 'o'}, {0x03C1, 'p'}, {0x03C4, 't'}, {0x03C5, 'u'},
    {0x03C7, 'x'}, {0x03C9, 'w'}, {0x03F2, 'c'}, {0x03F3, 'j'}, {0x0405, 's'},
    {0x0406, 'i'}, {0x0408, 'j'}, {0x0410, 'a'}, {0x0412, 'b'}, {0x0415, 'e'},
    {0x041A, 'k'}, {0x041C, 'm'}, {0x041D, 'h'}, {0x041E, 'o'}, {0x0420, 'p'},
    {0x0421, 'c'}, {0x0422, 't'}, {0x0423, 'y'}, {0x0425, 'x'}, {0x0430, 'a'},
    {0x0433, 'r'}, {0x0435, 'e'}, {0x043A, 'k'}, {0x043C, 'm'}, {0x043D, 'h'},
    {0x043E, 'o'}, {0x043F, 'n'}, {0x0440, 'p'}, {0x0441, 'c'}, {0x0442, 't'},
    {0x0443, 'y'}, {0x0445, 'x'}, {0x0451, 'e'}, {0x0455, 's'}, {0x0456, 'i'},
    {0x0457, 'i'}, {0x0458, 'j'}, {0x0475, 'v'}, {0x04AF, 'y'}, {0x04BB, 'h'},
    {0x04CF, 'l'}, {0x0501, 'd'}, {0x051B, 'q'}, {0x051D, 'w'}, {0x0570, 'h'},
    {0x0578, 'n'}, {0x057D, 'u'}, {0x0581, 'g'}, {0x0585, 'o'}, {0x1D00, 'a'},
    {0x1D04, 'c'}, {0x1D05, 'd'}, {0x1D07, 'e'}, {0x1D0A, 'j'}, {0x1D0B, 'k'},
    {0x1D0D, 'm'}, {0x1D0F, 'o'}, {0x1D18, 'p'}, {0x1D1B, 't'}, {0x1D1C, 'u'},
    {0x1D20, 'v'}, {0x1D21, 'w'}, {0x1D22, 'z'}, {0x2102, 'c'}, {0x210A, 'g'},
    {0x210B, 'h'}, {0x210C, 'h'}, {0x210D, 'h'}, {0x210E, 'h'}, {0x2110, 'i'},
    {0x2111, 'i'}, {0x2112, 'l'}, {0x2113, 'l'}, {0x2115, 'n'}, {0x2119, 'p'},
    {0x211A, 'q'}, {0x211B, 'r'}, {0x211C, 'r'}, {0x211D, 'r'}, {0x2124, 'z'},
    {0x2128, 'z'}, {0x212C, 'b'}, {0x212D, 'c'}, {0x212F, 'e'}, {0x2130, 'e'},
    {0x2131, 'f'}, {0x2133, 'm'}, {0x2134, 'o'}, {0xA730, 'f'}, {0xA731, 's'},
};

/* Ranges of styled alphabets: A..Z then a..z from the start, or one case only. */
static const struct {
	uint32_t first, last;
} fold_styled[] = {
    {0x1D400, 0x1D6A3}, {0x24B6, 0x24E9},   {0x249C, 0x24B5},	{0x1F110, 0x1F129},
    {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}, {0x1F1E6, 0x1F1FF},
};

static unsigned
fold_small(uint32_t cp)
{
	size_t lo = 0, hi = ARRAY_LEN(fold_alike);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (fold_alike[mid].cp < cp)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < ARRAY_LEN(fold_alike) && fold_alike[lo].cp == cp)
		return (unsigned char)fold_alike[lo].to;
	return 0;
}

static unsigned
fold_letter(char c)
{
	return c == '.' ? 0 : (unsigned char)c;
}

unsigned
scan_fold(uint32_t cp, bool *alike)
{
	*alike = false;
	if (cp < 0x80)
		return cp;
	if (cp >= 0xC0 && cp < 0x180)
		return fold_letter(fold_accents[cp - 0xC0]);
	if (cp >= 0x1CD && cp <= 0x233)
		return fold_letter(fold_caron[cp - 0x1CD]);
	if (cp >= 0x1E00 && cp <= 0x1EFF)
		return fold_letter(fold_marks[cp - 0x1E00]);
	if (cp >= 0xFF01 && cp <= 0xFF5E) /* full width; commas and stops stay Japanese */
		return cp - 0xFEE0;
	*alike = true;
	for (size_t i = 0; cp >= 0x249C && i < ARRAY_LEN(fold_styled); i++)
		if (cp >= fold_styled[i].first && cp <= fold_styled[i].last)
			return 'a' + (cp - fold_styled[i].first) % 26;
	return cp <= 0xFFFF ? fold_small(cp) : 0;
}

bool
scan_is_invisible(uint32_t cp)
{
	if (cp < 0x2000)
		return cp == 0xAD || cp == 0x34F || cp == 0x61C || cp == 0x115F ||
		       cp == 0x1160 || cp == 0x17B4 || cp == 0x17B5 ||
		       (cp >= 0x180B && cp <= 0x180F);
	if (cp < 0x3000)
		return (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
		       (cp >= 0x2060 && cp <= 0x206F) || cp == 0x2800;
	return cp == 0x3164 || (cp >= 0xFE00 && cp <= 0xFE0F) || cp == 0xFEFF ||
	       cp == 0xFFA0 || (cp >= 0xFFF0 && cp <= 0xFFF8) ||
	       (cp >= 0x1BCA0 && cp <= 0x1BCA3) || (cp >= 0x1D173 && cp <= 0x1D17A) ||
	       (cp >= 0xE0000 && cp <= 0xE0FFF);
}
