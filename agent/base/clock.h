/* Time. Deciders take time as an argument; only the edges of the program ask the clock. */
#ifndef SUNABA_BASE_CLOCK_H
#define SUNABA_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_ms(void);	     /* monotonic, milliseconds */
int64_t clock_us(void);	     /* monotonic, microseconds */
int64_t clock_wall_ms(void); /* since 1970, UTC */
/* "2026-01-31T12:34:56.789Z" into out[25]. */
void clock_iso(int64_t wall_ms, char out[25]);

#endif
