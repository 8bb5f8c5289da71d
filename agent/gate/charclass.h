/* What a code point may do to a reader: shown as it is, or only by its number.
 *
 * Used where text from outside must be seen exactly (the confirmation, file names). Pure. */
#ifndef SUNABA_GATE_CHARCLASS_H
#define SUNABA_GATE_CHARCLASS_H

#include <stdbool.h>
#include <stdint.h>

enum char_class {
	CHAR_PLAIN,	 /* letters, digits, punctuation, assigned symbols */
	CHAR_MARK,	 /* combining mark: plain behind a base, up to a count */
	CHAR_SPACE,	 /* a space other than U+0020 */
	CHAR_CONTROL,	 /* C0, DEL, C1, line and paragraph separators */
	CHAR_BIDI,	 /* bidirectional control */
	CHAR_INVISIBLE,	 /* format or default-ignorable, or drawn as nothing */
	CHAR_RTL,	 /* written right to left: moves what stands around it */
	CHAR_UNASSIGNED, /* unassigned, private use */
};

enum char_class char_class(uint32_t cp);
/* A short name ("RLO", "ZWSP", "TAG A") into out, "" when there is none. ASCII. */
#define CHAR_NAME_SIZE 8
void char_name(uint32_t cp, char out[CHAR_NAME_SIZE]);

bool char_is_pictograph(uint32_t cp); /* may stand beside ZWJ */
bool char_is_emoji_base(uint32_t cp); /* may stand before VS16 */
bool char_is_emoji_modifier(uint32_t cp);

/* Scripts whose letters can pass for Latin ones. */
enum char_script {
	SCRIPT_OTHER,
	SCRIPT_LATIN,
	SCRIPT_CYRILLIC,
	SCRIPT_GREEK, /* only letters that look Latin: "Δt" is honest */
	SCRIPT_ARMENIAN,
};
enum char_script char_script(uint32_t cp);
const char *char_script_name(enum char_script s, bool japanese);

#endif
