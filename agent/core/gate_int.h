/* What the gate's files share; for gate*.c only. */
#ifndef SUNABA_CORE_GATE_INT_H
#define SUNABA_CORE_GATE_INT_H

#include "agent/core/gate.h"
#include "agent/gate/link.h"
#include "agent/gate/scan.h"

#define GATE_SHOWN_MAX (8 * KIB) /* bytes of the lines that are shown */

/* The text as the tool gave it, before it was shortened or refused. */
const char *gate_text_of(const struct msg *m);
/* Adds the line text[from..end); of a long one the piece around `at`, with dots where it was cut.
 * Returns the end of the piece. */
size_t gate_add_line(struct buf *out, const char *text, size_t from, size_t end, size_t at);
/* The lines of the hits, bounded, a newline behind each; the caller frees. */
char *gate_hit_lines(const struct scan_report *r, const char *text);
/* Tells the user at once that a part reads like instructions, with its lines. */
void gate_tell(struct session *s, const struct msg *m);
/* The part that is not trusted and has most to do with the action. */
size_t gate_choose(const struct session *s, const enum msg_label *labels,
		   const struct gate_action *a);
/* The part's lines to show beside the action: what the detector saw, else those that share most
 * words with it. The caller frees. */
char *gate_lines(const struct msg *m, const struct gate_action *a);
/* The action holds something that only a tool's output said. */
bool gate_find_link(const struct session *s, const struct gate_action *a, size_t *msg,
		    char **token, char **lines);

/* A file that the action begins with writing: its name, borrowed, its body [from, to), and the
 * language that its name tells. */
struct gate_body {
	const char *name;
	size_t name_n, from, to;
	const char *language;
};

/* "cat > NAME <<'WORD'", the whole first line and no byte else, and the line WORD behind a body. */
bool gate_written(const struct gate_action *a, struct gate_body *b);
/* The action hands a file to a shell that it, or an earlier step of the model, wrote so: what it
 * holds is shell now, whatever its name says. As link_find(); *q is changed. */
bool
gate_link_written(struct link_query *q, const struct gate_action *a, struct link_hit *hit);

#endif
