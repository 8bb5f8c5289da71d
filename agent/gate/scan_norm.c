/* Makes a line readable: widths, accents, look-alikes and what nobody sees.
 *
 * Plain ASCII and plain Japanese, most of what tools print, are never copied (scan_trouble.c).
 * The rest is copied without terminal sequences (scan_ansi.c), its escapes decoded
 * (scan_escapes.c), and rewritten here in place: nothing ever grows. A word that mixes Latin
 * with look-alikes of another script is read as Latin; one wholly in its own script stays. Tag
 * characters and runs of variation selectors spell bytes, which are given apart.
 * Pinned by tests/unit/test_scan.c and tests/fuzz/fuzz_scan.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/gate/scan_int.h"

#define NORM_SMUGGLE_RUN 4 /* variation selectors in a row that are no emoji's */

void
scan_clean_init(struct scan_clean *c)
{
	c->text = mem_array(NULL, SCAN_LINE_MAX + SCAN_SLACK, 1);
	c->from = mem_array(NULL, SCAN_LINE_MAX + SCAN_SLACK, sizeof(*c->from));
	c->how = mem_alloc(SCAN_LINE_MAX + SCAN_SLACK);
	c->hidden = mem_alloc(SCAN_LINE_MAX);
}

void
scan_clean_release(struct scan_clean *c)
{
	free(c->text);
	free(c->from);
	free(c->how);
	free(c->hidden);
}

/* What is being rewritten: in at i, out at o; the word that is being read began at `word`. */
struct norm {
	struct scan_clean *c;
	size_t i, o;
	size_t word;
	unsigned latin, alike; /* letters of the word */
	unsigned pending;      /* how of the next character */
	size_t run, smuggled;  /* invisible characters in a row; selectors among them */
	uint32_t run_at;
	bool flag;	 /* behind a black flag: tags are its region */
	bool overridden; /* behind a bidi override */
};

static void
norm_put(struct norm *w, const char *p, size_t n, unsigned how)
{
	struct scan_clean *c = w->c;
	uint32_t from = c->from[w->i];
	uint8_t mark = (uint8_t)(how | w->pending | c->how[w->i]);

	for (size_t k = 0; k < n; k++, w->o++) {
		c->text[w->o] = p[k];
		c->from[w->o] = from;
		c->how[w->o] = mark;
	}
	w->pending = 0;
}

/* A word of Latin letters and look-alikes is read as Latin. */
static void
norm_word_end(struct norm *w)
{
	struct scan_clean *c = w->c;
	size_t i = w->word, o = w->word;

	if (w->alike > 0 && w->latin > 0) {
		while (i < w->o) {
			uint32_t cp;
			size_t step = utf8_decode(c->text + i, w->o - i, &cp);
			bool alike;
			unsigned to = cp == UINT32_MAX ? 0 : scan_fold(cp, &alike);

			if (to) {
				c->text[o] = (char)to;
				c->from[o] = c->from[i];
				c->how[o] = (uint8_t)(c->how[i] |
						      (cp >= 0x80 ? SCAN_LOOKALIKE : 0));
				o++;
			} else {
				memmove(c->text + o, c->text + i, step);
				memmove(c->from + o, c->from + i, step * sizeof(*c->from));
				memmove(c->how + o, c->how + i, step);
				o += step;
			}
			i += step;
		}
		w->o = o;
	}
	w->latin = w->alike = 0;
	w->word = w->o;
}

static void
norm_smuggle(struct norm *w, unsigned char byte)
{
	struct scan_clean *c = w->c;

	if (c->nhidden == 0)
		c->hidden_at = c->from[w->i];
	if (c->nhidden < SCAN_LINE_MAX)
		c->hidden[c->nhidden++] = (char)byte;
}

