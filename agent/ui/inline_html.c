/* HTML inside Markdown: a few tags are understood, everything else is shown as it stands.
 *
 * Nothing is dropped silently: an unknown tag is printed dim. There is no parser of HTML here,
 * only names between angle brackets. Pinned by tests/unit/test_md.c. */
#include <string.h>
#include <strings.h>

#include "agent/ui/md_int.h"

static const struct {
	const char *name;
	size_t counter; /* in struct md_html_state; SIZE_MAX: understood, changes nothing */
} tags[] = {
    {"b", offsetof(struct md_html_state, bold)},
    {"strong", offsetof(struct md_html_state, bold)},
    {"summary", offsetof(struct md_html_state, bold)},
    {"i", offsetof(struct md_html_state, italic)},
    {"em", offsetof(struct md_html_state, italic)},
    {"u", offsetof(struct md_html_state, underline)},
    {"s", offsetof(struct md_html_state, strike)},
    {"del", offsetof(struct md_html_state, strike)},
    {"code", offsetof(struct md_html_state, code)},
    {"kbd", offsetof(struct md_html_state, code)},
    {"sub", SIZE_MAX},
    {"sup", SIZE_MAX},
    {"details", SIZE_MAX},
};

/* Name of "<name>", "</name>" or "<name/>"; tags with attributes are not ours, but <details
 * open>. */
static size_t
tag_name(const char *p, size_t n, const char **name, bool *closing)
{
	size_t i = 1, from;

	if (n < 3 || p[0] != '<' || p[n - 1] != '>')
		return 0;
	*closing = p[1] == '/';
	i += *closing;
	for (from = i;
	     i < n && ((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z')); i++)
		;
	*name = p + from;
	if (n - i == 6 && strncasecmp(p + i, " open>", 6) == 0)
		return i - from;
	return n - i == 1 || strspn(p + i, " /") == n - i - 1 ? i - from : 0;
}

bool
md_html_tag(struct md_html_state *h, const char *p, size_t n, bool *brk)
{
	const char *name;
	size_t len, i;
	bool closing;
	int *counter;

	len = tag_name(p, n, &name, &closing);
	*brk = len == 2 && strncasecmp(name, "br", 2) == 0;
	if (*brk)
		return true;
	for (i = 0; i < ARRAY_LEN(tags) && len; i++) {
		if (strlen(tags[i].name) != len ||
		    strncasecmp(tags[i].name, name, len) != 0)
			continue;
		if (tags[i].counter != SIZE_MAX) {
			counter = (int *)(void *)((char *)h + tags[i].counter);
			*counter = MAX_OF(*counter + (closing ? -1 : 1), 0);
		}
		return true;
	}
	return false;
}

struct style
md_html_style(const struct md_html_state *h, struct style s)
{
	if (h->bold)
		s.attrs |= ATTR_BOLD;
	if (h->italic)
		s.attrs |= ATTR_ITALIC;
	if (h->underline)
		s.attrs |= ATTR_UNDERLINE;
	if (h->strike)
		s.attrs |= ATTR_STRIKE;
	if (h->code)
		s.fg = style_of(STYLE_CODE).fg;
	return s;
}

/* One line of an HTML block. */
void
md_html_line(struct md_emit *e UNUSED, struct md_text *t, struct md_html_state *h,
	     const char *p, size_t n)
{
	size_t i = 0, k;
	const char *close;
	bool brk, any = memchr(p, '<', n) != NULL;
	struct style s;

	while (i < n) {
		close = p[i] == '<' ? memchr(p + i, '>', n - i) : NULL;
		k = close ? (size_t)(close - (p + i)) + 1 : 1;
		if (close && md_html_tag(h, p + i, k, &brk)) {
			if (brk && i + k < n)
				md_text_break(t);
			i += k;
			continue;
		}
		if (!close) {
			const char *lt = memchr(p + i + 1, '<', n - i - 1);

			k = lt ? (size_t)(lt - (p + i)) : n - i;
		}
		s = close || !any ? style_of(STYLE_HTML) : (struct style){0};
		md_text_add(t, md_html_style(h, s), p + i, k);
		i += k;
	}
}
