/* Scope-bound cleanup and the few macros that every floor above uses.
 *
 * AUTO_FREE, AUTO_CLOSE and AUTO_FILE release a local when its scope ends, so that functions
 * need no clean-up labels; TAKE() hands the value out and disarms the clean-up. The idea is
 * systemd's and bubblewrap's; the code is GCC's `cleanup` attribute. */
#ifndef SUNABA_BASE_UTIL_H
#define SUNABA_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_LEN(a)	  (sizeof(a) / sizeof((a)[0]))
#define UNUSED		  __attribute__((unused))
#define PRINTF_LIKE(f, v) __attribute__((format(printf, f, v)))
#define MIN_OF(a, b)	  ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b)	  ((a) > (b) ? (a) : (b))

#define KIB ((size_t)1024)
#define MIB ((size_t)1024 * 1024)

static inline void
util_free_(void *pp)
{
	free(*(void **)pp);
}

static inline void
util_close_(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
util_fclose_(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define AUTO_FREE  __attribute__((cleanup(util_free_)))
#define AUTO_CLOSE __attribute__((cleanup(util_close_)))
#define AUTO_FILE  __attribute__((cleanup(util_fclose_)))

/* The value of pointer variable `p`, which becomes NULL. */
#define TAKE(p)                               \
	({                                    \
		__typeof__(p) *take_ = &(p);  \
		__typeof__(p) took_ = *take_; \
		*take_ = NULL;                \
		took_;                        \
	})

/* The descriptor in variable `fd`, which becomes -1. */
#define TAKE_FD(fd)                     \
	({                              \
		int *takefd_ = &(fd);   \
		int tookfd_ = *takefd_; \
		*takefd_ = -1;          \
		tookfd_;                \
	})

#endif