/* A character drawn as nothing is dropped; the next one is marked, the run measured. */
static void
norm_invisible(struct norm *w, uint32_t cp)
{
	struct scan_clean *c = w->c;

	if (w->run++ == 0) {
		w->run_at = c->from[w->i];
		w->smuggled = 0;
	}
	if (cp >= 0xE0020 && cp < 0xE007F) {
		if (!w->flag)
			norm_smuggle(w, (unsigned char)(cp - 0xE0000));
		else
			w->run = 0;
	} else if (cp == 0xE007F) {
		w->run = 0;
	} else if (cp >= 0xE0100 && cp <= 0xE01EF) {
		if (++w->smuggled >= NORM_SMUGGLE_RUN || c->nhidden > 0)
			norm_smuggle(w, (unsigned char)(cp - 0xE0100 + 16));
	}
	if (cp == 0x202E || cp == 0x202D)
		w->overridden = true;
	if (cp == 0x202C)
		w->overridden = false;
	if (w->run > c->invisible_run) {
		c->invisible_run = w->run;
		c->invisible_at = w->run_at;
	}
	w->pending |= cp == 0x200D || (cp >= 0xFE00 && cp <= 0xFE0F) ? 0 : SCAN_INVISIBLE;
}

/* Punctuation and spaces in their ASCII form; 0: none of them. */
static char
norm_mark(uint32_t cp)
{
	if (cp == 0xA0 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x202F || cp == 0x205F ||
	    cp == 0x3000 || cp == 0x1680)
		return ' ';
	switch (cp) {
	case 0x2018:
	case 0x2019:
	case 0x02BC:
		return '\'';
	case 0x201C:
	case 0x201D:
	case 0x00AB:
	case 0x00BB:
		return '"';
	case 0x2010:
	case 0x2011:
	case 0x2013:
		return '-';
	case 0x2014:
		return ',';
	case 0x2022:
	case 0x30FB:
		return '*';
	case 0x2028:
	case 0x2029:
	case 0x85:
		return '\n';
	case 0xFF61:
		return SCAN_BREAK;
	default:
		return cp < 0xA0 ? ' ' : 0;
	}
}

static bool
norm_other_script(uint32_t cp)
{
	return (cp >= 0x370 && cp < 0x590) || (cp >= 0x1F00 && cp < 0x2000);
}

/* Letters of Cyrillic, Greek, Armenian: kept in lower case until the word's end decides. */
static void
norm_letter(struct norm *w, uint32_t cp, const char *p, size_t step)
{
	char low[4];
	bool alike;

	w->alike += scan_fold(cp, &alike) != 0;
	if (cp >= 0x410 && cp <= 0x42F)
		norm_put(w, low, utf8_encode(cp + 0x20, low), 0);
	else if (cp >= 0x400 && cp <= 0x40F)
		norm_put(w, low, utf8_encode(cp + 0x50, low), 0);
	else
		norm_put(w, p, step, 0);
}

/* A character beyond ASCII, `step` bytes at w->i. */
static void
norm_wide(struct norm *w, uint32_t cp, size_t step)
{
	char raw[4], mark;
	bool alike = false;
	unsigned to;

	memcpy(raw, w->c->text + w->i, step);
	if (cp == UINT32_MAX) {
		norm_word_end(w);
		norm_put(w, " ", 1, 0);
		return;
	}
	if (scan_is_invisible(cp)) {
		norm_invisible(w, cp);
		return;
	}
	w->run = 0;
	w->flag = cp == 0x1F3F4;
	if ((cp >= 0x300 && cp < 0x370) || (cp >= 0x20D0 && cp < 0x2100))
		return; /* marks over a letter */
	mark = norm_mark(cp);
	if (!mark && norm_other_script(cp)) {
		norm_letter(w, cp, raw, step);
		return;
	}
	to = mark ? 0 : scan_fold(cp, &alike);
	if (to && ((to | 0x20) >= 'a' && (to | 0x20) <= 'z')) {
		char letter = (char)to;

		w->latin++;
		norm_put(w, &letter, 1, alike ? SCAN_LOOKALIKE : 0);
		return;
	}
	norm_word_end(w);
	if (to)
		mark = (char)to;
	if (mark)
		norm_put(w, &mark, 1, 0);
	else
		norm_put(w, raw, step, 0);
	w->word = w->o;
}

