/* The words for what goes wrong between us and a server. */
#ifndef SUNABA_MODEL_EXCHANGE_ERR_H
#define SUNABA_MODEL_EXCHANGE_ERR_H

#include "agent/model/http.h"
#include "agent/model/provider.h"
#include "agent/model/retry.h"
#include "agent/model/server_error.h"

/* No reply came, or it broke off: ERR_NET, or ERR_TRUNCATED in the middle of a body. */
enum err_kind
exchange_err_fail(const struct model *m, const struct http_reply *r, struct err *e);
/* A status that is no success: ERR_AUTH, ERR_CONTEXT or ERR_MODEL. */
enum err_kind exchange_err_status(const struct model *m, const struct http_reply *r,
				  const struct server_error *said, struct err *e);
/* For notices: "the server is busy (429)". */
void exchange_err_short(const struct http_reply *r, const struct server_error *said,
			char *out, size_t cap);
/* Adds to a final error how often it was tried, or that the wait asked for is too long. */
void exchange_err_gave_up(struct err *e, const struct retry_out *out, int attempts);
/* Takes the key out of words that a server echoed, and names and passwords out of addresses. */
void exchange_redact(const struct model *m, char *text);
void exchange_err_redact(const struct model *m, struct err *e);

#endif
