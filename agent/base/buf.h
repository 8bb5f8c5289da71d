/* Growable byte buffer with a mandatory upper bound.
 *
 * Every buffer states the most bytes it may ever hold, as in curl's dynbuf: a peer that sends
 * without end meets a limit with a name instead of the machine's memory. The bytes may hold
 * NUL; buf_str() gives them with a NUL behind. */
#ifndef SUNABA_BASE_BUF_H
#define SUNABA_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "agent/base/util.h"

struct buf {
	char *data; /* NULL while nothing was added */
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
	size_t max; /* bytes it may hold at the most */
	bool full;  /* an addition was refused since init or reset */
};

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})
#define AUTO_BUF	  __attribute__((cleanup(buf_release)))

void buf_init(struct buf *b, size_t max);
void
buf_release(struct buf *b);    /* frees; the buffer can be used again with the same bound */
void buf_reset(struct buf *b); /* empties, keeps the memory */

/* Each adds all of its bytes, or none: then false is returned and `full` is set. */
bool buf_add(struct buf *b, const void *p, size_t n);
bool buf_adds(struct buf *b, const char *s);
bool buf_addc(struct buf *b, char c);
bool buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

void buf_consume(struct buf *b, size_t n); /* drops the first n bytes; n <= len */
void buf_truncate(struct buf *b, size_t len);

/* The bytes with a NUL behind; borrowed, valid until the next change. Never NULL. */
const char *buf_str(struct buf *b);
/* The bytes with a NUL behind, now the caller's; the buffer is empty. Never NULL. */
char *buf_take(struct buf *b);

#endif
