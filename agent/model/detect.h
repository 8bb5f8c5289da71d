/* Asking the servers on this machine. See models.h for the public part. */
#ifndef SUNABA_MODEL_DETECT_H
#define SUNABA_MODEL_DETECT_H

#include "agent/model/models.h"

void model_found_add(struct model_found_list *l, const char *spec, const char *where,
		     const char *detail);

#endif
