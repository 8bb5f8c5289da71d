/* One spelling for both sides of a comparison. See link_int.h.
 *
 * Undoes what hides a host or command from a plain comparison and costs one pass: case, full
 * width, invisible characters, percent and backslash escapes, the "defanged" forms in which
 * reports write addresses (hxxp, [.], [at]), and, when asked, strings that the program puts
 * together. Nothing grows. Pinned by tests/unit/test_link.c and tests/fuzz/fuzz_link.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/gate/link_int.h"
#include "agent/gate/scan_int.h"

#define CLEAN_GAP_MAX 64 /* bytes between two strings that are put together */

static void
clean_put(struct link_clean *c, char ch, size_t from)
{
	c->text[c->len] = ch >= 'A' && ch <= 'Z' ? (char)(ch | 0x20) : ch;
	c->from[c->len] = (uint32_t)from;
	c->len++;
}

static int
clean_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two hexadecimal digits of a printable character, or 0. */
static char
clean_hex(const char *p, size_t n)
{
	int hi, lo;

	if (n < 2 || (hi = clean_digit(p[0])) < 0 || (lo = clean_digit(p[1])) < 0)
		return 0;
	return hi * 16 + lo > 0x20 && hi * 16 + lo < 0x7F ? (char)(hi * 16 + lo) : 0;
}

/* "[.]" "(dot)" "[at]" "[:]": the mark meant; *len its bytes. 0: none. */
static char
clean_defanged(const char *p, size_t n, size_t *len)
{
	static const struct {
		const char *text;
		char is;
	} forms[] = {{"[.]", '.'},   {"(.)", '.'},   {"{.}", '.'},  {"[dot]", '.'},
		     {"(dot)", '.'}, {"[at]", '@'},  {"(at)", '@'}, {"[@]", '@'},
		     {"[:]", ':'},   {"[://]", ':'}, {"{dot}", '.'}};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		*len = strlen(forms[i].text);
		if (n >= *len && strncasecmp(p, forms[i].text, *len) == 0)
			return forms[i].is;
	}
	return 0;
}

/* Bytes from the quotation mark at p[0] to behind the one that opens the next string, when the
 * two are put together; 0: they are not. */
static size_t
clean_gap(const char *p, size_t n, enum link_join join)
{
	bool mark = false;

	for (size_t i = 1; i < n && i < CLEAN_GAP_MAX; i++) {
		char c = p[i];

		if (c == '"' || c == '\'' || c == '`')
			return i + 1;
		if (c == ' ' || c == '\n' || c == '\t' || c == '\\')
			continue;
		if (!mark && (c == '+' || c == '.' || (c == ',' && join >= LINK_COMMA) ||
			      (c == '/' && join == LINK_SLASH)))
			mark = true;
		else if (!(i > 1 && i + 1 < n && strchr("fbru", c | 0x20) &&
			   strchr("\"'", p[i + 1])) &&
			 !(c == ')' && join == LINK_SLASH))
			return 0;
	}
	return 0;
}

/* What the program puts between two strings whose gap is p[0..n). */
static void
clean_between(struct link_clean *c, const char *p, size_t n, size_t i, enum link_join join)
{
	char mark = join == LINK_DOT ? '.' : join == LINK_AT ? '@' : '/';

	if (join > LINK_COMMA && (memchr(p, ',', n) || memchr(p, '/', n)) && c->len > 0 &&
	    c->text[c->len - 1] != mark)
		clean_put(c, mark, i);
}

static bool
clean_in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '@' || c == '-' || c == '_' || c == '/';
}

/* Bytes of what stands for the home at p[0], with what puts it before a string; 0: nothing. */
static size_t
clean_home(const char *p, size_t n)
{
	static const char *const forms[] = {
	    "Path.home()",	 "os.homedir()",     "homedir()",	  "expanduser('~')",
	    "expanduser(\"~\")", "process.env.HOME", "os.environ['HOME']"};

	for (size_t k = 0; k < ARRAY_LEN(forms); k++) {
		size_t i = strlen(forms[k]);

		if (n <= i || memcmp(p, forms[k], i) != 0)
			continue;
		while (i < n && strchr(" +/,", p[i]))
			i++;
		if (i < n && (p[i] == '"' || p[i] == '\'' || p[i] == '`'))
			return i + 1 + (i + 1 < n && p[i + 1] == '/');
	}
	return 0;
}

/* A backslash: what it stands for is put; returns the bytes taken. */
static size_t
clean_backslash(struct link_clean *c, const char *p, size_t n, size_t i,
		enum link_join join)
{
	char ch;

