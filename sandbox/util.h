/* The sandbox's own ground: clean-up attributes, a byte queue, and how a failure is filled.
 *
 * sandbox/ includes no agent header, so that the jail can be read, tested and fuzzed alone.
 * Memory that cannot be had ends the process: in the jail that is the whole jail, which is the
 * safe side. */
#ifndef SUNABA_SANDBOX_UTIL_H
#define SUNABA_SANDBOX_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

#define SBX_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SBX_KIB	   ((size_t)1024)
#define SBX_MIB	   ((size_t)1024 * 1024)

static inline void
sbx_close_(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
sbx_free_(void *pp)
{
	free(*(void **)pp);
}

#define SBX_CLOSE __attribute__((cleanup(sbx_close_)))
#define SBX_FREE  __attribute__((cleanup(sbx_free_)))

/* Closes *fd when it is open, and makes it -1. */
void sbx_shut(int *fd);
/* Fills *f and returns false, so that `return sbx_fail_set(…)` reads well. `path` may be NULL. */
/* Lets this process open `least` files at once, raising its own limit; false when it must not. */
bool sbx_files_allowed(unsigned least, struct sbx_fail *f);
bool sbx_fail_set(struct sbx_fail *f, const char *step, int sys, const char *path);
/* `detail` of SBX_NOTE_CONNECT: a name server was asked; the address is no allowed host's. */
#define NOTE_LOOKUP  "name lookup"
#define NOTE_BY_NAME "by name"
/* "--limit-memory SIZE" for "memory"; "" for a limit without an option. */
const char *notice_limit_option(const char *what);
/* realloc that ends the process instead of failing. */
void *sbx_grow(void *p, size_t n);
/* The same of calloc: pages fresh from the kernel are not touched. */
void *sbx_zero(size_t n);

/* Bytes in order. All zero is an empty queue. */
struct queue {
	unsigned char *p;
	size_t from, to, cap;
};
size_t queue_len(const struct queue *q);
const unsigned char *queue_head(const struct queue *q);
/* Room for n more bytes behind the end; queue_added() says how many were written there. */
unsigned char *queue_room(struct queue *q, size_t n);
void queue_added(struct queue *q, size_t n);
void queue_add(struct queue *q, const void *data, size_t n);
/* Drops n bytes at the front; a large block is given back once the queue is empty. */
void queue_drop(struct queue *q, size_t n);
void queue_free(struct queue *q);

#endif
