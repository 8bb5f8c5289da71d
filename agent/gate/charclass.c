/* Classes of code points. See charclass.h.
 *
 * Built on libunistring's Unicode tables: general category, default-ignorable and emoji
 * properties, bidi category, script. What Unicode calls a letter or a symbol and draws as
 * nothing (Hangul fillers, the blank Braille pattern) is invisible here. The classes follow
 * Unicode TR36 and TR39 in spirit; a code point that the tables do not know is unassigned, so
 * that a newer Unicode shows numbers and never hides anything. Pinned by
 * tests/unit/test_escape.c. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/lib_unistring.h"
#include "agent/base/util.h"
#include "agent/gate/charclass.h"

static const struct {
	uint32_t cp;
	char name[CHAR_NAME_SIZE];
} char_names[] = {
    {0x0000, "NUL"},  {0x0007, "BEL"},	{0x0008, "BS"},	  {0x000B, "VT"},
    {0x000C, "FF"},   {0x000D, "CR"},	{0x001B, "ESC"},  {0x007F, "DEL"},
    {0x0085, "NEL"},  {0x009B, "CSI"},	{0x009D, "OSC"},  {0x00A0, "NBSP"},
    {0x00AD, "SHY"},  {0x034F, "CGJ"},	{0x061C, "ALM"},  {0x200B, "ZWSP"},
    {0x200C, "ZWNJ"}, {0x200D, "ZWJ"},	{0x200E, "LRM"},  {0x200F, "RLM"},
    {0x2028, "LSEP"}, {0x2029, "PSEP"}, {0x202A, "LRE"},  {0x202B, "RLE"},
    {0x202C, "PDF"},  {0x202D, "LRO"},	{0x202E, "RLO"},  {0x202F, "NNBSP"},
    {0x2060, "WJ"},   {0x2066, "LRI"},	{0x2067, "RLI"},  {0x2068, "FSI"},
    {0x2069, "PDI"},  {0x3164, "HF"},	{0xFE0E, "VS15"}, {0xFE0F, "VS16"},
    {0xFEFF, "BOM"},
};

/* Letters that pass for Latin ones in common fonts. */
static const uint32_t greek_lookalikes[] = {
    0x0391, 0x0392, 0x0395, 0x0396, 0x0397, 0x0399, 0x039A, 0x039C,
    0x039D, 0x039F, 0x03A1, 0x03A4, 0x03A5, 0x03A7, 0x03B1, 0x03B9,
    0x03BA, 0x03BD, 0x03BF, 0x03C1, 0x03C5, 0x03F2, 0x03F3, 0x03F9,
};

static bool
char_is_bidi_control(uint32_t cp)
{
	return cp == 0x061C || cp == 0x200E || cp == 0x200F ||
	       (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
}

static bool
char_is_invisible(uint32_t cp)
{
	return cp == 0x2800 || uc_is_property_default_ignorable_code_point(cp) ||
	       uc_is_general_category(cp, UC_CATEGORY_Cf);
}

static bool
char_is_rtl(uint32_t cp)
{
	int bidi = uc_bidi_category(cp);

	return bidi == UC_BIDI_R || bidi == UC_BIDI_AL || bidi == UC_BIDI_AN;
}

enum char_class
char_class(uint32_t cp)
{
	if (cp >= 0x20 && cp < 0x7F)
		return CHAR_PLAIN;
	if (cp < 0xA0 || cp == 0x2028 || cp == 0x2029)
		return CHAR_CONTROL;
	if (char_is_bidi_control(cp))
		return CHAR_BIDI;
	if (char_is_invisible(cp))
		return CHAR_INVISIBLE;
	if (uc_is_general_category(cp, UC_CATEGORY_Zs))
		return CHAR_SPACE;
	if (uc_is_general_category(cp, UC_CATEGORY_C))
		return CHAR_UNASSIGNED;
	if (char_is_rtl(cp))
		return CHAR_RTL;
	return uc_is_general_category(cp, UC_CATEGORY_M) ? CHAR_MARK : CHAR_PLAIN;
}

void
char_name(uint32_t cp, char out[CHAR_NAME_SIZE])
{
	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(char_names); i++)
		if (char_names[i].cp == cp)
			memcpy(out, char_names[i].name, CHAR_NAME_SIZE);
	if (cp > 0xE0020 && cp < 0xE007F && isalnum((int)(cp - 0xE0000)))
		snprintf(out, CHAR_NAME_SIZE, "TAG %c", (char)(cp - 0xE0000));
}

bool
char_is_pictograph(uint32_t cp)
{
	return uc_is_property_extended_pictographic(cp);
}

bool
char_is_emoji_base(uint32_t cp)
{
	return uc_is_property_emoji(cp);
}

bool
char_is_emoji_modifier(uint32_t cp)
{
	return uc_is_property_emoji_modifier(cp);
}

enum char_script
char_script(uint32_t cp)
{
	const uc_script_t *s;

	if (cp < 0x80) /* most code is: the library need not be opened for it */
		return isalpha((int)cp) ? SCRIPT_LATIN : SCRIPT_OTHER;
	s = uc_script(cp);
	if (!s)
		return SCRIPT_OTHER;
	if (strcmp(s->name, "Latin") == 0)
		return SCRIPT_LATIN;
	if (strcmp(s->name, "Cyrillic") == 0)
		return SCRIPT_CYRILLIC;
	if (strcmp(s->name, "Armenian") == 0)
		return SCRIPT_ARMENIAN;
	for (size_t i = 0; i < ARRAY_LEN(greek_lookalikes); i++)
		if (greek_lookalikes[i] == cp)
			return SCRIPT_GREEK;
	return SCRIPT_OTHER;
}

const char *
char_script_name(enum char_script s, bool japanese)
{
	static const char *const names[][2] = {
	    [SCRIPT_OTHER] = {"other", "その他"},
	    [SCRIPT_LATIN] = {"Latin", "ラテン文字"},
	    [SCRIPT_CYRILLIC] = {"Cyrillic", "キリル文字"},
	    [SCRIPT_GREEK] = {"Greek", "ギリシャ文字"},
	    [SCRIPT_ARMENIAN] = {"Armenian", "アルメニア文字"},
	};

	return names[s][japanese];
}
