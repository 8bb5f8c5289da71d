/* libunistring: classes, widths and breaks of characters; opened when first used, see lib.h. A name that is missing here
 * fails when the program is linked. */
#ifndef SUNABA_BASE_LIB_UNISTRING_H
#define SUNABA_BASE_LIB_UNISTRING_H

#include <unictype.h>
#include <unigbrk.h>
#include <unilbrk.h>
#include <uniwidth.h>

#include "agent/base/lib.h"

/* clang-format off */
#define LIB_UNISTRING(X) \
	X(UC_CATEGORY_C) \
	X(UC_CATEGORY_Cf) \
	X(UC_CATEGORY_Cn) \
	X(UC_CATEGORY_L) \
	X(UC_CATEGORY_M) \
	X(UC_CATEGORY_N) \
	X(UC_CATEGORY_P) \
	X(UC_CATEGORY_Zs) \
	X(u8_grapheme_breaks) \
	X(u8_possible_linebreaks_v2) \
	X(uc_bidi_category) \
	X(uc_is_alnum) \
	X(uc_is_general_category) \
	X(uc_is_property_default_ignorable_code_point) \
	X(uc_is_property_emoji) \
	X(uc_is_property_emoji_modifier) \
	X(uc_is_property_extended_pictographic) \
	X(uc_is_property_ideographic) \
	X(uc_script) \
	X(uc_width)

LIB_DECLARE(unistring, LIB_UNISTRING)

#ifndef LIB_OPENS
#define UC_CATEGORY_C (*lib_unistring()->UC_CATEGORY_C)
#define UC_CATEGORY_Cf (*lib_unistring()->UC_CATEGORY_Cf)
#define UC_CATEGORY_Cn (*lib_unistring()->UC_CATEGORY_Cn)
#define UC_CATEGORY_L (*lib_unistring()->UC_CATEGORY_L)
#define UC_CATEGORY_M (*lib_unistring()->UC_CATEGORY_M)
#define UC_CATEGORY_N (*lib_unistring()->UC_CATEGORY_N)
#define UC_CATEGORY_P (*lib_unistring()->UC_CATEGORY_P)
#define UC_CATEGORY_Zs (*lib_unistring()->UC_CATEGORY_Zs)
#define u8_grapheme_breaks (*lib_unistring()->u8_grapheme_breaks)
#define u8_possible_linebreaks_v2 (*lib_unistring()->u8_possible_linebreaks_v2)
#define uc_bidi_category (*lib_unistring()->uc_bidi_category)
#define uc_is_alnum (*lib_unistring()->uc_is_alnum)
#define uc_is_general_category (*lib_unistring()->uc_is_general_category)
#define uc_is_property_default_ignorable_code_point (*lib_unistring()->uc_is_property_default_ignorable_code_point)
#define uc_is_property_emoji (*lib_unistring()->uc_is_property_emoji)
#define uc_is_property_emoji_modifier (*lib_unistring()->uc_is_property_emoji_modifier)
#define uc_is_property_extended_pictographic (*lib_unistring()->uc_is_property_extended_pictographic)
#define uc_is_property_ideographic (*lib_unistring()->uc_is_property_ideographic)
#define uc_script (*lib_unistring()->uc_script)
#define uc_width (*lib_unistring()->uc_width)
#endif
/* clang-format on */

#endif
