/* What the watch in pid 1 tells besides what it kills for: limits that the kernel keeps without a
 * word, and a disk that fills. Each fact once. */
#ifndef SUNABA_SANDBOX_WATCH_H
#define SUNABA_SANDBOX_WATCH_H

#include "sandbox/setup.h"

#define WATCH_GROWTH \
	((uint64_t)1024 * SBX_MIB) /* bytes the workspace's disk may lose unsaid */

struct watch {
	uint64_t free_bytes; /* of the workspace's disk at the start */
	uint64_t grown;	     /* bytes that were said */
	uint64_t kills;	     /* by the kernel, known of */
	bool said_tmp;
};
typedef void watch_note(const struct sbx_notice *n, void *arg);

void watch_begin(struct watch *w, const struct setup *s);
/* True when the kernel killed a process for memory since the last look. */
bool watch_look(struct watch *w, const struct setup *s, watch_note *note, void *arg);
/* The temporary files alone: at the end of a step, so that its own result names them. */
void watch_tmp(struct watch *w, const struct setup *s, watch_note *note, void *arg);
/* A notice of kind SBX_NOTE_LIMIT; `bytes` 0: no size is named. */
void
watch_limit(struct sbx_notice *n, const char *what, uint64_t bytes, const char *detail);
#endif
