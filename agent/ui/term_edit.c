/* What a line editor needs of the terminal writer, which alone emits escape sequences.
 *
 * Pinned by tests/term/test_line.py. */
#include <string.h>

#include "agent/ui/term_int.h"

#define PROMPT_MAX (64 * KIB) /* bytes of a prompt */

void
term_prompt(const struct term *t, struct buf *out, const struct row *r)
{
	AUTO_BUF struct buf raw = BUF_INIT(PROMPT_MAX);

	term_render(&raw, r, &t->out.face, 0);
	for (size_t i = 0; i < raw.len; i++) {
		bool begin = raw.data[i] == '\033';

		if (begin)
			buf_addc(out, '\001');
		buf_addc(out, raw.data[i]);
		while (begin && raw.data[i] != 'm' && i + 1 < raw.len)
			buf_addc(out, raw.data[++i]);
		if (begin)
			buf_addc(out, '\002');
	}
	/* rows lose the spaces at their end, a prompt needs them */
	for (size_t k = r->text.len; k > 0 && r->text.data[k - 1] == ' '; k--)
		buf_addc(out, ' ');
}

void
term_below(struct term *t)
{
	static const char erase[] = "\033[J\r\n";

	if (t->live)
		term_sink_write(&t->out, erase, sizeof(erase) - 1);
}
