/* Saving a conversation for people. */
#ifndef SUNABA_SAVE_H
#define SUNABA_SAVE_H

#include "agent/core/session.h"

/* The conversation as Markdown, each part with its number, label and source. */
void save_text(const struct msg_list *l, struct buf *out);
/* Writes the conversation as Markdown, whole or not at all, mode 0600. Results and calls stand in
 * fences that nothing in them can end. ERR_USAGE when a file of this name is there and `over` is
 * false; ERR_IO when it cannot be written. */
enum err_kind
save_markdown(const struct session *s, const char *path, bool over, struct err *e);

#endif
