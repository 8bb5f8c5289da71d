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

struct msg *
aside_give(struct buf *aside, enum msg_label label, const char *news, struct msg_list *l)
{
	AUTO_FREE char *text = NULL;
	struct msg *m;

	if (!aside->len && !news)
		return NULL;
	text = mem_printf("%s%s", news ? news : "", buf_str(aside));
	m = msg_add(l, MSG_USER, text);
	m->label = label;
	m->source = mem_strdup(aside->len ? ASIDE_SOURCE : "sunaba");
	m->aside = true;
	buf_reset(aside);
	return m;
}

enum msg_label
aside_take_back(struct buf *aside, struct msg_list *l, size_t i)
{
	AUTO_FREE char *later = mem_strdup(buf_str(aside));
	const struct msg *m = &l->at[i];
	enum msg_label label = LABEL_LOCAL;

	if (m->aside && !m->refused) {
		const char *text = m->was ? m->was : m->text;

		label = MAX_OF(label, m->stained ? LABEL_UNTRUSTED : m->label);
		buf_reset(aside);
		aside_add(aside, text, strlen(text));
		aside_add(aside, later, strlen(later));
	}
	msg_truncate(l, i);
	return label;
}
