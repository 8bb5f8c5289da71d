/* The aside: what the user ran himself since his last message. It goes out as a message of its own
 * before the words of the next one, for it holds what code said; and it waits again when those words
 * are taken back. Pure. */
#ifndef SUNABA_CORE_ASIDE_H
#define SUNABA_CORE_ASIDE_H

#include "agent/model/msg.h"

#define ASIDE_SOURCE   "what you ran yourself"
#define ASIDE_CODE     " code myself:\n" /* before code of his */
#define ASIDE_RESULT   "\nIts result: "	 /* behind it */
#define ASIDE_MAX      (64 * KIB)	 /* bytes that wait for the next message */
#define ASIDE_STEP_MAX (16 * KIB)	 /* bytes of one of the user's own steps */

/* Adds a text; where it is too much, whole lines of the oldest go. */
void aside_add(struct buf *aside, const char *text, size_t n);
/* Makes it a message at the end, whose label is `label` and which begins with `news`, words of the
 * program (NULL: none); the aside is empty then. NULL when there is nothing to say. */
struct msg *
aside_give(struct buf *aside, enum msg_label label, const char *news, struct msg_list *l);
/* Drops the messages from index i on; where that one is an aside, it waits again before what came
 * since. The lowest label of what waits now because of that. */
enum msg_label aside_take_back(struct buf *aside, struct msg_list *l, size_t i);

#endif
