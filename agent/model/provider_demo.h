/* The offline tour: the model's side of a few tasks, embedded in the program. */
#ifndef SUNABA_MODEL_PROVIDER_DEMO_H
#define SUNABA_MODEL_PROVIDER_DEMO_H

#include <stdbool.h>
#include <stddef.h>

size_t demo_count(void);
const char *demo_title(size_t i); /* NULL behind the last */
const char *demo_user(size_t i);  /* what the user would type for it */
/* Shell code that makes the files it speaks of; NULL when there are none to make. */
const char *demo_setup(size_t i);
/* The code is a step of the tour, to the byte. */
bool demo_wrote(const char *code, size_t n);
/* true: the answers come as if typed, for a terminal. */
void demo_set_pace(bool typing);

#endif
