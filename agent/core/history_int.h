/* Between the files of the reader of transcripts. */
#ifndef SUNABA_CORE_HISTORY_INT_H
#define SUNABA_CORE_HISTORY_INT_H

#include "agent/core/history.h"

void history_problem(struct history *h, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* An event of role `role` as a message at the end of the conversation. */
void history_message(struct history *h, enum msg_role role, const cJSON *event);
/* Events "decision" and "step". */
void history_decision(struct history *h, const cJSON *event);
void history_step(struct history *h, const cJSON *event);
/* Events "refused" and "trust": what the user said at the gate. */
void history_typed(struct history *h, const cJSON *event);
void history_refused(struct history *h, const cJSON *event);
void history_trust(struct history *h, const cJSON *event);
/* The label that an event names; LABEL_UNTRUSTED when it names none. */
enum msg_label history_label(const cJSON *event, const char *key);
void history_fate_clear(struct history *h);
/* The words for a call whose result was lost. */
const char *history_fate_text(const struct history *h, const char *call_id);

#endif
