/* Closes a gap of musl's start of static programs. */
#ifndef SUNABA_FRONT_RELRO_H
#define SUNABA_FRONT_RELRO_H

/* Makes read-only what the linker marked so: tables of pointers, after they were relocated.
 * First of all; does nothing where the loader has done it. */
void front_relro(void);

#endif
