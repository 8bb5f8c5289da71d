/* Heap memory that cannot fail: running out ends the program in one place.
 *
 * mem_die() calls the hook that the terminal and the transcript have set (restore the screen,
 * flush), prints one line and leaves with code 1. Sizes are bytes; every result belongs to the
 * caller, who frees it with free(). */
#ifndef SUNABA_BASE_MEM_H
#define SUNABA_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#include "agent/base/util.h"

void *mem_alloc(size_t n);			     /* zeroed, n may be 0 */
void *mem_realloc(void *p, size_t n);		     /* new bytes are not zeroed */
void *mem_array(void *p, size_t count, size_t size); /* realloc with overflow check */
char *mem_strdup(const char *s);		     /* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);	     /* always terminated */
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *mem_vprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

/* Called once, before the message, when memory is out or an invariant broke. May be NULL. */
void mem_set_die_hook(void (*hook)(void));
__attribute__((noreturn)) void mem_die(const char *what);

#endif
