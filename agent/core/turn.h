/* One task: the user's message in, exchanges with the model and steps until a reply holds no
 * code. */
#ifndef SUNABA_CORE_TURN_H
#define SUNABA_CORE_TURN_H

#include "agent/core/session.h"

/* Runs a task to its end. ERR_NONE: answered. ERR_INTERRUPTED: the user's Ctrl-C or "stop"
 * (taken from the loop; the conversation is valid and whole, partial text is kept).
 * ERR_TERMINATED, ERR_GATE (nobody could be asked; nothing was run), ERR_GOVERNOR, and the
 * errors of model_chat and of the executor. */
enum err_kind turn_run(struct session *s, const char *text, size_t n, struct err *e);

/* Asks the model again after the last task failed or was interrupted. */
enum err_kind turn_again(struct session *s, struct err *e);

/* Runs code that the user typed himself; the model hears of it with the next message. *status
 * is the code's exit status (may be NULL). */
enum err_kind turn_user_code(struct session *s, const struct kernel *k, const char *code,
			     size_t n, int *status, struct err *e);

/* The tools that a model can call, NULL behind the last; *consequences: it does something, and so
 * passes the gate. */
const char *turn_tool_at(size_t i, bool *consequences);

#endif
