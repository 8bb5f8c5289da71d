/* The files in which long outputs are kept. See spill.h. Pinned by tests/unit/test_execute.c. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/mem.h"
#include "tools/spill.h"

size_t
spills_add(struct spills *s, const char *path, size_t bytes)
{
	size_t gone = 0;

	s->at = mem_array(s->at, s->n + 1, sizeof(*s->at));
	s->at[s->n++] = (struct spill_file){.path = mem_strdup(path), .bytes = bytes};
	s->total += bytes;
	while (s->total > s->max && gone + 1 < s->n) {
		struct spill_file *f = &s->at[gone++];

		unlink(f->path); /* one that is gone already holds nothing either */
		s->total -= f->bytes;
		free(f->path);
	}
	s->n -= gone;
	memmove(s->at, s->at + gone, s->n * sizeof(*s->at));
	return gone;
}

void
spills_release(struct spills *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->at[i].path);
	free(s->at);
	*s = (struct spills){.max = s->max};
}