static void
norm_ascii(struct norm *w, char ch)
{
	bool letter = (ch | 0x20) >= 'a' && (ch | 0x20) <= 'z';

	w->run = 0;
	w->flag = false;
	if (letter) {
		w->latin++;
		w->c->overridden += w->overridden;
	} else {
		norm_word_end(w);
	}
	norm_put(w, &ch, 1, 0);
	if (!letter)
		w->word = w->o;
}

/* Han, kana, Hangul and their stops and quotation marks from w->i, the most of what is wide: copied
 * as they are, since words of the vocabulary end with a stop. Fillers and widths are left to
 * norm_wide(). */
static size_t
norm_east(const struct norm *w)
{
	const char *p = w->c->text + w->i;
	size_t left = w->c->len - w->i, n = 0;

	while (scan_east_plain(p + n, left - n))
		n += 3;
	return n;
}

/* Copies n bytes as they are. */
static void
norm_move(struct norm *w, size_t n)
{
	struct scan_clean *c = w->c;

	w->run = 0;
	w->flag = false;
	if (w->pending)
		c->how[w->i] |= (uint8_t)w->pending;
	w->pending = 0;
	if (w->o != w->i) {
		memmove(c->text + w->o, c->text + w->i, n);
		memmove(c->from + w->o, c->from + w->i, n * sizeof(*c->from));
		memmove(c->how + w->o, c->how + w->i, n);
	}
	w->o += n;
}

static void
norm_copy(struct norm *w, size_t n)
{
	norm_word_end(w);
	norm_move(w, n);
	w->word = w->o;
}

/* A run of ASCII from w->i, where neither a look-alike nor an override is open. */
static size_t
norm_ascii_run(struct norm *w)
{
	const char *p = w->c->text + w->i;
	size_t left = w->c->len - w->i, n = 0, letters = 0;

	while (n < left && (unsigned char)p[n] < 0x80)
		n++;
	while (letters < n && (p[n - letters - 1] | 0x20) >= 'a' &&
	       (p[n - letters - 1] | 0x20) <= 'z')
		letters++;
	norm_move(w, n);
	w->latin = letters == n ? w->latin + (unsigned)n : (unsigned)letters;
	if (letters < n)
		w->word = w->o - letters;
	return n;
}

void
scan_norm_wide(struct scan_clean *c)
{
	struct norm w = {.c = c};

	while (w.i < c->len) {
		unsigned char ch = (unsigned char)c->text[w.i];
		uint32_t cp;
		size_t step = 1;

		if (ch < 0x80 && w.alike == 0 && !w.overridden) {
			step = norm_ascii_run(&w);
		} else if (ch < 0x80) {
			norm_ascii(&w, (char)ch);
		} else if ((step = norm_east(&w)) > 0) {
			norm_copy(&w, step);
		} else {
			step = utf8_decode(c->text + w.i, c->len - w.i, &cp);
			norm_wide(&w, cp, step);
			if (w.overridden && c->overridden == 0)
				c->overridden_at = c->from[w.i];
		}
		w.i += step;
	}
	norm_word_end(&w);
	c->len = w.o;
}

void
scan_norm(struct scan_clean *c, struct scan_ansi *a, unsigned trouble, const char *p,
	  size_t n, size_t room)
{
	c->len = c->nhidden = c->invisible_run = c->concealed = c->overridden = 0;
	c->hidden_at = c->invisible_at = c->overridden_at = c->concealed_at = 0;
	c->clipboard = c->altered = c->beyond = false;
	if (trouble == SCAN_ESCAPES && !scan_ansi_unseen(a)) {
		/* The only control without trouble is a CR at the end. */
		scan_norm_escapes_of(c, p, n > 0 && p[n - 1] == '\r' ? n - 1 : n, room);
	} else {
		c->altered = true;
		scan_norm_ansi(c, a, p, n);
		if (trouble & SCAN_ESCAPES)
			scan_norm_escapes(c);
	}
	if ((trouble & SCAN_WIDE) || c->beyond) {
		c->altered = true;
		scan_norm_wide(c);
	}
}