	if (n < 2)
		return 1;
	if (p[1] == 'x' && (ch = clean_hex(p + 2, n - 2)) != 0) {
		clean_put(c, ch, i);
		return 4;
	}
	if (p[1] == 'u' && n >= 6 && p[2] == '0' && p[3] == '0' &&
	    (ch = clean_hex(p + 4, n - 4)) != 0) {
		clean_put(c, ch, i);
		return 6;
	}
	if (p[1] == '\n' && join != LINK_APART)
		return 2;
	if (strchr("nrt\n", p[1])) {
		clean_put(c, p[1] == 'n' || p[1] == 'r' ? '\n' : ' ', i);
		return 2;
	}
	clean_put(c, p[1], i); /* \" and \/, or a letter that the shell would keep */
	return 2;
}

static size_t
clean_wide(struct link_clean *c, const char *p, size_t n, size_t i)
{
	uint32_t cp;
	size_t step = utf8_decode(p, n, &cp);
	bool alike;
	unsigned to;

	if (cp != UINT32_MAX && scan_is_invisible(cp))
		return step;
	if (cp == 0x3002 || cp == 0xFF61) {
		clean_put(c, '.', i);
		return step;
	}
	to = cp >= 0xFF01 && cp <= 0xFF5E ? scan_fold(cp, &alike) : 0;
	if (to) {
		clean_put(c, (char)to, i);
		return step;
	}
	if (cp == 0xA0 || cp == 0x3000 || cp == 0x3001 || (cp >= 0x300C && cp <= 0x300F)) {
		clean_put(c, ' ', i);
		return step;
	}
	for (size_t k = 0; k < step; k++)
		clean_put(c, p[k], i);
	return step;
}

/* One character or escape at p[i]; returns the bytes taken. */
static size_t
clean_one(struct link_clean *c, const char *p, size_t n, size_t i, enum link_join join)
{
	size_t left = n - i, len;
	char ch = p[i], is;

	if ((unsigned char)ch >= 0x80)
		return clean_wide(c, p + i, left, i);
	if (ch == '\\')
		return clean_backslash(c, p + i, left, i, join);
	if (ch == '%' && (is = clean_hex(p + i + 1, left - 1)) != 0) {
		clean_put(c, is, i);
		return 3;
	}
	if ((ch == '[' || ch == '(' || ch == '{') &&
	    (is = clean_defanged(p + i, left, &len)) != 0) {
		clean_put(c, is, i);
		if (len == 5 && p[i + 2] == '/') { /* "[://]" */
			clean_put(c, '/', i);
			clean_put(c, '/', i);
		}
		return len;
	}
	if (join != LINK_APART && (ch == '"' || ch == '\'') &&
	    (len = clean_gap(p + i, left, join)) > 0) {
		clean_between(c, p + i, len, i, join);
		return len;
	}
	if (join == LINK_PLUS && (ch == '"' || ch == '\'') && i > 0 &&
	    clean_in_word(p[i - 1]) && left > 1 && clean_in_word(p[i + 1]))
		return 1; /* the shell's a"b"c */
	if (join == LINK_SLASH && (len = clean_home(p + i, left)) > 0) {
		clean_put(c, '~', i);
		clean_put(c, '/', i);
		return len;
	}
	if (left > 6 && strncasecmp(p + i, "hxxp", 4) == 0) {
		for (size_t k = 0; k < 4; k++)
			clean_put(c, "http"[k], i + k);
		return 4;
	}
	clean_put(c, ch, i);
	return 1;
}

bool
link_rewrites(const char *p, size_t n)
{
	char next = n > 1 ? p[1] : 0;

	if (p[0] == '%')
		return clean_hex(p + 1, n - 1) != 0;
	return p[0] == '\\' && next && !strchr("nrt\"'/\\", next);
}

void
link_clean(struct link_clean *c, const char *p, size_t n, enum link_join join)
{
	n = MIN_OF(n, (size_t)UINT32_MAX - 1);
	c->text = mem_alloc(n + 1);
	c->from = mem_array(NULL, n + 1, sizeof(*c->from));
	c->len = 0;
	c->base = 0;
	c->source = n;
	for (size_t i = 0; i < n;)
		i += clean_one(c, p, n, i, join);
	c->text[c->len] = '\0';
	c->from[c->len] = (uint32_t)n;
}

void
link_clean_release(struct link_clean *c)
{
	free(c->text);
	free(c->from);
	c->text = NULL;
	c->from = NULL;
}
