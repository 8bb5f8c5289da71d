/* Heap memory that cannot fail. See mem.h. Pinned by tests/unit/test_base.c. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/mem.h"

static void (*die_hook)(void);

void
mem_set_die_hook(void (*hook)(void))
{
	die_hook = hook;
}

void
mem_die(const char *what)
{
	void (*hook)(void) = die_hook;

	die_hook = NULL; /* a hook that fails in its turn must not come back here */
	if (hook)
		hook();
	dprintf(STDERR_FILENO, "sunaba: %s\n", what);
	_exit(1);
}

void *
mem_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		mem_die("out of memory");
	return p;
}

void *
mem_realloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		mem_die("out of memory");
	return q;
}

void *
mem_array(void *p, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		mem_die("out of memory (size overflow)");
	return mem_realloc(p, n);
}

char *
mem_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *d = mem_alloc(len + 1);

	memcpy(d, s, len);
	return d;
}

char *
mem_strdup(const char *s)
{
	return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *
mem_vprintf(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		mem_die("out of memory");
	return s;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	return s;
}
