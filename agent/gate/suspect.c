/* Words and hosts that look like something else. See suspect.h.
 *
 * A word (letters, digits, marks, underscore) is mixed when it holds Latin letters and letters
 * of Cyrillic, Armenian or the Latin-looking part of Greek: the mixed-script test of Unicode
 * TR39 narrowed to the scripts that deceive, so that Japanese, Korean and "Δt" pass. A host is
 * whatever stands between "://" and the path; any byte beyond ASCII in it is worth a word, since
 * an honest program can write punycode. Pinned by tests/unit/test_escape.c. */
#include <string.h>

#include "agent/base/lib_unistring.h"
#include "agent/base/utf8.h"
#include "agent/gate/charclass.h"
#include "agent/gate/suspect.h"

#define SUSPECT_LETTERS_MAX 8 /* named in a description */

static bool
suspect_word_char(uint32_t cp)
{
	if (cp < 0x80)
		return cp == '_' || (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') ||
		       (cp >= 'a' && cp <= 'z');
	return cp != UINT32_MAX &&
	       (uc_is_general_category(cp, UC_CATEGORY_L) ||
		uc_is_general_category(cp, UC_CATEGORY_M) ||
		uc_is_general_category(cp, UC_CATEGORY_N) ||
		uc_is_general_category(cp, UC_CATEGORY_Cf)); /* invisible: splits no word */
}

static enum suspect
suspect_word(const char *p, size_t n, size_t *len)
{
	bool latin = false, other = false;
	size_t i = 0;

	while (i < n) {
		uint32_t cp;
		size_t step = utf8_decode(p + i, n - i, &cp);
		enum char_script s;

		if (!suspect_word_char(cp))
			break;
		s = char_script(cp);
		latin = latin || s == SCRIPT_LATIN;
		other = other || (s != SCRIPT_LATIN && s != SCRIPT_OTHER);
		i += step;
	}
	*len = i;
	return latin && other ? SUSPECT_MIXED : SUSPECT_NONE;
}

/* Full-width punctuation that closes a sentence around a URL. The ideographic full stop does
 * so only where no host goes on: browsers take it for a dot. */
static bool
suspect_host_ends(const char *p, size_t n, uint32_t cp, size_t step)
{
	if (cp < 0x80)
		return cp <= 0x20 || strchr("/?#\"'`<>()[]{}|;,\\", (int)cp) != NULL;
	if (cp == 0x3002)
		return step >= n || !suspect_word_char((unsigned char)p[step]);
	return cp == 0x3001 || cp == 0xFF09 || cp == 0x300D || cp == 0x300F ||
	       cp == 0x3011 || cp == 0x3000;
}

static enum suspect
suspect_host(const char *p, size_t n, size_t *len)
{
	bool odd = false;
	size_t i = 0;

	while (i < n) {
		uint32_t cp;
		size_t step = utf8_decode(p + i, n - i, &cp);

		if (suspect_host_ends(p + i, n - i, cp, step))
			break;
		odd = odd || cp >= 0x80;
		i += step;
	}
	*len = i;
	return odd ? SUSPECT_HOST : SUSPECT_NONE;
}

enum suspect
suspect_at(const char *p, size_t n, size_t i, size_t *len)
{
	if (i >= 3 && memcmp(p + i - 3, "://", 3) == 0)
		return suspect_host(p + i, n - i, len);
	return suspect_word(p + i, n - i, len);
}

/* The letters that do not belong, each once, with a space between; the script of the last. */
static enum char_script
suspect_letters(struct buf *out, const char *p, size_t n)
{
	uint32_t seen[SUSPECT_LETTERS_MAX];
	size_t nseen = 0, i = 0, k;
	enum char_script script = SCRIPT_OTHER;

	while (i < n && nseen < SUSPECT_LETTERS_MAX) {
		uint32_t cp;
		size_t step = utf8_decode(p + i, n - i, &cp);
		enum char_script s = cp == UINT32_MAX ? SCRIPT_OTHER : char_script(cp);

		for (k = 0; k < nseen && seen[k] != cp; k++)
			;
		if (k == nseen && s != SCRIPT_OTHER && s != SCRIPT_LATIN) {
			seen[nseen++] = cp;
			script = s;
			if (nseen > 1)
				buf_addc(out, ' ');
			buf_add(out, p + i, step);
		}
		i += step;
	}
	return script;
}

void
suspect_describe(struct buf *out, enum suspect kind, const char *p, size_t n, bool japanese)
{
	enum char_script script;

	if (kind == SUSPECT_HOST) {
		buf_adds(out, japanese ? "ASCII 以外の文字を含むホスト名"
				       : "host with letters beyond ASCII");
		return;
	}
	buf_adds(out, japanese ? "文字体系の混在: " : "mixed script: ");
	script = suspect_letters(out, p, n);
	buf_addf(out, " (%s)", char_script_name(script, japanese));
}
