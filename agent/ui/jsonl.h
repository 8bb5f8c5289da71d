/* The sink of `--json`: one JSON object a line on standard output.
 *
 * The shapes are those that programs written for Codex's `exec --json` read: thread.started,
 * turn.started, item.started, item.completed, turn.completed, turn.failed. Fields of our own are
 * added (language, sunaba), none is left out. Notices go to standard error. */
#ifndef SUNABA_UI_JSONL_H
#define SUNABA_UI_JSONL_H

#include "agent/core/events.h"
#include "agent/ui/term.h"

struct jsonl;
struct jsonl *jsonl_new(struct term *t);
void jsonl_free(struct jsonl *j);
/* Without `ask`: nobody can be asked in between. */
struct sink jsonl_sink(struct jsonl *j);
/* Before and after a task. */
void jsonl_begin(struct jsonl *j, const char *thread_id);
void jsonl_end(struct jsonl *j, enum err_kind kind, const struct err *e);

#endif
