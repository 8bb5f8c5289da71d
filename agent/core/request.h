/* One exchange with the model, whatever the weather: the conversation fitted into the window,
 * a reply that broke off asked for again without showing anything twice, a conversation that
 * the server finds too long shortened once. */
#ifndef SUNABA_CORE_REQUEST_H
#define SUNABA_CORE_REQUEST_H

#include "agent/core/session.h"

/* Adds the reply to the conversation and the transcript. On ERR_INTERRUPTED (signal untaken)
 * and ERR_TRUNCATED the text so far, if any, is kept as a reply without calls. */
enum err_kind request_run(struct session *s, struct err *e);

#endif
