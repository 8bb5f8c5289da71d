/* A conversation made fit for the wire, whatever happened in it. Pure. */
#ifndef SUNABA_MODEL_FLATTEN_H
#define SUNABA_MODEL_FLATTEN_H

#include "agent/model/provider.h"

/* A copy of the request's messages in which: the system text stands first and once; every call
 * has exactly one result right behind it ("not run" where there is none); results without a
 * call, and all calls and results when no tools are offered, are text; empty answers are left
 * out; messages of the user in a row are one, and so are answers. The caller releases it. */
void flatten(const struct model_request *req, struct msg_list *out);

#endif
