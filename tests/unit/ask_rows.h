/* The way back from a confirmation's rows to the code; for tests and fuzzing. */
#ifndef SUNABA_TESTS_ASK_ROWS_H
#define SUNABA_TESTS_ASK_ROWS_H

#include <string.h>

#include "agent/ui/ask_view.h"

/* The text of the code's rows behind their gutters, as one escaped view again. */
static inline void
ask_rows_back(struct buf *out, struct ask_view *v, bool unicode)
{
	const char *bar = unicode ? " │ " : " | ", *arrow = unicode ? " ↪ " : " > ";
	bool first = true;

	for (size_t i = 0; i < v->n; i++) {
		const char *text = buf_str(&v->rows[i].text);
		size_t gutter = strspn(text, " 0123456789");

		if (gutter < 4)
			continue;
		text += gutter - 1;
		if (strncmp(text, bar, strlen(bar)) == 0) {
			if (!first)
				buf_addc(out, '\n');
			first = false;
			buf_adds(out, text + strlen(bar));
		} else if (strncmp(text, arrow, strlen(arrow)) == 0) {
			buf_adds(out, text + strlen(arrow));
		}
	}
	if (!v->found.no_final_newline && v->found.lines > 0)
		buf_addc(out, '\n');
}

#endif
