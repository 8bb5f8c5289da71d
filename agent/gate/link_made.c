/* What an action makes of its own words: the texts in which the linker looks as well.
 *
 * Variables and constants put in their places (link_shell.c, link_fold.c), lines as a shell would
 * read them (link_bash.c), base64 and hexadecimal digits, letters turned round or shifted by thirteen,
 * numbers that are an address. Each can only add something to look for. Pinned by
 * tests/unit/test_link_made.c and tests/fuzz/fuzz_link.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/link_int.h"
#include "agent/gate/scan_int.h"

#define MADE_BASE64	  16 /* characters of a run that is decoded */
#define MADE_BASE64_NAMED 8  /* where the action says that it decodes */
#define MADE_PASSES	  2  /* constants of constants */
#define MADE_PARTS	  4  /* numbers of an address */

struct making {
	const struct link_query *q;
	const struct link_making *to;
	bool source; /* what is read is the action itself: places are its own */
	bool decodes;
};

static void
made_piece(void *ctx, const char *p, size_t n, size_t from, size_t to)
{
	struct making *m = ctx;

	if (n > 0)
		m->to->piece(m->to->ctx, p, n, m->source ? from : 0,
			     m->source ? to : m->q->action_len);
}

static void
made_whole(struct making *m, const char *p, size_t n)
{
	m->to->whole(m->to->ctx, p, n, 0, m->q->action_len);
}

static bool
made_base64_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '-' || c == '_';
}

static bool
made_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* "72 6d 20 2d" at p[i]: pairs of digits with blanks between; its end, with the digits in out. */
static size_t
made_hex_run(const char *p, size_t n, size_t i, char *out, size_t *len)
{
	*len = 0;
	while (i + 1 < n && made_hex(p[i]) && made_hex(p[i + 1])) {
		out[(*len)++] = p[i];
		out[(*len)++] = p[i + 1];
		i += 2;
		if (i >= n || p[i] != ' ')
			break;
		i++;
	}
	return i;
}

/* What the text holds in base64 or hexadecimal digits, once. */
static void
made_decoded(struct making *m, const char *p, size_t n)
{
	AUTO_FREE char *out = mem_alloc(n + 1), *pairs = mem_alloc(n + 1);
	size_t least = m->decodes ? MADE_BASE64_NAMED : MADE_BASE64, i = 0;

	while (i < n) {
		size_t end = i, len, digits;

		while (end < n && made_base64_char(p[end]))
			end++;
		if (end - i == 2 && end < n && p[end] == ' ') {
			size_t to = made_hex_run(p, n, i, pairs, &digits);

			if (digits >= MADE_BASE64 &&
			    (len = scan_decode(pairs, digits, out)) > 0)
				made_piece(m, out, len, i, to);
			end = MAX_OF(end, to);
		} else if (end - i >= least &&
			   (len = scan_decode(p + i, end - i, out)) > 0) {
			made_piece(m, out, len, i, end);
		}
		i = end + 1;
	}
}

/* The text backwards, when something is turned round. */
static void
made_turned(struct making *m, const char *p, size_t n)
{
	AUTO_FREE char *back = NULL;

	if (!memmem(p, n, "rev", 3) && !memmem(p, n, "::-1", 4))
		return;
	back = mem_alloc(n + 1);
	for (size_t i = 0; i < n; i++)
		back[i] = p[n - 1 - i];
	made_whole(m, back, n);
}

/* The text in the alphabet that is shifted by thirteen, when that is named. */
static void
made_shifted(struct making *m, const char *p, size_t n)
{
	AUTO_FREE char *out = NULL;

	if (!memmem(p, n, "rot13", 5) && !memmem(p, n, "rot_13", 6))
		return;
	out = mem_alloc(n + 1);
	for (size_t i = 0; i < n; i++) {
		char low = (char)(p[i] | 0x20);

		out[i] = low < 'a' || low > 'z' ? p[i]
			 : low < 'n'		? (char)(p[i] + 13)
						: (char)(p[i] - 13);
	}
	for (size_t i = 0; i < n; i++)
		out[i] = strchr("'\"`", out[i]) ? '\n' : out[i];
	made_piece(m, out, n, 0, n);
}

/* "198, 51, 100, 23" at p[i], a number's first digit: dotted in out; false: no address. */
static bool
made_address(const char *p, size_t n, size_t i, struct buf *out)
{
	size_t parts = 0;

	for (; parts < MADE_PARTS; parts++) {
		unsigned v = 0, digits = 0;

		while (i < n && strchr(" '\"", p[i]))
			i++;
		for (; i < n && digits < 4 && p[i] >= '0' && p[i] <= '9'; i++, digits++)
			v = v * 10 + (unsigned)(p[i] - '0');
		if (digits == 0 || v > 255)
			return false;
		buf_addf(out, "%s%u", parts ? "." : "", v);
		while (i < n && strchr(" '\"", p[i]))
			i++;
		if (i >= n || p[i] != ',')
			break;
		i++;
	}
	return parts == MADE_PARTS - 1;
}

/* Lists of four numbers that are an address, as "%d.%d.%d.%d" and join() make it. */
static void
made_addresses(struct making *m, const char *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		AUTO_BUF struct buf out = BUF_INIT(64);

		if ((p[i - 1] == '[' || p[i - 1] == '(') &&
		    strchr("'\" 0123456789", p[i]) && made_address(p, n, i, &out))
			made_piece(m, out.data, out.len, i, i + 1);
	}
}

bool
link_is_shell(const struct link_query *q)
{
	static const char *const names[] = {"shell", "bash", "sh", "zsh"};

	for (size_t i = 0; q->language && i < ARRAY_LEN(names); i++)
		if (strcasecmp(q->language, names[i]) == 0)
			return true;
	return !q->language;
}

/* All that comes of one text. */
static void
made_of(struct making *m, const char *p, size_t n)
{
	AUTO_BUF struct buf once = BUF_INIT(2 * n + LINK_ACTION_MAX),
			    twice = BUF_INIT(2 * n + LINK_ACTION_MAX);

	made_decoded(m, p, n);
	if (link_is_shell(m->q)) {
		link_bash(p, n, m->q->workspace, &once);
		if (once.len > 0)
			made_whole(m, once.data, once.len);
		buf_reset(&once);
	}
	if (!link_fold(p, n, &once, made_piece, m))
		return;
	m->source = false;
	made_whole(m, once.data, once.len);
	made_decoded(m, once.data, once.len);
	if (link_fold(once.data, once.len, &twice, made_piece, m)) {
		made_whole(m, twice.data, twice.len);
		made_decoded(m, twice.data, twice.len);
	}
}

void
link_made(const struct link_query *q, const struct link_making *to)
{
	static const char *const decoders[] = {"base64", "b64", "atob", "unpack",
					       "fromhex"};
	AUTO_BUF struct buf out = BUF_INIT(2 * q->action_len + LINK_ACTION_MAX);
	struct making m = {.q = q, .to = to, .source = true};
	const char *p = q->action;
	size_t n = q->action_len;

	for (size_t i = 0; i < ARRAY_LEN(decoders); i++)
		m.decodes |= memmem(p, n, decoders[i], strlen(decoders[i])) != NULL;
	made_turned(&m, p, n);
	made_shifted(&m, p, n);
	made_addresses(&m, p, n);
	made_of(&m, p, n);
	m.source = false;
	if (link_expand(p, n, &out)) {
		made_whole(&m, out.data, out.len);
		made_of(&m, out.data, out.len);
	}
}
