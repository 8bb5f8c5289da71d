/* What a server says when it refuses: the many shapes of error bodies, as one struct. Pure. */
#ifndef SUNABA_MODEL_SERVER_ERROR_H
#define SUNABA_MODEL_SERVER_ERROR_H

#include "agent/base/lib_cjson.h"
#include "agent/base/util.h"

struct server_error {
	char msg[400]; /* the server's own words, one line; may be empty */
	char type[64], code[64], param[64];
	int status;		       /* a status number found inside, else 0 */
	int64_t prompt_tokens, window; /* of a context error, else -1 */
	bool context;		       /* the conversation is too long */
	bool quota;		       /* no money left */
	bool no_tools;		       /* the model cannot use tools */
	bool no_model;		       /* no such model */
	bool filtered;		       /* withheld by a content filter */
};

/* A whole body: JSON of any known shape, else the first line of text that is not markup. */
void server_error_parse(const char *p, size_t n, struct server_error *out);
/* An object that was parsed already. false: there is no error in it. */
bool server_error_json(const cJSON *root, struct server_error *out);

#endif
