/* The aside: what the user ran himself since his last message. It goes out before the words of the
 * next one, and comes back when that message is taken back. Pure. */
#ifndef SUNABA_CORE_ASIDE_H
#define SUNABA_CORE_ASIDE_H

#include "agent/model/msg.h"

#define ASIDE_MAX      (64 * KIB) /* bytes that wait for the next message */
#define ASIDE_STEP_MAX (16 * KIB) /* bytes of one of the user's own steps */

/* Adds a text; where it is too much, whole lines of the oldest go. */
void aside_add(struct buf *aside, const char *text, size_t n);
/* Drops the messages from index i, that of a user, on; its aside waits again, before what came
 * since. */
void aside_take_back(struct buf *aside, struct msg_list *l, size_t i);

#endif
