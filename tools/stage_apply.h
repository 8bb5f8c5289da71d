/* Carrying a layer's changes over into the workspace. */
#ifndef SUNABA_TOOLS_STAGE_APPLY_H
#define SUNABA_TOOLS_STAGE_APPLY_H

#include "tools/stage_base.h"

enum stage_outcome {
	STAGE_APPLIED,
	STAGE_REFUSED, /* the workspace is not as it was, or it cannot be written */
	STAGE_HELD,    /* programs run it by themselves: it must be named to be applied */
	STAGE_DROPPED, /* never applied: a device, a FIFO, a socket */
};
/* `why` is NULL for STAGE_APPLIED without a remark. */
typedef void stage_report_fn(const struct stage_change *c, enum stage_outcome o,
			     const char *why, void *arg);

struct stage_job {
	int upper, lower; /* descriptors of the layer and the workspace */
	struct stage_base *base;
	const char *temp;	  /* name for files that are not whole yet */
	const char *const *paths; /* NULL-terminated; NULL: all but what is held */
	stage_report_fn *report;  /* or NULL */
	void *arg;
};
/* Goes through the list; one refusal does not stop the rest. A kill at any moment leaves each
 * file whole, and the call can be repeated. The list is one of these descriptors, and what was
 * shown: an entry of the layer that changed since is refused. */
void stage_apply(const struct stage_job *j, const struct stage_list *l);

#endif
