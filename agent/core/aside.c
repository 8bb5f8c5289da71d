/* What the user ran himself. See aside.h. The session and the reader of transcripts share it, so
 * that a resumed session waits with the same bytes. Pinned by tests/unit/test_history.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/aside.h"

void
aside_add(struct buf *aside, const char *text, size_t n)
{
	while (aside->len > 0 && aside->max - aside->len < n) {
		const char *nl = memchr(aside->data, '\n', aside->len);

		buf_consume(aside, nl ? (size_t)(nl - aside->data) + 1 : aside->len);
	}
	buf_add(aside, text, n);
}

void
aside_take_back(struct buf *aside, struct msg_list *l, size_t i)
{
	AUTO_FREE char *later = mem_strdup(buf_str(aside));
	const struct msg *m = &l->at[i];

	buf_reset(aside);
	if (m->aside > 0)
		aside_add(aside, m->text, m->aside);
	aside_add(aside, later, strlen(later));
	msg_truncate(l, i);
}
