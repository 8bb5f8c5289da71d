/* Lines from standard input where it is no terminal.
 *
 * The same entries as on a terminal: a """ block takes several lines. Read through the loop; no
 * prompt, no history. Pinned by tests/term/test_line.py. */
#include <string.h>

#include "agent/ui/line_int.h"
#include "agent/ui/line_text.h"

/* The next line, its newline included, to *entry; false: nothing more will come. */
static bool
plain_line(struct line *n, struct buf *entry)
{
	char *end;
	size_t len;

	while (!(end = n->in.len ? memchr(n->in.data, '\n', n->in.len) : NULL) && !n->eof) {
		loop_wait(n->l, -1);
		if (loop_pending(n->l))
			return false;
		if (n->ready)
			line_feed_more(n, 0);
		if (n->in.full) /* a line beyond the bound: hand over what fits */
			break;
	}
	len = end ? (size_t)(end - n->in.data) + 1 : n->in.len;
	n->in.full = false;
	buf_add(entry, n->in.data, len);
	buf_consume(&n->in, len);
	return len > 0;
}

enum line_end
line_plain_read(struct line *n, struct buf *out)
{
	AUTO_BUF struct buf entry = BUF_INIT(2 * LINE_MAX_BYTES);
	AUTO_BUF struct buf text = BUF_INIT(2 * LINE_MAX_BYTES);
	bool more;

	line_feed_watch(n, !n->eof);
	do {
		more = plain_line(n, &entry);
	} while (more && line_text_open(entry.data, entry.len));
	line_feed_watch(n, false);
	if (loop_pending(n->l))
		return LINE_QUIT;
	if (entry.len == 0)
		return LINE_EOF;
	line_text_paste(&text, entry.data, entry.len);
	if (text.len > 0 && text.data[text.len - 1] == '\n')
		buf_truncate(&text, text.len - 1);
	line_text_unwrap(out, text.data, text.len);
	return LINE_TEXT;
}
