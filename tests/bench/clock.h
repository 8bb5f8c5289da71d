/* Microseconds, and their order. For benches only. */
#ifndef SUNABA_BENCH_CLOCK_H
#define SUNABA_BENCH_CLOCK_H

#include <time.h>

static inline long
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* For qsort(3) of longs. */
static inline int
by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

#endif
